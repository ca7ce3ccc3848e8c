/** PagerDuty's test event: known when it arrives, and awaited by a check. Remembered by whoever waits, nowhere else. */
import type { WebhookReading } from "../../shared/webhook-event.ts";

const PING = "pagey.ping";

/** Whether an authentic delivery is the test event. */
export function isPing(event: WebhookReading): boolean {
  return event.kind === "unused" && event.eventType === PING;
}

/** Those who wait for a test event. */
export class Pings {
  readonly #waiting = new Set<(subscriptionId: string | null) => void>();

  /** An authentic test event has arrived, of a subscription by what its header says; null when it says nothing. */
  arrived(subscriptionId: string | null): void {
    for (const tell of [...this.#waiting]) tell(subscriptionId);
  }

  /**
   * Whether a test event of a subscription arrives before `tooLate` resolves; one that does not say whose it is counts.
   * Ask for the event only after calling this.
   */
  async next(subscriptionId: string, tooLate: Promise<unknown>): Promise<boolean> {
    let tell: ((of: string | null) => void) | undefined;
    const arrival = new Promise<boolean>((resolve) => {
      tell = (of) => {
        if (of === null || of === subscriptionId) resolve(true);
      };
      this.#waiting.add(tell);
    });
    const lateness = tooLate.then(() => false);
    return Promise.race([arrival, lateness]).finally(() => {
      if (tell !== undefined) this.#waiting.delete(tell);
    });
  }
}
