/**
 * A kept-alive HTTP/1.1 connection that costs the sender as little as possible: client and server share the machine's
 * cores, so a heavy client would measure itself.
 */
import { connect, type Socket } from "node:net";

const HEADER_END = "\r\n\r\n";
const LAST_CHUNK = "\r\n0\r\n\r\n";

export interface Answer {
  status: number;
  body: string;
}

/** One request as it goes over the wire. Bodies are ASCII. */
export function requestText(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body = "",
): string {
  const all = Object.entries({ host: "127.0.0.1", ...headers, "content-length": String(body.length) });
  return `${method} ${path} HTTP/1.1\r\n${all.map(([name, value]) => `${name}: ${value}`).join("\r\n")}${HEADER_END}${body}`;
}

/** The answer that `text` begins with, or null while some of it is missing. */
function complete(text: string): Answer | null {
  const end = text.indexOf(HEADER_END);
  if (end < 0) return null;
  const head = text.slice(0, end).toLowerCase();
  const status = Number(head.slice(9, 12));
  const body = text.slice(end + HEADER_END.length);
  const length = /\r\ncontent-length: (\d+)/.exec(head)?.[1];
  if (length !== undefined) return body.length >= Number(length) ? { status, body } : null;
  if (head.includes("\r\ntransfer-encoding: chunked")) {
    return `\r\n${body}`.endsWith(LAST_CHUNK) ? { status, body } : null;
  }
  return { status, body };
}

export class Connection {
  readonly #socket: Socket;
  #received = "";
  #waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setNoDelay(true);
    socket.setEncoding("latin1");
    socket.on("data", (text: string) => this.#receive(text));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => this.#fail(new Error("the server closed the connection")));
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1", () => resolve(new Connection(socket)));
      socket.once("error", reject);
    });
  }

  /** Sends a request and resolves with its answer; one at a time. */
  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(request, "latin1");
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    this.#received += text;
    const answer = complete(this.#received);
    if (!answer) return;
    this.#received = "";
    const waiting = this.#waiting;
    this.#waiting = null;
    waiting?.resolve(answer);
  }

  #fail(error: Error): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
  }
}
