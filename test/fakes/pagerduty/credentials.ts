/**
 * Who calls the REST API: account keys, user keys, and scoped OAuth apps with tokens that end.
 * Also whose name a write goes under, which is where `From` counts. Never answers a request itself.
 */
import { randomBytes } from "node:crypto";
import type { Account } from "./account.ts";
import type { Actor } from "./records.ts";
import { FORBIDDEN, FROM_MISSING, REQUESTER_NOT_FOUND, type Refusal, UNAUTHORIZED } from "./refusals.ts";

/** A known caller. `bucket` is what the rate limit counts under; `scopes` null allows everything. */
export type Caller = {
  readonly kind: "account" | "user" | "app";
  readonly bucket: string;
  readonly userId: string | null;
  readonly readOnly: boolean;
  readonly scopes: ReadonlySet<string> | null;
};

/** A scoped OAuth app. */
export type App = {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly scopes: readonly string[];
  readonly lifetimeSeconds: number;
};

/** The answer of POST /oauth/token. */
export type TokenAnswer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

/** All credentials of an account. */
export class Credentials {
  readonly #account: Account;
  readonly #callers = new Map<string, Caller>();
  readonly #apps = new Map<string, App>();
  readonly #tokens = new Map<string, { readonly caller: Caller; readonly endsMs: number }>();

  constructor(account: Account) {
    this.#account = account;
  }

  /** A key for the whole account, which writes as whomever `From` names. */
  addAccountKey(key: string = randomBytes(10).toString("hex"), options: { readOnly?: boolean } = {}): string {
    const readOnly = options.readOnly ?? false;
    this.#callers.set(key, { kind: "account", bucket: `key ${key}`, userId: null, readOnly, scopes: null });
    return key;
  }

  /** A key of one user, who is the author of every write with it. All keys of a user share a rate limit. */
  addUserKey(userId: string, key: string = `u+${randomBytes(9).toString("hex")}`): string {
    this.#callers.set(key, { kind: "user", bucket: `user ${userId}`, userId, readOnly: false, scopes: null });
    return key;
  }

  addApp(app: App): void {
    this.#apps.set(app.clientId, app);
  }

  /** Ends a key, an app and its tokens, or one token. */
  revoke(credential: string): void {
    this.#callers.delete(credential);
    this.#apps.delete(credential);
    for (const [token, { caller }] of this.#tokens)
      if (token === credential || caller.bucket === `app ${credential}`) this.#tokens.delete(token);
  }

  /** Client credentials → a bearer token. Scopes that the app lacks are left out of the answer's `scope`. */
  grant(form: URLSearchParams): TokenAnswer {
    if (form.get("grant_type") !== "client_credentials") return oauthError(400, "unsupported_grant_type");
    const app = this.#apps.get(form.get("client_id") ?? "");
    if (app === undefined || app.clientSecret !== form.get("client_secret")) return oauthError(401, "invalid_client");
    const { region, subdomain } = this.#account.options;
    const as = `as_account-${region}.${subdomain}`;
    const asked = (form.get("scope") ?? "").split(" ").filter((scope) => scope !== "");
    if (!asked.includes(as)) return oauthError(400, "invalid_scope");
    const scopes = asked.filter((scope) => app.scopes.includes(scope));
    const caller: Caller = {
      kind: "app",
      bucket: `app ${app.clientId}`,
      userId: null,
      readOnly: false,
      scopes: new Set(scopes),
    };
    const token = `pdus+_${randomBytes(24).toString("base64url")}`;
    this.#tokens.set(token, { caller, endsMs: this.#account.now + app.lifetimeSeconds * 1000 });
    const body = {
      access_token: token,
      token_type: "bearer",
      expires_in: app.lifetimeSeconds,
      scope: [as, ...scopes].join(" "),
    };
    return { status: 200, body };
  }

  /** Reads the Authorization header; unknown and ended credentials get 401 and code 2006. */
  identify(authorization: string | undefined): Caller | Refusal {
    const key = /^Token token=(.+)$/.exec(authorization ?? "")?.[1];
    if (key !== undefined) return this.#callers.get(key) ?? UNAUTHORIZED;
    const bearer = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
    const token = bearer === undefined ? undefined : this.#tokens.get(bearer);
    if (token === undefined || token.endsMs <= this.#account.now) return UNAUTHORIZED;
    return token.caller;
  }
}

function oauthError(status: number, error: string): TokenAnswer {
  return { status, body: { error } };
}

/** Whether a caller may do this at all: read-only keys do not write, apps need the scope. */
export function permit(caller: Caller, method: string, scope: string | null): Refusal | undefined {
  if (caller.readOnly && method !== "GET") return FORBIDDEN;
  if (scope !== null && caller.scopes !== null && !caller.scopes.has(scope)) return FORBIDDEN;
  return undefined;
}

/** Whose name a write goes under: a user key's user, else the user that `From` names. */
export function writerFor(account: Account, caller: Caller, from: string | undefined): Actor | Refusal {
  if (caller.userId !== null) return account.actorFor(caller.userId, "api");
  if (from === undefined || from.trim() === "") return FROM_MISSING;
  const user = account.userByEmail(from.trim());
  return user === undefined ? REQUESTER_NOT_FOUND : account.actorFor(user.id, "api");
}

/** The same where `From` is not a parameter: without a user of its own the caller is automation. */
export function writerWithoutFrom(account: Account, caller: Caller): Actor {
  if (caller.userId !== null) return account.actorFor(caller.userId, "api");
  return { agent: null, userId: null, channel: "api" };
}
