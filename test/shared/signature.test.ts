import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { MAX_SIGNATURE_HEADER_CHARACTERS, MIN_SECRET_CHARACTERS, verifySignature } from "../../shared/signature.ts";
import { DELIVERIES, PREVIOUS_SECRET, SECRET, SIGNED } from "./fixtures.ts";

const RAW = new TextEncoder().encode('{"event":{}}');
const STRANGE = "0".repeat(64);

function signed(secret: string, raw = RAW): string {
  return `v1=${createHmac("sha256", secret).update(raw).digest("hex")}`;
}

describe.each(SIGNED)("verifySignature on $name", ({ raw, bytes, header, rotationHeader }) => {
  it("accepts the exact bytes under the current secret", () => {
    expect(raw.length).toBe(bytes);
    expect(verifySignature(raw, header, [SECRET])).toBe("valid");
  });

  it("does not know the current signature by the previous secret alone", () => {
    expect(verifySignature(raw, header, [PREVIOUS_SECRET])).toBe("unknown");
  });

  it.each([
    ["the current secret", [SECRET]],
    ["the previous secret", [PREVIOUS_SECRET]],
    ["both", [PREVIOUS_SECRET, SECRET]],
  ])("accepts the header of a rotation with %s", (_, secrets) => {
    expect(verifySignature(raw, rotationHeader, secrets)).toBe("valid");
  });

  it("refuses the bytes with one bit flipped anywhere", () => {
    for (let index = 0; index < raw.length; index++) {
      const flipped = Uint8Array.from(raw);
      flipped[index] = (raw[index] ?? 0) ^ 1;
      if (verifySignature(flipped, header, [SECRET]) !== "unknown") expect.fail(`byte ${index} may be flipped`);
    }
  });

  it("refuses one byte less, one more, and none", () => {
    for (const other of [raw.subarray(1), raw.subarray(0, -1), Uint8Array.of(...raw, 0x0a), new Uint8Array()]) {
      expect(verifySignature(other, header, [SECRET])).toBe("unknown");
    }
  });

  it("refuses the same JSON written another way", () => {
    const value: unknown = JSON.parse(new TextDecoder().decode(raw));
    const pretty = new TextEncoder().encode(JSON.stringify(value, null, 2));
    const escaped = new TextEncoder().encode(JSON.stringify(value).replace("{", '{"x":1,'));
    expect(verifySignature(pretty, header, [SECRET])).toBe("unknown");
    expect(verifySignature(escaped, header, [SECRET])).toBe("unknown");
  });

  it("refuses the signature of every other fixture", () => {
    const others = SIGNED.map((other) => other.header).filter((other) => other !== header);
    expect(others).toHaveLength(SIGNED.length - 1);
    expect(verifySignature(raw, others.join(), [SECRET])).toBe("unknown");
  });
});

describe("verifySignature", () => {
  it("has been tried on every fixture that PagerDuty signs", () => {
    expect(SIGNED.map(({ name }) => name).toSorted()).toEqual(DELIVERIES.filter((name) => name.startsWith("v3-")));
  });

  const good = signed(SECRET);
  const hex = good.slice(3);

  it.each([
    ["alone", good],
    ["after a foreign one", `v1=${STRANGE},${good}`],
    ["before a foreign one", `${good},v1=${STRANGE}`],
    ["with blanks and tabs around commas", `v1=${STRANGE} ,\t ${good} `],
    ["beside a version of the future", `v2=${hex},${good}`],
    ["beside rubbish", `,,=,v1=,v1=zz,${good},`],
  ])("accepts a signature %s", (_, header) => {
    expect(verifySignature(RAW, header, [SECRET])).toBe("valid");
  });

  it.each([
    ["missing", null],
    ["absent", undefined],
    ["empty", ""],
    ["of another version only", `v2=${hex}`],
    ["in upper case", `v1=${hex.toUpperCase()}`],
    ["with its version in upper case", `V1=${hex}`],
    ["without a version", hex],
    ["of an odd length", `v1=${hex.slice(1)}`],
    ["too short", `v1=${hex.slice(2)}`],
    ["too long", `v1=${hex}00`],
    ["not hexadecimal", `v1=${hex.slice(1)}g`],
    ["in full-width digits", `v1=${"０".repeat(64)}`],
    ["with a blank inside", `v1= ${hex}`],
    ["separated by a semicolon", `${good};${good}`],
    ["longer than a header may be", `${good},${" ".repeat(MAX_SIGNATURE_HEADER_CHARACTERS)}`],
  ])("calls a header malformed that is %s", (_, header) => {
    expect(verifySignature(RAW, header, [SECRET])).toBe("malformed");
  });

  it("takes no secret that is too short to be one, even when the signature is right", () => {
    for (const secret of ["", "x".repeat(MIN_SECRET_CHARACTERS - 1)]) {
      expect(verifySignature(RAW, signed(secret), [secret])).toBe("unknown");
    }
    const shortest = "x".repeat(MIN_SECRET_CHARACTERS);
    expect(verifySignature(RAW, signed(shortest), ["", shortest])).toBe("valid");
  });

  it("knows nothing without a secret", () => {
    expect(verifySignature(RAW, good, [])).toBe("unknown");
  });

  it("accepts a valid signature wherever it stands among others, and none without it", () => {
    const part = fc.oneof(
      fc.string({ maxLength: 20 }).filter((text) => !text.includes(",")),
      fc.stringMatching(/^v1=[0-9a-f]{64}$/),
      fc.stringMatching(/^v[02-9]=[0-9a-f]{64}$/),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), fc.nat(8), (parts, at) => {
        expect(verifySignature(RAW, parts.join(), [PREVIOUS_SECRET, SECRET])).not.toBe("valid");
        expect(verifySignature(RAW, parts.toSpliced(at, 0, good).join(" , "), [PREVIOUS_SECRET, SECRET])).toBe("valid");
      }),
    );
  });

  it("never throws, whatever the header and the bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: "binary" }), (raw, header) => {
        expect(verifySignature(raw, header, [SECRET])).not.toBe("valid");
      }),
    );
  });
});
