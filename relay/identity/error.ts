/**
 * What can be wrong with the relay's Teleport credentials, said so that an admin can mend it. Never quotes what a file
 * holds.
 */

/** `unfinished` also stands for a file that was caught while it was being written. */
export type IdentityFault =
  | "missing"
  | "unreadable"
  | "unfinished"
  | "no_key"
  | "no_certificate"
  | "two_certificates"
  | "no_authority"
  | "mismatch"
  | "expired";

/** Credentials that cannot be used. Its message is plain sentences: what is wrong with which file, then the mend. */
export class IdentityError extends Error {
  override readonly name = "IdentityError";
  readonly fault: IdentityFault;
  /** The path of the file. */
  readonly file: string;

  constructor(fault: IdentityFault, file: string, problem: string, mend: string) {
    super(`${file} ${problem}. ${mend}`);
    this.fault = fault;
    this.file = file;
  }
}
