/** How the relay stands, in the one line that `systemctl status` shows. Pure. */

/** Each is null when it stands, a sentence when it does not, and undefined before it has been tried. */
export interface Standing {
  readonly edge: string | null | undefined;
  readonly watch: string | null | undefined;
}

/** As a relay begins. */
export const NOTHING_STANDS: Standing = { edge: undefined, watch: undefined };

/** The line, without a line break. */
export function statusFor({ edge, watch }: Standing): string {
  const link = phraseFor(edge, ["connecting to the edge", "linked to the edge", "no link to the edge"]);
  const watching = phraseFor(watch, ["connecting to Teleport", "watching Teleport", "not watching Teleport"]);
  const line = `${watching}; ${link}`;
  return `${line.charAt(0).toUpperCase()}${line.slice(1)}`.replace(/\s+/g, " ");
}

function phraseFor(problem: string | null | undefined, words: readonly [string, string, string]): string {
  if (problem === undefined) return words[0];
  return problem === null ? words[1] : `${words[2]}: ${problem.replace(/\.$/, "")}`;
}
