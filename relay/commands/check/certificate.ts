/** The relay's Teleport certificate: whose it is, and how long it lasts. Read as the relay reads it at its start. */
import { failed, passed } from "../../../shared/check.ts";
import { IdentityError } from "../../identity/error.ts";
import { nearnessOf } from "../../identity/expiry.ts";
import { type IdentitySource, layoutOf, mendFor } from "../../identity/source.ts";
import { type Identity, readIdentity } from "../../identity.ts";
import { spanFor } from "../print.ts";
import type { Checks } from "./result.ts";

const NAME = "certificate";

/** Checks the credentials and returns them; undefined when they cannot be used. `nowMs` is ms since the epoch. */
export async function* checkCertificate(source: IdentitySource, nowMs: number): Checks<Identity | undefined> {
  try {
    const identity = await readIdentity(source, nowMs);
    const { user, roles, cluster, expiresMs } = identity;
    const where = cluster === null ? "" : `, cluster ${cluster}`;
    const ends = `ends ${new Date(expiresMs).toISOString()}, in ${spanFor(expiresMs - nowMs)}`;
    const detail = `User ${user}, roles ${roles.join(", ") || "none"}${where}; ${ends}.`;
    switch (nearnessOf(identity, nowMs)) {
      case "ample":
        yield passed(NAME, detail);
        break;
      case "within_a_week":
        yield passed(NAME, `${detail} Renew it in time. ${mendFor(await layoutOf(source), user)}`);
        break;
      case "within_a_day":
      case "last_quarter":
      case "expired":
        yield failed(NAME, `${detail} It should have been renewed by now. ${mendFor(await layoutOf(source), user)}`);
    }
    return identity;
  } catch (error) {
    if (!(error instanceof IdentityError)) throw error;
    yield failed(NAME, error.message);
    return undefined;
  }
}
