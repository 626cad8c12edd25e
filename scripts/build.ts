/**
 * `npm run build`: everything static, in dist/assets. The pages of web/ (Vite), Swagger UI, ReDoc, the catalogue of problems, and the headers
 * that Workers static assets send with them.
 */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build, runnerImport } from "vite";
import { packageFile, root } from "./lib/env.ts";
import { checkSize } from "./size.ts";

const out = (path: string): string => join(root, "dist/assets", path);

/** A Content-Security-Policy: nothing from elsewhere, nothing inline, unless a page says what it needs. */
const policy = (needs: Readonly<Record<string, string>> = {}): string =>
  Object.entries({
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    ...needs,
  })
    .map(([name, value]) => `${name} ${value}`)
    .join("; ");

const headers = `# Written by scripts/build.ts.
/*
  Content-Security-Policy: ${policy()}
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cross-Origin-Opener-Policy: same-origin
  Permissions-Policy: camera=(), microphone=(), geolocation=(), fullscreen=(self), screen-wake-lock=(self)
  Strict-Transport-Security: max-age=15552000

# Their names carry a hash of what is in them.
/static/*
  Cache-Control: public, max-age=31536000, immutable

# Swagger UI and ReDoc write <style> elements; ReDoc searches in a worker made from a blob.
/docs
  ! Content-Security-Policy
  Content-Security-Policy: ${policy({ "style-src": "'self' 'unsafe-inline'" })}
/redoc
  ! Content-Security-Policy
  Content-Security-Policy: ${policy({ "style-src": "'self' 'unsafe-inline'", "worker-src": "blob:" })}
`;

const copySwaggerUi = (): void => {
  for (const file of [
    "swagger-ui.css",
    "swagger-ui-bundle.js",
    "swagger-ui-bundle.js.LICENSE.txt",
    "LICENSE",
    "NOTICE",
  ])
    copyFileSync(packageFile(`swagger-ui-dist/${file}`), out(`docs/${file}`));
};

/** ReDoc asks its maker's server for a logo beside its name; the name stays, the request goes. */
const REDOC_LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg";
const NO_IMAGE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==";

const copyRedoc = (): void => {
  const parts = readFileSync(packageFile("redoc/bundles/redoc.standalone.js"), "utf8").split(REDOC_LOGO);
  if (parts.length !== 2)
    throw new Error(`redoc.standalone.js: expected ${REDOC_LOGO} once, found it ${parts.length - 1} times`);
  writeFileSync(out("redoc/redoc.standalone.js"), parts.join(NO_IMAGE));
  copyFileSync(
    packageFile("redoc/bundles/redoc.standalone.js.LICENSE.txt"),
    out("redoc/redoc.standalone.js.LICENSE.txt"),
  );
};

const escapeHtml = (text: string): string => text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** `type` of every problem document points to /problems#<code>: the page that explains it. */
const writeProblems = async (): Promise<void> => {
  const { module } = await runnerImport<typeof import("../src/platform/problem.ts")>(
    join(root, "src/platform/problem.ts"),
  );
  const rows = Object.entries(module.problems).map(
    ([code, [status, title, detail]]) =>
      `<dt id="${code}"><code>${code}</code> <span>${status} ${escapeHtml(title)}</span></dt><dd>${escapeHtml(detail)}</dd>`,
  );
  const page = readFileSync(out("problems.html"), "utf8").split("<!-- problems -->");
  if (page.length !== 2) throw new Error("problems.html has no place for the problems");
  writeFileSync(out("problems.html"), page.join(rows.join("\n        ")));
};

await build({ configFile: join(root, "web/vite.config.ts"), logLevel: "warn" });
copySwaggerUi();
copyRedoc();
await writeProblems();
writeFileSync(out("_headers"), headers);
checkSize();
