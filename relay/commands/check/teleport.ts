/** Teleport, asked as the relay asks it: whether it is reached, what it is, and what it lets us do. */
import { failed, passed } from "../../../shared/check.ts";
import type { RelayConfig } from "../../config.ts";
import type { Identity } from "../../identity.ts";
import type { TeleportPort, TeleportServer } from "../../teleport/port.ts";
import { checkPermissions } from "./permissions.ts";
import type { Checks } from "./result.ts";

const NAME = "Teleport";
const PERMISSIONS = "permissions in Teleport";

/** A connection, and the way that led to it in words. */
export interface OpenedTeleport {
  readonly teleport: TeleportPort;
  readonly way: string;
}

/** Opens a Teleport; rejects with an error whose message is sentences: what is wrong, and the mend. */
export type OpenTeleport = (identity: Identity) => Promise<OpenedTeleport>;

/** Checks Teleport and returns what it said of itself; undefined when it was not reached. */
export async function* checkTeleport(
  { teleport: { addr, decideBy }, edge }: RelayConfig,
  identity: Identity | undefined,
  open: OpenTeleport,
): Checks<TeleportServer | undefined> {
  if (identity === undefined) {
    yield failed(NAME, "Not tried, for want of a certificate.");
    return undefined;
  }
  const opened = await reach(open, identity);
  if (typeof opened === "string") {
    yield failed(NAME, opened);
    yield failed(PERMISSIONS, "Not tried, because Teleport was not reached.");
    return undefined;
  }
  const { teleport, server, way } = opened;
  const { version, cluster } = server;
  try {
    const found = `Teleport ${version}, cluster ${cluster}, at ${addr}, reached ${way}.`;
    const isOurs = edge.cluster === null || edge.cluster === cluster;
    const other = `edge.cluster is "${edge.cluster}": correct it, or teleport.addr.`;
    yield isOurs ? passed(NAME, found) : failed(NAME, `${found} But ${other}`);
    yield* checkPermissions({ teleport, version, decideBy });
  } finally {
    teleport.close();
  }
  return server;
}

async function reach(
  open: OpenTeleport,
  identity: Identity,
): Promise<(OpenedTeleport & { readonly server: TeleportServer }) | string> {
  try {
    const opened = await open(identity);
    try {
      return { ...opened, server: await opened.teleport.ping() };
    } catch (error) {
      opened.teleport.close();
      throw error;
    }
  } catch (error) {
    // A faulty HTTPS_PROXY is said in a sentence too.
    return error instanceof Error ? error.message : String(error);
  }
}
