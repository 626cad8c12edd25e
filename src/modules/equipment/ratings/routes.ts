import { spaceRoute } from "../../../platform/route.ts";
import { machineFact } from "../machines/service.ts";
import {
  AnswerRatingInput,
  HideRatingInput,
  Rating,
  RatingInput,
  RatingPage,
  RatingPatch,
  RatingQuery,
} from "./contract.ts";
import {
  answerRating,
  changeRating,
  deleteRating,
  listRatings,
  moderateRating,
  rateMachine,
  readRating,
} from "./service.ts";

const tag = "equipment";
const all = "/equipment/{equipment_id}/ratings";
const one = `${all}/{rating_id}` as const;
const facts = { machine: machineFact };

const memberRoutes = [
  spaceRoute(
    {
      operation_id: "rate_equipment",
      tag,
      method: "post",
      path: all,
      summary: "Rate a machine that one has used; one rating per member and machine",
      permission: "ratings.write",
      facts,
      body: RatingInput,
      idempotency: "optional",
      status: 201,
      response: Rating,
      problems: ["equipment_retired", "machine_not_used", "rating_exists"],
    },
    (space, { facts: { machine }, body }) => rateMachine(space, machine, body),
  ),
  spaceRoute(
    {
      operation_id: "list_equipment_ratings",
      tag,
      method: "get",
      path: all,
      summary: "Ratings of a machine, newest first",
      permission: "equipment.read",
      facts,
      query: RatingQuery,
      response: RatingPage,
      problems: ["invalid_cursor"],
    },
    (space, { facts: { machine }, query }) => listRatings(space, machine, query),
  ),
  spaceRoute(
    {
      operation_id: "get_equipment_rating",
      tag,
      method: "get",
      path: one,
      summary: "One rating",
      permission: "equipment.read",
      response: Rating,
    },
    (space, { params }) => readRating(space, params.equipment_id, params.rating_id),
  ),
  spaceRoute(
    {
      operation_id: "update_equipment_rating",
      tag,
      method: "patch",
      path: one,
      summary: "Change one's own rating",
      permission: "ratings.write",
      body: RatingPatch,
      response: Rating,
      problems: ["conflict"],
    },
    (space, { params, body }) => changeRating(space, params.equipment_id, params.rating_id, body),
  ),
  spaceRoute(
    {
      operation_id: "delete_equipment_rating",
      tag,
      method: "delete",
      path: one,
      summary: "Take one's own rating back",
      permission: "ratings.write",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => deleteRating(space, params.equipment_id, params.rating_id),
  ),
];

const staffRoutes = [
  spaceRoute(
    {
      operation_id: "hide_equipment_rating",
      tag,
      method: "post",
      path: `${one}/hide`,
      summary: "Staff: hide a rating, with a reason; it counts no more",
      permission: "ratings.moderate",
      body: HideRatingInput,
      response: Rating,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => moderateRating(space, params.equipment_id, params.rating_id, body.reason),
  ),
  spaceRoute(
    {
      operation_id: "show_equipment_rating",
      tag,
      method: "post",
      path: `${one}/show`,
      summary: "Staff: show a hidden rating again",
      permission: "ratings.moderate",
      response: Rating,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params }) => moderateRating(space, params.equipment_id, params.rating_id, null),
  ),
  spaceRoute(
    {
      operation_id: "answer_equipment_rating",
      tag,
      method: "post",
      path: `${one}/answer`,
      summary: "Staff, and the machine's owner: answer a rating, or take the answer back",
      permission: "equipment.manage",
      facts,
      body: AnswerRatingInput,
      response: Rating,
      problems: ["conflict"],
    },
    (space, { facts: { machine }, params, body }) => answerRating(space, machine, params.rating_id, body.answer),
  ),
];

export const ratingRoutes = [...memberRoutes, ...staffRoutes];
