/** What a planted bug is. */

/** Text in a file, which must be there once, and what takes its place. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Mutant {
  /** What is wrong, as one would say it of the program. */
  readonly name: string;
  readonly patches: readonly Patch[];
}

/** A bug that one patch plants. */
export function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, patches: [{ file, find, replace }] };
}
