/** A connection to Teleport whose every call is answered when a test says so. */
import type { LiveRequest } from "../../../../relay/access-request.ts";
import type { TeleportPort, TeleportServer, WatchHandlers } from "../../../../relay/teleport/port.ts";

/** A call that waits for its answer. */
export interface OpenCall<Answer> {
  readonly answer: (value: Answer) => void;
  readonly fail: (error: unknown) => void;
}

/** A watch that is open; it ends as OK when its signal aborts. */
export interface OpenWatch extends OpenCall<void> {
  readonly handlers: WatchHandlers;
  readonly signal: AbortSignal;
}

export class ScriptedTeleport implements TeleportPort {
  readonly name: string;
  readonly pings: OpenCall<TeleportServer>[] = [];
  readonly watches: OpenWatch[] = [];
  isClosed = false;

  constructor(name: string) {
    this.name = name;
  }

  /** The watch that was opened last. */
  get latest(): OpenWatch {
    const watch = this.watches.at(-1);
    if (watch === undefined) throw new Error(`no watch was opened on ${this.name}`);
    return watch;
  }

  ping(): Promise<TeleportServer> {
    return new Promise((answer, fail) => this.pings.push({ answer, fail }));
  }

  watch(handlers: WatchHandlers, signal: AbortSignal): Promise<void> {
    return new Promise((answer, fail) => {
      if (signal.aborted) return answer();
      signal.addEventListener("abort", () => answer(), { once: true });
      this.watches.push({ handlers, signal, answer, fail });
    });
  }

  close(): void {
    this.isClosed = true;
  }

  listPending(): Promise<LiveRequest[]> {
    return Promise.resolve([]);
  }

  read(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  pluginData(): Promise<Readonly<Record<string, string>>> {
    return Promise.resolve({ from: this.name });
  }

  updatePluginData(): Promise<"updated"> {
    return Promise.resolve("updated");
  }

  setState(): Promise<"set"> {
    return Promise.resolve("set");
  }

  submitReview(): Promise<"gone"> {
    return Promise.resolve("gone");
  }

  allPluginData(): Promise<ReadonlyMap<string, Readonly<Record<string, string>>>> {
    return Promise.resolve(new Map());
  }

  listRules(): Promise<never[]> {
    return Promise.resolve([]);
  }

  userTraits(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  resourceNames(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map());
  }
}
