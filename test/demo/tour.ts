/**
 * `npm run demo -- --stay`: everything stays up to be played with. The terminal says where the pages are and what is worth
 * trying, and goes on telling what happens.
 */
import { createInterface } from "node:readline";
import type { Incident } from "../fakes/pagerduty/records.ts";
import { ADMIN_TOKEN, CLUSTER, PEOPLE, type Stage } from "../stage/stage.ts";
import { askErrand, relayErrand } from "./errands.ts";
import { RelaySwitch } from "./relay-switch.ts";
import { onOneLine, step, tell } from "./told.ts";

/** Lets people play until `ended` resolves. */
export async function stay(stage: Stage, ended: Promise<unknown>): Promise<void> {
  const { relay, statusPage } = furnish(stage);
  const [alice, bob] = [PEOPLE.alice.name, PEOPLE.bob.name].map((name) => name.split(" ")[0]);
  tell(`
Staying. Open both pages side by side:

  PagerDuty's stand-in   ${stage.pagerDuty.url}/
  the status page        ${statusPage}
                         sign in with ${ADMIN_TOKEN}

Worth trying:

  1. Ask for dba as ${alice}, and approve it as ${bob}: a note /approve, or the button. The status page follows.
  2. Ask as ${alice} and approve as ${alice}: refused, though she is on call. A note says why.
  3. Ask for admin, which the relay's policy does not let anybody approve here.
  4. Kill the relay, ask and approve, and start it again: nothing is lost, nothing happens twice.
  5. Resolve an incident, or acknowledge it: neither decides.

Keys: Enter asks for dba, k kills the relay, s starts it, Ctrl-C ends everything.
`);
  stage.pagerDuty.follow(narrator());
  const keyboard = createInterface({ input: process.stdin });
  keyboard.on("line", (line) => void press(line.trim(), stage, relay).catch((error: unknown) => step(String(error))));
  await ended;
  keyboard.close();
}

/** Puts the tour's errands on the stand-in PagerDuty's page. */
export function furnish(stage: Stage): { readonly relay: RelaySwitch; readonly statusPage: string } {
  const statusPage = `${stage.edgeUrl}/clusters/${CLUSTER}`;
  const relay = new RelaySwitch(stage);
  stage.pagerDuty.addErrand(askErrand(stage));
  stage.pagerDuty.addErrand(relayErrand(relay, statusPage));
  return { relay, statusPage };
}

async function press(key: string, stage: Stage, relay: RelaySwitch): Promise<void> {
  switch (key) {
    case "":
      stage.teleport.createRequest({ user: PEOPLE.alice.email, roles: ["dba"], reason: "one more" });
      return step(`${PEOPLE.alice.email} asks Teleport for dba`);
    case "k":
      await relay.kill();
      return step("The relay is dead");
    case "s":
      await relay.start();
      return step("The relay watches and is linked");
    default:
      return step("Enter, k, s or Ctrl-C");
  }
}

/** Tells what changes on the incidents that are to come. */
function narrator(): (incident: Incident) => void {
  const told = new Map<string, { notes: number; status: string }>();
  return ({ id, title, status, notes }) => {
    const before = told.get(id);
    if (before === undefined) step(`PagerDuty opens incident ${id}: "${title}"`);
    for (const { author, content } of notes.slice(before?.notes ?? 0)) {
      step(`${id}: ${author?.summary ?? "Automation"} notes "${onOneLine(content)}"`);
    }
    if (status !== (before?.status ?? "triggered")) step(`${id}: ${status}`);
    told.set(id, { notes: notes.length, status });
  };
}
