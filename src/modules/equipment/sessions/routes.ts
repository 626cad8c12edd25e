import { maybeReplayed, spaceRoute } from "../../../platform/route.ts";
import { callerFacts } from "../applicants.ts";
import { machineFact } from "../machines/index.ts";
import { Session, SessionEndInput, SessionInput, SessionPage, SessionQuery } from "./contract.ts";
import { endSession, listSessions, readSession, startSession } from "./service.ts";

const tag = "equipment";
const facts = { machine: machineFact, ...callerFacts };

export const sessionRoutes = [
  spaceRoute(
    {
      operation_id: "start_session",
      tag,
      method: "post",
      path: "/equipment/{equipment_id}/sessions",
      summary: "Start using a machine: booked, or as a walk-up",
      permission: "sessions.run",
      facts,
      body: SessionInput,
      idempotency: "required",
      keys_in: "object",
      status: 201,
      location: "/sessions/{id}",
      response: Session,
      problems: [
        "equipment_busy",
        "slot_taken",
        "equipment_unavailable",
        "equipment_retired",
        "illegal_transition",
        "too_early",
        "booking_refused",
        "skill_required",
        "unknown_reference",
        "feature_disabled",
      ],
    },
    async (space, { facts, body }) => {
      const { view, replayed } = await startSession(space, facts, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "end_session",
      tag,
      method: "post",
      path: "/equipment/{equipment_id}/sessions/{session_id}/end",
      summary: "End a session; the rest of its slot is free at once",
      permission: "sessions.run",
      facts,
      body: SessionEndInput,
      body_optional: true,
      idempotency: "required",
      keys_in: "object",
      response: Session,
      problems: ["illegal_transition"],
    },
    async (space, { params, facts, body }) => {
      const { view, replayed } = await endSession(space, facts, params.session_id, body);
      return maybeReplayed(view, replayed);
    },
  ),
  spaceRoute(
    {
      operation_id: "list_sessions",
      tag,
      method: "get",
      path: "/sessions",
      summary: "Sessions, newest first; members see their own, and those on a machine of theirs when they ask for it",
      permission: "sessions.read",
      query: SessionQuery,
      response: SessionPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listSessions(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_session",
      tag,
      method: "get",
      path: "/sessions/{session_id}",
      summary: "One session",
      permission: "sessions.read",
      response: Session,
    },
    (space, { params }) => readSession(space, params.session_id),
  ),
];
