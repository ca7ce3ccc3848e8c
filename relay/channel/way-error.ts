/**
 * A way in that failed before there could be TLS with the Auth Service: at the HTTP proxy, or at the load balancer. What
 * goes wrong after that is the same on every way, and is not of this kind.
 */
import type { TeleportFault } from "../teleport/error.ts";

/** Who stood in the way: `http_proxy`, the load balancer's TLS, or its answer to the connection upgrade. */
export type WayStage = "http_proxy" | "load_balancer" | "upgrade";

/** Why a way in failed, as an operator needs it. Its message is the problem, which gRPC passes on. */
export class WayError extends Error {
  override readonly name = "WayError";
  readonly stage: WayStage;
  readonly fault: TeleportFault;

  constructor(stage: WayStage, fault: TeleportFault, cause?: unknown) {
    super(fault.problem, { cause });
    this.stage = stage;
    this.fault = fault;
  }
}
