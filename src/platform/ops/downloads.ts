/** Downloads: the link is the credential. */

import { openLink } from "../files.ts";
import { FileReply, publicRoute } from "../route.ts";

export const downloadRoutes = [
  publicRoute(
    {
      operation_id: "download_file",
      tag: "platform",
      method: "get",
      path: "/api/v1/files/{token}",
      summary: "Download a file by a link that was handed out",
      public_because: "The link is the credential: unguessable, ending, revocable, stored as a digest only.",
      download: true,
      problems: ["not_found", "link_expired"],
    },
    async ({ now }, { params }) => {
      const { object, filename } = await openLink(params.token, now);
      const content_type = object.httpMetadata?.contentType ?? "application/octet-stream";
      return new FileReply(object.body, { filename, content_type, size: object.size });
    },
  ),
];
