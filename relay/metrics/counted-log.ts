/** A log whose warnings and errors are counted. */
import type { Logger } from "../../shared/log.ts";
import type { Counter } from "./instruments.ts";

/** The same log; `messages` counts by severity. */
export function countedLog(log: Logger, messages: Counter): Logger {
  const counted =
    (severity: "warn" | "error"): Logger["warn"] =>
    (...line) => {
      messages.add(severity);
      log[severity](...line);
    };
  return { ...log, warn: counted("warn"), error: counted("error") };
}
