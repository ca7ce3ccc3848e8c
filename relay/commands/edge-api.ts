/**
 * The edge's routes for operators, asked as the relay: `status` and `check`. Each question carries a token of its own.
 * Nothing is believed of an answer but its size and that it is JSON; a redirect is never followed, for a token is for one
 * origin.
 */
import { randomUUID } from "node:crypto";
import { parseJsonText } from "../../shared/bytes.ts";
import type { Environment } from "../http-proxy.ts";
import { signToken } from "../link/json-web-token.ts";
import { problemFor } from "../link/problem.ts";
import type { RelayKey } from "../link/relay-key.ts";
import { callHttp } from "./http-call.ts";

/** The edge, as one relay asks it. */
export interface EdgeApi {
  /** The edge's origin. */
  readonly url: string;
  readonly cluster: string;
  readonly key: RelayKey;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export interface EdgeQuestion {
  readonly method: "GET" | "POST";
  readonly route: "status" | "check";
  readonly withinMs: number;
}

/** What came of a question. A `problem` is a sentence that says what to mend. */
export type EdgeAnswer = {
  /** The edge's clock less ours, in ms, within a second; null when no answer told the time. */
  readonly clockOffsetMs: number | null;
} & (
  | { readonly kind: "answer"; readonly body: unknown }
  | { readonly kind: "problem"; readonly status: number | null; readonly problem: string }
);

/** Largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** Difference of clocks that may have made the edge refuse a token, in ms; `Date` headers are whole seconds. */
const CLOCK_TOLERANCE_MS = 3_000;

interface Exchange {
  readonly status: number;
  readonly text: string;
  readonly clockOffsetMs: number | null;
}

/**
 * Asks the edge. A token that it refuses while its clock is another than ours is dated by its clock and sent once more, as
 * the link does. Never rejects.
 */
export async function askEdge(api: EdgeApi, question: EdgeQuestion): Promise<EdgeAnswer> {
  try {
    const first = await exchange(api, question, 0);
    const offsetMs = first.clockOffsetMs ?? 0;
    const isDated = first.status === 401 && Math.abs(offsetMs) > CLOCK_TOLERANCE_MS;
    return answerFor(api, question, isDated ? await exchange(api, question, offsetMs) : first);
  } catch (error) {
    const problem = problemFor({ kind: "failed", problem: wordsFor(error) }, subjectOf(api, 0));
    return { kind: "problem", status: null, problem, clockOffsetMs: null };
  }
}

function answerFor(api: EdgeApi, { route }: EdgeQuestion, { status, text, clockOffsetMs }: Exchange): EdgeAnswer {
  const fault = (problem: string): EdgeAnswer => ({ kind: "problem", status, problem, clockOffsetMs });
  if (status !== 200) return fault(problemFor({ kind: "refused", status, dateMs: null }, subjectOf(api, 0)));
  const body = parseJsonText(text);
  if (body !== undefined) return { kind: "answer", body, clockOffsetMs };
  return fault(`What answers at ${api.url}/v1/${api.cluster}/${route} is not the edge: correct edge.url.`);
}

async function exchange(api: EdgeApi, { method, route, withinMs }: EdgeQuestion, offsetMs: number): Promise<Exchange> {
  const { url, cluster, key, env, now } = api;
  const token = signToken(key, { origin: url, cluster, issuedAtMs: now() + offsetMs, id: randomUUID() });
  const headers = { authorization: `Bearer ${token}`, accept: "application/json" };
  const signal = AbortSignal.timeout(withinMs);
  const call = { method, headers, env, signal, maxBytes: MAX_ANSWER_BYTES };
  const answer = await callHttp(`${url}/v1/${cluster}/${route}`, call, now);
  if (answer.body === undefined) throw new Error(`it answers with more than ${MAX_ANSWER_BYTES} bytes`);
  // What the edge did before it answered is not a difference of clocks.
  const clockOffsetMs = offsetFor(Date.parse(answer.headers.date ?? ""), answer.heardMs);
  return { status: answer.status, text: answer.body.toString("utf8"), clockOffsetMs };
}

// A date is cut to its second: on average half of one is missing.
function offsetFor(dateMs: number, heardMs: number): number | null {
  return Number.isNaN(dateMs) ? null : dateMs + 500 - heardMs;
}

function subjectOf({ url, cluster, key }: EdgeApi, clockOffsetMs: number) {
  return { url, cluster, publicKey: key.publicKey, clockOffsetMs };
}

function wordsFor(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  switch (code) {
    case "ABORT_ERR":
      return "no answer in time";
    case "ECONNREFUSED":
      return "nothing listens there (ECONNREFUSED)";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `its name cannot be looked up (${code})`;
    default:
      return (error.message || code || error.name).replace(/\.$/, "");
  }
}
