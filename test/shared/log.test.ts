import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createLogger, LOG_SEVERITIES, type LogFields, type LogSeverity } from "../../shared/log.ts";

function logged(format: "text" | "json", message: string, fields?: LogFields): string {
  const lines: string[] = [];
  const write = (line: string) => void lines.push(line);
  createLogger({ severity: "info", format, now: () => 0, write }).info(message, fields);
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

const HEAD = "1970-01-01T00:00:00.000Z INFO ";

describe("createLogger", () => {
  it.each(LOG_SEVERITIES.map((severity, index) => [severity, index + 1] as const))(
    "at %s writes the %i most urgent severities",
    (severity, count) => {
      const lines: string[] = [];
      const log = createLogger({ severity, format: "text", now: () => 0, write: (line) => lines.push(line) });
      for (const each of LOG_SEVERITIES) log[each](each);
      expect(lines.map((line) => line.split(/ +/)[2])).toEqual(LOG_SEVERITIES.slice(0, count));
    },
  );

  it("dates each line by the clock that it was given", () => {
    let nowMs = 0;
    const lines: string[] = [];
    const write = (line: string) => void lines.push(line);
    const log = createLogger({ severity: "info", format: "text", now: () => nowMs, write });
    nowMs = 1_773_220_572_903;
    log.warn("x");
    expect(lines).toEqual(["2026-03-11T09:16:12.903Z WARN  x"]);
  });
});

describe("a line of text", () => {
  it.each<[LogFields, string]>([
    [{}, ""],
    [{ requestId: "0199b2d4", count: 3, ok: true, none: null }, " requestId=0199b2d4 count=3 ok=true none=null"],
    [{ missing: undefined }, ""],
    [
      { text: "two words", empty: "", quote: 'a"b', pair: "a=b" },
      ' text="two words" empty="" quote="a\\"b" pair="a=b"',
    ],
    [{ text: "a\nb\u001b[31m" }, ' text="a\\nb\\u001b[31m"'],
    [{ text: "a\u009b31m\u202eb\u2028" }, ' text="a\\u{9b}31m\\u{202e}b\\u{2028}"'],
  ])("writes %j", (fields, tail) => {
    expect(logged("text", "x", fields)).toBe(`${HEAD} x${tail}`);
  });

  it("keeps a message on its line, and nothing in it for a terminal to act on", () => {
    expect(logged("text", "a\r\nb\tc\u001b]0;x\u0007")).toBe(`${HEAD} a b c\\u{1b}]0;x\\u{7}`);
  });
});

describe("a line of JSON", () => {
  it("holds time, severity and message, which no field can take the place of", () => {
    const line = logged("json", "x", { message: "other", time: "other", severity: "error", requestId: "r" });
    expect(JSON.parse(line)).toEqual({
      time: "1970-01-01T00:00:00.000Z",
      severity: "info",
      message: "x",
      requestId: "r",
    });
  });
});

describe.each(["text", "json"] as const)("a log as %s", (format) => {
  const CANARY = "CANARY-5f0c7a2e";

  it.each([
    "secret",
    "webhookSecrets",
    "action_token",
    "adminToken",
    "password",
    "passphrase",
    "Authorization",
    "apiKey",
    "api_key",
    "privateKey",
    "X-PagerDuty-Signature",
    "cookie",
    "credential",
  ])("never writes what stands under %s", (key) => {
    expect(logged(format, "x", { [key]: CANARY })).not.toContain(CANARY);
    expect(logged(format, "x", { [key.toUpperCase()]: CANARY })).toContain("[redacted]");
  });

  it.each(["requestId", "incidentId", "clickId", "instance", "relayKey", "problem"])(
    "writes what stands under %s",
    (key) => {
      expect(logged(format, "x", { [key]: CANARY })).toContain(CANARY);
    },
  );

  it("has exactly one line, whatever is logged", () => {
    const value = fc.oneof(fc.string({ unit: "binary" }), fc.double(), fc.boolean(), fc.constant(null));
    const severity = fc.constantFrom<LogSeverity>(...LOG_SEVERITIES);
    fc.assert(
      fc.property(
        severity,
        fc.string({ unit: "binary" }),
        fc.dictionary(fc.string(), value),
        (level, message, fields) => {
          const lines: string[] = [];
          const write = (line: string) => void lines.push(line);
          createLogger({ severity: "trace", format, now: () => 0, write })[level](message, {
            value: message,
            ...fields,
          });
          expect(lines).toHaveLength(1);
          if (format === "json") JSON.parse(lines[0] ?? "");
        },
      ),
    );
  });

  it("has no line break in its message or values", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(logged(format, text, { text })).not.toMatch(/[\r\n]/);
        if (format === "text") expect(logged(format, text, { text })).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
