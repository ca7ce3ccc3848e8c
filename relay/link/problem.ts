/** Why there is no link, as one sentence for the admin that says what to mend. Pure. */
import { CLOSE, PROTOCOL_VERSION } from "../../shared/protocol.ts";
import type { SocketEnd } from "./socket.ts";

/** What a sentence may need to name. */
export interface LinkSubject {
  readonly url: string;
  readonly cluster: string;
  /** The relay's own. */
  readonly publicKey: string;
  /** The edge's clock less ours, ms, when the edge refused our token for it; else 0. */
  readonly clockOffsetMs: number;
}

/** The sentence for a socket that has ended by itself. */
export function problemFor(end: SocketEnd, subject: LinkSubject): string {
  switch (end.kind) {
    case "failed":
      return `The edge ${subject.url} cannot be reached: ${end.problem}.`;
    case "closed":
      return closeProblem(end.code, end.reason, subject);
    case "refused":
      return refusalProblem(end.status, subject);
  }
}

function refusalProblem(status: number, { url, cluster, publicKey, clockOffsetMs }: LinkSubject): string {
  const route = `${url}/v1/${cluster}/relay`;
  if (status === 401 && clockOffsetMs !== 0) {
    const seconds = Math.round(Math.abs(clockOffsetMs) / 1000);
    const direction = clockOffsetMs > 0 ? "behind" : "ahead of";
    return `This machine's clock is ${seconds} s ${direction} the edge's, which refused our token: set it right (NTP); until then tokens are dated by the edge's clock, and approvals may be refused as stale.`;
  }
  switch (status) {
    case 401:
      return `The edge does not know this relay (401): put ${publicKey} into relay_public_keys of the cluster "${cluster}" in the edge's configuration, or correct edge.cluster, or edge.url where the edge's PUBLIC_URL is another.`;
    case 503:
      return `The edge's configuration of the cluster "${cluster}" is faulty (503): its log names every fault.`;
    case 404:
      return `There is no edge at ${route} (404): correct edge.url.`;
    case 426:
      return `The edge got no WebSocket upgrade at ${route} (426): something on the way takes it out; let WebSockets pass.`;
    case 429:
      return "The edge is asked too often (429): this passes by itself.";
    default:
      return status >= 300 && status < 400
        ? `${route} leads elsewhere (${status}): put the edge's own origin into edge.url.`
        : `The edge answered ${status} at ${route}: see its log.`;
  }
}

function closeProblem(code: number, reason: string, { cluster }: LinkSubject): string {
  switch (code) {
    case CLOSE.unsupportedVersion:
      return `The edge does not speak version ${PROTOCOL_VERSION} of the protocol: upgrade the edge.`;
    case CLOSE.wrongCluster:
      return `The edge refuses the Teleport cluster of this relay under the name "${cluster}": correct edge.cluster, or teleport.addr.`;
    case CLOSE.superseded:
      return "The edge closed the link for a newer one of this relay.";
    case CLOSE.unresponsive:
      return "The edge closed the link because this relay did not answer in time.";
    case CLOSE.malformedFrame:
    case CLOSE.frameTooLarge:
    case CLOSE.sequenceGap:
      return `The edge closed the link over a frame of ours (${code}): report this as a bug.`;
    case 1006:
      return "The link to the edge was cut.";
    default:
      return `The edge closed the link (${code}${/^[\x20-\x7e]+$/.test(reason) ? `, "${reason}"` : ""}).`;
  }
}
