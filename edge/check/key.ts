/** The edge's PagerDuty credential: whether it is accepted, as whom it acts, and whether it may write. */
import { type Check, failed, passed } from "../../shared/check.ts";
import type { ClusterConfig } from "../config/cluster-config.ts";
import { isPagerDutyError } from "../pagerduty/error.ts";
import type { PagerDuty } from "../pagerduty.ts";
import { attempt } from "./attempt.ts";

const KEY = "PagerDuty key";
const WRITES = "PagerDuty writes";

/** An id that no incident has. */
const NO_INCIDENT = "Q0NOSUCHINCIDENT";

/** Whether PagerDuty accepts the credential, and whether its holder can act as others. */
export function checkKey(config: ClusterConfig, pagerDuty: PagerDuty): Promise<Check> {
  return attempt(KEY, async () => {
    const { length } = await pagerDuty.abilities();
    const accepted = `is accepted; the account has ${length} abilities.`;
    const { credentials, userEmail } = config.pagerDuty;
    if (credentials.kind === "oauth") return passed(KEY, `A scoped OAuth app ${accepted} ${MAY_ACT_AS_OTHERS}`);
    const owner = await pagerDuty.me();
    if (owner === undefined) return passed(KEY, `An account-level key ${accepted} ${ACTS_AS_OTHERS}`);
    if (owner.email.toLowerCase() === userEmail.toLowerCase()) {
      return passed(KEY, `The own key of ${owner.email} ${accepted} It cannot act as others.`);
    }
    return failed(
      KEY,
      `The key is the own key of ${owner.email}, and so whatever we write is theirs, not that of ${userEmail} (user_email). Use a key of ${userEmail}, or an account-level key.`,
    );
  });
}

const ACTS_AS_OTHERS =
  "It can act as anyone: whoever holds it can write notes in anybody's name. The bot user's own key cannot.";
const MAY_ACT_AS_OTHERS = "Whether it can act as others, PagerDuty does not say; take it that it can.";

/** Whether the credential may write: a note to an incident that does not exist changes nothing. */
export function checkWrites(pagerDuty: PagerDuty): Promise<Check> {
  return attempt(WRITES, async () => {
    try {
      await pagerDuty.addNote(NO_INCIDENT, "A test of Teleport's access requests.");
    } catch (error) {
      if (isPagerDutyError(error) && error.code === "not_found") {
        return passed(WRITES, "The key may write (tried on an incident that does not exist).");
      }
      if (isPagerDutyError(error) && error.code === "forbidden") {
        return failed(WRITES, "The key may only read. Use one that is not read-only (scope incidents.write).");
      }
      throw error;
    }
    return failed(WRITES, `PagerDuty took a note for ${NO_INCIDENT}, which is no incident. See PAGERDUTY_API_URL.`);
  });
}
