/** Pictures made anew by the Images binding; locally sharp does it, which comes with the tools. */

import { env } from "cloudflare:workers";
import { MAX_PIXELS, type MakePicture, PICTURE_EDGE, THUMBNAIL_EDGE } from "../../modules/files/index.ts";
import type { ImageType } from "../../platform/file-types.ts";

type Output = ImageType;

/** What sharp says of pictures that are none, where it stands in for the service. */
const inWords = /input buffer|vips|load_buffer|premature end|corrupt/i;

/** What the service says of pictures that are none, or none that it can read: 94xx and 9520. Anything else is its own fault. */
const isPicturesFault = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false;
  const code = "code" in error ? Number(error.code) : Number.NaN;
  return (code >= 9400 && code < 9500) || code === 9520 || inWords.test(error.message);
};

async function scaled(stream: ReadableStream<Uint8Array>, edge: number, format: Output): Promise<ArrayBuffer> {
  const result = await env.IMAGES.input(stream)
    .transform({ width: edge, height: edge, fit: "scale-down" })
    .output({ format, anim: false });
  return result.response().arrayBuffer();
}

const streamOf = (bytes: ArrayBuffer): ReadableStream<Uint8Array> => {
  const { body } = new Response(bytes);
  if (!body) throw new Error("an empty picture");
  return body;
};

/** A picture and its thumbnail, upright and without what the camera wrote into the file. */
export const bindingPicture: MakePicture = async (read, type) => {
  try {
    const given = await env.IMAGES.info(await read());
    if (!("width" in given) || given.format !== type || given.width * given.height > MAX_PIXELS) return null;
    const bytes = await scaled(await read(), PICTURE_EDGE, type);
    const made = await env.IMAGES.info(streamOf(bytes));
    if (!("width" in made)) return null;
    const thumbnail = await scaled(streamOf(bytes), THUMBNAIL_EDGE, "image/webp");
    return { bytes, thumbnail, width: made.width, height: made.height };
  } catch (error) {
    if (isPicturesFault(error)) return null;
    throw error;
  }
};
