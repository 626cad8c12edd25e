/** Mail that stayed here, as GET /dev/mail shows it. */

import { exports } from "cloudflare:workers";
import { ORIGIN } from "./api.ts";
import { until } from "./space.ts";

export interface Mail {
  id: string;
  to: string;
  subject: string;
  text: string;
  html: string;
  created_at: string;
}

/** Mail to an address, newest first. */
export async function mailTo(address: string): Promise<Mail[]> {
  const response = await exports.default.fetch(`${ORIGIN}/dev/mail?to=${encodeURIComponent(address)}`);
  return response.json();
}

/** The newest mail to an address, once there are `count`. */
export async function nextMail(address: string, count = 1): Promise<Mail> {
  const mails = await until(`mail ${count} to ${address}`, async () => {
    const found = await mailTo(address);
    return found.length >= count && found;
  });
  const [mail] = mails;
  if (!mail) throw new Error("no mail");
  return mail;
}

/** The token in a mail's link. */
export function tokenIn({ text }: Mail): string {
  const token = /[?&]token=([\w-]+)/.exec(text)?.[1];
  if (token === undefined) throw new Error(`no token in ${text}`);
  return token;
}
