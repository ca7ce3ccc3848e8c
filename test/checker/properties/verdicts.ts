/** What reaches Teleport: nothing that nobody wanted, nothing twice, nothing after the end. */
import { clickIdOf, INSTANT_MS, READ_AND_DONE_MS, whyNot } from "../facts.ts";
import type { ClickHistory, History, RequestHistory, VerdictTaken } from "../history.ts";

/** How long it holds that somebody is on call, in ms. */
const ON_CALL_GOOD_MS = 2 * 60_000;

/** Every state that was set and every review that was given rests on a click of somebody who may, for this very request. */
export function everyVerdictHasItsClick(history: History): string[] {
  return history.verdicts.flatMap((verdict) => {
    const why = whyUnfounded(history, verdict);
    return why === undefined
      ? []
      : [`${verdict.requestId} was decided (${verdict.verdict}: ${verdict.reason}): ${why}`];
  });
}

function whyUnfounded(history: History, taken: VerdictTaken): string | undefined {
  const request = history.requests.find(({ id }) => id === taken.requestId);
  if (request === undefined) return "there is no such request";
  const clickId = clickIdOf(taken);
  if (clickId === "auto") return whyNotAutomatic(history, taken, request);
  const clicks = history.clicks.filter((click) => click.id === clickId);
  if (clicks.length === 0) return "nobody clicked";
  const reasons = clicks.map((click) => whyNotBy(history, taken, request, click));
  return reasons.includes(undefined) ? undefined : reasons[0];
}

function whyNotBy(
  history: History,
  { verdict, atMs }: VerdictTaken,
  request: RequestHistory,
  click: ClickHistory,
): string | undefined {
  const { approveWithinMs, clockOffsetMs } = history.setting;
  if (click.verdict !== verdict) return `the click says ${click.verdict}`;
  const why = whyNot(history, click, request);
  if (why !== undefined || verdict === "deny") return why;
  const ageMs = atMs - click.atMs;
  if (ageMs > approveWithinMs + clockOffsetMs + INSTANT_MS) return `the click is ${ageMs} ms old`;
  const incident = history.incidents.find(({ id }) => id === click.incidentId);
  const openedMs = incident?.openedMs ?? 0;
  const isOutdated = request.changedMs.some((changedMs) => changedMs > openedMs && changedMs < atMs - READ_AND_DONE_MS);
  return isOutdated ? "the request has changed since its incident was opened" : undefined;
}

function whyNotAutomatic(
  { setting }: History,
  { verdict, atMs }: VerdictTaken,
  { onCall }: RequestHistory,
): string | undefined {
  if (!setting.autoApproves || verdict !== "approve") return "nothing is approved by itself here";
  const lateMs = ON_CALL_GOOD_MS + setting.clockOffsetMs + INSTANT_MS;
  const wasOnCall = onCall.some(({ fromMs, untilMs }) => atMs >= fromMs && atMs <= untilMs + lateMs);
  return wasOnCall ? undefined : "the requester was not on call";
}

/** However many clicks, relays, crashes and repetitions: one decision. */
export function oneVerdictForEachRequest({ verdicts, requests }: History): string[] {
  return requests.flatMap(({ id }) => {
    const taken = verdicts.filter(({ requestId }) => requestId === id);
    const told = taken.map(({ verdict, reason }) => `${verdict} ${reason}`).join("; ");
    return taken.length <= 1 ? [] : [`${id} was decided ${taken.length} times: ${told}`];
  });
}

/** Nothing is decided that has been decided, but in the same instant. */
export function verdictsComeInTime({ verdicts, requests }: History): string[] {
  return verdicts.flatMap(({ requestId, atMs, verdict }) => {
    const states = requests.find(({ id }) => id === requestId)?.states ?? [];
    const end = states.find(({ state, byUs }) => state !== "PENDING" && !byUs);
    const lateMs = end === undefined ? 0 : atMs - end.atMs;
    return lateMs <= READ_AND_DONE_MS ? [] : [`${requestId} got "${verdict}" ${lateMs} ms after it was ${end?.state}`];
  });
}

/** Nothing is approved of which the audit log does not tell, on disk, before. */
export function everyApprovalIsAudited({ verdicts, intents }: History): string[] {
  if (intents === undefined) return [];
  return verdicts.flatMap((taken) => {
    const clickId = clickIdOf(taken);
    const isTold = intents.some(
      (intent) => intent.requestId === taken.requestId && intent.clickId === clickId && intent.atMs <= taken.atMs,
    );
    return taken.verdict === "deny" || isTold ? [] : [`${taken.requestId} was approved and no audit log says so`];
  });
}
