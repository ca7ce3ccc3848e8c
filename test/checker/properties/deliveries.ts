/** PagerDuty is never told to drop what is its own. */
import type { History } from "../history.ts";

/** Every authentic delivery is taken, or asked for again: three drops and PagerDuty delivers nothing for a day. */
export function noDeliveryIsRefused({ refused = [] }: History): string[] {
  return refused.map(({ eventId, status }) => `the delivery of ${eventId} was answered with ${status}`);
}
