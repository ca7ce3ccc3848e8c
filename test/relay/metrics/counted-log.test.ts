import { expect, it } from "vitest";
import { countedLog } from "../../../relay/metrics/counted-log.ts";
import { Counter } from "../../../relay/metrics/instruments.ts";
import { createLogger } from "../../../shared/log.ts";

it("counts warnings and errors, and writes every line as it is", () => {
  const lines: string[] = [];
  const log = createLogger({ severity: "debug", format: "json", now: () => 0, write: (line) => void lines.push(line) });
  const messages = new Counter("log_messages_total", "Lines.", ["severity"]);
  const counted = countedLog(log, messages);
  for (const severity of ["error", "warn", "info", "debug", "warn"] as const)
    counted[severity]("a line", { requestId: "r1" });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject(
    ["error", "warn", "info", "debug", "warn"].map((severity) => ({ severity, message: "a line", requestId: "r1" })),
  );
  expect(messages.family.samples).toEqual([
    [[["severity", "error"]], 1],
    [[["severity", "warn"]], 2],
  ]);
});
