/** The kinds of notification of families and companies: who pays for whom. Pure. */

import type { NotificationType } from "./kinds.ts";

export const groupTypes = {
  "billing_group.member_added": {
    category: "membership",
    tells: "the member",
    title: "Somebody pays for you: you are in their family or company",
    mailed: true,
  },
  "billing_group.member_removed": {
    category: "membership",
    tells: "the member, or everybody when the group is dissolved",
    title: "You are in no family or company any more, and pay for yourself",
    mailed: true,
    required: true,
  },
  "billing_group.payer_replaced": {
    category: "membership",
    tells: "who paid before",
    title: "Somebody else pays for your family or company now",
    mailed: true,
    required: true,
  },
  "billing_group.payer_named": {
    category: "membership",
    tells: "the payer",
    title: "You pay for a family or company now",
    mailed: true,
    required: true,
  },
} as const satisfies Record<string, NotificationType>;
