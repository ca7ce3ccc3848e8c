// What a test says to get a stand-in Teleport, and a request in it.

import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type AccessRequest,
  AccessRequestSchema,
  type AccessReviewThresholdSchema,
  type LabelValuesSchema,
  type ResourceIDSchema,
} from "../../../relay/gen/teleport_pb.ts";
import type { KeyKind } from "./authority.ts";
import type { TeleportVersion } from "./versions.ts";

/** Every option has a default. */
export interface FakeTeleportOptions {
  /** Default "7.0". */
  readonly version?: TeleportVersion;
  /** Default "teleport.example.com". */
  readonly clusterName?: string;
  /** First name in the server's certificate; default "auth1". */
  readonly nodeName?: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free port, kept over restarts. */
  readonly port?: number;
  /** Default "ec". */
  readonly keys?: KeyKind;
  /** `review_requests` works; default false, an open-source build. */
  readonly enterprise?: boolean;
  /** Reviews may be submitted in the name of users, as from 18.11 on; default false. */
  readonly reviewsForOthers?: boolean;
  /** Told by Ping from 6.1 on; default "". */
  readonly proxyPublicAddr?: string;
  /** Roles that may be asked for; default any. */
  readonly requestableRoles?: readonly string[];
  /** How long approved access lasts; default 30 h. */
  readonly accessTtlMs?: number;
  /** Room in each watch's queue; default 64. */
  readonly watchQueueEvents?: number;
  /** How long an event waits before it is sent, as with a backend that is polled; default 0. */
  readonly watchLagMs?: number;
  /** The largest page of a listing; default 16,000. */
  readonly listLimit?: number;
  /** Pings closer than this draw GOAWAY in the end; default 60,000. */
  readonly minPingMs?: number;
  /** Calls to keep at least in `calls`; default 10,000. */
  readonly keptCalls?: number;
  /** Epoch ms; default Date.now. The end of records is also timed by real timers. */
  readonly now?: () => number;
  /** Hears of every change of a request, after the watches; undefined: it is gone. */
  readonly changed?: (requestId: string, request: AccessRequest | undefined) => void;
}

/** A request to make. Times are from now. */
export interface NewRequest {
  /** Default "alice". */
  readonly user?: string;
  /** Default ["admin"]. */
  readonly roles?: readonly string[];
  /** Default a random UUID; 18 replaces it. */
  readonly id?: string;
  readonly reason?: string;
  /** Default: `accessTtlMs` of the cluster. */
  readonly accessTtlMs?: number;
  /** Default: what the release gives. */
  readonly pendingTtlMs?: number;
  readonly suggestedReviewers?: readonly string[];
  /** System annotations, such as `pagerduty_notify_service`. */
  readonly annotations?: Readonly<Record<string, readonly string[]>>;
  readonly thresholds?: readonly MessageInitShape<typeof AccessReviewThresholdSchema>[];
  readonly resources?: readonly MessageInitShape<typeof ResourceIDSchema>[];
}

/** The message that a client would send for it. `nowMs` is the cluster's. */
export function requestMessageFor(request: NewRequest, nowMs: number): AccessRequest {
  const { accessTtlMs } = request;
  return create(AccessRequestSchema, {
    kind: "access_request",
    version: "v3",
    metadata: { name: request.id ?? randomUUID() },
    spec: {
      user: request.user ?? "alice",
      roles: [...(request.roles ?? ["admin"])],
      requestReason: request.reason ?? "",
      suggestedReviewers: [...(request.suggestedReviewers ?? [])],
      systemAnnotations: labelValuesFor(request.annotations ?? {}),
      thresholds: [...(request.thresholds ?? [])],
      requestedResourceIds: [...(request.resources ?? [])],
      ...(accessTtlMs === undefined ? {} : { expires: timestampFromMs(nowMs + accessTtlMs) }),
    },
  });
}

function labelValuesFor(
  labels: Readonly<Record<string, readonly string[]>>,
): MessageInitShape<typeof LabelValuesSchema> {
  return {
    values: Object.fromEntries(Object.entries(labels).map(([name, values]) => [name, { values: [...values] }])),
  };
}
