/**
 * The incidents that Teleport's own plugin opened before we came, so that a request which it has paged is not paged twice.
 * They can be only among the requests that were there at the first look; Teleport is asked for all of them at once, and
 * only if the edge has not heard of one of those.
 */
import type { Logger } from "../../shared/log.ts";
import type { PredecessorsIncident } from "../../shared/protocol.ts";
import { predecessorsIncident } from "../plugin-data.ts";
import { TeleportError } from "../teleport/error.ts";
import type { TeleportPort } from "../teleport/port.ts";

export interface PredecessorsOptions {
  readonly teleport: Pick<TeleportPort, "allPluginData">;
  readonly log: Logger;
}

export class Predecessors {
  readonly #options: PredecessorsOptions;
  /** Requests of the first look; undefined before it. */
  #first: ReadonlySet<string> | undefined;
  #asking: Promise<ReadonlyMap<string, PredecessorsIncident>> | undefined;
  #incidents: ReadonlyMap<string, PredecessorsIncident> | undefined;

  constructor(options: PredecessorsOptions) {
    this.#options = options;
  }

  /** These requests are pending. What is not among them the first time was made since, under our eyes. */
  listed(requestIds: Iterable<string>): void {
    this.#first ??= new Set(requestIds);
  }

  /** Whether {@link find} needs nothing that is not known yet. */
  knows(requestId: string): boolean {
    return this.#incidents !== undefined || this.#first?.has(requestId) === false;
  }

  /** What is known of a request's incident; undefined when there is none, or nothing is known. */
  known(requestId: string): PredecessorsIncident | undefined {
    return this.#incidents?.get(requestId);
  }

  /**
   * The incident that stands for a request; undefined when there is none. Rejects with a `TeleportError` when Teleport could
   * not be asked; where we may not ask, nothing could be bound to it either, and there is none.
   */
  async find(requestId: string): Promise<PredecessorsIncident | undefined> {
    if (!this.knows(requestId)) {
      this.#asking ??= this.#ask();
      this.#incidents = await this.#asking.finally(() => {
        this.#asking = undefined;
      });
    }
    return this.known(requestId);
  }

  async #ask(): Promise<ReadonlyMap<string, PredecessorsIncident>> {
    try {
      const all = await this.#options.teleport.allPluginData();
      const found = [...all].flatMap(([id, data]) => {
        const incident = this.#first?.has(id) === true ? predecessorsIncident(data) : undefined;
        return incident === undefined ? [] : [[id, incident] as const];
      });
      return new Map(found);
    } catch (error) {
      if (!(error instanceof TeleportError) || error.code !== "permission_denied") throw error;
      this.#options.log.warn("Incidents of an earlier plugin are not looked for", { problem: error.message });
      return new Map();
    }
  }
}
