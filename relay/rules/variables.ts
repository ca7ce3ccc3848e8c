/**
 * What a condition may ask about: a request as Teleport holds it, and the requester's traits. Pure.
 */
import type { AccessRequest } from "../../shared/access-request.ts";
import type { Traits } from "../teleport/port.ts";
import { BOOLEAN, DICT, type Dict, Instant, SET, STRING, TIME, type Type, type Value } from "./value.ts";

/** What one answer is about. */
export interface Subject {
  readonly request: AccessRequest;
  readonly traits: Traits;
}

/** A variable: its type, and its value for a subject. */
export interface Variable {
  readonly type: Type;
  readonly of: (subject: Subject) => Value;
}

/** Go's zero time, which is what Teleport answers with where no time is set. */
const YEAR_1_MS = -62_135_596_800_000;

/** The variable that needs the requester's traits. */
export const TRAITS = "user.traits";

/** Every variable by name. */
export const VARIABLES: ReadonlyMap<string, Variable> = new Map<string, Variable>([
  ["true", { type: BOOLEAN, of: () => true }],
  ["false", { type: BOOLEAN, of: () => false }],
  ["access_request.spec.roles", { type: SET, of: ({ request }) => new Set(request.roles) }],
  ["access_request.spec.suggested_reviewers", { type: SET, of: ({ request }) => new Set(request.suggestedReviewers) }],
  ["access_request.spec.system_annotations", { type: DICT, of: ({ request }) => dictFor(request.annotations) }],
  ["access_request.spec.user", { type: STRING, of: ({ request }) => request.user }],
  ["access_request.spec.request_reason", { type: STRING, of: ({ request }) => request.reason }],
  ["access_request.spec.creation_time", { type: TIME, of: ({ request }) => timeFor(request.createdMs) }],
  ["access_request.spec.expiry", { type: TIME, of: ({ request }) => timeFor(request.accessExpiresMs) }],
  [TRAITS, { type: DICT, of: ({ traits }) => dictFor(traits) }],
]);

function dictFor(values: Traits): Dict {
  return new Map(Object.entries(values).map(([name, texts]) => [name, new Set(texts)]));
}

function timeFor(ms: number | null): Instant {
  return new Instant(ms ?? YEAR_1_MS);
}
