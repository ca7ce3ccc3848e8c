import { describe, expect, it } from "vitest";
import type { Way } from "../../../relay/channel.ts";
import { TeleportError, type TeleportErrorCode } from "../../../relay/teleport/error.ts";
import { type Attempt, errorFor, isConclusive, isPointless } from "../../../relay/way-in/verdict.ts";

const address = "host:443";
const DIRECT: Way = { kind: "direct", address };
const ROUTING: Way = { kind: "tls_routing", address, cluster: "c" };
const WEB_SOCKET: Way = { kind: "connection_upgrade", address, cluster: "c", protocol: "websocket" };
const ALPN: Way = { kind: "connection_upgrade", address, cluster: "c", protocol: "alpn" };

function attempt(way: Way, code: TeleportErrorCode, more: Partial<Attempt> = {}): Attempt {
  const error = new TeleportError({ code, problem: `${way.kind} says ${code}.`, mend: `Mend ${way.kind}.` });
  return { way, error, hasReached: true, stage: undefined, isProxy: false, ...more };
}

describe("isConclusive", () => {
  it.each<[TeleportErrorCode, boolean]>([
    ["unauthenticated_certificate", true],
    ["permission_denied", true],
    ["untrusted_server", false],
    ["unavailable", false],
    ["timeout", false],
    ["unimplemented", false],
  ])("of %s: %s", (code, conclusive) => {
    expect(isConclusive(attempt(DIRECT, code).error)).toBe(conclusive);
  });
});

describe("isPointless", () => {
  it.each<[string, Way, Attempt[], boolean]>([
    ["at first", DIRECT, [], false],
    ["the same way again", ROUTING, [attempt(ROUTING, "unavailable")], true],
    ["another way where nothing answers", ROUTING, [attempt(DIRECT, "unavailable", { hasReached: false })], true],
    ["the same at another address", { ...ROUTING, address: "host:3080" }, [attempt(ROUTING, "timeout")], false],
    ["TLS routing where no Auth Service is", ROUTING, [attempt(DIRECT, "untrusted_server")], false],
    ["an upgrade before a Proxy", WEB_SOCKET, [attempt(ROUTING, "unavailable", { isProxy: true })], true],
    ["an upgrade before who knows what", WEB_SOCKET, [attempt(ROUTING, "untrusted_server")], false],
    [
      "bare bytes where WebSockets are refused",
      ALPN,
      [attempt(WEB_SOCKET, "unavailable", { stage: "upgrade" })],
      false,
    ],
    ["bare bytes where TLS fails", ALPN, [attempt(WEB_SOCKET, "unavailable", { stage: "load_balancer" })], true],
    ["bare bytes where the upgrade works", ALPN, [attempt(WEB_SOCKET, "untrusted_server")], true],
  ])("%s", (_, way, attempts, pointless) => {
    expect(isPointless(way, attempts)).toBe(pointless);
  });
});

describe("errorFor", () => {
  it("is the one error of a single way, as it is", () => {
    const only = attempt(DIRECT, "unavailable");
    expect(errorFor([only])).toBe(only.error);
  });

  it.each<[string, Attempt[], TeleportErrorCode]>([
    [
      "the Auth Service's own word",
      [attempt(DIRECT, "untrusted_server"), attempt(ROUTING, "unauthenticated_certificate")],
      "unauthenticated_certificate",
    ],
    [
      "what a known Proxy leads to",
      [attempt(DIRECT, "untrusted_server"), attempt(ROUTING, "unavailable", { isProxy: true })],
      "unavailable",
    ],
    [
      "what a load balancer answers that is of the web",
      [attempt(ROUTING, "untrusted_server"), attempt(WEB_SOCKET, "unavailable", { stage: "upgrade" })],
      "unavailable",
    ],
    [
      "a server that is not trusted, before one without TLS of the web",
      [attempt(ROUTING, "untrusted_server"), attempt(WEB_SOCKET, "unavailable", { stage: "load_balancer" })],
      "untrusted_server",
    ],
    [
      "a server that is not trusted, before one that is away",
      [attempt(DIRECT, "unavailable"), attempt(ROUTING, "untrusted_server")],
      "untrusted_server",
    ],
  ])("has the code of %s", (_, attempts, code) => {
    expect(errorFor(attempts).code).toBe(code);
  });

  it("says what was tried, each with its reason, and what else may be mended", () => {
    const attempts = [
      attempt(DIRECT, "untrusted_server"),
      attempt(ROUTING, "timeout"),
      attempt(ALPN, "untrusted_server"),
    ];
    expect(errorFor(attempts).message).toBe(
      "direct says untrusted_server. Mend direct. Tried directly at host:443: as said; " +
        "by TLS routing through the Proxy at host:443: tls_routing says timeout; by a connection upgrade (ALPN) through " +
        "the Proxy at host:443: connection_upgrade says untrusted_server. Mend connection_upgrade.",
    );
  });
});
