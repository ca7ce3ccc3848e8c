// What the stand-in's own tests begin with: a server and clients of it, closed again after each test.

import { afterEach } from "vitest";
import type { AccessRequest } from "../../../relay/gen/teleport_pb.ts";
import { FakeTeleport } from "../teleport.ts";
import { BareClient } from "./client.ts";
import type { FakeTeleportOptions } from "./options.ts";

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) {
    await close();
  }
});

/** A stand-in that lives as long as the test. */
export async function start(options: FakeTeleportOptions = {}): Promise<FakeTeleport> {
  const teleport = await FakeTeleport.start(options);
  closing.push(() => teleport.close());
  return teleport;
}

/** A client with a fresh identity of `user`, closed after the test. */
export async function clientOf(teleport: FakeTeleport, user = "access-plugin"): Promise<BareClient> {
  const identity = await teleport.issueIdentity({ user, roles: [user] });
  return closed(new BareClient(teleport.address, identity.cas, identity));
}

/** The same client, closed after the test. */
export function closed(client: BareClient): BareClient {
  closing.push(() => client.close());
  return client;
}

/** Both at once. */
export async function startWithClient(options: FakeTeleportOptions = {}) {
  const teleport = await start(options);
  return { teleport, client: await clientOf(teleport) };
}

/** A request's id. */
export function idOf(request: AccessRequest): string {
  return request.metadata?.name ?? "";
}

/** A watch request for one kind. */
export function on(kind = "access_request", filter: Record<string, string> = {}) {
  return { kinds: [{ kind, filter }] };
}
