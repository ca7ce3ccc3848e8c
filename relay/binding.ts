/**
 * Which incidents stand for which request: written into the request's plugin data when, and only when, what the edge paged
 * is what Teleport holds. A click on any other incident counts for nothing.
 */
import { digestOf } from "../shared/access-request.ts";
import type { EdgeFrame } from "../shared/edge-frames.ts";
import type { LogFields, Logger } from "../shared/log.ts";
import type { BoundIncident, FrameOf, RelayFrame, Unnumbered } from "../shared/protocol.ts";
import { type AbsenceWitness, isProvenAbsent } from "./inventory/absence.ts";
import type { Lanes } from "./lanes.ts";
import { adoptionData, bindingData, bindingExpectation, boundIncidents } from "./plugin-data.ts";
import { TeleportError } from "./teleport/error.ts";
import type { Clock } from "./time/clock.ts";

/** How often a binding is tried against others' writes to the same plugin data. */
const ATTEMPTS = 5;

/** How long a binding that Teleport could not take is left before it is tried again, in ms. */
export const BIND_RETRY_MS = 2_000;

/** The same where only a person can mend what is wrong. */
const MENDING_RETRY_MS = 60_000;

type BindFrame = FrameOf<EdgeFrame, "bind">;
type BoundFrame = Unnumbered<FrameOf<RelayFrame, "bound">>;

export interface BinderOptions extends BindingOptions {
  readonly lanes: Lanes;
  readonly send: (frame: Unnumbered<RelayFrame>) => boolean;
  /** Told when a binding has been answered: clicks may have waited for it. */
  readonly answered: (requestId: string) => void;
  /** Told that the edge holds a request as this digest says, and Teleport otherwise. */
  readonly outdated: (requestId: string, digest: string) => void;
}

/** Carries out each `bind` in its request's turn, again and again until Teleport can be asked or a later one replaces it. */
export class Binder {
  readonly #options: BinderOptions;
  readonly #latest = new Map<string, BindFrame>();
  /** Those that were under way when the link was lost: the edge has not said yet whether they still count. */
  readonly #left = new Map<string, BindFrame>();
  /** What was bound, and could not be said. */
  #untold: BoundFrame[] = [];

  constructor(options: BinderOptions) {
    this.#options = options;
  }

  /** Whether an incident is still to be bound to a request: Teleport could not take it yet. */
  isUnderWay(requestId: string, incidentId: string): boolean {
    const frame = this.#latest.get(requestId) ?? this.#left.get(requestId);
    return frame?.incidents.some(({ incident }) => incident === incidentId) === true;
  }

  /** The link is gone: its edge may have another relay bind now, and asks again for the rest. */
  unlinked(): void {
    for (const [requestId, frame] of this.#latest) this.#left.set(requestId, frame);
    this.#latest.clear();
  }

  /** A link stands: the edge may have had another relay bind meanwhile, which what was bound here has overwritten. */
  welcomed(): void {
    this.unlinked();
    this.#untold = this.#untold.filter((bound) => !this.#options.send(bound));
  }

  /** The edge asks for a click to be judged, and had whatever it still wants bound asked for before. */
  judging(requestId: string): void {
    this.#left.delete(requestId);
  }

  bind(frame: BindFrame): void {
    this.#left.delete(frame.requestId);
    this.#latest.set(frame.requestId, frame);
    this.#try(frame);
  }

  #try(frame: BindFrame): void {
    const { lanes, send, answered, outdated, clock, log } = this.#options;
    const { requestId } = frame;
    // Which incidents count is the edge's last word; an older one must not come after it.
    const isWanted = (): boolean => this.#latest.get(requestId) === frame;
    lanes.add(requestId, async () => {
      if (!isWanted()) return;
      try {
        const answer = await bindIncidents(this.#options, frame, isWanted);
        if (answer === undefined) return;
        if (!send(answer) && answer.result === "bound") this.#untold.push(answer);
        if (answer.result === "changed") outdated(requestId, frame.digest);
        if (isWanted()) this.#latest.delete(requestId);
        answered(requestId);
      } catch (error) {
        const problem = error instanceof Error ? error.message : String(error);
        log.warn("An incident could not be bound; it is tried again", { ...aboutOf(frame), problem });
        const needsMending = error instanceof TeleportError && !error.retryable;
        clock.after(needsMending ? MENDING_RETRY_MS : BIND_RETRY_MS, () => this.#try(frame));
      }
    });
  }
}

export interface BindingOptions {
  readonly cluster: string;
  readonly teleport: AbsenceWitness;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The answer to a `bind`; undefined when it is no longer wanted. Rejects with a `TeleportError` when Teleport could not be asked, or shows nothing and does not
 * show that there is nothing.
 */
export async function bindIncidents(
  { cluster, teleport, clock, log }: BindingOptions,
  { requestId, epoch, digest, incidents, countsFromMs }: BindFrame,
  isWanted: () => boolean = () => true,
): Promise<BoundFrame | undefined> {
  const answer = (result: "bound" | "changed" | "gone") =>
    ({ type: "bound", epoch, requestId, digest, incidents, result }) as const;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const live = await teleport.read(requestId);
    if (live === undefined && !(await isProvenAbsent(teleport, requestId, clock))) continue;
    if (live === undefined || live.request.state !== "PENDING") return answer("gone");
    if (digestOf(cluster, live.request) !== digest) {
      log.error("What was paged is not what Teleport holds; it is not bound", aboutOf({ requestId, incidents }));
      return answer("changed");
    }
    const data = await teleport.pluginData(requestId);
    const binding = bindingData(live.request, digest, incidents);
    // What was long on its way must not take back what another relay has bound beside it.
    if (data.digest === digest && areAllIn(boundIncidents(data), incidents)) return answer("bound");
    // That it is an adoption, Teleport says; the edge at most since when its readers could know.
    const adoption = adoptionData(data, incidents, countsFromMs ?? clock.now());
    if (!isWanted()) return undefined;
    const update = await teleport.updatePluginData(requestId, { ...binding, ...adoption }, bindingExpectation(data));
    if (update === "gone") return answer("gone");
    if (update === "conflict") continue;
    for (const { incident } of incidents) log.info("Incident bound", { requestId, incidentId: incident });
    if (boundIncidents(data).length > 0)
      log.info("The request was paged again; earlier incidents count no more", { requestId });
    return answer("bound");
  }
  throw new Error(`the plugin data of request ${requestId} changes faster than it can be written`);
}

function areAllIn(standing: readonly BoundIncident[], incidents: readonly BoundIncident[]): boolean {
  return incidents.every(({ incident }) => standing.some((other) => other.incident === incident));
}

/** The ids for the log; several incidents are on as many services. */
function aboutOf({ requestId, incidents }: Pick<BindFrame, "requestId" | "incidents">): LogFields {
  return { requestId, incidentId: incidents.map(({ incident }) => incident).join() };
}
