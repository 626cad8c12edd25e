/** What is said of a kind of notification. Pure. */

export const categories = [
  "booking",
  "membership",
  "machine",
  "waitlist",
  "safety",
  "account",
  "announcement",
  "skill",
  "system",
] as const;
export type Category = (typeof categories)[number];

/** One kind of notification. */
export interface NotificationType {
  category: Category;
  /** Who is told, in words. */
  tells: string;
  /** What happened, as the subject of a mail and the first line in a list. */
  title: string;
  /** Whether it is mailed to those who said nothing about it; the inbox has everything. */
  mailed: boolean;
  /** Neither quiet hours nor a digest keep it waiting. */
  urgent?: true;
  /** Nobody can keep it out of their inbox. */
  required?: true;
}
