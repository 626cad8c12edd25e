/** Photos and manuals of machines: pure parts. */

export const machineFileKinds = ["photo", "manual"] as const;

/** What the files of a kind are uploaded for. */
export const purposeOf = { photo: "equipment_photo", manual: "equipment_manual" } as const;

/** More of a kind a machine does not have: all of them fit on one page. */
export const MAX_OF_A_KIND = 20;
