/** Uploads, for tests. */

import type { Answer, Api } from "./api.ts";
import type { TestSpace } from "./space.ts";
import type { FileInfo, UploadSession } from "./wire.ts";

type Bytes = Uint8Array<ArrayBuffer>;

interface Upload {
  name?: string;
  purpose?: string;
  content_type?: string;
  /** As announced; the bytes' own length unless told. */
  size?: number;
}

/** Announces a file. */
export const announce = (space: TestSpace, api: Api, more: Upload & { size: number }): Promise<Answer<UploadSession>> =>
  api.send<UploadSession>("POST", space.path("/files"), {
    body: { name: "photo.png", purpose: "equipment_photo", ...more },
  });

/** Sends the content of an announced file. */
export const sendContent = (
  api: Api,
  url: string,
  bytes: Bytes | ReadableStream<Uint8Array>,
  length?: number,
): Promise<Answer<FileInfo>> => {
  const size = length ?? (bytes instanceof Uint8Array ? bytes.length : 0);
  const headers = { "content-type": "application/octet-stream", "content-length": String(size) };
  return api.send<FileInfo>("PUT", url, { bytes, headers });
};

/** Announces a file and sends it. @throws unless it was taken in, whatever was found in it */
export async function upload(space: TestSpace, api: Api, bytes: Bytes, more: Upload = {}): Promise<FileInfo> {
  const { body: session, problem } = await announce(space, api, { size: bytes.length, ...more });
  if (!session) throw new Error(`refused: ${JSON.stringify(problem)}`);
  const sent = await sendContent(api, session.upload_url, bytes);
  if (!sent.body) throw new Error(`refused: ${JSON.stringify(sent.problem)}`);
  return sent.body;
}

/** The bytes of an answer that is a file. */
export async function download(api: Api, path: string, headers: Record<string, string> = {}) {
  const all = new Headers(headers);
  if (api.token !== null) all.set("authorization", `Bearer ${api.token}`);
  const response = await api.way(new Request(`https://makrcave.test${path}`, { headers: all }));
  return {
    status: response.status,
    headers: response.headers,
    bytes: new Uint8Array(await response.arrayBuffer()),
  };
}
