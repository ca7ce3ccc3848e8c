/**
 * Asks the edge whether it would take what PagerDuty is about to deliver, before PagerDuty delivers anything: three
 * refusals in a row, and PagerDuty would throw a day's deliveries away. What is sent is authentic and means nothing.
 */
import { createHmac, randomUUID } from "node:crypto";
import type { Verdict } from "../../../shared/decisions.ts";
import type { Environment } from "../../http-proxy.ts";
import { callHttp, reasonOf } from "../http-call.ts";

/**
 * `refused`: the edge answered and would not take it, for the reason given. `unreachable` from here: PagerDuty may reach
 * it all the same, and keeps for 48 hours what it cannot deliver.
 */
export type ProbeResult =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: number; readonly reason: string }
  | { readonly kind: "unreachable"; readonly reason: string };

export interface ProbeOptions {
  /** The cluster's address at the edge, `https://…/v1/<cluster>`. */
  readonly clusterUrl: string;
  readonly signal: AbortSignal;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  readonly timeoutMs?: number;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/** Whether the edge takes deliveries that are signed with a secret and carry a gate token. */
export function probeWebhook(
  options: ProbeOptions,
  { secret, gateToken }: { secret: string; gateToken: string },
): Promise<ProbeResult> {
  const body = probeEvent();
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  return post(options, "/webhook", body, { "X-Gate-Token": gateToken, "X-PagerDuty-Signature": `v1=${signature}` });
}

/** Whether the edge takes presses of a button that carry a token. */
export function probeAction(options: ProbeOptions, action: Verdict, token: string): Promise<ProbeResult> {
  return post(options, `/actions/${action}`, JSON.stringify({ messages: [] }), { "X-Action-Token": token });
}

// Of a type that nothing depends on.
function probeEvent(): string {
  const occurred_at = new Date().toISOString();
  const event = { id: randomUUID(), event_type: "setup.probe", resource_type: "setup", occurred_at, agent: null };
  return JSON.stringify({ event: { ...event, client: null, data: {} } });
}

async function post(
  { clusterUrl, signal, env, timeoutMs = 10_000 }: ProbeOptions,
  path: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<ProbeResult> {
  const timeout = AbortSignal.timeout(timeoutMs);
  try {
    const { status } = await callHttp(`${clusterUrl}${path}`, {
      method: "POST",
      body,
      headers: { "Content-Type": "application/json", ...headers },
      env,
      signal: AbortSignal.any([timeout, signal]),
      maxBytes: MAX_ANSWER_BYTES,
    });
    if (status >= 200 && status <= 299) return { kind: "accepted" };
    return { kind: "refused", status, reason: reasonFor(status) };
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = timeout.aborted ? `no answer within ${timeoutMs / 1000} s` : reasonOf(error);
    return { kind: "unreachable", reason };
  }
}

function reasonFor(status: number): string {
  switch (status) {
    case 401:
      return "it does not know the cluster, or has other secrets";
    case 404:
      return "there is no edge at this address";
    case 429:
      return "it has been asked too often: wait a minute";
    case 503:
      return "it has not got this secret yet, or its configuration is faulty, which its log tells";
    default:
      return "no answer that an edge would give";
  }
}
