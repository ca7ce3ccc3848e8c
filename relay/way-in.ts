/**
 * The way in to Teleport: tries what `teleport.connect` allows, in order, and hands over a Teleport that has answered. A
 * try is its first Ping, so that the way that works costs nothing extra. It only asks who is there, and changes nothing.
 */
import type { Logger } from "../shared/log.ts";
import { speaksTlsRouting } from "./channel/tls-routing-probe.ts";
import { channelFor, endpointOf, type Way } from "./channel.ts";
import { type Environment, type HttpProxy, httpProxyFor } from "./http-proxy.ts";
import type { Identity } from "./identity.ts";
import { TeleportError } from "./teleport/error.ts";
import { RENEW } from "./teleport/mend.ts";
import { Teleport } from "./teleport.ts";
import { type Attempt, errorFor, isConclusive, isPointless } from "./way-in/verdict.ts";
import { type Connect, isSameWay, nameOf, waysFor } from "./way-in/ways.ts";

export interface WayInOptions {
  /** `host:port` of the Auth Service or the Proxy's web address; without a port as {@link waysFor} says. */
  readonly address: string;
  readonly connect: Connect;
  readonly identity: Identity;
  /** HTTPS_PROXY and NO_PROXY are read. */
  readonly env: Environment;
  readonly log: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** What worked before, which is tried first. */
  readonly lastWay?: Way | undefined;
}

/** A Teleport that has answered a Ping, and the way that led to it. */
export interface WayIn {
  readonly teleport: Teleport;
  readonly way: Way;
}

/** How long one way may take to lead to an answer, in ms. */
const TRIED_FOR_MS = 5_000;

/**
 * Opens a Teleport by the first way that works. Rejects with one {@link TeleportError} that says what was tried and why
 * each failed; with an error whose message is a plain sentence when HTTPS_PROXY is faulty.
 */
export async function openTeleport(options: WayInOptions): Promise<WayIn> {
  const { log } = options;
  const attempts: Attempt[] = [];
  for (const way of orderedWays(options)) {
    if (isPointless(way, attempts)) continue;
    const tried = await tryWay(way, options);
    if ("teleport" in tried) {
      log.debug(`Teleport is reached ${nameOf(way)}`, { address: way.address });
      return tried;
    }
    log.debug(`Teleport is not reached ${nameOf(way)}`, { address: way.address, problem: tried.error.message });
    attempts.push(tried);
    if (isConclusive(tried.error)) break;
  }
  throw errorFor(attempts);
}

function orderedWays({ address, connect, identity, lastWay }: WayInOptions): Way[] {
  const ways = waysFor(address, connect, identity.cluster);
  if (ways.length === 0) {
    const problem = "Our Teleport certificate does not say of which cluster it is, so no Proxy can be asked for it.";
    throw new TeleportError({ code: "unauthenticated_certificate", problem, mend: RENEW });
  }
  const first = lastWay === undefined ? undefined : ways.find((way) => isSameWay(way, lastWay));
  return first === undefined ? ways : [first, ...ways.filter((way) => way !== first)];
}

async function tryWay(way: Way, { identity, env, now }: WayInOptions): Promise<WayIn | Attempt> {
  const httpProxy = httpProxyFor(endpointOf(way), env);
  const channel = channelFor(way, identity, httpProxy);
  const teleport = new Teleport({ way, identity, now, channel });
  try {
    await teleport.ping(TRIED_FOR_MS);
    return { teleport, way };
  } catch (error) {
    teleport.close();
    if (!(error instanceof TeleportError)) throw error;
    const { hasReached, failure } = channel.dialling;
    const isProxy = hasReached && (await isProxyAt(way, error, httpProxy));
    return { way, error, hasReached, stage: failure?.stage, isProxy };
  }
}

async function isProxyAt(way: Way, error: TeleportError, httpProxy: HttpProxy | null): Promise<boolean> {
  if (way.kind !== "tls_routing" || isConclusive(error)) return false;
  return speaksTlsRouting(endpointOf(way), httpProxy, TRIED_FOR_MS);
}
