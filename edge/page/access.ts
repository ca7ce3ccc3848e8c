/**
 * Cloudflare Access before the page: whether a request carries its assertion for this very application, signed by the
 * team's keys. Whatever cannot be verified lets nobody in.
 * Source: https://developers.cloudflare.com/cloudflare-one/identity/authorization-cookie/validating-json/
 */
import * as z from "zod/mini";
import { orElse } from "../../shared/values.ts";
import { signedPayload } from "../routes/signed-token.ts";

/** The header in which Access hands on who has signed in. */
export const ASSERTION_HEADER = "Cf-Access-Jwt-Assertion";

/** How long a team's keys are good for, in ms, and how soon they may be fetched again when none of them fits. */
export const KEYS_GOOD_MS = 60 * 60_000;
export const KEYS_AGAIN_MS = 60_000;

/** How long the keys may take to come, in ms. */
const KEYS_WITHIN_MS = 5_000;

/** Longest assertion that is looked at, in characters, and most keys of a team's that are tried. */
const MAX_ASSERTION_CHARACTERS = 8192;
const MAX_KEYS = 10;

/** How far a clock of Cloudflare's may differ from ours, in ms. */
const CLOCK_TOLERANCE_MS = 30_000;

export interface AccessOptions {
  readonly fetch: (url: string, init: { readonly signal: AbortSignal }) => Promise<Response>;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** The application that an assertion has to be for. */
export interface Application {
  /** The name before `.cloudflareaccess.com`. */
  readonly team: string;
  /** The application's audience tag. */
  readonly audience: string;
}

const keySetSchema = z.object({ keys: z.array(z.object({ kty: z.string(), n: z.string(), e: z.string() })) });
type Key = z.infer<typeof keySetSchema>["keys"][number];

const claimsSchema = z.object({
  iss: z.string(),
  aud: z.array(z.string()),
  exp: z.number(),
  nbf: orElse(z.number(), 0),
});

export class Access {
  readonly #options: AccessOptions;
  /** Each team's keys, and when they were last asked for. */
  readonly #known = new Map<string, { readonly atMs: number; readonly keys: readonly Key[] }>();

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  /** Whether an assertion stands for somebody whom Access has let through to this application. Never throws. */
  async admits(assertion: string | null, application: Application): Promise<boolean> {
    if (assertion === null || assertion.length > MAX_ASSERTION_CHARACTERS) return false;
    const issuer = `https://${application.team}.cloudflareaccess.com`;
    const payload =
      (await payloadUnder(await this.#keys(issuer, KEYS_GOOD_MS), assertion)) ??
      // Cloudflare changes its keys now and then.
      (await payloadUnder(await this.#keys(issuer, KEYS_AGAIN_MS), assertion));
    const claims = claimsSchema.safeParse(payload).data;
    if (claims === undefined || claims.iss !== issuer || !claims.aud.includes(application.audience)) return false;
    const nowMs = this.#options.now();
    return nowMs < claims.exp * 1000 && nowMs > claims.nbf * 1000 - CLOCK_TOLERANCE_MS;
  }

  async #keys(issuer: string, goodForMs: number): Promise<readonly Key[]> {
    const nowMs = this.#options.now();
    const known = this.#known.get(issuer);
    if (known !== undefined && nowMs - known.atMs < goodForMs) return known.keys;
    const keys = (await this.#fetched(issuer)) ?? known?.keys ?? [];
    this.#known.set(issuer, { atMs: nowMs, keys });
    return keys;
  }

  async #fetched(issuer: string): Promise<readonly Key[] | undefined> {
    try {
      const signal = AbortSignal.timeout(KEYS_WITHIN_MS);
      const answer = await this.#options.fetch(`${issuer}/cdn-cgi/access/certs`, { signal });
      return keySetSchema.safeParse(await answer.json()).data?.keys.slice(0, MAX_KEYS);
    } catch {
      return undefined;
    }
  }
}

async function payloadUnder(keys: readonly Key[], assertion: string): Promise<unknown> {
  for (const key of keys) {
    const payload = await signedPayload(assertion, "RS256", key);
    if (payload !== undefined) return payload;
  }
  return undefined;
}
