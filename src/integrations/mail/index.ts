/** Outgoing mail: which way it takes is configuration. */

import { env } from "cloudflare:workers";
import type { Config } from "../../platform/env.ts";
import { type MailAdapter, makeSendMail, type SendMail } from "../../platform/mail.ts";
import { bindingAdapter } from "./binding.ts";
import { outboxAdapter } from "./outbox.ts";
import { smtpAdapter, smtpServer } from "./smtp.ts";

const adapters: Readonly<Record<Config["MAIL"], (config: Config) => MailAdapter>> = {
  smtp: (config) => smtpAdapter(smtpServer(config)),
  binding: () => bindingAdapter(env.EMAIL),
  outbox: () => outboxAdapter,
};

/** Mail as this worker is configured to send it. */
export const sendMailBy = (config: Config): SendMail => makeSendMail(adapters[config.MAIL](config), config.MAIL_FROM);
