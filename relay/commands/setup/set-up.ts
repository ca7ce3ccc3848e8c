/**
 * One run of `setup`, from the first look to the last sentence: look, write the tokens down, make what is missing, then
 * activate what was there before this run, for only that can be in place. Whatever stops it, the next run goes on.
 */
import type { ExitCode, Terminal } from "../command.ts";
import { activateActions, arrangeActions } from "./actions.ts";
import { PagerDutyFault, SetupFault } from "./fault.ts";
import { SetupFolder } from "./folder.ts";
import type { SetupOrder, SetupStep } from "./order.ts";
import { outcomeJson, outcomeText, type SetupOutcome } from "./outcome.ts";
import { SetupPagerDuty } from "./pagerduty.ts";
import { activate, carryOut, removeOld, type SetupRun, type Survey, surveySubscriptions } from "./subscriptions.ts";
import { type Voice, voiceOn } from "./voice.ts";

/** Carries an order out; 1 when something stopped it, or is not as it should be yet. Never throws what a user could cause. */
export async function setUp(order: SetupOrder, terminal: Terminal): Promise<ExitCode> {
  let folder: SetupFolder | undefined;
  const said: string[] = [];
  const stdout = order.asJson ? (text: string): void => void said.push(text.trimEnd()) : terminal.stdout;
  const voice = voiceOn({ ...terminal, stdout }, () => [order.apiKey, ...(folder?.secrets ?? [])]);
  try {
    const { directory, cluster, apiKey, serviceIds } = order;
    folder = new SetupFolder({ directory, cluster, apiKey, withActions: serviceIds.length > 0 });
    const outcome = await runThrough(order, folder, { voice, terminal });
    if (order.asJson) terminal.stdout(`${outcomeJson(outcome, said)}\n`);
    else voice.say(outcomeText(outcome));
    return outcome.isWell ? 0 : 1;
  } catch (error) {
    if (terminal.signal.aborted) voice.warn("Stopped as asked. Run this again: it goes on where it stopped.");
    else if (error instanceof SetupFault) voice.warn(error.message);
    else throw error;
    return 1;
  }
}

async function runThrough(
  order: SetupOrder,
  folder: SetupFolder,
  { voice, terminal: { env, signal } }: { voice: Voice; terminal: Terminal },
): Promise<SetupOutcome> {
  const { apiUrl, apiKey } = order;
  const pagerDuty = new SetupPagerDuty({ apiUrl, apiKey, signal, env });
  const clusterUrl = `${order.edgeUrl}/v1/${order.cluster}`;
  const run: SetupRun = { order, pagerDuty, folder, voice, signal, env, clusterUrl };
  await checkServices(run);
  const survey = await surveySubscriptions(run);
  folder.prepare();
  if (survey.gone.size > 0) folder.release(survey.gone);
  for (const plan of survey.plans) {
    signal.throwIfAborted();
    await carryOut(run, plan);
  }
  const actions = await arrangeActions(run);
  const isWell = await putToWork(run, survey, actions);
  folder.settle();
  return outcomeOf(run, survey, isWell);
}

async function checkServices({ order, pagerDuty }: SetupRun): Promise<void> {
  for (const id of order.serviceIds) {
    try {
      await pagerDuty.serviceName(id);
    } catch (error) {
      if (!(error instanceof PagerDutyFault) || error.status !== 404) throw error;
      throw new SetupFault(
        `PagerDuty has no service ${id}: its ID is the last part of its page's address. Nothing was changed.`,
      );
    }
  }
}

// What this run has made cannot be in place yet.
async function putToWork(run: SetupRun, { plans, delivering }: Survey, actions: readonly string[]): Promise<boolean> {
  const { order, folder, signal } = run;
  let isWell = true;
  const removed = new Set<string>();
  for (const plan of plans) {
    signal.throwIfAborted();
    const working = order.step === "finish" ? plan.ready.slice(0, 1) : plan.ready;
    let takesOver = true;
    for (const { id } of working) takesOver = (await activate(run, id)) && takesOver;
    if (order.step === "finish" && takesOver) for (const id of await removeOld(run, plan)) removed.add(id);
    isWell &&= takesOver;
  }
  if (plans.some(({ ready }) => ready.length > 0)) isWell = (await activateActions(run, actions)) && isWell;
  const known = new Set(folder.held.map(({ id }) => id));
  const isEveryOneKnown = delivering.every((id) => removed.has(id) || known.has(id));
  if (order.step === "finish" && isWell && isEveryOneKnown) folder.release(removed, { withStrays: true });
  return isWell;
}

function outcomeOf({ order, folder, voice }: SetupRun, { plans }: Survey, isWell: boolean): SetupOutcome {
  const { edge, relay } = folder.changed;
  const hasMade = plans.some(({ isOneToBeMade }) => isOneToBeMade);
  if (folder.hasLentKey) {
    voice.say(
      `${folder.secretsFile} has this run's PAGERDUTY_API_KEY as the edge's api_key; a key of the bot user's own is better.`,
    );
  }
  if (order.serviceIds.length === 0)
    voice.say("For buttons, name the services that get them with --service, beside --account.");
  const { webhookFile, secretsFile, actionTokens } = folder;
  const actionFile = actionTokens === null ? null : folder.actionFile;
  const isSuccession = plans.some(({ ready }) => ready.length > 0);
  const next = nextStep(order.step, hasMade || !isWell, isSuccession);
  const isSettled = isWell && !hasMade && !edge && !relay;
  return { isWell, isSettled, changed: folder.changed, order, webhookFile, actionFile, secretsFile, next };
}

function nextStep(step: SetupStep, isMoreToDo: boolean, isSuccession: boolean): SetupStep | null {
  if (!isMoreToDo) return null;
  if (step === "finish" || (step === "rotate" && isSuccession)) return "finish";
  return "set_up";
}
