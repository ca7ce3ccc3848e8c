import { describe, expect, it } from "vitest";
import { cutReason, MAX_REASON_BYTES } from "../../../relay/teleport/reason.ts";

const TAIL = " [pd:01ABCDEF]";

describe("cutReason", () => {
  it.each(["", "fine", "x".repeat(MAX_REASON_BYTES), "🙂".repeat(MAX_REASON_BYTES / 4)])(
    "leaves a reason that is short enough",
    (reason) => {
      expect(cutReason(reason)).toBe(reason);
    },
  );

  it.each(["x", "é", "€", "🙂", "a🙂"])("cuts %s… between characters and keeps its tail", (character) => {
    const cut = cutReason(character.repeat(5_000) + TAIL);
    expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(MAX_REASON_BYTES);
    expect(Buffer.byteLength(cut)).toBeGreaterThan(MAX_REASON_BYTES - 8);
    expect(cut.endsWith(`…${TAIL}`)).toBe(true);
    expect(cut).not.toContain("\ufffd");
  });

  it.each(["x".repeat(5_000), `${TAIL}${"x".repeat(5_000)}`, `[pd:${"x".repeat(5_000)}]`])(
    "cuts a reason without a tail that could be kept",
    (reason) => {
      const cut = cutReason(reason);
      expect(Buffer.byteLength(cut)).toBe(MAX_REASON_BYTES);
      expect(cut.endsWith("…")).toBe(true);
    },
  );
});
