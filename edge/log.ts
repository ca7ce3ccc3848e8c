/** The edge's log: JSON lines on the console, which Cloudflare collects and plain workerd prints. */
import { createLogger, type Logger } from "../shared/log.ts";

export const log: Logger = createLogger({
  severity: "info",
  format: "json",
  now: () => Date.now(),
  write: (line) => console.log(line),
});
