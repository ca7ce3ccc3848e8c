/** What ties an incident to its request: the digest, the incident key, and what is kept in Teleport's plugin data. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import {
  adoptionData,
  bindingData,
  bindingExpectation,
  boundIncidents,
  countsFromMs,
  predecessorsIncident,
} from "../../../relay/plugin-data.ts";
import { type AccessRequest, digestOf } from "../../../shared/access-request.ts";
import { incidentKeyFor, parseIncidentKey } from "../../../shared/incident-key.ts";
import { CLUSTER } from "../../edge/samples.ts";
import { property, type Target } from "../target.ts";
import { mutatedText } from "../values/bytes.ts";
import { request } from "../values/requests.ts";
import { hostileText } from "../values/text.ts";

/** What a digest is over, in an order of its own. */
function approved({ roles, resources, ...rest }: AccessRequest): unknown {
  const { id, user, reason, accessExpiresMs, maxDurationMs, sessionTtlMs, requestKind } = rest;
  const named = resources.map(({ friendlyName: _, ...resource }) => JSON.stringify(Object.entries(resource).sort()));
  return {
    id,
    user,
    reason,
    accessExpiresMs,
    maxDurationMs,
    sessionTtlMs,
    requestKind,
    roles: roles.toSorted(),
    named: named.toSorted(),
  };
}

/** Two requests that differ in a few fields at most. */
const pair = fc
  .tuple(
    request,
    request,
    fc.subarray([
      "id",
      "user",
      "roles",
      "resources",
      "reason",
      "accessExpiresMs",
      "requestKind",
      "state",
      "reviews",
      "annotations",
    ] as const),
  )
  .map(
    ([one, other, fields]) =>
      [one, { ...one, ...Object.fromEntries(fields.map((field) => [field, other[field]])) }] as const,
  );

const pagerDutyId = fc.stringMatching(/^[A-Z0-9]{7,14}$/);
const incidents = fc.array(fc.record({ service: pagerDutyId, incident: pagerDutyId }), { minLength: 1, maxLength: 4 });
const data = fc.dictionary(
  fc.constantFrom("incidents", "incident_id", "service_id", "digest", "adopted", "decision", "__proto__"),
  fc.oneof(hostileText, mutatedText(["PIJ90N7:Q1,PIJ90N8:Q2"], 2), fc.nat().map(String)),
);

export const requests: Target = {
  name: "requests",
  about: "digest, incident key and plugin data",
  properties: () => [
    property("a digest is another exactly when what is approved is", pair, ([one, other]) => {
      assert.equal(
        digestOf(CLUSTER, one) === digestOf(CLUSTER, other),
        isDeepStrictEqual(approved(one), approved(other)),
      );
    }),
    property("the order of roles and resources is no part of a digest, the cluster is", request, (each) => {
      const turned = { ...each, roles: each.roles.toReversed(), resources: each.resources.toReversed() };
      assert.equal(digestOf(CLUSTER, each), digestOf(CLUSTER, turned));
      assert.notEqual(digestOf(CLUSTER, each), digestOf(`${CLUSTER}.`, each));
    }),
    property(
      "an incident key is read as it was written",
      fc.record({
        cluster: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,60}$/),
        requestId: fc.uuid(),
        paging: fc.integer({ min: 1, max: 999_999 }),
      }),
      (key) => {
        const { cluster, requestId, paging } = key;
        assert.deepEqual(parseIncidentKey(incidentKeyFor(cluster, requestId, paging)), { ...key });
      },
    ),
    property(
      "a key that is read is written the same, and anybody else's is none",
      fc.oneof(hostileText, mutatedText([incidentKeyFor(CLUSTER, "r", 2), "teleport-access-request/r"])),
      (text) => {
        const key = parseIncidentKey(text);
        if (key === undefined) return;
        const { cluster, requestId, paging } = key;
        assert.equal(
          text,
          cluster === null ? `teleport-access-request/${requestId}` : incidentKeyFor(cluster, requestId, paging),
        );
      },
    ),
    property("incidents that were bound are found again", fc.tuple(request, incidents), ([each, bound]) => {
      const kept = bindingData(each, digestOf(CLUSTER, each), bound);
      assert.deepEqual(
        boundIncidents(kept),
        bound.map((each) => ({ ...each })),
      );
      assert.equal(predecessorsIncident(kept), undefined);
      assert.equal(countsFromMs(kept), Number.NEGATIVE_INFINITY);
    }),
    property("whatever is in plugin data, binds whole incidents or none", data, (kept) => {
      for (const { service, incident } of boundIncidents(kept)) {
        assert(service !== "" && incident !== "" && !/[,:]/.test(service + incident));
      }
      assert(!Number.isNaN(countsFromMs(kept)));
      const theirs = predecessorsIncident(kept);
      if (theirs !== undefined) assert.deepEqual(boundIncidents(kept), []);
      const adopted = adoptionData(kept, [{ service: "S", incident: theirs?.incident ?? "Q" }], 1);
      assert.deepEqual(adopted, theirs === undefined ? {} : { adopted: "1" });
      assert.deepEqual(Object.keys(bindingExpectation(kept)), ["incidents", "digest"]);
    }),
  ],
};
