/** A message → the bytes of RFC 5322: text and HTML side by side, quoted-printable, nothing but ASCII on the line. */

import type { CheckedMessage, Mailbox } from "../../platform/mail.ts";
import { base64, utf8 } from "./bytes.ts";

/** Bytes of one encoded word: 39 become 52 characters of base64, and the line stays below 76 with the header's name before it. */
const WORD_BYTES = 39;

/** Text in a header as RFC 2047 words, never splitting a character. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let bytes: number[] = [];
  for (const character of text) {
    const next = utf8(character);
    if (bytes.length + next.length > WORD_BYTES) {
      words.push(base64(bytes));
      bytes = [];
    }
    bytes.push(...next);
  }
  words.push(base64(bytes));
  return words.map((word) => `=?UTF-8?B?${word}?=`).join("\r\n ");
}

/** A subject: plain while it is ASCII and cannot be taken for an encoded word. */
export const headerText = (text: string): string =>
  /^[\x20-\x7e]*$/.test(text) && !text.includes("=?") && text.length <= 70 ? text : encodedWords(text);

/** `Name <address>`; the name is quoted, or encoded where it is more than ASCII. */
export function headerMailbox({ address, name }: Mailbox): string {
  if (name === null) return address;
  const plain = /^[\x20-\x7e]*$/.test(name) && !name.includes("=?");
  const phrase = plain ? `"${name.replaceAll(/["\\]/g, "\\$&")}"` : encodedWords(name);
  return `${phrase}\r\n <${address}>`;
}

const hex = (byte: number): string => `=${byte.toString(16).toUpperCase().padStart(2, "0")}`;

/** One line of quoted-printable, broken softly before the 76th character. */
function quotedLine(line: string): string {
  const bytes = utf8(line);
  let out = "";
  let width = 0;
  for (const [index, byte] of bytes.entries()) {
    const isLast = index === bytes.length - 1;
    const isSpace = byte === 0x20 || byte === 0x09;
    const isPlain = (byte >= 0x21 && byte <= 0x7e && byte !== 0x3d) || (isSpace && !isLast);
    const token = isPlain ? String.fromCharCode(byte) : hex(byte);
    if (width + token.length > 75) {
      out += "=\r\n";
      width = 0;
    }
    out += token;
    width += token.length;
  }
  return out;
}

/** Quoted-printable with CRLF between lines. */
export const quotedPrintable = (text: string): string =>
  text
    .split(/\r\n|\r|\n/)
    .map(quotedLine)
    .join("\r\n");

const part = (type: string, text: string): string =>
  `Content-Type: ${type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n${quotedPrintable(text)}\r\n`;

/** The whole message, lines ended by CRLF; `now` is epoch milliseconds. */
export function toMime(message: CheckedMessage, now: number): string {
  const { id, from, to, reply_to, subject, text, html } = message;
  // Quoted-printable never holds "=_", so no part can end the other.
  const boundary = `=_${id}`;
  const headers = [
    `From: ${headerMailbox(from)}`,
    `To: ${headerMailbox(to)}`,
    ...(reply_to === null ? [] : [`Reply-To: ${reply_to}`]),
    `Subject: ${headerText(subject)}`,
    `Date: ${new Date(now).toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${id}@${from.address.split("@")[1]}>`,
    "Auto-Submitted: auto-generated",
    "MIME-Version: 1.0",
    `Content-Type: multipart/alternative; boundary="${boundary}"`,
  ];
  const [plain, rich] = [part("text/plain", text), part("text/html", html)];
  return `${headers.join("\r\n")}\r\n\r\n--${boundary}\r\n${plain}--${boundary}\r\n${rich}--${boundary}--\r\n`;
}
