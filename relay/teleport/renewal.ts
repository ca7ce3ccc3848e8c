/**
 * Renewal of the relay's Teleport credentials while it runs. Renewed files are taken once they are whole: a new connection
 * first, and only one that works replaces the one before. Whatever is wrong is said once and tried again with the files.
 */
import type { Logger } from "../../shared/log.ts";
import { CertificateWatch } from "../identity/certificate-watch.ts";
import { IdentityFiles, type Look } from "../identity/files.ts";
import type { IdentitySource } from "../identity/source.ts";
import type { Identity } from "../identity.ts";
import type { Clock } from "../time/clock.ts";
import type { TeleportPort, TeleportServer } from "./port.ts";

/** How often the files are looked at, in ms: a look costs a few system calls. */
export const LOOK_EVERY_MS = 5_000;

/** How long changed files may stay broken before that is warned about, in ms: no write takes as long. */
export const BROKEN_FOR_MS = 60_000;

export interface RenewalOptions {
  readonly source: IdentitySource;
  /** Whether changed files are picked up at all. */
  readonly refresh: boolean;
  /** What the relay runs with as this begins. */
  readonly identity: Identity;
  /** The cluster's name; a connection that leads to another is not taken. */
  readonly cluster: string;
  /** Opens a connection that works. Rejects with an error whose message is plain sentences. */
  readonly open: (identity: Identity) => Promise<TeleportPort>;
  /** Takes a connection that works in the place of the one before. */
  readonly replace: (next: TeleportPort) => void;
  /** Told after each replacement. */
  readonly renewed: (identity: Identity, server: TeleportServer) => void;
  /** Told what is wrong with the credentials, as one sentence, or null; again and again with the same. */
  readonly concern: (problem: string | null) => void;
  /** Told whenever the files have been looked at. */
  readonly beat?: () => void;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Renewal {
  readonly #options: RenewalOptions;
  readonly #files: IdentityFiles;
  readonly #certificate: CertificateWatch;
  /** Whole, and not in use yet. */
  #next: Identity | undefined;
  /** Why the files or what they hold cannot be used. */
  #problem: string | null = null;
  #warned: string | null = null;

  constructor(options: RenewalOptions) {
    this.#options = options;
    this.#files = new IdentityFiles(options.source, options.identity);
    this.#certificate = new CertificateWatch(options, options.identity);
  }

  /** Looks after the credentials until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, beat } = this.#options;
    const aborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    while (!signal.aborted) {
      // A connection that is still being opened must not hold up the end.
      await Promise.race([this.once(), aborted]);
      beat?.();
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  /** Looks once at the files and at the certificate in use, and takes over what is new. */
  async once(): Promise<void> {
    const { refresh, clock, concern } = this.#options;
    if (refresh) this.#take(await this.#files.look(clock.now()));
    if (this.#next !== undefined) await this.#replaceBy(this.#next);
    const nearEnd = await this.#certificate.check(clock.now());
    concern(nearEnd ?? this.#problem);
  }

  #take(look: Look): void {
    switch (look.kind) {
      case "unchanged":
        if (this.#next === undefined) this.#problem = null;
        return;
      case "renewed":
        this.#next = look.identity;
        return;
      case "broken":
        return this.#broken(look);
    }
  }

  #broken({ problem, sinceMs }: Extract<Look, { kind: "broken" }>): void {
    const { clock, log } = this.#options;
    const nowMs = clock.now();
    if (nowMs - sinceMs < BROKEN_FOR_MS && !this.#certificate.isNearEnd(nowMs)) {
      if (sinceMs === nowMs) log.debug("The Teleport credentials have changed and are not whole yet", { problem });
      return;
    }
    this.#warn("The changed Teleport credentials cannot be used; those before stay in use", problem);
  }

  async #replaceBy(identity: Identity): Promise<void> {
    const { open, replace, renewed, log } = this.#options;
    let connection: TeleportPort | undefined;
    try {
      connection = await open(identity);
      const server = await connection.ping();
      this.#checkCluster(server);
      replace(connection);
      this.#inUse(identity);
      const { user, expiresMs } = identity;
      log.info("The Teleport credentials were renewed", { user, ends: new Date(expiresMs).toISOString() });
      renewed(identity, server);
    } catch (error) {
      connection?.close();
      const problem = error instanceof Error ? error.message : String(error);
      this.#warn("The renewed Teleport credentials do not work yet; those before stay in use", problem);
    }
  }

  #inUse(identity: Identity): void {
    // Meanwhile the files may have changed again.
    if (this.#next === identity) this.#next = undefined;
    this.#problem = null;
    this.#warned = null;
    this.#certificate.use(identity);
  }

  #checkCluster({ cluster }: TeleportServer): void {
    if (cluster === this.#options.cluster) return;
    throw new Error(
      `They are of the cluster "${cluster}", and this relay serves "${this.#options.cluster}". Restart it to serve another.`,
    );
  }

  // The same trouble again is no news.
  #warn(message: string, problem: string): void {
    this.#problem = `${message}: ${problem}`;
    if (problem === this.#warned) return;
    this.#warned = problem;
    this.#options.log.warn(message, { problem });
  }
}
