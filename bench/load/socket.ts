/** A WebSocket that only notes when messages arrive: a thousand of them must not be what is measured. */
import { randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";

export class WatchingSocket {
  /** Messages so far. */
  received = 0;
  /** performance.now() of the last message. */
  last_at = 0;
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Opens a socket; rejects when the server does not switch protocols. */
  static open(url: URL): Promise<WatchingSocket> {
    return new Promise((resolve, reject) => {
      const socket = connect(Number(url.port), url.hostname);
      const watching = new WatchingSocket(socket);
      const head = [
        `GET ${url.pathname}${url.search} HTTP/1.1`,
        `host: ${url.host}`,
        ...["connection: Upgrade", "upgrade: websocket", "sec-websocket-version: 13"],
        `sec-websocket-key: ${randomBytes(16).toString("base64")}`,
      ];
      socket.setNoDelay(true);
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the socket was closed")));
      socket.on("connect", () => socket.write(`${head.join("\r\n")}\r\n\r\n`));
      let answer = "";
      const hear = (data: Buffer): void => {
        answer += data.toString("latin1");
        const end = answer.indexOf("\r\n\r\n");
        if (end < 0) return;
        socket.off("data", hear);
        if (!answer.startsWith("HTTP/1.1 101")) return reject(new Error(answer.slice(0, 200)));
        socket.on("data", (more: Buffer) => watching.#receive(more));
        watching.#receive(Buffer.from(answer.slice(end + 4), "latin1"));
        resolve(watching);
      };
      socket.on("data", hear);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Counts the text frames that are complete. Frames of a server are not masked. */
  #receive(data: Buffer): void {
    this.#pending = this.#pending.length === 0 ? data : Buffer.concat([this.#pending, data]);
    for (;;) {
      const size = frameSize(this.#pending);
      if (size === null || this.#pending.length < size) return;
      const isText = ((this.#pending[0] ?? 0) & 0x0f) === 1;
      this.#pending = this.#pending.subarray(size);
      if (!isText) continue;
      this.received += 1;
      this.last_at = performance.now();
    }
  }
}

/** Header and payload of the frame that `data` begins with; null while the header is incomplete. */
function frameSize(data: Buffer): number | null {
  if (data.length < 2) return null;
  const length = (data[1] ?? 0) & 0x7f;
  if (length < 126) return 2 + length;
  if (length === 126) return data.length < 4 ? null : 4 + data.readUInt16BE(2);
  return data.length < 10 ? null : 10 + Number(data.readBigUInt64BE(2));
}
