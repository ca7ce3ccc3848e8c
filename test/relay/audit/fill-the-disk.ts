/** Appends to an audit log until that fails, under whatever limit its parent has set; prints what it saw as JSON. */
import { AuditLog } from "../../../relay/audit.ts";
import { createLogger } from "../../../shared/log.ts";
import { intent } from "./records.ts";

const log = createLogger({ severity: "error", format: "text", now: () => 0, write: () => {} });
const audit = await AuditLog.open(process.argv[2] ?? "", log);
let written = 0;
let message = "";
while (message === "") {
  await audit.append(intent(written)).then(
    () => written++,
    (error: Error) => {
      message = error.message;
    },
  );
}
const again = await audit.append(intent(written)).catch((error: Error) => error.message);
console.log(JSON.stringify({ written, message, again }));
