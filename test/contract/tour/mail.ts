import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";
import { SpaceStore } from "../../../src/platform/db/store.ts";
import { orderMail, sendDelivery } from "../../../src/platform/mail/deliveries.ts";
import { Api } from "../../support/api.ts";
import { makeSpace } from "../../support/space.ts";

/** Mail and what became of it. */
export function mail(): void {
  it("looks after its mail", async () => {
    const space = await makeSpace();
    const store = new SpaceStore(space.id, "000");
    const order = { template: "none", recipient: "member:1", subject: { type: "member", id: "1" }, cause: "tour" };
    const { id, write } = orderMail(store, order, Date.now());
    await store.db.batch([write.statement as Parameters<typeof store.db.batch>[0][0]]);
    const ports = { send: () => Promise.reject(new Error("not reached")), templates: {} };
    expect(await sendDelivery(ports, store, id, Date.now())).toBe(true);
    const { api } = await space.as("makerspace_admin");
    await api.get(space.path("/mail_deliveries"));
    await api.get(space.path(`/mail_deliveries/${id}`));
    await api.post(space.path(`/mail_deliveries/${id}/retry`));
    await new Api(null, (request) => exports.default.fetch(request)).get("/dev/mail");
  });
}
