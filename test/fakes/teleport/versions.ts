// What differs between the Teleport releases that the stand-in can be, as observed on real servers (4.2.8, 6.2.0,
// 7.0.0-beta.1) and as read in the source of 18.0.0. One table; no other file asks for a version.

import { status } from "@grpc/grpc-js";
import { Refusal } from "./refusal.ts";

/** The releases that the stand-in can be. */
export type TeleportVersion = "4.2.8" | "6.2" | "7.0" | "18";

/** How one release behaves. Times are in ms. */
export interface Behaviour {
  /** As Ping tells it. */
  readonly serverVersion: string;
  /** RPCs that this release does not have, by lowerCamelCase name. */
  readonly unimplemented: ReadonlySet<string>;
  /** Set state with an empty id. */
  readonly emptyIdMessage: string;
  /** Set state NONE: refused, or taken and without effect. */
  readonly refusesNoneState: boolean;
  /** Delegator, reasons, annotations and role overrides exist (4.4.3). */
  readonly hasReasons: boolean;
  /** Reviews, thresholds and suggested reviewers exist (6.1). */
  readonly hasReviews: boolean;
  /** Requested resources exist (10.0). */
  readonly hasResources: boolean;
  /** Listing without the right to: one's own requests, or a refusal. */
  readonly listsOwnWithoutRights: boolean;
  /** The verb on `access_request` that DeleteAccessRequest needs. */
  readonly deleteVerb: "update" | "delete";
  /** `access_plugin_data` is a resource of its own (6.1). */
  readonly hasPluginDataRights: boolean;
  /** A call of a user whom the cluster does not have, Nop included. */
  readonly unknownUser: (user: string) => Refusal;
  /** The longest that a pending request is kept. */
  readonly pendingTtlMs: number;
  /** The record's end is told in Spec.ResourceExpiry, and a sweeper removes it this much later. */
  readonly sweepGraceMs: number | undefined;
  /** The name sent with a new request is kept. */
  readonly keepsName: boolean;
  /** How a watch ends that fell behind. OK is what 4.2.8 makes of it. */
  readonly overflowEnd: Refusal | undefined;
  /** INIT carries a WatchStatus; AllowPartialSuccess counts; rules can be watched. */
  readonly confirmsWatch: boolean;
  /** One may not decide one's own request, nor a request that one cannot read. */
  readonly looksUpAsCaller: boolean;
  /** A second review by one author. */
  readonly secondReviewCode: status;
  /** A review of a resolved request is refused rather than recorded. */
  readonly refusesLateReviews: boolean;
  /** A longer reason is refused. */
  readonly maxReasonBytes: number;
  /** A server name `x.teleport.cluster.local` whose label is not hexadecimal ends the handshake. */
  readonly refusesMalformedServerName: boolean;
}

const HOUR_MS = 3_600_000;
const RULES = ["listAccessMonitoringRules", "listAccessMonitoringRulesWithFilter"];
const AFTER_7 = ["getAccessRequestsV2", "listAccessRequests", "createAccessRequestV2", "listResources", ...RULES];
const NOT_FOUND = (user: string) =>
  user === "Nop"
    ? new Refusal(status.NOT_FOUND, 'user "Nop" is not found')
    : new Refusal(status.NOT_FOUND, `[10] access denied, user "${user}" is not found`);
const DENIED = (user: string) => new Refusal(status.PERMISSION_DENIED, `access denied to user "${user}"`);

const V7: Behaviour = {
  serverVersion: "7.0.0-beta.1",
  unimplemented: new Set(AFTER_7),
  emptyIdMessage: "missing request id",
  refusesNoneState: true,
  hasReasons: true,
  hasReviews: true,
  hasResources: false,
  listsOwnWithoutRights: true,
  deleteVerb: "delete",
  hasPluginDataRights: true,
  unknownUser: NOT_FOUND,
  pendingTtlMs: HOUR_MS,
  sweepGraceMs: undefined,
  keepsName: true,
  overflowEnd: new Refusal(status.INVALID_ARGUMENT, "buffer overflow"),
  confirmsWatch: false,
  looksUpAsCaller: false,
  secondReviewCode: status.PERMISSION_DENIED,
  refusesLateReviews: false,
  maxReasonBytes: Number.POSITIVE_INFINITY,
  refusesMalformedServerName: true,
};

/** The table of differences. */
export const BEHAVIOURS: Readonly<Record<TeleportVersion, Behaviour>> = {
  "4.2.8": {
    ...V7,
    serverVersion: "4.2.8",
    unimplemented: new Set([...AFTER_7, "submitAccessReview"]),
    emptyIdMessage:
      "special characters are not allowed in resource names, please use name composed only from characters, hyphens and dots",
    refusesNoneState: false,
    hasReasons: false,
    hasReviews: false,
    listsOwnWithoutRights: false,
    deleteVerb: "update",
    hasPluginDataRights: false,
    unknownUser: DENIED,
    overflowEnd: undefined,
  },
  "6.2": { ...V7, serverVersion: "6.2.0" },
  "7.0": V7,
  "18": {
    ...V7,
    serverVersion: "18.0.0",
    unimplemented: new Set(["getAccessRequests", "createAccessRequest"]),
    hasResources: true,
    unknownUser: DENIED,
    pendingTtlMs: 7 * 24 * HOUR_MS,
    sweepGraceMs: 40_000,
    keepsName: false,
    overflowEnd: new Refusal(status.UNKNOWN, "failed to process fanout buffer backlog within grace period"),
    confirmsWatch: true,
    looksUpAsCaller: true,
    secondReviewCode: status.ALREADY_EXISTS,
    refusesLateReviews: true,
    maxReasonBytes: 4096,
    refusesMalformedServerName: false,
  },
};
