/**
 * What outsiders get to see: every refusal with its status and words, and the headers of every answer. Why exactly a
 * caller was refused stays in the log.
 */

/** The methods of a route, as `Allow` names them. */
export type Allowed = "GET" | "POST" | "GET, POST";

/** Why a request is not carried out, as far as its sender may know. */
export type Refusal =
  | { readonly code: "not_found" }
  | { readonly code: "unauthorized" }
  | { readonly code: "misconfigured" }
  | { readonly code: "method_not_allowed"; readonly allow: Allowed }
  | { readonly code: "too_large" }
  | { readonly code: "unknown_signature" }
  | { readonly code: "upgrade_required" }
  | { readonly code: "too_many_requests" }
  | { readonly code: "unavailable" };

interface Words {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The one map from refusal to answer. PagerDuty waits 5 s for a 2xx; it keeps a delivery for 48 h on 5xx and 429, drops it
 * on any other 4xx, and switches the subscription off for 24 h after three drops in a row: so 401 is for what is not
 * PagerDuty's, and 503 for whatever is our own fault
 * (https://developer.pagerduty.com/docs/webhooks/webhook-behavior/).
 */
function wordsFor(refusal: Refusal): Words {
  switch (refusal.code) {
    case "not_found":
      return { status: 404, message: "There is nothing here." };
    case "unauthorized":
      return { status: 401, message: "Not authentic." };
    case "misconfigured":
      return { status: 503, message: "The configuration of this cluster is faulty; the edge's log names the faults." };
    case "method_not_allowed":
      return { status: 405, message: `Use ${refusal.allow.replace(", ", " or ")}.`, headers: { Allow: refusal.allow } };
    case "too_large":
      return { status: 413, message: "The body is too large." };
    case "unknown_signature":
      return { status: 503, message: "The signature was made with a secret that is not known here, or not yet." };
    case "upgrade_required":
      return {
        status: 426,
        message: "Upgrade to WebSocket.",
        headers: { Connection: "Upgrade", Upgrade: "websocket" },
      };
    case "too_many_requests":
      return { status: 429, message: "Too many requests.", headers: { "Retry-After": "60" } };
    case "unavailable":
      return { status: 503, message: "Not available at the moment; try again." };
  }
}

/** The answer to a request that is not carried out. */
export function refused(refusal: Refusal): Response {
  const { status, message, headers } = wordsFor(refusal);
  return Response.json({ error: { code: refusal.code, message } }, { status, ...(headers && { headers }) });
}

/** The answer to an authentic delivery, whatever comes of it, with all of its headers: each would cost a call to set. */
export function accepted(nowMs: number): Response {
  return new Response(null, { status: 202, headers: { ...SECURITY_HEADERS, Date: new Date(nowMs).toUTCString() } });
}

const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Cache-Control": "no-store",
  "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Referrer-Policy": "no-referrer",
  "Strict-Transport-Security": "max-age=31536000",
  "X-Content-Type-Options": "nosniff",
};

/**
 * Completes the headers of an answer, keeping those that it has; one that is dated has all of them. `Date` is among them
 * because a relay whose clock is wrong dates its next JWT by it (RFC 9110 section 6.6.1).
 */
export function completeHeaders(headers: Headers, nowMs: number): void {
  if (headers.has("Date")) return;
  for (const [name, value] of Object.entries(SECURITY_HEADERS)) {
    if (!headers.has(name)) headers.set(name, value);
  }
  headers.set("Date", new Date(nowMs).toUTCString());
}
