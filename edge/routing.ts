/**
 * Which services a request is paged on: those that the relay's rules name, else those that its annotation names, else the
 * cluster's own. Request, names and directory → services, and what their readers have to know. Pure.
 */
import type { AccessRequest } from "../shared/access-request.ts";
import { userText } from "../shared/listing.ts";

/** The annotation whose values name services, as the predecessor had it. */
export const NOTIFY_ANNOTATION = "pagerduty_notify_service";

/** Most services that one request pages. */
export const MAX_SERVICES = 20;

/** Most characters of a name that PagerDuty does not know which the body repeats. */
const MAX_SHOWN_CHARACTERS = 80;

/** A service that a request is paged on, and sentences about it that the incident's readers need. */
export interface Destination {
  readonly serviceId: string;
  readonly remarks: readonly string[];
}

/**
 * What is known of a name or id: the service's id; null when PagerDuty has no such service; undefined when it has not been
 * asked.
 */
export type Directory = (target: string) => string | null | undefined;

/** Where a request goes, or the names and ids that PagerDuty has to be asked about before that can be told. */
export type Routing =
  | { readonly kind: "routed"; readonly destinations: readonly Destination[] }
  | { readonly kind: "unrouted"; readonly targets: readonly string[] };

/** The names and ids of services that a request is for, each once; empty when it is for the cluster's own. */
export function targetsFor(request: AccessRequest, recipients: readonly string[]): string[] {
  const named = distinct(recipients);
  return named.length > 0 ? named : distinct(request.annotations[NOTIFY_ANNOTATION] ?? []);
}

/** The form in which two names are the same: without letter case, and however their letters were composed. */
export function foldedName(name: string): string {
  return name.normalize("NFC").toLowerCase();
}

/** Those targets that are looked for and paged, of however many. */
export function targetsWithinLimit(targets: readonly string[]): readonly string[] {
  return targets.slice(0, MAX_SERVICES);
}

/** Where these targets lead, as far as the directory knows; `serviceId` is the cluster's own service. */
export function route(targets: readonly string[], serviceId: string, directory: Directory): Routing {
  const isAsked = targetsWithinLimit(targets).every((target) => directory(target) !== undefined);
  if (!isAsked) return { kind: "unrouted", targets };
  return { kind: "routed", destinations: destinationsFor(targets, serviceId, (target) => directory(target) ?? null) };
}

/** Where these targets lead, each service once; what was not found leads to the cluster's own. At least one. */
export function destinationsFor(
  targets: readonly string[],
  serviceId: string,
  idOf: (target: string) => string | null,
): Destination[] {
  const found = targetsWithinLimit(targets);
  const unknown = found.filter((target) => idOf(target) === null);
  const omitted = targets.length - found.length;
  const ids = found.length === 0 ? [serviceId] : found.map((target) => idOf(target) ?? serviceId);
  return [...new Set(ids)].map((id) => ({
    serviceId: id,
    remarks: [
      ...(id === serviceId && unknown.length > 0 ? [unknownRemark(unknown)] : []),
      ...(omitted > 0 ? [omittedRemark(omitted)] : []),
    ],
  }));
}

function unknownRemark(names: readonly string[]): string {
  const shown = names.map((name) => `"${cut(userText(name))}"`).join(", ");
  const subject = names.length === 1 ? `The service ${shown}` : `The services ${shown}`;
  return `${subject}, which this request is for, ${names.length === 1 ? "was" : "were"} not found in PagerDuty: it is paged here instead.`;
}

function omittedRemark(count: number): string {
  return `This request is for more services than are paged at once: ${MAX_SERVICES} are paged, ${count} more are not.`;
}

// Letter case is kept: an id counts exactly. Two spellings of one name lead to one service.
function distinct(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.trim()).filter((name) => name !== ""))];
}

function cut(text: string): string {
  const characters = Array.from(text);
  return characters.length <= MAX_SHOWN_CHARACTERS
    ? text
    : `${characters.slice(0, MAX_SHOWN_CHARACTERS - 1).join("")}…`;
}
