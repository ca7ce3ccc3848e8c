/** Teleport's answers off the wire, broken and odd ones, up to the frame that tells the edge of them. */
import assert from "node:assert/strict";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import fc from "fast-check";
import { bodyFor, endNote, reviewNote, titleFor } from "../../../edge/incident.ts";
import { type LiveRequest, liveRequestFor } from "../../../relay/access-request.ts";
import { AccessMonitoringRulesService } from "../../../relay/gen/access-monitoring-rules_pb.ts";
import * as wire from "../../../relay/gen/teleport_pb.ts";
import { serviceDefinitionFor } from "../../../relay/teleport/grpc-service.ts";
import { monitoringRuleFor } from "../../../relay/teleport/rules-listing.ts";
import { digestOf } from "../../../shared/access-request.ts";
import { readRelayFrame } from "../../../shared/protocol.ts";
import { CLUSTER, DECISIONS } from "../../edge/samples.ts";
import { property, type Target } from "../target.ts";
import { assertUnpolluted } from "../unpolluted.ts";
import { mutatedBytes } from "../values/bytes.ts";

const AUTH = serviceDefinitionFor(wire.AuthService);
const RULES = serviceDefinitionFor(AccessMonitoringRulesService);

const REQUEST: MessageInitShape<typeof wire.AccessRequestSchema> = {
  kind: "access_request",
  metadata: { name: "0199b2d4-6c1e-7a53-9f0b-2d8c41e7a6f3", expires: { seconds: 1_773_224_042n, nanos: 5 } },
  spec: {
    user: "alice",
    roles: ["dba", "__proto__"],
    state: wire.RequestState.PENDING,
    created: { seconds: 1_773_220_442n },
    expires: { seconds: 1_773_249_242n },
    requestReason: "on fire",
    resolveReason: "",
    suggestedReviewers: ["dave"],
    systemAnnotations: { values: { __proto__x: { values: ["a"] }, pagerduty_services: { values: ["Databases"] } } },
    reviews: [{ author: "dave", proposedState: wire.RequestState.APPROVED, reason: "ok", created: { seconds: 1n } }],
    thresholds: [{ approve: 2, filter: "x" }, { approve: 1 }],
    roleThresholdMapping: { dba: { sets: [{ indexes: [0, 1] }] } },
    requestedResourceIds: [{ clusterName: "c", kind: "node", name: "n" }],
    maxDuration: { seconds: -62_135_596_800n },
  },
};

const bytesOf = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes);
const LISTED = bytesOf(
  toBinary(
    wire.ListAccessRequestsResponseSchema,
    create(wire.ListAccessRequestsResponseSchema, { accessRequests: [REQUEST], nextKey: "k" }),
  ),
);

/** What a message is, or undefined for what is no such message, which gRPC reports by itself. */
function decoded<Message>(read: (bytes: Buffer) => Message, bytes: Uint8Array): Message | undefined {
  try {
    return read(Buffer.from(bytes));
  } catch {
    return undefined;
  } finally {
    assertUnpolluted();
  }
}

/** A request that was read goes all the way to what people read. */
function travels({ request }: LiveRequest): void {
  const message = JSON.stringify({ type: "request", seq: 1, request, recipients: [] });
  const reading = readRelayFrame(message);
  assert.equal(reading.kind, "frame", reading.kind === "malformed" ? reading.problem : reading.kind);
  const context = { cluster: CLUSTER, digest: digestOf(CLUSTER, request), decisions: DECISIONS, proxyAddress: "p:443" };
  bodyFor(request, { ...context, remarks: [], shortened: false });
  titleFor(request);
  endNote("approved", request.user, request.resolveReason);
  for (const review of request.reviews) reviewNote(review);
}

const seconds = fc.oneof(
  fc.constantFrom(
    0n,
    -62_135_596_800n,
    -62_104_060_800n,
    8_640_000_000_000n,
    8_640_000_000_001n,
    9_007_199_254_740n,
    2n ** 63n - 1n,
    -(2n ** 63n),
  ),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const timestamp = fc.record({ seconds, nanos: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }) });

export const teleportMessages: Target = {
  name: "teleport",
  about: "Teleport's answers off the wire",
  properties: () => [
    property("whatever Teleport lists, is told to the edge as the edge reads it", mutatedBytes([LISTED]), (bytes) => {
      const page = decoded(AUTH.listAccessRequests.responseDeserialize, bytes);
      for (const message of page?.accessRequests ?? []) {
        const live = liveRequestFor(message);
        if (live !== undefined) travels(live);
      }
    }),
    property(
      "whatever time Teleport gives, is a time or none",
      fc.record({
        created: timestamp,
        expires: timestamp,
        resourceExpiry: timestamp,
        sessionTtl: timestamp,
        maxDuration: timestamp,
      }),
      (times) => {
        const { created } = times;
        const reviews = [{ author: "dave", created }];
        const message = create(wire.AccessRequestSchema, { ...REQUEST, spec: { user: "alice", reviews, ...times } });
        const live = liveRequestFor(message);
        assert(live !== undefined);
        travels(live);
      },
    ),
    property("whatever the watch brings, is read or refused", mutatedBytes([LISTED]), (bytes) => {
      const event = decoded(AUTH.watchEvents.responseDeserialize, bytes);
      if (event?.resource.case === "accessRequest") liveRequestFor(event.resource.value);
      decoded(AUTH.getPluginData.responseDeserialize, bytes);
      decoded(AUTH.ping.responseDeserialize, bytes);
      for (const rule of decoded(RULES.listAccessMonitoringRules.responseDeserialize, bytes)?.rules ?? [])
        monitoringRuleFor(rule);
    }),
  ],
};
