/** Whose turn it is to act, among the sockets that are there, and whose it is next. Pure. */
import { LINK_DEAD_AFTER_MS, PING_EVERY_MS } from "../../shared/protocol.ts";
import { attachmentOf, type RelaySocket } from "./socket.ts";

/** Relays that have said `hello` and are connected. */
export function greetedOf(sockets: readonly RelaySocket[]): RelaySocket[] {
  return sockets.filter((socket) => socket.isOpen && attachmentOf(socket).greeting !== null);
}

/** The one that acts. */
export function activeOf(sockets: readonly RelaySocket[]): RelaySocket | undefined {
  return greetedOf(sockets).find((socket) => attachmentOf(socket).role === "active");
}

/** The one that acts when this one no longer does: of those with the least trouble the one that came first. */
export function standbyOf(sockets: readonly RelaySocket[], not: RelaySocket, nowMs: number): RelaySocket | undefined {
  const { session } = attachmentOf(not);
  return greetedOf(sockets)
    .filter((socket) => attachmentOf(socket).session !== session && attachmentOf(socket).role === "standby")
    .sort(
      (one, other) =>
        troubleOf(one, nowMs) - troubleOf(other, nowMs) ||
        attachmentOf(one).connectedMs - attachmentOf(other).connectedMs,
    )[0];
}

/** How little use a relay would be: one that may be gone is of less than one that can only deny. 0 for no trouble. */
export function troubleOf(socket: RelaySocket, nowMs: number): number {
  return (isSilent(socket, nowMs) ? 2 : 0) + (isWritable(socket) ? 0 : 1);
}

/** Whether a relay has been silent for longer than one ever is. */
export function isSilent(socket: RelaySocket, nowMs: number): boolean {
  const heardMs = Math.max(socket.heardMs ?? 0, attachmentOf(socket).connectedMs);
  return heardMs <= nowMs - LINK_DEAD_AFTER_MS - PING_EVERY_MS;
}

/** Whether a relay can write its audit log, as far as it has said; one that says nothing of it is an older one. */
export function isWritable(socket: RelaySocket): boolean {
  return attachmentOf(socket).audit?.writable !== false;
}
