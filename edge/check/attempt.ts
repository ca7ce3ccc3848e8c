/** A check that asks PagerDuty: whatever PagerDuty refuses becomes a failed check that says what to mend. */
import { type Check, failed } from "../../shared/check.ts";
import { isPagerDutyError, type PagerDutyErrorCode } from "../pagerduty/error.ts";

/** Runs a check; a call to PagerDuty that fails makes it a failed one. Throws what is our own fault. */
export async function attempt(name: string, run: () => Promise<Check>): Promise<Check> {
  try {
    return await run();
  } catch (error) {
    if (!isPagerDutyError(error)) throw error;
    return failed(name, `${error.message}. ${MENDS[error.code]}`);
  }
}

const LATER = "Check again later; status.pagerduty.com may say more.";
const REPORT = "See whether PAGERDUTY_API_URL and the region are right; if they are, report this as a bug.";

const MENDS: Readonly<Record<PagerDutyErrorCode, string>> = {
  rate_limited: "Check again in a minute: PagerDuty's rate limit is used up.",
  unavailable: LATER,
  timeout: LATER,
  unauthorized: "Put a key (or OAuth app) that is valid in this region into CLUSTER_SECRETS.",
  missing_ability: "The account's plan does not include this.",
  forbidden: "Give the key (or the OAuth app's scopes) this right.",
  not_found: "See whether its id is right, and of this account.",
  conflict: LATER,
  invalid: REPORT,
  unreadable: REPORT,
};
