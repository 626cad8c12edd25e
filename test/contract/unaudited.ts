/**
 * Operations that are no GET and leave no entry in the audit, each with its reason. The tour finds those that are
 * missing here, and those that are here in vain.
 */
export const unaudited: Readonly<Record<string, string>> = {
  backchannel_logout: "The issuer ends a sign-in; it belongs to no makerspace, and the log has the request.",
  create_dev_token: "Development only; it belongs to no makerspace.",
  create_equipment_live_ticket: "A key for one socket that lasts thirty seconds: it reads, and changes nothing.",
  create_hold: "A slot kept for minutes lives in its machine alone; what becomes of it is in the audit.",
  release_hold: "A slot kept for minutes lives in its machine alone; what becomes of it is in the audit.",
  renew_hold: "A slot kept for minutes lives in its machine alone; what becomes of it is in the audit.",
  create_floor_live_ticket: "A key for one socket that lasts thirty seconds: it reads, and changes nothing.",
  estimate_price: "It says what a time would cost, and changes nothing.",
  preview_invite: "It looks at an invite by its token, which belongs into no path; it changes nothing.",
  rotate_sealing_keys: "Upkeep of the platform: every secret stays what it is, and no makerspace asked for it.",
  link_file: "A link of ten minutes to a file that one may read: it reads, and changes nothing.",
  sign_out: "One ends one's own sign-in; it belongs to no makerspace, and the log has the request.",
};
