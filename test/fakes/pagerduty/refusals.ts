/**
 * PagerDuty's refusals as values, with their HTTP status, code and errors.
 * Codes and texts follow the REST v2 documentation and what clients of it have published. Never thrown.
 */

/** One answer of the form `{"error":{message,code,errors}}`. */
export type Refusal = {
  readonly kind: "refusal";
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly errors: readonly string[];
};

/** Makes a refusal. */
export function refuse(status: number, code: number, message: string, errors: readonly string[] = []): Refusal {
  return { kind: "refusal", status, code, message, errors };
}

/** Tells a refusal from whatever else an operation returns. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "refusal";
}

/** 400, code 2001: something in the request cannot be accepted. */
export function invalidInput(...errors: readonly string[]): Refusal {
  return refuse(400, 2001, "Invalid Input Provided", errors);
}

/** The body of a refusal; `errors` is left out when there are none. */
export function errorBodyFor(refusal: Refusal): { error: Record<string, unknown> } {
  const { message, code, errors } = refusal;
  return { error: errors.length > 0 ? { message, code, errors } : { message, code } };
}

/** No such resource, or no such path. */
export const NOT_FOUND = refuse(404, 2100, "Not Found");
/** No credential, an unknown one, or one that has expired. */
export const UNAUTHORIZED = refuse(401, 2006, "Authentication failed");
/** A read-only key that writes, or an app without the scope. */
export const FORBIDDEN = refuse(403, 2010, "Access Denied");
/** The rate limit of the credential is used up. */
export const RATE_LIMITED = refuse(429, 2020, "Rate Limit Exceeded");
/** PUT with `resolved` on a resolved incident. */
export const ALREADY_RESOLVED = refuse(400, 1001, "Incident Already Resolved");
/** `From` is the address of no user. */
export const REQUESTER_NOT_FOUND = refuse(400, 1008, "Requester User Not Found");
/** An open incident on the service has the key. */
export const DUPLICATE_KEY = refuse(400, 2002, "Arguments Caused Error", [
  "Open incident with matching dedup key already exists on this service",
]);
/** A write with an account key or an app lacks `From`. */
export const FROM_MISSING = refuse(
  400,
  2001,
  `You must specify a user's email address in the "From" header when making this request`,
);
/** What a write without `Content-Type: application/json` is told, misleading as it is. */
export const NOT_JSON = invalidInput("params must be a Hash");
