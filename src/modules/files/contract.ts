import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, pageOf, pageQuery, resourceFields } from "../../platform/contract.ts";
import { fileTypes } from "../../platform/file-types.ts";
import { fileStatuses, MAX_FILE_BYTES, purposes, rejections } from "./model.ts";

export const UploadInput = z
  .strictObject({
    name: z.string().min(1).max(1_000).openapi({
      description: "What it is called; folders and what systems cannot save are left out.",
      example: "bed.jpg",
    }),
    size: z.int().min(1).max(MAX_FILE_BYTES).openapi({ description: "Bytes, exactly." }),
    purpose: z.enum(purposes).openapi({ description: "What it will belong to." }),
    content_type: z
      .enum(fileTypes)
      .optional()
      .openapi({ description: "Its type, if it is to be refused when it turns out to be another." }),
  })
  .openapi("UploadInput");

export const UploadSession = z
  .strictObject({
    file_id: Id,
    upload_url: z.string().openapi({ description: "Where to PUT the content, with the same token." }),
    expires_at: Instant.openapi({ description: "Until when it has to be there." }),
  })
  .openapi("UploadSession");

export const FileInfo = z
  .strictObject({
    ...resourceFields,
    purpose: z.enum(purposes),
    name: z.string(),
    status: z.enum(fileStatuses),
    reason: z.enum(rejections).nullable().openapi({ description: "Why it was rejected." }),
    content_type: z.enum(fileTypes).nullable().openapi({ description: "By what is in it; null until it has come." }),
    size: z.int().openapi({ description: "Bytes; of pictures that are ready, as they were made anew." }),
    sha256: z.string().nullable().openapi({ description: "Of what is downloaded, hex." }),
    width: z.int().nullable().openapi({ description: "Pixels." }),
    height: z.int().nullable(),
    thumbnail: z.boolean().openapi({ description: "There is a small picture: `?variant=thumbnail`." }),
    attached: z.boolean().openapi({ description: "It belongs to something; without that it goes after a day." }),
    expires_at: Instant.nullable().openapi({ description: "When it goes by itself." }),
  })
  .openapi("File");
export const FilePage = pageOf(FileInfo).openapi("FilePage");

export const FileQuery = z.strictObject({ ...pageQuery, status: anyOf(z.enum(fileStatuses)) });

const variant = z
  .enum(["original", "thumbnail"])
  .default("original")
  .openapi({ description: "`thumbnail`: the small picture, WebP." });
export const VariantQuery = z.strictObject({ variant });
export const FileLinkInput = z.strictObject({ variant }).openapi("FileLinkInput");

export const FileLink = z.strictObject({ url: z.string(), expires_at: Instant }).openapi("FileLink", {
  description: "A path that opens the file for ten minutes, for whoever has it: for pages that show it.",
});

export const FileUsage = z
  .strictObject({
    used_bytes: z.int().openapi({ description: "By one's own files, announced ones included." }),
    quota_bytes: z.int(),
    max_file_bytes: z.int(),
    makerspace_used_bytes: z.int().nullable().openapi({ description: "For staff." }),
    makerspace_quota_bytes: z.int().nullable(),
  })
  .openapi("FileUsage");
