/** Access requests: such as Teleport has, and such as a dishonest relay might tell of. */
import fc from "fast-check";
import type { AccessRequest, AccessReview } from "../../../shared/access-request.ts";
import { hostileText, textLike } from "./text.ts";

/** Objects as JSON has them. */
const PLAIN = { noNullPrototype: true } as const;

const STATES = ["NONE", "PENDING", "APPROVED", "DENIED", "PROMOTED"] as const;

/** Milliseconds since the epoch, from the year 2 to 9999: what Teleport can tell. */
export const timeMs = fc.oneof(
  fc.constantFrom(0, 253_402_300_799_999, -62_104_060_800_000, 1_773_220_442_000),
  fc.integer({ min: 0, max: 4_102_444_800_000 }),
);
const timeOrNull = fc.option(timeMs);

/** A name of a role, a user or a resource. */
export const name = textLike(fc.constantFrom("dba", "prod-db-admin", "alice@example.com", "*", "röle"));

const resource = fc.record(
  {
    cluster: name,
    kind: fc.constantFrom("node", "db", ""),
    name,
    subResource: name,
    constraints: fc.constantFrom("", "AQI="),
  },
  PLAIN,
);
const named = fc
  .record({ resource, friendlyName: hostileText })
  .map(({ resource, friendlyName }) => ({ ...resource, friendlyName }));

/** A review of anybody's. */
export const review: fc.Arbitrary<AccessReview> = fc.record(
  { author: name, proposedState: fc.constantFrom(...STATES), reason: hostileText, createdMs: timeOrNull },
  PLAIN,
);

/** A request whatever is in it. */
export const request: fc.Arbitrary<AccessRequest> = fc.record(
  {
    id: fc.uuid(),
    user: name,
    roles: fc.array(name, { maxLength: 5 }),
    state: fc.constantFrom(...STATES),
    resources: fc.array(fc.oneof(resource, named), { maxLength: 4 }),
    reason: hostileText,
    resolveReason: hostileText,
    suggestedReviewers: fc.array(name, { maxLength: 3 }),
    annotations: fc.dictionary(hostileText, fc.array(hostileText, { maxLength: 2 }), { maxKeys: 2 }),
    reviews: fc.array(review, { maxLength: 2 }),
    createdMs: timeOrNull,
    requestExpiresMs: timeOrNull,
    accessExpiresMs: timeOrNull,
    maxDurationMs: timeOrNull,
    sessionTtlMs: timeOrNull,
    requestKind: fc.constantFrom("UNDEFINED", "SHORT_TERM", "LONG_TERM"),
  },
  PLAIN,
);
