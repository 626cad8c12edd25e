/**
 * The only ways to register a path. A route is a sentence: permission, facts, input, output, problems, then a handler that calls one verb.
 * Order of answers: rate limit, 401, 404 for a foreign makerspace, 403, and only then the query, headers and body are looked at.
 */

export {
  type App,
  type AppEnv,
  FileBody,
  FileReply,
  maybeReplayed,
  Preview,
  Reply,
  type Route,
  tags,
  type Upload,
} from "./route/definition.ts";
export { type Caller, platformRoute } from "./route/platform-route.ts";
export { publicRoute, type Visitor } from "./route/public-route.ts";
export { socketRoute } from "./route/socket-route.ts";
export { spaceRoute } from "./route/space-route.ts";
