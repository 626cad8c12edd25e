/** A receiver of webhooks that does what its path says, and remembers what it was sent. It runs beside the runtime. */

import { createServer, type ServerResponse } from "node:http";

/** A request as it came. */
interface Received {
  path: string;
  headers: Record<string, unknown>;
  body: string;
}

/** More than any receiver is given. */
const SLOW_MS = 12_000;
const HUGE = 64;
const MEGABYTE = "x".repeat(1_000_000);

function pour(response: ServerResponse, left: number): void {
  if (left === 0 || response.destroyed) response.end();
  else response.write(MEGABYTE, () => pour(response, left - 1));
}

/** Path → answer. Each is called with the number of requests that came to it before. */
const manners: Readonly<Record<string, (response: ServerResponse, before: number, tag: string) => void>> = {
  ok: (response) => response.writeHead(200, { "x-receiver": "ok" }).end("thank you"),
  fail: (response) => response.writeHead(500).end("broken"),
  flaky: (response, before) => response.writeHead(before === 0 ? 503 : 204).end(),
  gone: (response) => response.writeHead(410).end(),
  slow: (response) => setTimeout(() => response.writeHead(200).end(), SLOW_MS).unref(),
  // Begins at once and never comes to an end.
  drip: (response) => response.writeHead(200).write("a little"),
  redirect: (response, _, tag) => response.writeHead(302, { location: `/secret/${tag}` }).end(),
  secret: (response) => response.writeHead(200).end("you should not be here"),
  hangup: (response) => response.destroy(),
  // Somebody who looks through files.
  clean: (response) => response.writeHead(200).end('{"clean":true}'),
  infected: (response) => response.writeHead(200).end('{"clean":false}'),
  babbling: (response) => response.writeHead(200).end('{"clean":"maybe"}'),
  huge: (response) => pour(response.writeHead(200), HUGE),
};

/** Starts it on a port of its own. @returns its origin; GET /log/<tag> shows what came for a tag */
export async function startReceiver(): Promise<string> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const { url = "/", headers } = request;
    const [, manner = "", tag = ""] = url.split("/");
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      if (manner === "log") {
        const mine = received.filter(({ path }) => path.endsWith(`/${tag}`));
        response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(mine));
        return;
      }
      const before = received.filter(({ path }) => path === url).length;
      received.push({ path: url, headers, body: Buffer.concat(chunks).toString() });
      const answer = manners[manner] ?? manners.fail;
      answer?.(response, before, tag);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  // Whoever reads the configuration may end.
  server.unref();
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return `http://127.0.0.1:${address.port}`;
}
