/**
 * What can go wrong when PagerDuty is called, decided once: which fault it is, whether trying again can help, and whether
 * the effect may have happened all the same. Messages never hold a credential.
 */
import * as z from "zod/mini";
import { parseJsonBytes } from "../../shared/bytes.ts";
import { orElse } from "../../shared/values.ts";

/**
 * `rate_limited` 429; `unavailable` 408, 5xx or no connection; `timeout` no whole answer in time; `unauthorized` 401;
 * `missing_ability` 402; `forbidden` 403; `not_found` 404; `conflict` 409; `invalid` any other 4xx; `unreadable` an answer
 * that is not what PagerDuty documents, a redirect, or one too large.
 */
export type PagerDutyErrorCode =
  | "rate_limited"
  | "unavailable"
  | "timeout"
  | "unauthorized"
  | "missing_ability"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "invalid"
  | "unreadable";

/** Everything that a {@link PagerDutyError} tells beside its message. */
export interface PagerDutyFault {
  readonly code: PagerDutyErrorCode;
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** `error.code` of PagerDuty's body, such as 2001; null when it gave none. */
  readonly pagerdutyCode: number | null;
  /** `error.message` and `error.errors` of PagerDuty's body, one line. */
  readonly detail: string;
  /** Whether the same call can succeed later without anybody mending anything. */
  readonly retryable: boolean;
  /** How long PagerDuty asks to wait (`ratelimit-reset`); null when it did not say. */
  readonly retryAfterMs: number | null;
  /** Whether a write may have taken effect although no answer said so; always false for reads. */
  readonly mayHaveHappened: boolean;
}

/** A call to PagerDuty that did not do what it should. */
export class PagerDutyError extends Error implements PagerDutyFault {
  declare readonly code: PagerDutyErrorCode;
  declare readonly status: number | null;
  declare readonly pagerdutyCode: number | null;
  declare readonly detail: string;
  declare readonly retryable: boolean;
  declare readonly retryAfterMs: number | null;
  declare readonly mayHaveHappened: boolean;

  constructor(call: string, fault: PagerDutyFault, cause?: unknown) {
    super(sentenceFor(call, fault), { cause });
    this.name = "PagerDutyError";
    Object.assign(this, fault);
  }
}

/** Whether what was thrown is one, by its name: a module that is loaded apart has a class of its own. */
export function isPagerDutyError(error: unknown): error is PagerDutyError {
  return error instanceof Error && error.name === "PagerDutyError";
}

/**
 * Whether PagerDuty will not do this one thing until somebody mends something, so that going on without it is better than
 * waiting. A credential that is not accepted is no such refusal: nothing works without it.
 */
export function isRefused(error: unknown): error is PagerDutyError {
  return error instanceof PagerDutyError && !error.retryable && error.code !== "unauthorized";
}

function sentenceFor(call: string, { code, status, pagerdutyCode, detail }: PagerDutyFault): string {
  const refuses = code === "unauthorized" ? " refuses our key:" : "";
  const numbers = [status, pagerdutyCode].filter((number) => number !== null).join("/");
  const said = detail === "" ? "" : `: ${detail}`;
  return `PagerDuty${refuses} ${call}: ${code}${numbers === "" ? "" : ` (${numbers})`}${said}`;
}

/** Longest part of PagerDuty's own words that is kept, in characters. */
const MAX_DETAIL_CHARACTERS = 500;

const errorBodySchema = z.object({
  error: z.object({
    message: orElse(z.string(), ""),
    code: orElse(z.number(), null),
    errors: orElse(z.array(z.string()), []),
  }),
});

/**
 * The fault that an answer other than 2xx is. `write` says whether the call was to change anything; `secret` is what the
 * call was signed in with, and is taken out of the answer's words, which may repeat it.
 */
export function faultForAnswer(
  status: number,
  body: Uint8Array,
  { write, retryAfterMs, secret }: { write: boolean; retryAfterMs: number | null; secret: string },
): PagerDutyFault {
  const error = errorBodySchema.safeParse(parseJsonBytes(body)).data?.error;
  const code = codeForStatus(status);
  const said = [error?.message ?? "", ...(error?.errors ?? [])].filter(Boolean).join("; ");
  return {
    code,
    status,
    pagerdutyCode: error?.code ?? null,
    detail: said.replaceAll(secret, "…").slice(0, MAX_DETAIL_CHARACTERS),
    retryable: RETRYABLE[code],
    retryAfterMs: code === "rate_limited" || code === "unavailable" ? retryAfterMs : null,
    mayHaveHappened: write && (code === "unavailable" || code === "unreadable"),
  };
}

/** The fault that no answer, or one that cannot be read, is. */
export function faultForSilence(code: "unavailable" | "timeout" | "unreadable", write: boolean): PagerDutyFault {
  return { ...faultWithoutAnswer(code), mayHaveHappened: write };
}

/** The fault that a call is which the account's rate does not allow yet; nothing is sent. */
export function faultForHaste(retryAfterMs: number): PagerDutyFault {
  const detail = "the account's rate allows no more calls at this moment";
  return { ...faultWithoutAnswer("rate_limited"), detail, retryAfterMs };
}

/** The fault that an id which PagerDuty never gives is; nothing is sent for it. */
export function faultForUnknownId(): PagerDutyFault {
  return { ...faultWithoutAnswer("not_found"), detail: "not an id of PagerDuty's" };
}

function faultWithoutAnswer(code: PagerDutyErrorCode): PagerDutyFault {
  const nothing = { status: null, pagerdutyCode: null, detail: "", retryAfterMs: null, mayHaveHappened: false };
  return { code, ...nothing, retryable: RETRYABLE[code] };
}

function codeForStatus(status: number): PagerDutyErrorCode {
  if (status < 400) return "unreadable";
  if (status >= 500) return "unavailable";
  return CODE_FOR_STATUS[status] ?? "invalid";
}

const CODE_FOR_STATUS: Readonly<Record<number, PagerDutyErrorCode>> = {
  401: "unauthorized",
  402: "missing_ability",
  403: "forbidden",
  404: "not_found",
  408: "unavailable",
  409: "conflict",
  429: "rate_limited",
};

const RETRYABLE = {
  rate_limited: true,
  unavailable: true,
  timeout: true,
  conflict: true,
  unreadable: true,
  unauthorized: false,
  missing_ability: false,
  forbidden: false,
  not_found: false,
  invalid: false,
} as const satisfies Record<PagerDutyErrorCode, boolean>;

/** Every one of them. */
export const PAGERDUTY_ERROR_CODES = Object.keys(RETRYABLE);
