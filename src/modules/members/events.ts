/** Events of the members module. */

declare module "../../platform/events.ts" {
  interface EventCatalogue {
    "member.added": { user_id: string | null };
    "member.linked": { user_id: string };
    "member.suspended": Record<string, never>;
    "member.reactivated": Record<string, never>;
    "member.removed": Record<string, never>;
    "agreement.text_published": { number: number; required: boolean; effective_at: number };
    "agreement.accepted": { number: number; member_id: string };
  }
}

export type MemberEventType =
  | "member.added"
  | "member.linked"
  | "member.suspended"
  | "member.reactivated"
  | "member.removed"
  | "agreement.text_published"
  | "agreement.accepted";
