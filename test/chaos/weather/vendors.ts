/** What Teleport and PagerDuty do on a bad day: fail, hang, lose their answers, go away, or say things twice. */
import { status } from "@grpc/grpc-js";
import type { FakePagerDuty } from "../../fakes/pagerduty.ts";
import type { RpcName } from "../../fakes/teleport/journal.ts";
import type { World } from "../world.ts";
import type { Fault, Sky } from "./fault.ts";

/** PagerDuty's limit, and what is left of it when others use the account. */
const CALLS_PER_MINUTE = 960;

const WRITES = ["POST /incidents", "POST /incidents/*/notes", "PUT /incidents/*"] as const;
const RPCS: readonly RpcName[] = ["getAccessRequests", "getPluginData", "updatePluginData", "setAccessRequestState"];

export function vendorFaults(world: World): Fault[] {
  return [...pagerDutyFaults(world.stage.pagerDuty), ...teleportFaults(world)];
}

function pagerDutyFaults(pagerDuty: FakePagerDuty): Fault[] {
  return [
    fault("PagerDuty limits the rate", 1, async ({ dice, lasts }) => {
      pagerDuty.rateLimit.options = { perMinute: dice.between(0, 60), omitHeaders: dice.chance(0.3) };
      await lasts(dice.between(1_000, 10_000));
      pagerDuty.rateLimit.options = { perMinute: CALLS_PER_MINUTE, omitHeaders: false };
    }),
    fault("PagerDuty answers 5xx", 1.5, async ({ dice }) => {
      pagerDuty.failNext("* /**", dice.pick([500, 502, 503]), undefined, { times: dice.between(1, 10) });
    }),
    fault("PagerDuty loses answers to writes", 1.5, async ({ dice }) => {
      pagerDuty.failNext(dice.pick(WRITES), "cut", undefined, { times: dice.between(1, 3), afterEffect: true });
    }),
    // What it did late would look as if it had been done twice by us: only the answers are late.
    fault("PagerDuty hangs", 1, async ({ dice, lasts }) => {
      const pattern = dice.pick(["* /**", ...WRITES]);
      pagerDuty.hang(pattern, { afterEffect: true });
      await lasts(dice.between(500, 12_000));
      pagerDuty.release(pattern);
    }),
    fault("PagerDuty is down", 0.5, async ({ dice, lasts }) => {
      await pagerDuty.down();
      await lasts(dice.between(500, 6_000));
      await pagerDuty.up();
    }),
    fault("PagerDuty is late with webhooks", 1, async ({ dice, lasts }) => {
      pagerDuty.courier.hold();
      await lasts(dice.between(500, 6_000));
      pagerDuty.courier.release();
    }),
    fault("PagerDuty delivers everything more than once", 1, async ({ dice, lasts }) => {
      pagerDuty.courier.duplicates = dice.between(1, 3);
      await lasts(dice.between(2_000, 15_000));
      pagerDuty.courier.duplicates = 0;
    }),
    fault("PagerDuty delivers something old again", 1.5, async ({ dice }) => {
      const { deliveries } = pagerDuty;
      if (deliveries.length > 0) pagerDuty.redeliver(dice.pick(deliveries));
    }),
  ];
}

function teleportFaults({ stage: { teleport } }: World): Fault[] {
  let isAway = false;
  return [
    fault("Teleport is away", 1, async ({ dice, lasts }) => {
      if (isAway) return;
      isAway = true;
      await teleport.stop();
      await lasts(dice.between(200, 12_000));
      await teleport.restart();
      isAway = false;
    }),
    fault("Teleport drops its watches", 1, async () => teleport.dropWatches()),
    fault("Teleport fails before the effect", 1, async ({ dice }) => {
      teleport.failNext(dice.pick(RPCS), status.UNAVAILABLE, "try again", dice.between(1, 4), "before");
    }),
    fault("Teleport loses answers", 1.5, async ({ dice }) => {
      teleport.failNext(dice.pick(RPCS), status.UNAVAILABLE, "try again", dice.between(1, 3), "after");
    }),
    fault("Teleport hangs", 1, async ({ dice, lasts }) => {
      const rpc = dice.pick(RPCS);
      teleport.hang(rpc, "after");
      await lasts(dice.between(500, 12_000));
      teleport.release(rpc);
    }),
    fault("Teleport confirms watches late", 0.5, async ({ dice, lasts }) => {
      teleport.delayInit(dice.between(100, 5_000));
      await lasts(dice.between(2_000, 10_000));
      teleport.delayInit(0);
    }),
  ];
}

function fault(name: string, weight: number, strike: (sky: Sky) => Promise<void>): Fault {
  return { name, weight, strike };
}
