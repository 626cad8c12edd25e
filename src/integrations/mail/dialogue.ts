/** The lines of an SMTP connection: replies are read whole, within a time, and a connection that ends is an error, never a wait. */

import { MailFailure } from "../../platform/mail.ts";
import { utf8 } from "./bytes.ts";

/** An answer of the server: its code, and its lines without it. */
export interface SmtpReply {
  code: number;
  lines: string[];
}

/** What a dialogue needs of a socket. */
export interface Wire {
  readable: ReadableStream<Uint8Array>;
  writable: WritableStream<Uint8Array>;
}

/** No server says more than this in one answer. */
const MAX_REPLY = 64 * 1024;

/** Waits for `work`, at most until `deadline` (epoch milliseconds). @throws MailFailure `timeout` */
export async function before<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: number | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new MailFailure("timeout", false, true)), Math.max(0, deadline - Date.now()));
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export class Dialogue {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #decoder = new TextDecoder();
  #heard = "";

  constructor(
    wire: Wire,
    /** When all of it has to be over. */
    readonly deadline: number,
  ) {
    this.#reader = wire.readable.getReader();
    this.#writer = wire.writable.getWriter();
  }

  /** Sends a line or a text that ends in CRLF. */
  async say(text: string): Promise<void> {
    try {
      await before(this.deadline, this.#writer.write(utf8(text)));
    } catch (error) {
      throw error instanceof MailFailure ? error : new MailFailure("dropped", false);
    }
  }

  /** The next answer. @throws MailFailure `dropped` when the server hangs up, `timeout`, `not_smtp` */
  async hear(): Promise<SmtpReply> {
    for (;;) {
      const reply = this.#take();
      if (reply) return reply;
      if (this.#heard.length > MAX_REPLY) throw new MailFailure("not_smtp", false, true);
      this.#heard += await this.#more();
    }
  }

  /** Sends a command and answers the reply. */
  async ask(command: string): Promise<SmtpReply> {
    await this.say(`${command}\r\n`);
    return this.hear();
  }

  /** Hands the streams back, for TLS to begin on them. @throws MailFailure when the server said more in the clear than it was asked */
  release(): void {
    if (this.#heard !== "") throw new MailFailure("not_smtp", false, true);
    this.#reader.releaseLock();
    this.#writer.releaseLock();
  }

  async #more(): Promise<string> {
    let chunk: ReadableStreamReadResult<Uint8Array>;
    try {
      chunk = await before(this.deadline, this.#reader.read());
    } catch (error) {
      throw error instanceof MailFailure ? error : new MailFailure("dropped", false);
    }
    if (chunk.done) throw new MailFailure("dropped", false);
    return this.#decoder.decode(chunk.value, { stream: true });
  }

  /** A whole answer out of what was heard: lines "250-…" and a last one "250 …". */
  #take(): SmtpReply | null {
    const lines: string[] = [];
    for (let from = 0; ; ) {
      const end = this.#heard.indexOf("\n", from);
      if (end < 0) return null;
      const [, code, more, text = ""] = /^(\d{3})(?:([ -])([^\r\n]*))?\r?$/.exec(this.#heard.slice(from, end)) ?? [];
      if (code === undefined) throw new MailFailure("not_smtp", false, true);
      lines.push(text);
      from = end + 1;
      if (more === "-") continue;
      this.#heard = this.#heard.slice(from);
      return { code: Number(code), lines };
    }
  }
}
