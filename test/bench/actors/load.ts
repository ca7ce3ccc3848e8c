/**
 * The load: PagerDuty's side of the webhooks, as fast as they are answered or at times of its own. It also drives whatever a
 * webhook is compared with, in the same way.
 */
import { deliveryOf, type Told } from "../deliveries.ts";
import { type Answer, HttpConnection, HttpPool } from "../http-client.ts";
import { monotonicMs, until } from "../monotonic.ts";
import { perform } from "./actor.ts";

/** Everything that was sent: when it was to go, and when it was answered, in ms of the machine's clock, in order. */
export interface Sent {
  readonly sentMs: readonly number[];
  readonly answeredMs: readonly number[];
}

export interface Load {
  /** Where it goes. */
  readonly url: string;
  readonly told: readonly Told[];
}

/** Open before the first is sent in the open loop. */
const CONNECTIONS_AT_FIRST = 8;

/** What it can be asked. */
const deeds = {
  /** Sends over so many connections, the next on each as soon as the last was answered. */
  async closedLoop({ url, told }: Load, connectionCount: number): Promise<Sent> {
    const address = new URL(url);
    const requests = told.map((each) => deliveryOf(each, address));
    const connections = await Promise.all(Array.from({ length: connectionCount }, () => HttpConnection.open(address)));
    const sentMs: number[] = new Array(requests.length).fill(0);
    const answeredMs: number[] = new Array(requests.length).fill(0);
    let next = 0;
    const drive = async (connection: HttpConnection): Promise<void> => {
      for (let index = next++; index < requests.length; index = next++) {
        sentMs[index] = monotonicMs();
        checked(await connection.send(requests[index] ?? Buffer.alloc(0)));
        answeredMs[index] = monotonicMs();
      }
      connection.close();
    };
    await Promise.all(connections.map(drive));
    return { sentMs, answeredMs };
  },

  /** Sends so many a second, however long answers take. */
  async openLoop({ url, told }: Load, ratePerSecond: number): Promise<Sent> {
    const address = new URL(url);
    const requests = told.map((each) => deliveryOf(each, address));
    const pool = new HttpPool(address);
    await pool.warm(CONNECTIONS_AT_FIRST);
    const sentMs: number[] = [];
    const answers: Promise<number>[] = [];
    const startMs = monotonicMs();
    for (const [index, request] of requests.entries()) {
      await until(startMs + (index * 1000) / ratePerSecond);
      sentMs.push(monotonicMs());
      answers.push(answeredAt(pool, request));
    }
    const answeredMs = await Promise.all(answers);
    pool.close();
    return { sentMs, answeredMs };
  },
};

export type LoadDeeds = typeof deeds;

async function answeredAt(pool: HttpPool, request: Buffer): Promise<number> {
  checked(await pool.send(request));
  return monotonicMs();
}

// What is refused at once is fast, and no figure.
function checked({ status, body }: Answer): void {
  if (status !== 202) throw new Error(`a delivery was answered ${status}: ${body.slice(0, 200)}`);
}

perform(deeds);
