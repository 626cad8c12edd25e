/** Mail that stays here: a table that GET /dev/mail shows. Development and tests only; src/platform/env.ts sees to that. */

import { directory } from "../../platform/db/driver.ts";
import { devMail } from "../../platform/db/tables.ts";
import { newId } from "../../platform/ids.ts";
import type { MailAdapter } from "../../platform/mail.ts";

export const outboxAdapter: MailAdapter = {
  async send({ to, subject, text, html }) {
    const row = { id: newId(), to_address: to.address, subject, text, html, created_at: Date.now() };
    await directory().insert(devMail).values(row);
  },
};
