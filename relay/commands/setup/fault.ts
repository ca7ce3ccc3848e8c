/** What keeps `setup` from going on, as one plain sentence for the person at the terminal. */

/** Its message says what is wrong and what to do. It may quote PagerDuty, so it is printed with secrets blotted out. */
export class SetupFault extends Error {
  override readonly name: string = "SetupFault";
}

/** PagerDuty did not do what it was asked. */
export class PagerDutyFault extends SetupFault {
  override readonly name = "PagerDutyFault";
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** PagerDuty's own words, one line of any length; empty when it had none. Cut only once secrets are blotted out. */
  readonly detail: string;

  constructor(message: string, status: number | null = null, detail = "") {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

/** Others' words on one line, without what a terminal would act on. Pure. */
export function plainText(text: string, maxCharacters = Number.POSITIVE_INFINITY): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, maxCharacters);
}
