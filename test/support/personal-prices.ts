/** What somebody owes, and a price that is for them. */
export const priceRows = (
  here: { makerspace_id: string },
  known: { id: string; booking_id: string; equipment_id: string; member_id: string; now: number },
) => {
  const { id, booking_id, equipment_id, member_id, now } = known;
  const money = { amount_minor: 100, currency: "EUR" };
  const times = { created_at: now, updated_at: now };
  return {
    charges: {
      ...here,
      ...money,
      ...times,
      subject_id: booking_id,
      kind: "use",
      subject_type: "reservation",
      subject_version: 1,
      equipment_id,
      member_id,
      status: "due",
      price_version: 1,
      lines: "[]",
      occurred_at: now,
    },
    cost_rules: {
      ...here,
      ...money,
      ...times,
      id,
      equipment_id,
      status: "active",
      rule_type: "hourly",
      priority: 0,
      tiers: "[]",
      member_ids: JSON.stringify([member_id]),
      version: 1,
    },
  };
};
