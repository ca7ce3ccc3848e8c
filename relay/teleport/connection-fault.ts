/**
 * Why a connection to Teleport was lost or never came about, from the words of TLS and the network that gRPC passes on
 * under one and the same status. Pure.
 */
import { plainWords } from "../channel/tls-words.ts";
import type { TeleportErrorCode, TeleportFault } from "./error.ts";
import { CHECK_ADDRESS, CORRECT_HTTP_PROXY, RENEW, RETRIED } from "./mend.ts";

/** What was dialled, and as whom. */
export interface Dialled {
  /** As configured. */
  readonly address: string;
  /** Whether our certificate has run out by now: a server need not say why it hangs up. */
  readonly certificateHasExpired: boolean;
  /** `host:port` of the HTTP proxy on the way, if there is one: it is then what TCP is dialled to. */
  readonly httpProxy?: string | undefined;
}

interface ConnectionFault {
  readonly when: RegExp;
  readonly code: TeleportErrorCode;
  /** What follows `Teleport at <address>`. */
  readonly problem: string;
  readonly mend: string;
}

const GET_AUTHORITIES =
  "Take the .cas file (or identity file) that tctl auth sign writes for this cluster, and check teleport.addr.";

/** What TLS and the network say inside a status, the first that matches. Sources: OpenSSL's alerts, Node's error codes. */
const CONNECTION_FAULTS: readonly ConnectionFault[] = [
  {
    when: /unable to verify|self.signed certificate|unable to get (local )?issuer|certificate signature failure|SELF_SIGNED|UNABLE_TO/i,
    code: "untrusted_server",
    problem: "shows a certificate that our authorities have not signed.",
    mend: GET_AUTHORITIES,
  },
  {
    when: /ALTNAME_INVALID|does not match certificate's altnames/i,
    code: "untrusted_server",
    problem: "shows a certificate that is not an Auth Service's (teleport.cluster.local).",
    mend: CHECK_ADDRESS,
  },
  {
    when: /CERT_HAS_EXPIRED|certificate has expired|CERT_NOT_YET_VALID|certificate is not yet valid/i,
    code: "untrusted_server",
    problem: "shows a certificate that is not valid now.",
    mend: "Check this machine's clock, then Teleport's.",
  },
  {
    when: /alert (number )?(42|43|44|45|46|48|116)\b|alert (bad|unsupported|expired|revoked|unknown) certificate|alert (certificate (expired|revoked|unknown|required)|unknown ca)/i,
    code: "unauthenticated_certificate",
    problem: "does not accept our certificate.",
    mend: `It may have expired or be another cluster's. ${RENEW}`,
  },
  {
    when: /wrong.version.number|packet.length.too.long|alert (number )?120\b|no.application.protocol|http.request/i,
    code: "untrusted_server",
    problem: "does not speak as an Auth Service does.",
    mend: CHECK_ADDRESS,
  },
  {
    when: /ECONNREFUSED/,
    code: "unavailable",
    problem: "refuses the connection.",
    mend: `Is it running? ${CHECK_ADDRESS}`,
  },
  {
    when: /ENOTFOUND|EAI_AGAIN|name resolution/i,
    code: "unavailable",
    problem: "cannot be found: its name does not resolve.",
    mend: CHECK_ADDRESS,
  },
];

/** The fault behind a status UNAVAILABLE. */
export function connectionFaultFor(
  details: string,
  { address, certificateHasExpired, httpProxy }: Dialled,
): TeleportFault {
  const known = CONNECTION_FAULTS.find(({ when }) => when.test(details));
  const isDoubtful = known === undefined || known.code === "unauthenticated_certificate";
  if (certificateHasExpired && isDoubtful) {
    return { code: "unauthenticated_certificate", problem: "Our Teleport certificate has expired.", mend: RENEW };
  }
  // Of what is known, this is what TCP itself says.
  if (known?.code === "unavailable" && httpProxy !== undefined) {
    const problem = `The HTTP proxy ${httpProxy} on the way to Teleport at ${address} ${known.problem}`;
    return { code: "unavailable", problem, mend: CORRECT_HTTP_PROXY };
  }
  if (known !== undefined) {
    return { code: known.code, problem: `Teleport at ${address} ${known.problem}`, mend: known.mend };
  }
  return {
    code: "unavailable",
    problem: `Teleport at ${address} cannot be reached (${plainWords(details)}).`,
    mend: RETRIED,
  };
}
