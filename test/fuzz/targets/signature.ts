/** `X-PagerDuty-Signature` against a reference that knows nothing of how ours is written. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { MAX_SIGNATURE_HEADER_CHARACTERS, verifySignature } from "../../../shared/signature.ts";
import { PREVIOUS_SECRET, SECRET, SIGNED } from "../../shared/fixtures.ts";
import { property, type Target } from "../target.ts";
import { mutatedBytes, mutatedText } from "../values/bytes.ts";
import { hostileText } from "../values/text.ts";

const SECRETS = [SECRET, PREVIOUS_SECRET, "", "short", "x".repeat(15), "x".repeat(16)] as const;

const raw = mutatedBytes(
  SIGNED.map((delivery) => delivery.raw),
  2,
);
const secrets = fc.subarray([...SECRETS]);

function macOf(bytes: Uint8Array, secret: string): string {
  return createHmac("sha256", secret).update(bytes).digest("hex");
}

/** Parts of a header, by what they are made of. */
function partFor(bytes: Uint8Array): fc.Arbitrary<string> {
  const mac = fc.constantFrom(...SECRETS).map((secret) => macOf(bytes, secret));
  return fc.oneof(
    mac.map((hex) => `v1=${hex}`),
    mac.map((hex) => ` \tv1=${hex} `),
    mac.map((hex) => `v1=${hex.toUpperCase()}`),
    mac.map((hex) => `v2=${hex}`),
    mac.map((hex) => `xv1=${hex}`),
    mac.map((hex) => `v1=${hex.slice(1)}`),
    mac.map((hex) => `v1=${hex}00`),
    mac.chain((hex) => mutatedText([`v1=${hex}`], 1)),
    hostileText,
  );
}

const asked = raw.chain((bytes) =>
  fc.record({
    raw: fc.constant(bytes),
    header: fc.array(partFor(bytes), { maxLength: 5 }).map((parts) => parts.join(",")),
    secrets,
  }),
);

/** Whether one part is exactly a signature under a secret that is long enough. */
function isValid(bytes: Uint8Array, header: string, live: readonly string[]): boolean {
  if (header.length > MAX_SIGNATURE_HEADER_CHARACTERS) return false;
  const right = live.filter(({ length }) => length >= 16).map((secret) => `v1=${macOf(bytes, secret)}`);
  return header.split(",").some((part) => right.includes(part.trim()));
}

export const signature: Target = {
  name: "signature",
  about: "the header X-PagerDuty-Signature",
  properties: () => [
    property("is valid exactly when one part is the MAC under a live secret", asked, ({ raw, header, secrets }) => {
      assert.equal(verifySignature(raw, header, secrets) === "valid", isValid(raw, header, secrets));
    }),
    property(
      "does not hold for other bytes than were signed",
      fc
        .constantFrom(...SIGNED)
        .chain(({ raw, header }) =>
          fc.record({ raw: mutatedBytes([raw], 3), signed: fc.constant(raw), header: fc.constant(header) }),
        ),
      ({ raw, signed, header }) => {
        const same = Buffer.compare(raw, signed) === 0;
        assert.equal(verifySignature(raw, header, [SECRET]), same ? "valid" : "unknown");
      },
    ),
    property(
      "whatever the header is, is judged",
      fc.oneof(hostileText, mutatedText(SIGNED.map(({ rotationHeader }) => rotationHeader))),
      (header) => {
        assert.notEqual(verifySignature(new Uint8Array(), header, [SECRET]), "valid");
      },
    ),
  ],
};
