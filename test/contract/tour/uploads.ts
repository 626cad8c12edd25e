import { it } from "vitest";
import { upload } from "../../support/files.ts";
import { png } from "../../support/pictures.ts";
import { makeScene } from "../../support/scene.ts";
import type { FileInfo, FileLink, FileUsage, MachineFile } from "../../support/wire.ts";

/** Files, and what they belong to. */
export function uploads(): void {
  it("shows a machine", async () => {
    const { space, machine, ada } = await makeScene();
    const { api } = await space.as("maintainer");
    const [photo, idle] = [await upload(space, api, await png()), await upload(space, api, await png())];
    await api.get<FileInfo>(space.path(`/files/${idle.id}`));
    await api.delete(space.path(`/files/${idle.id}`));
    await api.get(space.path("/files"));
    await api.get<FileUsage>(space.path("/file_usage"));
    const path = space.path(`/equipment/${machine.id}/files`);
    await api.post<MachineFile>(path, { file_id: photo.id, kind: "photo" });
    await ada.api.get(path);
    await ada.api.get(space.path(`/files/${photo.id}/content`));
    await ada.api.post<FileLink>(space.path(`/files/${photo.id}/links`));
    await api.delete(`${path}/${photo.id}`);
  });
}
