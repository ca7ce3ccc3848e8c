/** The environment that the relay's systemd unit gives it. */
import { readFileSync } from "node:fs";

const UNIT = new URL("../../../relay/install/files/teleport-pagerduty.service", import.meta.url);

/** The variables of the unit's `Environment=` lines. */
export function unitEnvironment(): Record<string, string> {
  const lines = readFileSync(UNIT, "utf8").matchAll(/^Environment=(\w+)=(\S*)$/gm);
  return Object.fromEntries([...lines].map(([, name = "", value = ""]) => [name, value]));
}
