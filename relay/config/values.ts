/** The kinds of values that the configuration is made of, each with the sentence for a value that is not of its kind. */
import { isAbsolute } from "node:path";
import * as z from "zod";
import { MAX_LABEL_LENGTH } from "../../shared/values.ts";
import { parseDuration } from "./duration.ts";

const absolute = (path: string): boolean => isAbsolute(path) && !path.includes("\0");

/** What PagerDuty calls something of its own. */
export const label = z.string().max(MAX_LABEL_LENGTH, `must have at most ${MAX_LABEL_LENGTH} characters.`);

/** An absolute path. */
export const path = z.string().refine(absolute, 'must be an absolute path, such as "/etc/teleport-pagerduty/…".');

/** An absolute path, or empty for none. */
export const pathOrEmpty = z
  .string()
  .refine((text) => text === "" || absolute(text), 'must be an absolute path, or "".');

/** `host:port`, or `host` alone; an IPv6 address in brackets. */
export const hostAndPort = z.string().refine(isHostAndPort, 'must be host:port, such as "teleport.example.com:3025".');

function isHostAndPort(text: string): boolean {
  const match = /^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return false;
  const port = Number(match[2] ?? 1);
  return port >= 1 && port <= 65_535;
}

/**
 * An origin to which secrets may go: `https:`, or `http:` on loopback, where nobody else listens. A trailing slash is
 * dropped.
 */
export const origin = z.string().transform((text, context) => {
  const problem = originProblem(text);
  if (problem === undefined) return new URL(text).origin;
  context.issues.push({ code: "custom", message: problem, input: text });
  return z.NEVER;
});

function originProblem(text: string): string | undefined {
  const example = 'such as "https://teleport-pagerduty.example.workers.dev"';
  const url = URL.parse(text);
  if (url === null) return `must be a URL, ${example}.`;
  const isLoopback = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isLoopback)) {
    return `must begin with https:// (http:// only to this machine itself), ${example}.`;
  }
  if (url.username !== "" || url.password !== "") return "must not hold a user name or a password.";
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") return `must end after the host, ${example}.`;
  return undefined;
}

/** The name of a Teleport cluster, or empty. It becomes a part of a route, so it holds no slash. */
export const clusterOrEmpty = z.string().regex(/^[A-Za-z0-9._-]{0,255}$/, "must be the name of a Teleport cluster.");

/** A duration such as `10m`, of more than nothing, as milliseconds. */
export const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  context.issues.push({ code: "custom", message: 'must be a duration, such as "10m", "90s" or "1h30m".', input: text });
  return z.NEVER;
});

const USER_ID = /^[A-Z0-9][A-Z0-9_-]{3,63}$/;
const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** The id of a PagerDuty user. */
export const userId = z.string().regex(USER_ID, "must be a PagerDuty user ID, such as PABC123.");

/** Who may decide: an e-mail address, a PagerDuty user ID, `on-call`, or `*`. */
export const approver = z
  .string()
  .refine(
    (text) => text === "on-call" || text === "*" || USER_ID.test(text) || EMAIL.test(text),
    'must be an e-mail address, a PagerDuty user ID such as PABC123, "on-call", or "*".',
  );

/** Exact names of roles, or `*` alone. */
export const roles = z
  .array(z.string().min(1))
  .refine(
    (names) => !names.includes("*") || names.length === 1,
    '"*" already stands for every role: leave the others out.',
  )
  .refine(
    (names) => names.every((name) => name === "*" || !name.includes("*")),
    'takes exact names: only "*" alone stands for more than itself.',
  );

/** Teleport users: one name, or a list. */
export const teleportUsers = z
  .union([z.string().min(1), z.array(z.string().min(1)).min(1)], {
    error: 'must be a Teleport user, such as "alice", or a list of them.',
  })
  .transform((users) => (typeof users === "string" ? [users] : users));
