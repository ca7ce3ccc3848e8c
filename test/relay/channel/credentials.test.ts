import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Layer, LayeredCredentials } from "../../../relay/channel/credentials.ts";
import { secure } from "../../../relay/channel/tls.ts";
import { WayError } from "../../../relay/channel/way-error.ts";

const TARGET = { scheme: "dns", path: "localhost:1" };
const FAULT = { code: "unavailable", problem: "It is closed.", mend: "Open it." } as const;

let server: Server;
let tcp: Socket;

beforeEach(async () => {
  server = createServer((socket) => socket.on("error", () => {}));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  tcp = connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
  await once(tcp, "connect");
});

afterEach(() => {
  vi.useRealTimers();
  tcp.destroy();
  server.close();
});

function credentialsOver(...beneath: Layer[]): LayeredCredentials {
  return new LayeredCredentials({ beneath, session: (under) => secure(under, { servername: "localhost" }) });
}

describe("LayeredCredentials", () => {
  it("gives up on a peer that falls silent in a handshake, and hangs up", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const connecting = credentialsOver()._createSecureConnector(TARGET, {}).connect(tcp);
    const refused = expect(connecting).rejects.toThrow(/no handshake within 10 s|closed before TLS|disconnected/);
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect(tcp.destroyed).toBe(true);
  });

  it.each([
    ["http_proxy", false],
    ["load_balancer", true],
    ["upgrade", true],
  ] as const)("keeps what the %s said, and whether the address was reached", async (stage, hasReached) => {
    const error = new WayError(stage, FAULT);
    const credentials = credentialsOver(() => Promise.reject(error));
    await expect(credentials._createSecureConnector(TARGET, {}).connect(tcp)).rejects.toBe(error);
    expect(credentials.dialling).toEqual({ hasReached, failure: error });
  });

  it("is equal to itself alone, so that no connection is shared between identities", () => {
    const credentials = credentialsOver();
    expect(credentials._equals(credentials)).toBe(true);
    expect(credentials._equals(credentialsOver())).toBe(false);
  });
});
