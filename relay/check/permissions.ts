/**
 * Each permission that the relay needs in Teleport, really tried and nothing changed: what writes names a request that
 * does not exist. Teleport looks at the rights first, so that "no such request" proves them.
 */
import { randomUUID } from "node:crypto";
import { failed, passed } from "../../shared/check.ts";
import { TeleportError } from "../teleport/error.ts";
import type { TeleportPort } from "../teleport/port.ts";
import type { CheckResult, Checks } from "./result.ts";
import { type DecideBy, decideByProblem, roleFor } from "./role.ts";

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

/** How long Teleport's own plugins wait for a watch. */
const WATCH_WITHIN_MS = 15_000;

/** Tries every permission, those that are optional last. */
export async function* checkPermissions(options: PermissionOptions): Checks {
  const noRequest = options.noRequest ?? randomUUID();
  const attempts: readonly [name: string, run: () => Promise<CheckResult>][] = [
    ["access_request: read", () => tryWatch(options)],
    ["access_request: list", () => tryList(options)],
    ...decisionAttempts(options, noRequest),
    ["access_plugin_data: read", () => tryReadData(options, noRequest)],
    ["access_plugin_data: update", () => tryWriteData(options, noRequest)],
  ];
  for (const [name, run] of attempts) yield { ...(await attempt(options, run)), name };
  yield await tryOptional("access_monitoring_rule: list, read (optional)", () => options.teleport.listRules(), {
    granted: "Access Monitoring Rules are followed.",
    denied: "Not granted: Access Monitoring Rules are not followed.",
  });
  yield await tryOptional("user: read (optional)", () => options.teleport.userTraits(noRequest), {
    granted: "Traits of users are known.",
    denied: "Not granted: traits of users, such as other e-mail addresses of theirs, are not known.",
  });
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

async function tryList({ teleport }: PermissionOptions): Promise<CheckResult> {
  const { length } = await teleport.listPending();
  if (length > 0) return passed("", `Granted: ${length} pending.`);
  return passed(
    "",
    "Not refused, and nothing is pending. Teleport answers so to a role without this right too: see that the role has it.",
  );
}

function decisionAttempts(
  options: PermissionOptions,
  noRequest: string,
): readonly [name: string, run: () => Promise<CheckResult>][] {
  const { decideBy } = options;
  if (decideBy === "state") return [["access_request: update", () => trySetState(options, noRequest)]];
  const problem = decideByProblem(options);
  const untried = passed("", "Not tried: it takes a request to review. See that the role has it.");
  return [["review_requests", async () => (problem === null ? untried : failed("", problem))]];
}

// A denial: if there were such a request after all, nobody would get in.
async function trySetState({ teleport }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  const words = { delegator: "pagerduty:check", reason: "teleport-pagerduty check" };
  const setting = await teleport.setState(noRequest, "DENIED", words);
  if (setting === "gone") return passed("", "Granted (tried on a request that does not exist).");
  return failed("", `Teleport took a decision on ${noRequest}, which is no request. Is this a Teleport Auth Service?`);
}

async function tryReadData({ teleport }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  await teleport.pluginData(noRequest);
  return passed("", "Granted.");
}

async function tryWriteData({ teleport }: PermissionOptions, noRequest: string): Promise<CheckResult> {
  const update = await teleport.updatePluginData(noRequest, { incident_id: "none" }, { incident_id: "" });
  if (update === "gone") return passed("", "Granted (tried on a request that does not exist).");
  return failed("", `Teleport kept data for ${noRequest}, which is no request. Is this a Teleport Auth Service?`);
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
