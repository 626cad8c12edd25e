import { z } from "@hono/zod-openapi";
import { pageQuery } from "../../../platform/contract.ts";
import { spaceRoute } from "../../../platform/route.ts";
import { accept, listSignatories, recordPaper } from "./acceptances.ts";
import {
  Acceptance,
  AcceptanceInput,
  AcceptInput,
  Agreement,
  AgreementInput,
  AgreementPage,
  AgreementPatch,
  AgreementQuery,
  AgreementTextInput,
  AgreementTextPage,
  SignatoryPage,
  SignatoryQuery,
} from "./contract.ts";
import {
  archiveAgreement,
  changeAgreement,
  createAgreement,
  listAgreements,
  listTexts,
  publishText,
  readAgreement,
} from "./service.ts";

const tag = "members";
const one = "/agreements/{agreement_id}";

const authorRoutes = [
  spaceRoute(
    {
      operation_id: "create_agreement",
      tag,
      method: "post",
      path: "/agreements",
      summary: "Make an agreement with its first text: safety rules, a waiver",
      permission: "agreements.manage",
      body: AgreementInput,
      idempotency: "optional",
      status: 201,
      response: Agreement,
      problems: ["external_id_taken"],
    },
    (space, { body }) => createAgreement(space, body),
  ),
  spaceRoute(
    {
      operation_id: "update_agreement",
      tag,
      method: "patch",
      path: one,
      summary: "Change what an agreement is called, and whom it stops; a text is changed by publishing another",
      permission: "agreements.manage",
      body: AgreementPatch,
      if_match: "optional",
      response: Agreement,
      problems: ["external_id_taken", "stale_version", "conflict"],
    },
    (space, { params, body, if_match }) => changeAgreement(space, params.agreement_id, if_match, body),
  ),
  spaceRoute(
    {
      operation_id: "archive_agreement",
      tag,
      method: "delete",
      path: one,
      summary: "Put an agreement away; what was accepted stays on record",
      permission: "agreements.manage",
      status: 204,
      problems: ["conflict"],
    },
    (space, { params }) => archiveAgreement(space, params.agreement_id),
  ),
  spaceRoute(
    {
      operation_id: "publish_agreement_text",
      tag,
      method: "post",
      path: `${one}/texts`,
      summary: "Publish another text; from its day on everybody has to accept again",
      permission: "agreements.manage",
      body: AgreementTextInput,
      idempotency: "optional",
      response: Agreement,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => publishText(space, params.agreement_id, body),
  ),
];

const readerRoutes = [
  spaceRoute(
    {
      operation_id: "list_agreements",
      tag,
      method: "get",
      path: "/agreements",
      summary: "Agreements, newest first, with what the caller has yet to accept",
      permission: "agreements.read",
      query: AgreementQuery,
      response: AgreementPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listAgreements(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_agreement",
      tag,
      method: "get",
      path: one,
      summary: "One agreement with the text that counts now",
      permission: "agreements.read",
      response: Agreement,
    },
    (space, { params }) => readAgreement(space, params.agreement_id),
  ),
  spaceRoute(
    {
      operation_id: "list_agreement_texts",
      tag,
      method: "get",
      path: `${one}/texts`,
      summary: "Every text of an agreement, oldest first",
      permission: "agreements.read",
      query: z.strictObject(pageQuery),
      response: AgreementTextPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listTexts(space, params.agreement_id, query),
  ),
];

const signatoryRoutes = [
  spaceRoute(
    {
      operation_id: "accept_agreement",
      tag,
      method: "post",
      path: `${one}/accept`,
      summary: "Accept the text that was shown",
      permission: "agreements.accept",
      body: AcceptInput,
      idempotency: "optional",
      response: Acceptance,
      problems: ["agreement_superseded"],
    },
    (space, { params, body }) => accept(space, params.agreement_id, body.number),
  ),
  spaceRoute(
    {
      operation_id: "record_acceptance",
      tag,
      method: "post",
      path: `${one}/acceptances`,
      summary: "Staff: record what a member signed on paper",
      permission: "agreements.accept",
      body: AcceptanceInput,
      idempotency: "optional",
      response: Acceptance,
      problems: ["agreement_superseded", "unknown_reference"],
    },
    (space, { params, body }) => recordPaper(space, params.agreement_id, body),
  ),
  spaceRoute(
    {
      operation_id: "list_acceptances",
      tag,
      method: "get",
      path: `${one}/acceptances`,
      summary: "Staff: active members who have accepted, or have not; pages of those who have not may be short",
      permission: "agreements.accept",
      query: SignatoryQuery,
      response: SignatoryPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listSignatories(space, params.agreement_id, query),
  ),
];

export const agreementRoutes = [...authorRoutes, ...readerRoutes, ...signatoryRoutes];
