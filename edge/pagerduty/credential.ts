/**
 * The `Authorization` of a call: an API key as it is, or a token of a scoped OAuth app, granted for its client credentials
 * and renewed before it ends. Only one grant is ever under way.
 * Source: https://developer.pagerduty.com/docs/app-integration-development/OAuth-functionality/.
 */
import * as z from "zod/mini";
import { parseJsonBytes } from "../../shared/bytes.ts";
import { nonEmptySchema } from "../../shared/values.ts";
import type { PagerDutyAccount } from "../config/cluster-config.ts";
import { answerTo, type Message, type Way } from "./call.ts";
import { faultForAnswer, faultForSilence, PagerDutyError } from "./error.ts";

/** Where tokens are granted, for every region. */
const TOKEN_URL = "https://identity.pagerduty.com/oauth/token";

/** What the edge does with a token; a scope that the app lacks shows as `forbidden` when it is needed. */
const SCOPES = [
  "abilities.read",
  "incidents.read",
  "incidents.write",
  "oncalls.read",
  "priorities.read",
  "services.read",
  "users.read",
  "webhook_subscriptions.read",
  "webhook_subscriptions.write",
] as const;

/** How long before its end a token is no longer used, in ms: more than any call takes. */
const RENEW_BEFORE_MS = 60_000;

/** Largest answer to a grant that is read, in bytes. */
const MAX_GRANT_BYTES = 64 * 1024;

const CALL = "POST /oauth/token";

const grantSchema = z.object({ access_token: nonEmptySchema, expires_in: z.number().check(z.positive()) });

interface Token {
  readonly authorization: string;
  readonly renewAtMs: number;
}

export class Credential {
  readonly #account: PagerDutyAccount;
  readonly #now: () => number;
  readonly #way: Way;
  #token: Token | undefined;
  #granting: Promise<Token> | undefined;

  /** `now`: ms since the epoch. */
  constructor(account: PagerDutyAccount, now: () => number, way: Way) {
    this.#account = account;
    this.#now = now;
    this.#way = way;
  }

  /** The header's value, granted first when there is no token, or none that lasts. */
  async authorization(): Promise<string> {
    const { credentials } = this.#account;
    if (credentials.kind === "api_key") return `Token token=${credentials.apiKey}`;
    if (this.#token !== undefined && this.#token.renewAtMs > this.#now()) return this.#token.authorization;
    this.#granting ??= this.#grant(credentials).finally(() => {
      this.#granting = undefined;
    });
    this.#token = await this.#granting;
    return this.#token.authorization;
  }

  /** Drops a value that PagerDuty refused; false when there is no other to be had. */
  forget(authorization: string): boolean {
    if (this.#account.credentials.kind === "api_key") return false;
    if (this.#token?.authorization === authorization) this.#token = undefined;
    return true;
  }

  async #grant(credentials: { clientId: string; clientSecret: string; subdomain: string }): Promise<Token> {
    const { region, apiUrl } = this.#account;
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      scope: [`as_account-${region}.${credentials.subdomain}`, ...SCOPES].join(" "),
    });
    const url = apiUrl === null ? TOKEN_URL : `${apiUrl}/oauth/token`;
    const { access_token, expires_in } = await this.#exchange(
      { url, method: "POST", body: form },
      credentials.clientSecret,
    );
    // A token that lives less than twice the margin is used for half its life.
    const lifeMs = expires_in * 1000;
    const renewAtMs = this.#now() + Math.max(lifeMs - RENEW_BEFORE_MS, lifeMs / 2);
    return { authorization: `Bearer ${access_token}`, renewAtMs };
  }

  async #exchange(message: Message, secret: string): Promise<z.infer<typeof grantSchema>> {
    const calling = { name: CALL, write: false, maxBytes: MAX_GRANT_BYTES };
    const { response, body = new Uint8Array() } = await answerTo(message, calling, this.#way);
    if (!response.ok) {
      const fault = faultForAnswer(response.status, body, { write: false, retryAfterMs: null, secret });
      // A grant that is refused, RFC 6749 has it 400, is a credential that is not accepted: nothing works without it.
      throw new PagerDutyError(CALL, fault.retryable ? fault : { ...fault, code: "unauthorized" });
    }
    const grant = grantSchema.safeParse(parseJsonBytes(body)).data;
    if (grant === undefined) throw new PagerDutyError(CALL, faultForSilence("unreadable", false));
    return grant;
  }
}
