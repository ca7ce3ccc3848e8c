/** Planted bugs: what both halves read in the same bytes. */
import { type Mutant, mutant } from "./mutant.ts";

export const SHARED: readonly Mutant[] = [
  mutant(
    "a command may stand anywhere in a note",
    "shared/click.ts",
    "const COMMAND = /^\\s*\\/(approve|deny)",
    "const COMMAND = /\\/(approve|deny)",
  ),
  mutant("commands are lower case", "shared/click.ts", "(?:\\s+([\\s\\S]*))?$/i;", "(?:\\s+([\\s\\S]*))?$/;"),
  mutant(
    "deny means approve",
    "shared/click.ts",
    'match[1]?.toLowerCase() === "approve" ? "approve" : "deny"',
    '"approve"',
  ),
  mutant(
    "whoever resolves denies",
    "shared/click.ts",
    'if (decisions.onResolve !== "deny" || !event.isBare)',
    "if (!event.isBare)",
  ),
  mutant(
    "whoever merges denies",
    "shared/click.ts",
    'if (decisions.onResolve !== "deny" || !event.isBare)',
    'if (decisions.onResolve !== "deny")',
  ),
];
