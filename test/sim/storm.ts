/** What happens to a simulated world, and when: the people's doings, and everything that goes wrong. Drawn beforehand. */
import { showDown } from "./people/approvers.ts";
import { operate, plant } from "./people/operators.ts";
import { ask } from "./people/requesters.ts";
import { act, changeShift } from "./people.ts";
import type { RelayMachine } from "./relay-machine.ts";
import type { Party } from "./weather.ts";
import { SECRETS, type World } from "./world.ts";

const WAYS: readonly (readonly [Party, Party])[] = [
  ["east", "edge"],
  ["west", "edge"],
  ["east", "teleport"],
  ["west", "teleport"],
  ["edge", "pagerduty"],
];

/** How long it takes, at most, until an edge whose storage was put back knows again what is open, in ms. */
const TOLD_WITHIN_MS = 30_000;

/** Lets everything happen that the plan says, each at a random moment of the storm. */
export function brew(world: World): void {
  const { dice, plan, scheduler } = world;
  const { storm, stormMs, requestCount } = plan;
  const sometime = (run: () => void): void => void scheduler.after(dice.between(0, stormMs), run);
  const times = (count: number, run: () => void): void => {
    for (let time = 0; time < count; time++) sometime(run);
  };
  changeShift(world);
  times(1, () => changeShift(world));
  for (let count = 0; count < requestCount; count++) {
    scheduler.after(dice.between(0, stormMs * 0.6), () => ask(world));
  }
  times(requestCount * 2 + dice.between(0, 4), () => act(world));
  times(dice.between(0, requestCount), () => operate(world));
  if (dice.chance(0.1)) sometime(() => plant(world));
  times(storm.relayCrashes, () => crashRelay(world, dice.pick(world.relays)));
  times(storm.edgeCrashes, () => crashEdge(world));
  times(storm.edgeSleeps, () => world.edge.sleep());
  times(storm.partitions, () => partition(world));
  times(storm.watchCuts, () => counted(world, "watches cut", () => world.teleport.cutWatches()));
  times(storm.showdowns, () => showDown(world));
  times(storm.linkCuts, () => counted(world, "links cut", () => dice.pick(world.relays).cutLink()));
  times(storm.rightsLost, () => loseRights(world));
  times(storm.rateLimits, () =>
    during(world, "rate limits", 60_000, (untilMs) => (world.rest.limitedUntilMs = untilMs)),
  );
  times(storm.pagerDutyDown, () => during(world, "outages", 60_000, (untilMs) => (world.rest.downUntilMs = untilMs)));
  times(storm.keyRefused, () =>
    during(world, "keys refused", 30_000, (untilMs) => (world.rest.refusedUntilMs = untilMs)),
  );
  times(storm.auditFails, () => fillDisk(world));
  if (storm.rotates) sometime(() => rotate(world));
  if (storm.restores) sometime(() => backUp(world));
  if (storm.alarmsLost) sometime(() => loseAlarm(world));
}

/** The storm is over: everything runs, everything is reachable, everything is permitted. */
export function calm(world: World): void {
  const { weather, teleport, rest, relays, edge, journal, known, courier } = world;
  journal.tell("weather", "calm");
  weather.isCalm = true;
  teleport.rights = "all";
  rest.limitedUntilMs = rest.downUntilMs = rest.refusedUntilMs = 0;
  if (courier.subscriptions.length > 1) courier.subscriptions = courier.subscriptions.slice(-1);
  known.relay = known.edge = SECRETS;
  edge.start();
  for (const relay of relays) {
    relay.isDiskWritable = true;
    relay.start();
  }
}

function counted({ journal }: World, what: string, run: () => void): void {
  journal.count(what);
  journal.tell("weather", what);
  run();
}

function loseAlarm({ scheduler, journal, edge }: World): void {
  journal.count("alarms lost");
  journal.tell("weather", "the alarm is lost");
  edge.loseAlarm();
  // The cron comes round, here sooner than every half an hour.
  scheduler.after(60_000, () => edge.poke());
}

function crashRelay({ scheduler, dice, journal }: World, relay: RelayMachine): void {
  journal.count("relay crashes");
  relay.crash();
  scheduler.after(dice.between(10, 30_000), () => relay.start());
}

function crashEdge({ scheduler, dice, journal, edge }: World): void {
  journal.count("edge crashes");
  edge.crash();
  scheduler.after(dice.between(10, 20_000), () => edge.start());
}

function partition({ scheduler, dice, journal, weather }: World): void {
  const [a, b] = dice.pick(WAYS);
  const lastsMs = dice.between(2_000, 60_000);
  journal.count("partitions");
  journal.tell("weather", `nothing passes between ${a} and ${b} for ${lastsMs} ms`);
  weather.cut(a, b, scheduler.nowMs + lastsMs);
}

function loseRights({ scheduler, dice, journal, teleport }: World): void {
  journal.count("rights lost");
  teleport.rights = dice.chance(0.6) ? "blind" : "refused";
  journal.tell("teleport", `the relay's user has lost rights (${teleport.rights})`);
  if (dice.chance(0.7)) teleport.cutWatches();
  scheduler.after(dice.between(5_000, 90_000), () => {
    teleport.rights = "all";
  });
}

function during(
  { scheduler, dice, journal }: World,
  what: string,
  mostMs: number,
  set: (untilMs: number) => void,
): void {
  const lastsMs = dice.between(1_000, mostMs);
  journal.count(what);
  journal.tell("pagerduty", `${what} for ${lastsMs} ms`);
  set(scheduler.nowMs + lastsMs);
}

function fillDisk({ scheduler, dice, journal, relays }: World): void {
  const relay = dice.pick(relays);
  journal.count("disks full");
  journal.tell(relay.name, "its disk is full");
  relay.isDiskWritable = false;
  scheduler.after(dice.between(1_000, 60_000), () => {
    relay.isDiskWritable = true;
  });
}

// As the documentation says: the relay first, then the edge, then PagerDuty; the old one is taken away last. Behind a gate
// PagerDuty may also be before the edge.
function rotate({ scheduler, dice, plan, journal, known, edge, courier }: World): void {
  const [before, after] = SECRETS;
  const isLate = plan.arrangement === "gate and secrets" && dice.chance(0.5);
  journal.count("secret rotations");
  known.relay = [before, after];
  scheduler.after(isLate ? 20_000 : 1_000, () => {
    known.edge = [before, after];
    edge.deploy();
  });
  scheduler.after(3_000, () => {
    courier.subscriptions = [...courier.subscriptions, { id: "PSUB002", secret: after, isEnabled: true, dropped: 0 }];
  });
  scheduler.after(30_000, () => {
    courier.subscriptions = courier.subscriptions.filter(({ secret }) => secret === after);
  });
}

function backUp({ scheduler, dice, journal, weather, edge, losses }: World): void {
  const copy = edge.copy();
  const fromMs = scheduler.nowMs;
  journal.tell("edge", "its storage is copied");
  scheduler.after(dice.between(500, 40_000), () => {
    if (weather.isCalm) return;
    journal.count("storages restored");
    journal.tell("edge", "its storage is what it was when it was copied");
    edge.restore(copy);
    // What comes before the relays have told it what is there belongs to nothing that it knows.
    losses.push({ fromMs, untilMs: scheduler.nowMs + TOLD_WITHIN_MS });
  });
}
