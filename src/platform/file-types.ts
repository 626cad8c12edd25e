/** What files are, by what is in them. Pure. */

/** What a file begins with, by its type; null stands for any byte. */
const signatures = {
  "application/pdf": [0x25, 0x50, 0x44, 0x46, 0x2d],
  "image/jpeg": [0xff, 0xd8, 0xff],
  "image/png": [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
  "image/webp": [0x52, 0x49, 0x46, 0x46, null, null, null, null, 0x57, 0x45, 0x42, 0x50],
} as const satisfies Record<string, readonly (number | null)[]>;

/** Types that are taken, with what their files are called at the end. */
export const fileExtensions = {
  "application/pdf": "pdf",
  "image/jpeg": "jpg",
  "image/png": "png",
  "image/webp": "webp",
} as const;
export type FileType = keyof typeof signatures;
export const fileTypes = Object.keys(signatures) as [FileType, ...FileType[]];
export const imageTypes = ["image/jpeg", "image/png", "image/webp"] as const satisfies readonly FileType[];
export type ImageType = (typeof imageTypes)[number];
export const isImage = (type: string): type is ImageType => (imageTypes as readonly string[]).includes(type);

/** As many first bytes as are looked at. */
export const HEAD_BYTES = 4_096;

/** As many last bytes as are looked at: the end of an archive with the longest comment that it may have. */
export const TAIL_BYTES = 66_000;

/** The type that these first bytes tell, or null. */
export const typeOf = (head: Uint8Array): FileType | null =>
  fileTypes.find((type) => signatures[type].every((byte, at) => byte === null || head[at] === byte)) ?? null;

/** Elements that make a browser, or whoever sniffs as browsers once did, take a file for a page or a drawing with a program in it. */
const markup = /<(?:!doctype\s+html|html|head|body|script|iframe|svg|object|embed)[\s/>]/i;

/** True for a file that would be a page as well. */
export const hasMarkup = (head: Uint8Array): boolean => markup.test(new TextDecoder("latin1").decode(head));

/** True for a file that is an archive as well: its end says where its parts are, up to the last byte. */
export function isArchive(tail: Uint8Array): boolean {
  for (let at = tail.length - 22; at >= 0; at -= 1) {
    const isEnd = tail[at] === 0x50 && tail[at + 1] === 0x4b && tail[at + 2] === 0x05 && tail[at + 3] === 0x06;
    const comment = (tail[at + 20] ?? 0) + (tail[at + 21] ?? 0) * 256;
    if (isEnd && at + 22 + comment <= tail.length) return true;
  }
  return false;
}
