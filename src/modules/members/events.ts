/** Events of the members module. */

export const memberEventTypes = ["member.added", "member.linked", "member.suspended", "member.reactivated"] as const;
export type MemberEventType = (typeof memberEventTypes)[number];
