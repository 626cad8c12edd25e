/** What a mail about notifications says: one thing, or all that waited. Made when it is sent, to whom it still concerns. */

import { asc, inArray, ne, sql } from "drizzle-orm";
import type { SettingsSource } from "../../../platform/access/membership.ts";
import type { SpaceStore } from "../../../platform/db/store.ts";
import type { MailTemplate, MailTemplates } from "../../../platform/mail/deliveries.ts";
import { type MailBlock, renderMail } from "../../../platform/mail/document.tsx";
import { loadSystemSpace } from "../../../platform/system-space.ts";
import { machineNames } from "../../equipment/index.ts";
import { contactsOf } from "../../members/index.ts";
import { type NotificationRow, viewNotification } from "../inbox/view.ts";
import { notifications } from "../tables.ts";
import type { NotificationMailData } from "./order.ts";

/** What the template is given. */
export interface NotificationMailSources {
  settings: SettingsSource;
  /** Origin of the pages. */
  app_url: string;
}

/** "Sun, 29 Nov 2026, 14:30 GMT+1" */
const onTheClock = (at: number, timeZone: string): string =>
  new Intl.DateTimeFormat("en-GB", {
    timeZone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  }).format(at);

const INSTANTS = [
  ["starts_at", "From"],
  ["ends_at", "Until"],
  ["planned_end_at", "Planned end"],
] as const;

function blocksOf(row: NotificationRow, names: Map<string, string>, zone: string, isAlone: boolean): MailBlock[] {
  const data = row.data as Record<string, unknown>;
  const machine = typeof data.equipment_id === "string" ? names.get(data.equipment_id) : undefined;
  const facts = [
    ...(machine === undefined ? [] : [["Machine", machine] as const]),
    ...INSTANTS.flatMap(([name, label]) => {
      const at = data[name];
      return typeof at === "number" ? [[label, onTheClock(at, zone)] as const] : [];
    }),
  ];
  const { excerpt } = data;
  return [
    { kind: "text", text: `${viewNotification(row).title}${isAlone ? "." : ` (${onTheClock(row.created_at, zone)})`}` },
    ...(typeof excerpt === "string" ? [{ kind: "quote" as const, text: excerpt }] : []),
    ...(facts.length > 0 ? [{ kind: "facts" as const, rows: facts }] : []),
  ];
}

const rowsOf = (store: SpaceStore, ids: readonly string[]): Promise<NotificationRow[]> =>
  store.db
    .select()
    .from(notifications)
    .where(
      store.in(
        notifications,
        inArray(notifications.id, sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`),
        ne(notifications.state, "archived"),
      ),
    )
    .orderBy(asc(notifications.id));

/** What is still news: of several, those that were read meanwhile are left out. */
const newsOf = (rows: NotificationRow[]): NotificationRow[] =>
  rows.length === 1 ? rows : rows.filter((row) => row.state !== "read");

const notification =
  ({ settings, app_url }: NotificationMailSources): MailTemplate =>
  async ({ store, delivery, now }) => {
    const { notification_ids } = delivery.data as unknown as NotificationMailData;
    const [contacts, rows, space] = await Promise.all([
      contactsOf(store, [delivery.subject_id]),
      rowsOf(store, notification_ids),
      loadSystemSpace(store, settings, { actor_id: "mail", request_id: delivery.id, now }),
    ]);
    const [contact] = contacts;
    const news = newsOf(rows);
    const [first] = news;
    // Who was suspended or has left meanwhile, or whose makerspace mails no more, is not told.
    if (!contact || !space || !first || ["suspended", "left"].includes(contact.status)) return null;
    const { name, timezone, sections } = space.settings;
    if (!sections.notifications.email) return null;
    const zone = contact.timezone ?? timezone;
    const machines = news.flatMap(({ data }) => {
      const { equipment_id } = data as { equipment_id?: unknown };
      return typeof equipment_id === "string" ? [equipment_id] : [];
    });
    const names = await machineNames(store, machines);
    const made = renderMail(
      {
        subject: news.length === 1 ? viewNotification(first).title : `${news.length} notifications from ${name}`,
        greeting: `Hello ${contact.first_name},`,
        blocks: [
          ...news.flatMap((row) => blocksOf(row, names, zone, news.length === 1)),
          { kind: "action", label: "Open your inbox", url: `${app_url}/notifications` },
        ],
        because: `You get this as a member of ${name}. What is mailed to you is your choice, in your notification preferences.`,
      },
      { name, theme: sections.appearance },
    );
    return { ...made, to: contact.email, reply_to: sections.general.contact_email };
  };

/** The kinds of mail of this module. */
export const notificationTemplates = (sources: NotificationMailSources): MailTemplates => ({
  notification: notification(sources),
});
