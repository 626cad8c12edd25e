/** Ratings of machines: pure parts. */

export const ratingStatuses = ["visible", "hidden"] as const;

/** Of "stars/ratings": the average to two decimals, exact before it is rounded; null without a rating. */
export function averageOf(totals: string | null): { average: number | null; count: number } {
  const [stars = 0, count = 0] = (totals ?? "0/0").split("/").map(Number);
  return { average: count === 0 ? null : Math.round((stars * 100) / count) / 100, count };
}
