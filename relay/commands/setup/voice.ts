/** What `setup` says, with every secret that it knows blotted out, whoever has put it into the sentence. */
import type { Terminal } from "../command.ts";

export interface Voice {
  /** One line on stdout. */
  readonly say: (line: string) => void;
  /** One line on stderr, cut where others' words make it long. */
  readonly warn: (line: string) => void;
}

/** Shortest text that is taken for a secret: less would blot out words. */
const MIN_BLOTTED_CHARACTERS = 6;

/** Most characters of a warning. It is cut last: a part of a secret would not be found and blotted out. */
const MAX_WARNING_CHARACTERS = 600;

/** A voice on a terminal; `secrets` is asked anew for every line. */
export function voiceOn({ stdout, stderr }: Terminal, secrets: () => readonly string[]): Voice {
  const blotted = (line: string): string =>
    [...secrets()]
      .filter(({ length }) => length >= MIN_BLOTTED_CHARACTERS)
      .sort((one, other) => other.length - one.length)
      .reduce((text, secret) => text.replaceAll(secret, "[secret]"), line);
  return {
    say: (line) => stdout(`${blotted(line)}\n`),
    warn: (line) => stderr(`${blotted(line).slice(0, MAX_WARNING_CHARACTERS)}\n`),
  };
}
