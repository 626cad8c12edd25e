/** What `npm start` prints when the system is ready. */
import { demoSpaces, superAdmin } from "./demo.ts";

const demoLines = (): string[] =>
  demoSpaces.flatMap((space) => [
    `  ${space.name} (${space.timezone}), sub of each member:`,
    ...space.members.map(({ sub, role, duty }) => `    ${sub.padEnd(22)}${role}${duty ? ` + ${duty}` : ""}`),
  ]);

/** Where everything is, and how to get a token. */
export const banner = (url: string, persistTo: string, demo: boolean, tookMs: number): string =>
  [
    "",
    `MakrCave serves ${url} (ready in ${(tookMs / 1000).toFixed(1)} s, state in ${persistTo})`,
    "",
    `  API document   ${url}/openapi.json`,
    `  Swagger UI     ${url}/docs`,
    `  ReDoc          ${url}/redoc`,
    `  Tablet page    ${url}/tablet`,
    "",
    "A token of the development issuer, in TOKEN:",
    "",
    `  TOKEN=$(curl -s ${url}/api/v1/dev/tokens -H 'content-type: application/json' -d '{"sub":"demo-member"}' | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')`,
    `  curl -s ${url}/api/v1/me -H "authorization: Bearer $TOKEN"`,
    "",
    ...(demo
      ? [
          "The demo:",
          ...demoLines(),
          `    ${superAdmin.sub.padEnd(22)}super_admin: ask with "realm_roles":["super_admin"]`,
          "",
        ]
      : []),
    "Ctrl-C stops it.",
    "",
  ].join("\n");
