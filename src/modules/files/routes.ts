import { fileTypes } from "../../platform/file-types.ts";
import { FileBody, Reply, spaceRoute } from "../../platform/route.ts";
import { deleteOwnFile } from "./attach.ts";
import {
  FileInfo,
  FileLink,
  FileLinkInput,
  FilePage,
  FileQuery,
  FileUsage,
  UploadInput,
  UploadSession,
  VariantQuery,
} from "./contract.ts";
import { MAX_FILE_BYTES } from "./model.ts";
import { openUpload, readUsage } from "./open.ts";
import type { FilePorts } from "./port.ts";
import { findOwn, listOwnFiles, makeLink, readContent, readFile } from "./reads.ts";
import { receiveContent } from "./receive.ts";

const tag = "platform";
const one = "/files/{file_id}";

const uploadRoutes = (ports: FilePorts) => [
  spaceRoute(
    {
      operation_id: "open_upload",
      tag,
      method: "post",
      path: "/files",
      summary: "Announce a file: room is kept for it, and its content sent to where the answer says",
      permission: "files.upload",
      body: UploadInput,
      idempotency: "optional",
      status: 201,
      response: UploadSession,
      problems: ["file_quota_exceeded"],
    },
    async (space, { body }) => {
      const opened = await openUpload(space, ports.owners, body);
      return new Reply(opened, { location: opened.upload_url.replace(/\/content$/, "") });
    },
  ),
  spaceRoute(
    {
      operation_id: "upload_file",
      tag,
      method: "put",
      path: `${one}/content`,
      summary: "Send the content of an announced file; its status says what became of it",
      permission: "files.upload",
      body: FileBody,
      body_is_file: [...fileTypes, "application/octet-stream"],
      body_limit: MAX_FILE_BYTES,
      response: FileInfo,
      problems: ["malformed_request", "illegal_transition", "conflict"],
    },
    (space, { params, body }) => receiveContent(space, ports, params.file_id, body),
  ),
  spaceRoute(
    {
      operation_id: "delete_file",
      tag,
      method: "delete",
      path: one,
      summary: "Delete a file of one's own that belongs to nothing",
      permission: "files.upload",
      status: 204,
      problems: ["file_in_use", "conflict"],
    },
    async (space, { params }) => deleteOwnFile(space, await findOwn(space, params.file_id)),
  ),
];

const readRoutes = ({ owners }: FilePorts) => [
  spaceRoute(
    {
      operation_id: "list_files",
      tag,
      method: "get",
      path: "/files",
      summary: "One's own files, newest first",
      permission: "files.read",
      query: FileQuery,
      response: FilePage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listOwnFiles(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_file_usage",
      tag,
      method: "get",
      path: "/file_usage",
      summary: "How much room one's files take, and how much there is",
      permission: "files.read",
      response: FileUsage,
    },
    (space) => readUsage(space),
  ),
  spaceRoute(
    {
      operation_id: "get_file",
      tag,
      method: "get",
      path: one,
      summary: "What is known of a file; whoever may read what it belongs to may read it",
      permission: "files.read",
      response: FileInfo,
    },
    (space, { params }) => readFile(space, owners, params.file_id),
  ),
  spaceRoute(
    {
      operation_id: "get_file_content",
      tag,
      method: "get",
      path: `${one}/content`,
      summary: "The file itself, to be saved; in part with Range, and not at all while If-None-Match names it",
      permission: "files.read",
      query: VariantQuery,
      download: "ranged",
      problems: ["illegal_transition"],
    },
    (space, { params, query, file_ask }) => readContent(space, owners, params.file_id, query.variant, file_ask),
  ),
  spaceRoute(
    {
      operation_id: "link_file",
      tag,
      method: "post",
      path: `${one}/links`,
      summary: "A link that opens the file for ten minutes, for pages that show it",
      permission: "files.read",
      body: FileLinkInput,
      body_optional: true,
      no_store: true,
      response: FileLink,
      problems: ["illegal_transition"],
    },
    (space, { params, body }) => makeLink(space, owners, params.file_id, body.variant),
  ),
];

/** Every route of the module. */
export const fileRoutes = (ports: FilePorts) => [...uploadRoutes(ports), ...readRoutes(ports)];
