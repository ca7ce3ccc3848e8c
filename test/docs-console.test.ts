/** Every console in the documents that is marked as run is run, on hosts with stand-ins around them. */
import { describe, expect, it } from "vitest";
import { PLAYED, type Played, play } from "./docs/play.ts";
import { isShown, steady } from "./docs/sameness.ts";

/** Longest that a group of documents may take on a busy machine, in ms; by itself the longer one takes some 15 s. */
const WITHIN_MS = 180_000;

/** What a console shows and what was printed instead, command by command, where they differ. */
function differencesIn({ shown, printed }: Played): unknown[] {
  return printed.flatMap(({ line, output }, index) => {
    const expected = shown[index]?.output ?? [];
    return isShown(expected, output) ? [] : [{ line, shown: expected.map(steady), printed: output.map(steady) }];
  });
}

describe.concurrent("what the documents show on a console", () => {
  it.each(PLAYED.map((documents) => ({ documents })))(
    "is what the commands print; if not, `node test/docs/rewrite.ts` corrects it: $documents",
    async ({ documents }) => {
      const blocks: Played[] = [];
      for await (const played of play(documents)) blocks.push(played);
      expect(new Set(blocks.map(({ document }) => document))).toEqual(new Set(documents));
      expect(blocks.flatMap(differencesIn)).toEqual([]);
    },
    WITHIN_MS,
  );
});
