/** One run of `migrate`: a file of the Go plugin in, our configuration and what to look after out. */
import { readFileSync } from "node:fs";
import type { ExitCode, Terminal } from "../command.ts";
import { readOldConfig } from "./old-config.ts";
import { migrationFor } from "./write.ts";

export interface MigrateOutput {
  readonly asJson: boolean;
  readonly terminal: Pick<Terminal, "stdout" | "stderr">;
}

/** Migrates one file: 1 when it cannot be read, 2 when it is none of the plugin's. Never throws. */
export function runMigrate(file: string, { asJson, terminal: { stdout, stderr } }: MigrateOutput): ExitCode {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    stderr(`${file} cannot be read (${error instanceof Error && "code" in error ? error.code : String(error)}).\n`);
    return 1;
  }
  const reading = readOldConfig(text);
  if (reading.kind === "fault") {
    stderr(`${file} ${reading.problem}.\n`);
    return 2;
  }
  const migration = migrationFor(reading.config, file);
  if (asJson) {
    stdout(`${JSON.stringify(migration, null, 2)}\n`);
    return 0;
  }
  stdout(migration.toml);
  for (const warning of migration.warnings) stderr(`${warning}\n`);
  return 0;
}
