/**
 * `node test/docs/rewrite.ts` plays the documents and writes into each console what its commands printed, where that is not
 * what it shows. Read what has changed before you keep it.
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandsIn, consoleOf } from "./blocks.ts";
import { PLAYED, type Played, play, textOf } from "./play.ts";
import { isShown } from "./sameness.ts";

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

/** A console as it should be: each command with what it printed, unless what stands there is that already. */
function correctedConsole({ block, printed }: Played): string {
  const shown = commandsIn(block);
  return consoleOf(
    printed.map((now, index) => {
      const before = shown[index];
      return before !== undefined && isShown(before.output, now.output) ? before : now;
    }),
  );
}

for (const group of PLAYED) {
  const corrections = new Map<string, Played[]>();
  for await (const played of play(group)) {
    corrections.set(played.document, [...(corrections.get(played.document) ?? []), played]);
  }
  for (const [document, blocks] of corrections) {
    const text = await textOf(document);
    // From the last to the first, so that the places of those before stay right.
    const corrected = blocks.reduceRight((current, played) => {
      const { offset, text: old } = played.block;
      return current.slice(0, offset) + correctedConsole(played) + current.slice(offset + old.length);
    }, text);
    if (corrected === text) continue;
    await writeFile(join(PROJECT, document), corrected);
    console.log(`${document} was corrected`);
  }
}
