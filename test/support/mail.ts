/** Mail that stayed here, as GET /dev/mail shows it. */

import { exports } from "cloudflare:workers";
import { ORIGIN } from "./api.ts";

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
