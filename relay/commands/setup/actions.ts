/**
 * The two custom incident actions, `Approve Request` and `Deny Request`, on each service: made, repaired, and rid of the
 * doubles that a lost answer leaves. Others' actions are never touched.
 */
import { ACTION_LABELS } from "../../../shared/custom-action.ts";
import { type Verdict, verdictSchema } from "../../../shared/decisions.ts";
import type { Extension } from "./answers.ts";
import { probeAction } from "./edge-probe.ts";
import type { WantedExtension } from "./pagerduty.ts";
import type { SetupRun } from "./subscriptions.ts";

/** The custom header that carries an action's token. */
const ACTION_HEADER = "X-Action-Token";

/** Puts both actions of every service in order; the ids of those that stand. */
export async function arrangeActions(run: SetupRun): Promise<string[]> {
  const { order, pagerDuty, folder } = run;
  const tokens = folder.actionTokens;
  if (order.serviceIds.length === 0 || tokens === null) return [];
  const schemaId = await pagerDuty.customActionKind();
  const there = await pagerDuty.customActions(schemaId);
  const ids: string[] = [];
  for (const serviceId of order.serviceIds) {
    for (const verdict of verdictSchema.options) {
      const wanted = {
        name: ACTION_LABELS[verdict],
        url: `${run.clusterUrl}/actions/${verdict}`,
        schemaId,
        serviceIds: [serviceId],
        headers: [{ name: ACTION_HEADER, value: tokens[verdict] }],
      };
      ids.push(await arrange(run, there, wanted, serviceId));
    }
  }
  return [...new Set(ids)];
}

async function arrange(
  run: SetupRun,
  there: readonly Extension[],
  wanted: WantedExtension,
  serviceId: string,
): Promise<string> {
  const { pagerDuty, voice } = run;
  const named = there.filter(({ name, serviceIds }) => sameName(name, wanted.name) && serviceIds.includes(serviceId));
  const ours = named.filter(({ url }) => isOurs(url, wanted.url)).sort((one) => (one.url === wanted.url ? -1 : 1));
  const [first, ...doubles] = ours;
  for (const { id, url } of named.filter((extension) => !ours.includes(extension))) {
    voice.warn(
      `Service ${serviceId} has another action named ${wanted.name}, ${id}, to ${hostOf(url)}: remove it, or people will press the wrong one.`,
    );
  }
  for (const double of doubles) await removeDouble(run, double, serviceId);
  if (first === undefined) {
    const { id } = await pagerDuty.createExtension(wanted);
    voice.say(`Made action ${wanted.name} (${id}) on service ${serviceId}.`);
    return id;
  }
  if (!isAsWanted(first, wanted)) {
    await pagerDuty.updateExtension(first.id, { ...wanted, serviceIds: first.serviceIds });
    voice.say(`Repaired action ${wanted.name} (${first.id}) on service ${serviceId}.`);
  }
  return first.id;
}

// One that serves other services as well is theirs too.
async function removeDouble({ pagerDuty, voice }: SetupRun, { id, name, serviceIds }: Extension, serviceId: string) {
  if (serviceIds.length > 1) {
    voice.warn(`Service ${serviceId} has ${name} twice; ${id} serves other services too and was left.`);
    return;
  }
  await pagerDuty.deleteExtension(id);
  voice.say(`Deleted action ${name} (${id}), which service ${serviceId} had twice.`);
}

function isAsWanted(extension: Extension, wanted: WantedExtension): boolean {
  const token = wanted.headers[0]?.value;
  const carries = extension.headers.some(
    ({ name, value }) => name.toLowerCase() === ACTION_HEADER.toLowerCase() && value === token,
  );
  return extension.url === wanted.url && extension.name === wanted.name && carries && extension.headers.length === 1;
}

function sameName(one: string, other: string): boolean {
  return one.trim().toLowerCase() === other.toLowerCase();
}

// The same route at another address is an edge that has moved.
function isOurs(url: string, wanted: string): boolean {
  const path = URL.parse(url)?.pathname;
  return path !== undefined && path === new URL(wanted).pathname;
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "an address that is none";
}

/**
 * Asks the edge whether it takes presses, and has PagerDuty go on with actions that it had stopped.
 * @returns whether all is well.
 */
export async function activateActions(run: SetupRun, ids: readonly string[]): Promise<boolean> {
  const { pagerDuty, folder, voice, clusterUrl, signal, env } = run;
  if (ids.length === 0 || folder.actionTokens === null) return true;
  for (const verdict of verdictSchema.options) {
    const probe = await probeAction({ clusterUrl, signal, env }, verdict, folder.actionTokens[verdict]);
    if (probe.kind !== "refused") continue;
    voice.warn(`The edge would refuse ${labelOf(verdict)} (${probe.status}: ${probe.reason}).`);
    return false;
  }
  for (const id of ids) {
    if (!(await pagerDuty.isExtensionDisabled(id))) continue;
    await pagerDuty.enableExtension(id);
    voice.say(`Action ${id}, which PagerDuty had stopped because deliveries were refused, works again.`);
  }
  return true;
}

function labelOf(verdict: Verdict): string {
  return `a press of ${ACTION_LABELS[verdict]}`;
}
