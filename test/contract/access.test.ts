/**
 * Every route of the document × everybody × {their own makerspace, another's}. The expected answer is computed from x-permission and
 * the matrix, so that a new route, role or duty is in it by itself. Bodies and queries are garbage: authorisation comes first.
 */

import { beforeAll, describe, expect, it } from "vitest";
import {
  Access,
  type Duty,
  type DutyGrant,
  duties,
  memberRoles,
  type Permission,
  permissions,
  type Role,
} from "../../src/platform/access/permissions.ts";
import { DAY, HOUR } from "../../src/platform/time.ts";
import { Api } from "../support/api.ts";
import { type Endpoint, endpointsOf, openApi } from "../support/contract.ts";
import { iso, makeTwoSpaces, signInAsRoot, type TestSpace } from "../support/space.ts";
import type { Equipment, NewApiToken, ServiceAccount } from "../support/wire.ts";

interface Principal {
  name: string;
  api: Api;
  /** What they are in their makerspace; null for nobody. */
  access: Access | null;
  is: "anonymous" | "tablet" | "api_token" | "member" | "suspended" | "super_admin";
  /** A shade of another principal, interesting at home alone. */
  isVariant?: boolean;
}

interface Place {
  space: TestSpace;
  machine: Equipment;
  isOwn: boolean;
}

/** Why a request must be refused, or null when the door opens. */
type Refusal = { status: 401 | 403 | 404; code: string } | null;

const unauthenticated = { status: 401, code: "unauthenticated" } as const;
const notFound = { status: 404, code: "not_found" } as const;
const forbidden = { status: 403, code: "forbidden" } as const;
const suspended = { status: 403, code: "membership_suspended" } as const;

function expectedRefusal(
  { path, operation }: Endpoint,
  who: Principal,
  isOwn: boolean,
  equipment_id?: string,
): Refusal {
  const permission = operation["x-permission"];
  if (permission === "public") return null;
  if (who.is === "anonymous") return unauthenticated;
  // Who asks to join is outside, whatever the path.
  if (permission === "signed_in" || permission === "super_admin" || !path.includes("{makerspace_id}")) {
    if (who.is === "api_token") return operation["x-api-tokens"] ? null : forbidden;
    const isOpen = who.is === "super_admin" || (permission === "signed_in" && who.is !== "tablet");
    return isOpen ? null : forbidden;
  }
  if (who.is === "super_admin") return null;
  if (!isOwn) return notFound;
  if (who.is === "suspended") return suspended;
  if (who.is === "tablet" && !operation["x-tablets"]) return forbidden;
  return who.access && who.access.scope(permission as Permission, equipment_id) !== "none" ? null : forbidden;
}

const dutyOf = (duty: Duty, more: Partial<DutyGrant> = {}): DutyGrant => ({
  duty,
  equipment_ids: null,
  ends_at: null,
  ...more,
});

/** Members with each duty: for every machine, for one, and one that has ended. */
async function dutyHolders({ space, machine }: Place): Promise<Principal[]> {
  const now = Date.now();
  const kinds = duties.flatMap((duty) => [
    { name: duty, grant: dutyOf(duty), isVariant: false },
    { name: `${duty} of one machine`, grant: dutyOf(duty, { equipment_ids: [machine.id] }), isVariant: true },
    { name: `${duty} until yesterday`, grant: dutyOf(duty, { ends_at: now - DAY }), isVariant: true },
  ]);
  return Promise.all(
    kinds.map(async ({ name, grant, isVariant }): Promise<Principal> => {
      const ends_at = grant.ends_at === null ? null : iso(grant.ends_at);
      const { api } = await space.person({ duties: [{ ...grant, ends_at }] });
      return { name, api, access: new Access("user", [grant], now), is: "member", isVariant };
    }),
  );
}

const inAnHour = (): string => iso(Date.now() + HOUR);

/** Tokens of an administrator with a part of their permissions, of a maintainer for one machine, and of two kinds of service accounts. */
async function tokenHolders({ space, machine }: Place): Promise<Principal[]> {
  const now = Date.now();
  const some: Permission[] = [
    "equipment.read",
    "equipment.manage",
    "reservations.create",
    "settings.read",
    "members.manage",
  ];
  const tokenOf = async (api: Api, body: object): Promise<Api> => {
    const { token } = await api.post<NewApiToken>(space.path("/api_tokens"), {
      name: "a test",
      expires_at: inAnHour(),
      ...body,
    });
    return new Api(token);
  };
  const admin = await space.as("makerspace_admin");
  const grant = dutyOf("maintainer", { equipment_ids: [machine.id] });
  const limited = await space.person({ duties: [{ ...grant, ends_at: null }] });
  const account = (body: object) => space.root.post<ServiceAccount>(space.path("/service_accounts"), body);
  const [single, desk] = [
    await account({ name: "single permissions", permissions: ["equipment.read", "members.read"] }),
    await account({ name: "a role", role: "admin" }),
  ];
  const own = await tokenOf(admin.api, { permissions: some });
  const narrow = await tokenOf(limited.api, { permissions: ["equipment.read", "equipment.manage"] });
  const listed = await tokenOf(space.root, {
    service_account_id: single.id,
    permissions: ["equipment.read", "members.read"],
  });
  const role = await tokenOf(space.root, {
    service_account_id: desk.id,
    permissions: ["equipment.read", "tablets.read"],
  });
  const token = (name: string, api: Api, access: Access, isVariant = false): Principal => ({
    name,
    api,
    access,
    is: "api_token",
    isVariant,
  });
  return [
    token("api token", own, new Access("makerspace_admin", [], now, some)),
    token(
      "api token of a maintainer of one machine",
      narrow,
      new Access("user", [grant], now, ["equipment.read", "equipment.manage"]),
      true,
    ),
    token("service account", listed, new Access("service", [], now, ["equipment.read", "members.read"])),
    token("service account with a role", role, new Access("admin", [], now, ["equipment.read", "tablets.read"]), true),
  ];
}

/** Everybody there is, and the place that is theirs. */
async function everybody(space: TestSpace): Promise<{ principals: Principal[]; place: Place }> {
  // The machine belongs to the service provider, so that "own" is not in the way of the question a route asks first.
  const provider = await space.as("service_provider");
  const machine = await space.machine({}, { owner_member_id: provider.member.id });
  const place = { space, machine, isOwn: true };
  const members = await Promise.all(
    memberRoles.map(async (role): Promise<Principal> => {
      const { api } = await space.as(role);
      return { name: role, api, access: new Access(role, [], Date.now()), is: "member" };
    }),
  );
  const gone = await space.person({ role: "makerspace_admin" });
  await space.root.post(space.path(`/members/${gone.member.id}/suspend`), { reason: "a test" });
  const tablet = await space.tablet(machine);
  const principals: Principal[] = [
    { name: "anonymous", api: new Api(), access: null, is: "anonymous" },
    { name: "super_admin", api: await signInAsRoot(), access: null, is: "super_admin" },
    ...members,
    ...(await dutyHolders(place)),
    ...(await tokenHolders(place)),
    { name: "suspended makerspace_admin", api: gone.api, access: null, is: "suspended" },
    { name: "tablet", api: tablet.api, access: new Access("tablet", [], Date.now()), is: "tablet" },
  ];
  return { principals, place };
}

/** The path with real ids where nothing is lost by success, and unknown ones elsewhere; with the machine it names, if any. */
function pathFor({ method, path }: Endpoint, { space, machine }: Place): { path: string; equipment_id?: string } {
  const unknown = crypto.randomUUID();
  const equipment_id = method === "DELETE" ? unknown : machine.id;
  const filled = path
    .replace("{makerspace_id}", space.id)
    .replace("{equipment_id}", equipment_id)
    .replaceAll(/\{\w+\}/g, unknown);
  return { path: filled, ...(path.includes("{equipment_id}") && { equipment_id }) };
}

/** What is wrong with the answer, or null. */
async function walk(endpoint: Endpoint, who: Principal, place: Place): Promise<string | null> {
  const { path, equipment_id } = pathFor(endpoint, place);
  const hasBody = endpoint.operation.requestBody !== undefined;
  const garbage = hasBody ? { text: "{ garbage" } : {};
  const answer = await who.api.send(endpoint.method, `${path}?garbage=1`, garbage);
  const refusal = expectedRefusal(endpoint, who, place.isOwn, equipment_id);
  const told = `${answer.status} ${answer.problem?.code ?? ""}`.trim();
  const say = (due: string) =>
    `${who.name}, ${place.isOwn ? "at home" : "abroad"}: ${endpoint.method} ${endpoint.path} → ${told}, due: ${due}`;
  if (refusal) return told === `${refusal.status} ${refusal.code}` ? null : say(`${refusal.status} ${refusal.code}`);
  return [401, 403, 500, 503].includes(answer.status) ? say("an open door") : null;
}

describe("every route × everybody × every makerspace", () => {
  let endpoints: Endpoint[] = [];
  let principals: Principal[] = [];
  let places: Place[] = [];

  beforeAll(async () => {
    endpoints = endpointsOf(await openApi());
    const { home, abroad } = await makeTwoSpaces();
    const found = await everybody(home);
    principals = found.principals;
    places = [found.place, { space: abroad, machine: await abroad.machine(), isOwn: false }];
  }, 60_000);

  it("answers as the matrix says, before it looks at body or query", async () => {
    const cases = places.flatMap((place) =>
      principals
        .filter((who) => place.isOwn || !who.isVariant)
        .flatMap((who) => endpoints.map((endpoint) => ({ endpoint, who, place }))),
    );
    const faults: string[] = [];
    const next = cases.values();
    const walker = async (): Promise<void> => {
      for (const { endpoint, who, place } of next) {
        const fault = await walk(endpoint, who, place);
        if (fault) faults.push(fault);
      }
    };
    await Promise.all(Array.from({ length: 8 }, walker));
    console.log(`access: ${cases.length} cases (${endpoints.length} routes, ${principals.length} principals)`);
    expect(faults).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(2_000);
  }, 600_000);

  it("names for each route a permission of the catalogue, or who else may", () => {
    const others = ["signed_in", "super_admin", "public"];
    const known = [...Object.keys(permissions), ...others];
    expect(endpoints.filter(({ operation }) => !known.includes(operation["x-permission"]))).toEqual([]);
    const isPublic = ({ operation }: Endpoint): boolean => operation["x-permission"] === "public";
    expect(endpoints.filter((endpoint) => isPublic(endpoint) !== (endpoint.operation.security.length === 0))).toEqual(
      [],
    );
  });

  it("knows every role and every duty", () => {
    const roles: Role[] = ["super_admin", ...memberRoles];
    const names = principals.map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([...roles, ...duties, "tablet", "api token", "service account", "anonymous"]),
    );
  });
});
