/**
 * The relay's first connection to Teleport, however long Teleport takes to come up. Credentials that cannot be used, a
 * right that is missing, and whatever else only a person can mend, end the start.
 */
import type { Logger } from "../../shared/log.ts";
import type { IdentitySource } from "../identity/source.ts";
import { type Identity, readIdentity } from "../identity.ts";
import { proveRights } from "../needed-rights.ts";
import { createBackoff } from "../time/backoff.ts";
import type { Clock } from "../time/clock.ts";
import { TeleportError } from "./error.ts";
import type { TeleportPort, TeleportServer } from "./port.ts";

export interface FirstConnectionOptions {
  readonly source: IdentitySource;
  /** Opens a connection; rejects with {@link TeleportError}. */
  readonly open: (identity: Identity) => Promise<TeleportPort>;
  readonly clock: Clock;
  /** From 0 up to, but not, 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Told that the credentials are good, before each attempt with them. */
  readonly identified?: () => void;
}

/** A connection that works, as whom, and what Teleport said of itself. */
export interface FirstConnection {
  readonly teleport: TeleportPort;
  readonly identity: Identity;
  readonly server: TeleportServer;
}

/** Waits between attempts, in ms. */
const BACKOFF = { minMs: 200, maxMs: 30_000, resetAfterMs: 10_000 };

/**
 * Connects; undefined when the signal aborts before. The files are read for every attempt: they may be renewed meanwhile.
 * Rejects with `IdentityError`, or with a {@link TeleportError} that no retry can mend.
 */
export async function connectFirst(
  options: FirstConnectionOptions,
  signal: AbortSignal,
): Promise<FirstConnection | undefined> {
  const { source, clock, random, log, identified } = options;
  const backoff = createBackoff({ ...BACKOFF, random, now: () => clock.now() });
  while (!signal.aborted) {
    const identity = await readIdentity(source, clock.now());
    identified?.();
    try {
      return await unlessAborted(connect(options, identity), signal);
    } catch (error) {
      if (!(error instanceof TeleportError) || !error.retryable) throw error;
      const retryInMs = backoff.next();
      log.warn(error.message, { retryInMs });
      await clock.sleep(retryInMs, signal);
    }
  }
  return undefined;
}

async function connect({ open }: FirstConnectionOptions, identity: Identity): Promise<FirstConnection> {
  const teleport = await open(identity);
  try {
    const server = await teleport.ping();
    await proveRights(teleport);
    return { teleport, identity, server };
  } catch (error) {
    teleport.close();
    throw error;
  }
}

// A Teleport that does not answer must not hold up the end; what it answers with after that is let go.
function unlessAborted(
  connecting: Promise<FirstConnection>,
  signal: AbortSignal,
): Promise<FirstConnection | undefined> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      resolve(undefined);
      connecting.then(({ teleport }) => teleport.close()).catch(() => {});
    };
    if (signal.aborted) return aborted();
    signal.addEventListener("abort", aborted, { once: true });
    connecting.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}
