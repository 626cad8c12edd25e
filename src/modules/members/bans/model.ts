/** Why somebody is not admitted: a word from a closed list, because free text would tell of whom. */
export const banReasons = ["safety", "conduct", "theft", "damage", "payment", "other"] as const;
