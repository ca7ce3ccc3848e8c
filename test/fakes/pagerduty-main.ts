/**
 * Runs the stand-in PagerDuty as a process of its own: `node test/fakes/pagerduty-main.ts '<JSON>'`.
 * Prints one line of JSON once it listens, and ends on SIGTERM or SIGINT. pagerduty/world.ts tells what the JSON may say.
 */
import { parseJson } from "./pagerduty/json.ts";
import { startWorld } from "./pagerduty/world.ts";

try {
  const { fake, report } = await startWorld(parseJson(process.argv[2] ?? "{}"));
  console.log(JSON.stringify(report));
  for (const signal of ["SIGTERM", "SIGINT"] as const)
    process.once(signal, () => void fake.stop().then(() => process.exit(0)));
} catch (fault) {
  console.error(fault instanceof Error ? fault.message : String(fault));
  process.exitCode = 2;
}
