/** Subscriptions of ours that PagerDuty has disabled, enabled again, and said loudly. */
import { isSameAddress } from "../check/coverage.ts";
import type { Subscription } from "../pagerduty/answers.ts";
import { PagerDutyError } from "../pagerduty/error.ts";
import type { PagerDuty } from "../pagerduty.ts";
import { WAS_DISABLED } from "../status/notices.ts";

/**
 * The subscriptions as they are afterwards. One that is not active was switched off by somebody, and stays so. Throws a
 * `PagerDutyError` when PagerDuty could not be asked.
 */
export async function enableOurs(
  subscriptions: readonly Subscription[],
  url: string,
  { pagerDuty, fault }: { pagerDuty: Pick<PagerDuty, "enableSubscription">; fault: (what: string) => void },
): Promise<Subscription[]> {
  const all: Subscription[] = [];
  for (const subscription of subscriptions) {
    const isLost = subscription.state === "disabled" && isSameAddress(subscription.url, url);
    all.push(isLost ? await enabled(subscription) : subscription);
  }
  return all;

  async function enabled(subscription: Subscription): Promise<Subscription> {
    const what = `${WAS_DISABLED} ${subscription.id}, because deliveries were refused; answers given meanwhile are lost`;
    try {
      await pagerDuty.enableSubscription(subscription.id);
      fault(`${what}. It is enabled again.`);
      return { ...subscription, state: "enabled" };
    } catch (error) {
      if (!(error instanceof PagerDutyError) || error.retryable) throw error;
      fault(`${what}. It could not be enabled again: ${error.message}`);
      return subscription;
    }
  }
}
