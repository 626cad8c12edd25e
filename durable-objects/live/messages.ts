/** Reading and writing what goes over a live socket. */

import type { ClientMessage } from "../../src/modules/equipment/live.ts";

/** The one thing a client says, or null for anything else. */
export function parseResume(text: string | ArrayBuffer): ClientMessage | null {
  if (typeof text !== "string") return null;
  try {
    const message: unknown = JSON.parse(text);
    if (typeof message !== "object" || message === null) return null;
    const { type, seq } = message as Partial<ClientMessage>;
    return type === "resume" && typeof seq === "number" && Number.isSafeInteger(seq) ? { type, seq } : null;
  } catch {
    return null;
  }
}

/** A socket that is just closing hears nothing; its client comes back and resumes. */
export function sendText(socket: WebSocket, text: string): void {
  try {
    socket.send(text);
  } catch {
    // Closed between the look and the send.
  }
}

/** Answers a client's goodbye: for hibernating sockets the runtime does not, and the client would wait for it. */
export function sayGoodbye(socket: WebSocket): void {
  if (socket.readyState !== WebSocket.CLOSED) socket.close(1000);
}
