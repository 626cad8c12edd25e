/** Where files lie: configuration says. */

import type { Config } from "../../platform/env.ts";
import type { Storage } from "../../platform/storage/port.ts";
import { r2Storage } from "../../platform/storage/r2.ts";
import { s3Storage } from "./s3.ts";

/** The store of this worker. Configuration that was read names every part of an S3 server, or none. */
export function storageBy({ STORAGE, ...s3 }: Config): Storage {
  if (STORAGE === "r2") return r2Storage;
  return s3Storage({
    endpoint: s3.S3_ENDPOINT ?? "",
    bucket: s3.S3_BUCKET ?? "",
    region: s3.S3_REGION,
    access_key_id: s3.S3_ACCESS_KEY_ID ?? "",
    secret_access_key: s3.S3_SECRET_ACCESS_KEY ?? "",
  });
}
