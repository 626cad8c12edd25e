import { spaceRoute } from "../route.ts";
import { DeadLetter, DeadLetterPage, Job, JobPage, PageQuery } from "./contract.ts";
import { listDeadLetters, readDeadLetter, replayDeadLetter } from "./dead-letters.ts";
import { cancelJob, listJobs, readJob } from "./jobs.ts";

const base = { tag: "platform" } as const;

export const operationsRoutes = [
  spaceRoute(
    {
      ...base,
      operation_id: "list_jobs",
      method: "get",
      path: "/jobs",
      summary: "Jobs, newest first",
      permission: "jobs.read",
      query: PageQuery,
      response: JobPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listJobs(space, query),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "get_job",
      method: "get",
      path: "/jobs/{job_id}",
      summary: "One job with its progress; who started it finds the link to its file here",
      permission: "jobs.read",
      response: Job,
    },
    (space, { params }) => readJob(space, params.job_id),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "cancel_job",
      method: "post",
      path: "/jobs/{job_id}/cancel",
      summary: "Stop a job at its next step",
      permission: "operations.manage",
      response: Job,
      problems: ["illegal_transition"],
    },
    (space, { params }) => cancelJob(space, params.job_id),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "list_dead_letters",
      method: "get",
      path: "/dead_letters",
      summary: "Events that could not be handled",
      permission: "operations.read",
      query: PageQuery,
      response: DeadLetterPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listDeadLetters(space, query),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "get_dead_letter",
      method: "get",
      path: "/dead_letters/{dead_letter_id}",
      summary: "One dead letter",
      permission: "operations.read",
      response: DeadLetter,
    },
    (space, { params }) => readDeadLetter(space, params.dead_letter_id),
  ),
  spaceRoute(
    {
      ...base,
      operation_id: "replay_dead_letter",
      method: "post",
      path: "/dead_letters/{dead_letter_id}/replay",
      summary: "Send the event once more",
      permission: "operations.manage",
      response: DeadLetter,
      problems: ["illegal_transition"],
    },
    (space, { params }) => replayDeadLetter(space, params.dead_letter_id),
  ),
];
