/** What files need of others: whose they are, who looks through them, who makes pictures anew. */

import type { FileType, ImageType } from "../../platform/file-types.ts";
import type { Space } from "../../platform/space.ts";
import type { Purpose } from "./model.ts";

/** What a module says of the files of one purpose. */
export interface FileOwner {
  /** What they are, for docs. */
  about: string;
  types: readonly FileType[];
  /** Bytes. */
  max_bytes: number;
  /** Who may upload one. Whether it may be attached is decided by the route that does so. */
  mayUpload(space: Space): boolean;
  /** Who may read one that belongs to this thing. */
  mayRead(space: Space, owner_id: string): Promise<boolean>;
  /** What becomes of an attached file when whoever uploaded it is erased: it is about them, or it is the thing's. */
  of_the_erased: "delete" | "keep";
}
export type FileOwners = Readonly<Record<Purpose, FileOwner>>;

/** What somebody who looked through a file says. */
export type Verdict = { clean: true } | { clean: false };

/** Looks through a file. @throws when it cannot say: then it is asked again later, and the file waits */
export type Scan = (file: { stream: ReadableStream<Uint8Array>; size: number }) => Promise<Verdict>;

/** A picture, made anew from what it shows: what its file said beside that is gone. */
export interface Picture {
  width: number;
  height: number;
  bytes: ArrayBuffer;
  /** A small one, WebP. */
  thumbnail: ArrayBuffer;
}

/**
 * Makes a picture anew, in the same type. Null for what is no picture of that type, or too large a one.
 * @throws when it cannot say
 */
export type MakePicture = (read: () => Promise<ReadableStream<Uint8Array>>, type: ImageType) => Promise<Picture | null>;

/** How large pictures are at most, and small ones; pixels along the longer edge. */
export const PICTURE_EDGE = 4_096;
export const THUMBNAIL_EDGE = 320;

/** More pixels than any camera has; a few bytes may claim them. */
export const MAX_PIXELS = 100_000_000;

export interface FilePorts {
  owners: FileOwners;
  /** Null where nobody looks through files. */
  scan: Scan | null;
  picture: MakePicture;
}
