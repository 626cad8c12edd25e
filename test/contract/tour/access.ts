import { expect, it } from "vitest";
import { HOUR } from "../../../src/platform/time.ts";
import { Api } from "../../support/api.ts";
import { logoutToken } from "../../support/issuer.ts";
import { iso, makeSpace } from "../../support/space.ts";
import type { ApiToken, NewApiToken, ServiceAccount } from "../../support/wire.ts";

/** Programs that come in, and people who go out. */
export function access(): void {
  it("lets programs in", async () => {
    const space = await makeSpace();
    const { api } = await space.as("makerspace_admin");
    const accounts = space.path("/service_accounts");
    const account = await api.post<ServiceAccount>(accounts, { name: "Door", permissions: ["equipment.read"] });
    await api.get(accounts);
    await api.get(`${accounts}/${account.id}`);
    await api.patch(`${accounts}/${account.id}`, { description: "At the back" });
    const tokens = space.path("/api_tokens");
    const body = { name: "At the back", permissions: ["equipment.read"], expires_at: iso(Date.now() + HOUR) };
    const made = await api.post<NewApiToken>(tokens, { ...body, service_account_id: account.id });
    await new Api(made.token).get(space.path("/equipment"));
    await api.get(tokens);
    expect(await api.get<ApiToken>(`${tokens}/${made.id}`)).toMatchObject({ status: "active" });
    await api.delete(`${tokens}/${made.id}`);
    await api.delete(`${accounts}/${account.id}`);
  });

  it("lets people out", async () => {
    const space = await makeSpace();
    const { api, sub } = await space.as("user");
    await api.post("/api/v1/me/logout", {}, { key: null });
    const form = { "content-type": "application/x-www-form-urlencoded" };
    const text = new URLSearchParams({ logout_token: await logoutToken({ sub }) }).toString();
    const { status } = await new Api().send("POST", "/api/v1/oidc/backchannel_logout", {
      text,
      headers: form,
      key: null,
    });
    expect(status).toBe(200);
  });
}
