/**
 * The worker with one path more, for `npm run docs` alone: it answers the generated documents, made where the
 * application's own code runs.
 */
import { accessMarkdown, coverageMarkdown, problemsMarkdown } from "../src/docs.ts";
import worker from "../src/index.ts";

export * from "../src/index.ts";

/** Where the documents are answered, as an object of file name → text. */
const PATH = "/generated-docs";

/** The addresses in the documents do not depend on where they were made. */
const ORIGIN = "https://makrcave.example";

const documents = async (env: Env, ctx: ExecutionContext): Promise<Record<string, string>> => {
  const response = await worker.fetch(new Request(`${ORIGIN}/openapi.json`), env, ctx);
  if (!response.ok) throw new Error(`/openapi.json answered ${response.status}`);
  const openapi: Parameters<typeof coverageMarkdown>[0] = await response.json();
  return {
    "openapi.json": `${JSON.stringify(openapi, null, 2)}\n`,
    "access.md": accessMarkdown(),
    "problems.md": problemsMarkdown(),
    "coverage.md": coverageMarkdown(openapi),
  };
};

const handler: ExportedHandler<Env> = {
  fetch: async (request, env, ctx) =>
    new URL(request.url).pathname === PATH ? Response.json(await documents(env, ctx)) : worker.fetch(request, env, ctx),
};
export default handler;
