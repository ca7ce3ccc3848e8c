/**
 * What an admin may write about a cluster: its table in `CLUSTERS` and its object in `CLUSTER_SECRETS`. Unknown keys are
 * faults. Cross-checks look at what is there even when a key beside them is wrong, so that all faults show at once.
 */
import * as z from "zod/mini";
import { MIN_SECRET_CHARACTERS } from "../../shared/signature.ts";

/** Days that a request is kept unless the configuration says otherwise, and the most that it may say. */
const DEFAULT_RETAIN_DAYS = 30;
const MAX_RETAIN_DAYS = 3650;

/** Longest text that is free, and longest secret, in UTF-16 units. */
const MAX_TEXT_CHARACTERS = 255;
const MAX_SECRET_CHARACTERS = 512;

// 32 bytes in base64url without padding: the last character carries four bits, and its other two are zero.
const PUBLIC_KEY = /^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;
const EMAIL = /^[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+$/;
const PAGERDUTY_ID = /^[\w-]{1,64}$/;
const SUBDOMAIN = /^[A-Za-z0-9-]{1,63}$/;
const TEAM = /^[A-Za-z0-9-]{0,63}$/;
// What can stand in a header and what somebody would paste.
const PRINTABLE = /^[\x21-\x7e]*$/;

const text = z.string().check(z.maxLength(MAX_TEXT_CHARACTERS, `must have at most ${MAX_TEXT_CHARACTERS} characters`));

const textLike = (pattern: RegExp, otherwise: string) => z.string().check(z.regex(pattern, otherwise));

const RETAIN_DAYS_RANGE = `must be a whole number from 1 to ${MAX_RETAIN_DAYS}`;

/** What stands under a cluster's name in `CLUSTERS`. */
export const clusterEntrySchema = z.strictObject({
  relay_public_keys: z
    .array(textLike(PUBLIC_KEY, "must be an Ed25519 public key: 43 characters of base64url"))
    .check(z.minLength(1, "must hold one key or more")),
  service_id: textLike(PAGERDUTY_ID, "must be the ID of a PagerDuty service, such as PIJ90N7"),
  user_email: text.check(z.regex(EMAIL, "must be an e-mail address")),
  region: z._default(z.enum(["us", "eu"], 'must be "us" or "eu"'), "us"),
  urgency: z._default(z.enum(["", "high", "low"], 'must be "high", "low" or ""'), ""),
  priority: z._default(text, ""),
  retain_days: z._default(
    z.int(RETAIN_DAYS_RANGE).check(z.minimum(1, RETAIN_DAYS_RANGE), z.maximum(MAX_RETAIN_DAYS, RETAIN_DAYS_RANGE)),
    DEFAULT_RETAIN_DAYS,
  ),
  access: z._default(
    z
      .strictObject({ team: textLike(TEAM, "must be the name before .cloudflareaccess.com"), audience: text })
      .check(z.refine(({ team, audience }) => (team === "") === (audience === ""), "team and audience go together")),
    { team: "", audience: "" },
  ),
});

/** A secret that PagerDuty issues and judges itself. */
const issuedSecret = z
  .string()
  .check(
    z.minLength(1, "must not be empty"),
    z.maxLength(MAX_SECRET_CHARACTERS, `must have at most ${MAX_SECRET_CHARACTERS} characters`),
    z.regex(PRINTABLE, "must be printable ASCII without spaces"),
  );

/** A secret that somebody else has to show, so that guessing it must be hopeless. */
const secret = issuedSecret.check(
  z.minLength(MIN_SECRET_CHARACTERS, `must have ${MIN_SECRET_CHARACTERS} characters or more`),
);

type Present = Partial<Record<"api_key" | "oauth" | "webhook_secrets" | "gate_token", unknown>>;

const whatever = { when: ({ value }: { value: unknown }) => typeof value === "object" && value !== null };

/** What stands under a cluster's name in `CLUSTER_SECRETS`. */
export const clusterSecretsSchema = z
  .strictObject({
    api_key: z.optional(issuedSecret),
    oauth: z.optional(
      z.strictObject({
        client_id: issuedSecret,
        client_secret: issuedSecret,
        subdomain: textLike(SUBDOMAIN, "must be the account's subdomain"),
      }),
    ),
    webhook_secrets: z.optional(z.array(secret).check(z.minLength(1, "must hold one secret or more, or be left out"))),
    gate_token: z.optional(secret),
    action_tokens: z.optional(
      z
        .strictObject({ approve: secret, deny: secret })
        .check(z.refine(({ approve, deny }) => approve !== deny, "approve and deny must differ")),
    ),
    admin_token: z.optional(secret),
  })
  .check(
    z.refine(({ api_key, oauth }: Present) => (api_key === undefined) !== (oauth === undefined), {
      ...whatever,
      error: "either api_key or oauth is required, and not both",
    }),
    z.refine(({ webhook_secrets, gate_token }: Present) => webhook_secrets !== undefined || gate_token !== undefined, {
      ...whatever,
      error: "webhook_secrets or gate_token is required",
    }),
  );
