/** A name as it is compared: two of a kind in a makerspace never look alike. */
export const nameKey = (name: string): string => name.normalize("NFKC").toLowerCase().replaceAll(/\s+/g, " ").trim();
