/** Frames and a key, ready made for tests of the link. */
import type { Family } from "../../../shared/metrics.ts";
import type { Hello } from "../../../shared/protocol.ts";

export const HELLO: Omit<Hello, "type" | "protocol"> = {
  instance: "instance-1",
  release: "0.0.0",
  teleport: { version: "18.0.0", cluster: "teleport.example.com", proxyAddress: null },
  decisions: { channels: ["note"], workflowTriggers: { approve: "", deny: "" }, field: "f", onResolve: "nothing" },
  asksOnCall: true,
  certificateExpiresMs: null,
};

export const WELCOME = { type: "welcome", session: "s1", epoch: 3, role: "active", open: [], more: false };

/** A numbered frame of the edge. */
export function bind(seq: number): Record<string, unknown> {
  return {
    type: "bind",
    seq,
    epoch: 3,
    requestId: `r${seq}`,
    digest: "d",
    incidents: [{ service: "S", incident: "Q" }],
  };
}

/** Writes down what a link's handlers are told. */
export function recordHandlers(heard: { push(item: readonly [string, unknown]): void }) {
  return {
    welcome: (welcome: unknown) => heard.push(["welcome", welcome]),
    bind: (frame: { seq: number }) => heard.push(["bind", frame.seq]),
    decide: (frame: { seq: number }) => heard.push(["decide", frame.seq]),
    autoApprove: (frame: { seq: number }) => heard.push(["autoApprove", frame.seq]),
    promote: (frame: { epoch: number }) => heard.push(["promote", frame.epoch]),
    health: (frame: unknown) => heard.push(["health", frame]),
    measured: (): Family[] => [],
    lost: (problem: string) => heard.push(["lost", problem]),
  };
}
