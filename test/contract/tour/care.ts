import { it } from "vitest";
import { documentsOf, handedIn } from "../../support/documents.ts";
import { consent, nameGuardian, ofMember, recordMinor } from "../../support/family.ts";
import { makeSpace } from "../../support/space.ts";
import type { EmergencyContact } from "../../support/wire.ts";

/** What is kept of people so that all is well. */
export function care(): void {
  it("has a guardian consent", async () => {
    const space = await makeSpace();
    const [child, guardian] = [await space.person(), await space.person()];
    await recordMinor(space, child);
    await child.api.get(ofMember(space, child, "/minor"));
    const { id } = await nameGuardian(space, child, guardian);
    await guardian.api.get(space.path("/wards"));
    await child.api.get(ofMember(space, child, "/guardians"));
    await child.api.get(ofMember(space, child, `/guardians/${id}`));
    const given = await consent(space, child, guardian.api);
    await child.api.get(ofMember(space, child, "/guardian_consents"));
    await child.api.get(ofMember(space, child, `/guardian_consents/${given.id}`));
    await guardian.api.post(ofMember(space, child, `/guardian_consents/${given.id}/withdraw`));
    await space.root.delete(ofMember(space, child, `/guardians/${id}`));
    await space.root.delete(ofMember(space, child, "/minor"));
  });

  it("says whom to call", async () => {
    const space = await makeSpace();
    const one = await space.as("user");
    const body = { name: "Grace", relation: "sister", phone: "+49 30 1" };
    const all = ofMember(space, one, "/emergency_contacts");
    const { id } = await one.api.post<EmergencyContact>(all, body);
    await one.api.get(all);
    await one.api.get(`${all}/${id}`);
    await one.api.must("PUT", `${all}/${id}`, { body });
    await one.api.delete(`${all}/${id}`);
  });

  it("hands in documents", async () => {
    const space = await makeSpace();
    const [one, desk] = [await space.as("user"), await space.as("desk")];
    const { id } = await handedIn(space, one);
    const other = await handedIn(space, one);
    await one.api.get(documentsOf(space, one));
    await desk.api.get(space.path("/documents"));
    await desk.api.get(documentsOf(space, one, `/${id}`));
    await desk.api.post(documentsOf(space, one, `/${id}/links`));
    await desk.api.post(documentsOf(space, one, `/${id}/verify`));
    await desk.api.post(documentsOf(space, one, `/${other.id}/reject`), { reason: "It is of somebody else." });
    await one.api.delete(documentsOf(space, one, `/${id}`));
  });
}
