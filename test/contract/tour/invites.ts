import { it } from "vitest";
import { ACCEPT, address, Inviting, preview, withAddress } from "../../support/invites.ts";
import { nextMail, tokenIn } from "../../support/mail.ts";
import { makeSpace } from "../../support/space.ts";

/** Who is invited, and comes. */
export function invites(): void {
  it("invites people", async () => {
    const at = new Inviting(await makeSpace());
    const { space } = at;
    const { api } = await space.as("makerspace_admin");
    const [kept, dropped] = [await at.invite(address(), {}, api), await at.invite(address(), {}, api)];
    await at.step(api, dropped, "resend");
    await at.step(api, dropped, "cancel");
    await api.get(space.path("/invites"));
    await api.get(space.path(`/invites/${kept.id}`));
    await api.post(space.path("/invites/import"), { csv: `email\n${address()}\n`, dry_run: true });
    const email = address();
    await api.patch(space.path(`/invites/${kept.id}`), { email });
    const token = tokenIn(await nextMail(email));
    await preview(token);
    await (await withAddress(email)).post(ACCEPT, { token });
  });
}
