import { FileBody, spaceRoute } from "../../../platform/route.ts";
import {
  Document,
  DocumentLink,
  DocumentPage,
  DocumentQuery,
  MemberDocumentQuery,
  RejectInput,
  SubmitQuery,
  VerifyInput,
} from "./contract.ts";
import { rejectDocument, verifyDocument } from "./decide.ts";
import { documentTypes, MAX_BYTES } from "./model.ts";
import { listDocuments, listMemberDocuments, openDocument, readDocument } from "./reads.ts";
import { deleteDocument, submitDocument } from "./submit.ts";

const tag = "members";
const all = "/members/{member_id}/documents";
const one = `${all}/{document_id}` as const;

const memberRoutes = [
  spaceRoute(
    {
      operation_id: "submit_document",
      tag,
      method: "post",
      path: all,
      summary: "Hand in a document: the file itself, PDF, JPEG or PNG, up to 10 MiB",
      permission: "documents.submit",
      query: SubmitQuery,
      body: FileBody,
      body_is_file: documentTypes,
      body_limit: MAX_BYTES,
      status: 201,
      response: Document,
      problems: [
        "malformed_request",
        "file_type_refused",
        "unknown_reference",
        "illegal_transition",
        "too_many_documents",
        "conflict",
      ],
    },
    (space, { params, query, body }) => submitDocument(space, params.member_id, query, body),
  ),
  spaceRoute(
    {
      operation_id: "list_member_documents",
      tag,
      method: "get",
      path: all,
      summary: "Documents of a member, oldest first",
      permission: "documents.read",
      query: MemberDocumentQuery,
      response: DocumentPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listMemberDocuments(space, params.member_id, query),
  ),
  spaceRoute(
    {
      operation_id: "get_document",
      tag,
      method: "get",
      path: one,
      summary: "What is known of one document",
      permission: "documents.read",
      response: Document,
    },
    (space, { params }) => readDocument(space, params.member_id, params.document_id),
  ),
  spaceRoute(
    {
      operation_id: "open_document",
      tag,
      method: "post",
      path: `${one}/links`,
      summary: "A link that opens the file for ten minutes; it is audited who asked",
      permission: "documents.read",
      no_store: true,
      response: DocumentLink,
      problems: ["illegal_transition"],
    },
    (space, { params }) => openDocument(space, params.member_id, params.document_id),
  ),
  spaceRoute(
    {
      operation_id: "delete_document",
      tag,
      method: "delete",
      path: one,
      summary: "Delete a document and its file",
      permission: "documents.submit",
      status: 204,
    },
    (space, { params }) => deleteDocument(space, params.member_id, params.document_id),
  ),
];

const staffRoutes = [
  spaceRoute(
    {
      operation_id: "list_documents",
      tag,
      method: "get",
      path: "/documents",
      summary: "Staff: documents of everybody, oldest first; those that wait for a decision unless told",
      permission: "documents.decide",
      query: DocumentQuery,
      response: DocumentPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listDocuments(space, query),
  ),
  spaceRoute(
    {
      operation_id: "verify_document",
      tag,
      method: "post",
      path: `${one}/verify`,
      summary: "Staff: a document is good; the one that it follows goes",
      permission: "documents.decide",
      body: VerifyInput,
      body_optional: true,
      response: Document,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => verifyDocument(space, params.member_id, params.document_id, body),
  ),
  spaceRoute(
    {
      operation_id: "reject_document",
      tag,
      method: "post",
      path: `${one}/reject`,
      summary: "Staff: a document is no good, and why",
      permission: "documents.decide",
      body: RejectInput,
      response: Document,
      problems: ["illegal_transition", "conflict"],
    },
    (space, { params, body }) => rejectDocument(space, params.member_id, params.document_id, body),
  ),
];

export const documentRoutes = [...memberRoutes, ...staffRoutes];
