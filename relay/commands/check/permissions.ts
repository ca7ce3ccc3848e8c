/**
 * Each permission that the relay needs in Teleport, really tried and nothing changed: what writes names a request that
 * does not exist. Teleport looks at the rights first, so that "no such request" proves them.
 */
import { randomUUID } from "node:crypto";
import { failed, passed } from "../../../shared/check.ts";
import { TeleportError } from "../../teleport/error.ts";
import type { TeleportPort } from "../../teleport/port.ts";
import { systemClock } from "../../time/clock.ts";
import type { CheckResult, Checks } from "./result.ts";
import { type DecideBy, decideByProblem, mayHideRequests, roleFor } from "./role.ts";

export interface PermissionOptions {
  readonly teleport: TeleportPort;
  /** As Ping told it. */
  readonly version: string;
  readonly decideBy: DecideBy;
  /** Names a request that does not exist; random unless given. */
  readonly noRequest?: string;
  /** How long a watch may take to stand, in ms. */
  readonly watchWithinMs?: number;
}

const REASON = "teleport-pagerduty check";
const IS_IT = "Is this a Teleport Auth Service?";

/** How long Teleport's own plugins wait for a watch. */
const WATCH_WITHIN_MS = 15_000;

/** Tries every permission, those that are optional last. */
export async function* checkPermissions(options: PermissionOptions): Checks {
  const noRequest = options.noRequest ?? randomUUID();
  const read = await attempt(options, () => tryWatch(options));
  yield { ...read, name: "access_request: read" };
  const attempts: readonly [name: string, run: () => Promise<CheckResult>][] = [
    ["access_request: list", () => tryList(options, read.ok)],
    ...decisionAttempts(options, noRequest),
    ["access_plugin_data: read", () => tryReadData(options, noRequest)],
    ["access_plugin_data: update", () => tryWriteData(options, noRequest)],
  ];
  for (const [name, run] of attempts) yield { ...(await attempt(options, run)), name };
  yield await tryOptional("optional: monitoring rules", () => options.teleport.listRules(), {
    granted: "Access Monitoring Rules are followed, if this Teleport has them.",
    denied: `Not granted: Access Monitoring Rules are not followed. ${toHave("access_monitoring_rule", "list, read")}`,
  });
  yield await tryOptional("optional: user traits", () => options.teleport.userTraits(noRequest), {
    granted: "Users' traits are known.",
    denied: `Not granted: users' traits, such as their e-mail addresses, are not known. ${toHave("user", "read")}`,
  });
}

function toHave(resource: string, verbs: string): string {
  return `To have it, add the rule {resources: [${resource}], verbs: [${verbs}]}.`;
}

async function attempt(options: PermissionOptions, run: () => Promise<CheckResult>): Promise<CheckResult> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof TeleportError)) throw error;
    const result = failed("", error.message);
    // A missing second factor is not a missing right.
    const isMissing = error.code === "permission_denied" && !/MFA/.test(error.details);
    return isMissing ? { ...result, role: roleFor(options) } : result;
  }
}

async function tryWatch({ teleport, watchWithinMs = WATCH_WITHIN_MS }: PermissionOptions): Promise<CheckResult> {
  const stop = new AbortController();
  const tooLate = setTimeout(() => stop.abort(), watchWithinMs);
  let stands = false;
  const init = (): void => {
    stands = true;
    stop.abort();
  };
  try {
    await teleport.watch({ init, put() {}, deleted() {} }, stop.signal);
  } finally {
    clearTimeout(tooLate);
  }
  if (stands) return passed("", "Granted: a watch stands.");
  return failed(
    "",
    `Teleport did not confirm a watch within ${watchWithinMs / 1000} s. See its log; then check again.`,
  );
}

// Teleport 6.2 and later answer with an empty list to whom they do not let list.
async function tryList(options: PermissionOptions, canRead: boolean): Promise<CheckResult> {
  const { length } = await options.teleport.listPending();
  if (length === 0 && !canRead) {
    const detail = "Teleport answers with an empty list, as it does to a role without list and read.";
    return { ...failed("", detail), role: roleFor(options) };
  }
  if (length > 0 || !mayHideRequests(options)) return passed("", `Granted: ${length} pending.`);
  return passed(
    "",
    "Not refused, and nothing is pending. Teleport answers so to a role without this right too: see that the role has it.",
  );
}

function decisionAttempts(
  options: PermissionOptions,
  noRequest: string,
): readonly [name: string, run: () => Promise<CheckResult>][] {
  if (options.decideBy === "state") return [["access_request: update", () => trySetState(options, noRequest)]];
  const problem = decideByProblem(options);
  if (problem !== null) return [["teleport.decide_by", async () => failed("", problem)]];
  return [["review_requests", () => tryReview(options, noRequest)]];
}

// A denial: if there were such a request after all, nobody would get in.
async function trySetState({ teleport }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  const words = { delegator: "pagerduty:check", reason: REASON };
  const setting = await teleport.setState(noRequest, "DENIED", words);
  if (setting === "gone") return passed("", "Granted (tried on a request that does not exist).");
  return failed("", `Teleport took a decision on ${noRequest}, which is no request. ${IS_IT}`);
}

// Who may be reviewed for shows only with a user that exists, and so is not asked here.
async function tryReview({ teleport, decideBy }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  const words = { author: null, proposedState: "DENIED", reason: REASON, assumeStartMs: null } as const;
  const submission = await teleport.submitReview(noRequest, { ...words, createdMs: systemClock.now() });
  if (submission !== "gone") return failed("", `Teleport took a review of ${noRequest}, which is no request. ${IS_IT}`);
  const others = decideBy === "review" ? "" : " That it covers reviews for others (submit_for_users) cannot be tried.";
  return passed("", `Granted (tried on a request that does not exist).${others}`);
}

async function tryReadData({ teleport }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  await teleport.pluginData(noRequest);
  return passed("", "Granted.");
}

async function tryWriteData({ teleport }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  const update = await teleport.updatePluginData(noRequest, { incident_id: "none" }, { incident_id: "" });
  if (update === "gone") return passed("", "Granted (tried on a request that does not exist).");
  return failed("", `Teleport kept data for ${noRequest}, which is no request. ${IS_IT}`);
}

async function tryOptional(
  name: string,
  run: () => Promise<unknown>,
  { granted, denied }: { readonly granted: string; readonly denied: string },
): Promise<CheckResult> {
  try {
    await run();
    return passed(name, granted);
  } catch (error) {
    if (!(error instanceof TeleportError)) throw error;
    if (error.code === "permission_denied") return passed(name, denied);
    return error.code === "unimplemented" ? passed(name, "This Teleport has none.") : failed(name, error.message);
  }
}
