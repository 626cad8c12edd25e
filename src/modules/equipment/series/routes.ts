import { maybeReplayed, spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import {
  SeriesCancelInput,
  SeriesDetail,
  SeriesInput,
  SeriesMade,
  SeriesPage,
  SeriesPatch,
  SeriesQuery,
} from "./contract.ts";
import { listSeries, readSeries } from "./lists.ts";
import { amendSeries, cancelSeries, readWhole, reserveSeries } from "./service.ts";

const tag = "equipment";
const onMachine = "/equipment/{equipment_id}/series";
const facts = { machine: machineFact, ...callerFacts };
const refusals = [
  "series_conflicts",
  "booking_refused",
  "skill_required",
  "equipment_unavailable",
  "equipment_retired",
  "equipment_busy",
  "feature_disabled",
] as const;

export const seriesRoutes = [
  spaceRoute(
    {
      operation_id: "create_series",
      tag,
      method: "post",
      path: onMachine,
      summary: "Book a machine again and again",
      description:
        "By a rule on the wall clock of a zone, decided in one step: 18:00 stays 18:00 when the clocks change, a time that they jump over moves " +
        "forward, of one that they repeat the first counts. All or nothing, or the rest with a report; `conflicts` in a refusal, too.",
      permission: "reservations.create",
      facts,
      body: SeriesInput,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      response: SeriesMade,
      problems: [...refusals, "unknown_reference"],
    },
    async (space, { facts, body }) => {
      const { view, replayed } = await reserveSeries(space, facts, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "get_equipment_series",
      tag,
      method: "get",
      path: `${onMachine}/{series_id}`,
      summary: "One series with its bookings, from the machine's object",
      permission: "reservations.read",
      facts: { machine: machineFact },
      response: SeriesDetail,
    },
    (space, { params, facts: { machine } }) => readWhole(space, machine, params.series_id),
  ),
  spaceRoute(
    {
      operation_id: "amend_series",
      tag,
      method: "patch",
      path: `${onMachine}/{series_id}`,
      summary: "Change one booking of a series, it and the following, or all that are ahead",
      description:
        "All or nothing. Changed from one booking on, the series ends before it and goes on as another one, which is answered.",
      permission: "reservations.change",
      facts,
      body: SeriesPatch,
      if_match: "required",
      idempotency: "optional",
      keys_in: "object",
      response: SeriesDetail,
      problems: ["illegal_transition", "unknown_reference", ...refusals],
    },
    async (space, { params, facts, body, if_match }) => {
      const { view, replayed } = await amendSeries(space, facts, params.series_id, if_match, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "cancel_series",
      tag,
      method: "post",
      path: `${onMachine}/{series_id}/cancel`,
      summary: "Cancel one booking of a series, it and the following, or all that are ahead",
      permission: "reservations.change",
      facts,
      body: SeriesCancelInput,
      idempotency: "required",
      keys_in: "object",
      response: SeriesDetail,
      problems: ["illegal_transition", "unknown_reference", "equipment_retired"],
    },
    async (space, { params, facts, body }) => {
      const { view, replayed } = await cancelSeries(space, facts, params.series_id, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "list_series",
      tag,
      method: "get",
      path: "/series",
      summary: "Series across machines: one's own, for staff everybody's",
      permission: "reservations.read",
      query: SeriesQuery,
      response: SeriesPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listSeries(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_series",
      tag,
      method: "get",
      path: "/series/{series_id}",
      summary: "One series with its bookings, whichever machine it is on",
      permission: "reservations.read",
      response: SeriesDetail,
    },
    (space, { params }) => readSeries(space, params.series_id),
  ),
];
