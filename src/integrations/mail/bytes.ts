const encoder = new TextEncoder();

/** UTF-8 bytes of a text. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/** Base64 of bytes. */
export const base64 = (bytes: Iterable<number>): string => btoa(String.fromCharCode(...bytes));
