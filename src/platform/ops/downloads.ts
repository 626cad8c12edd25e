/** Downloads: the link is the credential. */

import { replyWithFile } from "../file-replies.ts";
import { openLink } from "../files.ts";
import { publicRoute } from "../route.ts";

export const downloadRoutes = [
  publicRoute(
    {
      operation_id: "download_file",
      tag: "platform",
      method: "get",
      path: "/api/v1/files/{token}",
      summary: "Download a file by a link that was handed out",
      public_because: "The link is the credential: unguessable, ending, revocable, stored as a digest only.",
      download: "ranged",
      problems: ["not_found", "link_expired"],
    },
    async ({ now }, { params, file_ask }) => {
      const { filename, read } = await openLink(params.token, now);
      return replyWithFile(file_ask, { filename, read, embeddable: true });
    },
  ),
];
