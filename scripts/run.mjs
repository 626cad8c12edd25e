// The gate of every npm script. Plain JavaScript, so that an old Node can at least say what is missing:
// `node scripts/run.mjs <name> <arguments…>` runs scripts/<name>.ts (bench: bench/run.ts) on Node ≥ 22.18.
const needed = [22, 18];
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  const own = process.platform === "linux" && process.arch === "x64";
  process.stderr.write(
    `This is Node ${process.versions.node} (${process.execPath}); MakrCave's tools need Node ${needed.join(".")} or newer.\n${
      own
        ? "On this machine `npm ci` brings a fitting Node along and `npm run <script>` uses it: call the scripts through npm.\n"
        : "Install it from https://nodejs.org and try again.\n"
    }`,
  );
  process.exit(1);
}

const [name = "", ...rest] = process.argv.slice(2);
const script = new URL(name === "bench" ? "../bench/run.ts" : `./${name}.ts`, import.meta.url);
const { existsSync } = await import("node:fs");
if (!/^[a-z-]+$/.test(name) || !existsSync(script)) {
  process.stderr.write(`There is no script "${name}".\n`);
  process.exit(1);
}
// The script sees its own arguments only, from process.argv[2] on, as if it had been started directly.
process.argv = [process.argv[0], script.pathname, ...rest];
await import("./lib/env.ts");
await import(script.href);
