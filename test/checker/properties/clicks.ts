/** Journey 2: whoever answers is heard. */
import { clickIdOf, endOf, incidentsFor, isLost, isMerged, isOrphaned, pagingOf, requestOf, whyNot } from "../facts.ts";
import type { ClickHistory, History, IncidentHistory, RequestHistory } from "../history.ts";

/** How late a delivery may arrive for its click to have been given in good weather, in ms. */
const PROMPT_MS = 10_000;

/** A clock that is off by more, in ms, makes fresh approvals stale. */
const MOST_OFFSET_MS = 60_000;

/** A click is carried out, or its author is told why not, or the request has ended meanwhile. */
export function noClickIsLost(history: History): string[] {
  if (!history.setting.edgeIsHonest) return [];
  return history.clicks.flatMap((click) => {
    const incident = history.incidents.find(({ id }) => id === click.incidentId);
    const request = incident && requestOf(history, incident);
    if (incident === undefined || request === undefined || !isOwedAnAnswer(history, click, incident)) return [];
    const end = endOf(request);
    const isMoot = end !== null && end < history.quietFromMs;
    if (isMoot || isCarriedOut(history, click) || isAnswered(history, click, request)) return [];
    return [`${click.person.id}'s "${click.verdict}" (${click.id}) on ${incident.id} for ${request.id} has no answer`];
  });
}

function isOwedAnAnswer(history: History, click: ClickHistory, incident: IncidentHistory): boolean {
  const { isAuthentic, person, acceptedMs, foundBy } = click;
  if (!isAuthentic || !incident.byUs || person.kind !== "user") return false;
  if (isLateResolve(history, click, incident) || isOrphaned(history, incident)) return false;
  if (acceptedMs !== null && !isLost(history, acceptedMs)) return true;
  // What no delivery brings is looked for on incidents that still stand for their request.
  return foundBy === "reconciliation" && !isMerged(incident) && isLatest(history, incident);
}

// Whoever resolved what stands for its request no more wanted nothing more of it.
function isLateResolve(history: History, { atMs }: ClickHistory, incident: IncidentHistory): boolean {
  const isResolve = incident.statuses.some((seen) => seen.atMs === atMs && seen.status === "resolved" && !seen.byUs);
  return isResolve && !isLatest(history, incident);
}

function isLatest(history: History, incident: IncidentHistory): boolean {
  const request = requestOf(history, incident);
  const ours = request === undefined ? [] : incidentsFor(history, request);
  return ours.every((other) => other.serviceId !== incident.serviceId || pagingOf(other) <= pagingOf(incident));
}

function isCarriedOut({ verdicts }: History, { id }: ClickHistory): boolean {
  return verdicts.some((verdict) => clickIdOf(verdict) === id);
}

function isAnswered(history: History, { person, acceptedMs }: ClickHistory, request: RequestHistory): boolean {
  const isDelivered = acceptedMs !== null && !isLost(history, acceptedMs);
  const notes = incidentsFor(history, request).flatMap((incident) => incident.notes.filter(({ byUs }) => byUs));
  return notes.some(({ content }) => {
    const refusal = /^Not (?:approved|denied)(?: for ([^:]+))?: /.exec(content);
    if (refusal !== null) return refusal[1] === undefined || refusal[1].includes(person.name);
    // Of what was delivered it would not be true.
    return !isDelivered && content.includes("was not delivered to us") && content.includes(person.name);
  });
}

/** Whoever may decide does: a denial whenever it arrives, an approval in good weather. */
export function goodClicksAreCarriedOut(history: History): string[] {
  if (!history.setting.edgeIsHonest) return [];
  return history.clicks.flatMap((click) => {
    const incident = history.incidents.find(({ id }) => id === click.incidentId);
    const request = incident && requestOf(history, incident);
    if (incident === undefined || request === undefined || !isGood(history, click, incident, request)) return [];
    const end = endOf(request);
    if (isCarriedOut(history, click) || (end !== null && end < history.quietFromMs)) return [];
    return [`${click.person.id}'s "${click.verdict}" (${click.id}) for ${request.id} was good and came to nothing`];
  });
}

function isGood(history: History, click: ClickHistory, incident: IncidentHistory, request: RequestHistory): boolean {
  const { setting, verdicts } = history;
  const { acceptedMs, verdict } = click;
  if (acceptedMs === null || isLost(history, acceptedMs) || whyNot(history, click, request) !== undefined) return false;
  if (isMerged(incident) || isOrphaned(history, incident) || !isLatest(history, incident)) return false;
  if (request.changedMs.some((changedMs) => changedMs > incident.openedMs)) return false;
  // Of reviews, one of ours is all that there is.
  if (setting.decidesByReview && verdicts.some(({ requestId }) => requestId === request.id)) return false;
  return verdict === "deny" || isGoodApproval(history, click, request);
}

function isGoodApproval({ calmFromMs, setting }: History, click: ClickHistory, request: RequestHistory): boolean {
  const { atMs, acceptedMs } = click;
  const isPrompt = atMs >= calmFromMs && acceptedMs !== null && acceptedMs - atMs < PROMPT_MS;
  const isFresh = setting.clockOffsetMs < Math.min(MOST_OFFSET_MS, setting.approveWithinMs - PROMPT_MS);
  // It may ask for roles by now that may not be approved.
  if (request.changedMs.length > 0) return false;
  // By a state nothing is approved that needs several.
  return isPrompt && isFresh && (setting.decidesByReview || request.approvalsNeeded === 1);
}
