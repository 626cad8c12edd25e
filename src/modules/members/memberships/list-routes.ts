import { spaceRoute } from "../../../platform/route.ts";
import { quoteChange } from "./change.ts";
import {
  Membership,
  MembershipPage,
  MembershipQuery,
  MembershipTransaction,
  MembershipTransactionPage,
  OwnMembershipQuery,
  Quote,
  QuoteQuery,
  TransactionQuery,
} from "./contract.ts";
import { listMemberships, listMembershipsOf, listTransactions, readMembership, readTransaction } from "./lists.ts";

const tag = "members";

/** Memberships and their transactions as they are read. */
export const membershipReads = [
  spaceRoute(
    {
      operation_id: "list_memberships",
      tag,
      method: "get",
      path: "/memberships",
      summary: "Memberships by the end of their period; members see their own",
      permission: "memberships.read",
      query: MembershipQuery,
      response: MembershipPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listMemberships(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_membership",
      tag,
      method: "get",
      path: "/memberships/{membership_id}",
      summary: "One membership",
      permission: "memberships.read",
      response: Membership,
    },
    (space, { params }) => readMembership(space, params.membership_id),
  ),
  spaceRoute(
    {
      operation_id: "list_memberships_of_member",
      tag,
      method: "get",
      path: "/members/{member_id}/memberships",
      summary: "All memberships of a member, the newest first",
      permission: "memberships.read",
      query: OwnMembershipQuery,
      response: MembershipPage,
      problems: ["invalid_cursor"],
    },
    (space, { params, query }) => listMembershipsOf(space, params.member_id, query),
  ),
  spaceRoute(
    {
      operation_id: "quote_plan_change",
      tag,
      method: "get",
      path: "/memberships/{membership_id}/quote",
      summary: "What a change of plan would cost now",
      permission: "memberships.manage",
      query: QuoteQuery,
      response: Quote,
      problems: [
        "illegal_transition",
        "unknown_reference",
        "plan_unavailable",
        "group_required",
        "currency_mismatch",
        "contract_running",
      ],
    },
    (space, { params, query }) => quoteChange(space, params.membership_id, query),
  ),
  spaceRoute(
    {
      operation_id: "list_membership_transactions",
      tag,
      method: "get",
      path: "/membership_transactions",
      summary: "What memberships cost, by time; members see their own",
      permission: "memberships.read",
      query: TransactionQuery,
      response: MembershipTransactionPage,
      problems: ["invalid_cursor"],
    },
    (space, { query }) => listTransactions(space, query),
  ),
  spaceRoute(
    {
      operation_id: "get_membership_transaction",
      tag,
      method: "get",
      path: "/membership_transactions/{transaction_id}",
      summary: "One transaction",
      permission: "memberships.read",
      response: MembershipTransaction,
    },
    (space, { params }) => readTransaction(space, params.transaction_id),
  ),
];
