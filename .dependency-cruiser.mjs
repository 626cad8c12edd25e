/**
 * Who may import whom: the rules of the house that a dependency graph can show. Rules 7 and 9 and the rest of 6 are
 * about what a file says, not what it imports: scripts/lib/source-rules.ts. `npm run verify` plants a violation of
 * each rule and sees it fire.
 */

const framework = "node_modules/(hono|@hono)/";
const drizzle = "node_modules/drizzle-orm/";

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "1-platform-knows-no-module",
      severity: "error",
      from: { path: "^src/platform/" },
      to: { path: "^(src/(modules|integrations)/|src/(app|index)\\.ts$|durable-objects/)" },
    },
    {
      name: "2-modules-meet-at-the-door",
      comment: "A module imports another module only through that module's index.ts.",
      severity: "error",
      from: { path: "^src/modules/([^/]+)/" },
      to: { path: "^src/modules/[^/]+/", pathNot: ["^src/modules/$1/", "^src/modules/[^/]+/index\\.ts$"] },
    },
    {
      name: "2-app-uses-the-door",
      severity: "error",
      from: { path: "^src/[^/]+\\.ts$" },
      to: { path: "^src/modules/", pathNot: "^src/modules/[^/]+/index\\.ts$" },
    },
    {
      name: "2-objects-take-contracts-only",
      comment: "Objects implement a module's port: they see its vocabulary and tables, never its routes and services.",
      severity: "error",
      from: { path: "^durable-objects/" },
      to: {
        path: "^src/modules/",
        pathNot: [
          "^src/modules/[^/]+/(index|model|port|live|events|tables)\\.ts$",
          "^src/modules/[^/]+/[^/]+/model\\.ts$",
        ],
      },
    },
    {
      name: "3-pure-stays-pure",
      comment: "model.ts, schedule.ts and sessions.ts reach neither Drizzle nor Hono nor the runtime, by whatever way.",
      severity: "error",
      from: { path: "^(src/modules|durable-objects)/.*/(model|schedule|sessions)\\.ts$" },
      to: { path: [framework, drizzle, "^cloudflare:"], reachable: true },
    },
    {
      name: "4-routes-never-touch-tables",
      severity: "error",
      from: { path: "^src/.+/routes\\.ts$" },
      to: { path: [drizzle, "/tables\\.ts$", "^src/platform/db/", "^durable-objects/"] },
    },
    {
      name: "5-services-never-see-http",
      severity: "error",
      from: { path: "^src/.+/service\\.ts$" },
      to: { path: "node_modules/hono/" },
    },
    {
      name: "5-services-infer-types-at-most",
      comment: "z.infer of a contract is welcome, its schemas are not: bodies are checked before a service runs.",
      severity: "error",
      from: { path: "^src/.+/service\\.ts$" },
      to: { path: "node_modules/@hono/", dependencyTypesNot: ["type-only"] },
    },
    {
      name: "6-one-place-makes-databases",
      severity: "error",
      from: { path: "^(src|durable-objects)/", pathNot: "^src/platform/db/" },
      to: { path: `${drizzle}(d1|durable-sqlite)/` },
    },
    {
      name: "6-nobody-imports-objects",
      comment: "Modules reach objects through their port; only src/index.ts hands the classes to the runtime.",
      severity: "error",
      from: { path: "^(src|web)/", pathNot: "^src/index\\.ts$" },
      to: { path: "^durable-objects/" },
    },
    {
      name: "8-integrations-are-injected",
      severity: "error",
      from: { path: "^(src|durable-objects)/", pathNot: ["^src/(app|index)\\.ts$", "^src/integrations/"] },
      to: { path: "^src/integrations/" },
    },
    {
      name: "10-no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "11-pages-share-pure-code-only",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^(src|durable-objects)/", pathNot: "^src/modules/[^/]+/(model|live|events)\\.ts$" },
    },
    {
      name: "12-production-stands-alone",
      comment: "What is deployed imports neither tests nor tools, and of development packages types at most.",
      severity: "error",
      from: { path: "^(src|durable-objects)/" },
      to: { path: "^(test|bench|scripts|web)/" },
    },
    {
      name: "12-production-uses-production-packages",
      severity: "error",
      from: { path: "^(src|durable-objects)/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg"], dependencyTypesNot: ["type-only"] },
    },
    {
      name: "13-imports-resolve",
      severity: "error",
      from: {},
      to: { couldNotResolve: true, pathNot: ["^cloudflare:", "\\.d\\.ts$"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "workerd", "node", "default"],
      extensions: [".ts", ".tsx", ".mjs", ".js", ".d.ts"],
    },
  },
};
