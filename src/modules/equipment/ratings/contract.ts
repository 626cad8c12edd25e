import { z } from "@hono/zod-openapi";
import { anyOf, Id, Instant, line, pageOf, pageQuery, prose, resourceFields } from "../../../platform/contract.ts";
import { ratingStatuses } from "./model.ts";

const stars = z.int().min(1).max(5);
const words = prose(2_000);

export const RatingInput = z.strictObject({ stars, text: words.default(null) }).openapi("EquipmentRatingInput");
export const RatingPatch = z.strictObject({ stars, text: words }).partial().openapi("EquipmentRatingPatch");
export const HideRatingInput = z
  .strictObject({ reason: line(500).openapi({ description: "Why, for whoever wrote it." }) })
  .openapi("HideRatingInput");
export const AnswerRatingInput = z
  .strictObject({ answer: words.openapi({ description: "Null takes the answer back." }) })
  .openapi("AnswerRatingInput");

export const Rating = z
  .strictObject({
    ...resourceFields,
    equipment_id: Id,
    member_id: Id.nullable().openapi({ description: "Who wrote it: for themselves, and for staff." }),
    stars,
    text: z.string().nullable(),
    status: z
      .enum(ratingStatuses)
      .openapi({ description: "Hidden ones count for nothing; their author and staff see them." }),
    hidden_reason: z.string().nullable(),
    answer: z.string().nullable().openapi({ description: "What staff say to it." }),
    answered_at: Instant.nullable(),
  })
  .openapi("EquipmentRating");
export const RatingPage = pageOf(Rating).openapi("EquipmentRatingPage");

export const RatingQuery = z.strictObject({
  ...pageQuery,
  status: anyOf(z.enum(ratingStatuses)).openapi({ description: "Staff alone see hidden ones." }),
});
