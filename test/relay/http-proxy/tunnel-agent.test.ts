import { once } from "node:events";
import { createServer, type Server } from "node:https";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { WebSocketServer } from "ws";
import { tunnelAgentFor } from "../../../relay/http-proxy/tunnel-agent.ts";
import type { SocketEnd } from "../../../relay/link/socket.ts";
import { createDial } from "../../../relay/link/web-socket.ts";
import { systemClock } from "../../../relay/time/clock.ts";
import { FakeConnectProxy } from "../../fakes/connect-proxy.ts";
import { PublicAuthority } from "../../fakes/teleport-proxy/public-authority.ts";

const EDGE = "https://edge.example.com";
const web = new PublicAuthority();

let distrust: () => void;
let edge: Server;
let proxy: FakeConnectProxy;

beforeAll(() => {
  distrust = web.trust();
});
afterAll(() => distrust());

async function stand(edgeName: string, credentials: string): Promise<void> {
  const { certificate, key } = web.issue(edgeName);
  edge = createServer({ cert: certificate, key });
  new WebSocketServer({ server: edge }).on("connection", (socket, { headers }) => {
    socket.send(String(headers.authorization));
  });
  edge.on("tlsClientError", () => {});
  await once(edge.listen(0, "127.0.0.1"), "listening");
  const address = edge.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  proxy = await FakeConnectProxy.start({ routes: { "edge.example.com:443": port }, credentials });
}

beforeEach(() => stand("edge.example.com", "relay:canary"));

afterEach(async () => {
  await proxy.stop();
  edge.close();
});

/** Opens the link's socket through the proxy; its first message, or how it ended. */
function firstMessage(credentials = "relay:canary"): Promise<string | SocketEnd> {
  const agent = tunnelAgentFor(EDGE, { HTTPS_PROXY: `http://${credentials}@127.0.0.1:${proxy.port}` });
  return new Promise((resolve) => {
    const socket = createDial(systemClock, agent)("wss://edge.example.com/v1/c/relay", "the-token", {
      opened: () => {},
      message: (text) => {
        resolve(text);
        socket.terminate();
      },
      ended: resolve,
    });
  });
}

describe("TunnelAgent", () => {
  it("opens the link through the proxy, with TLS to the edge itself", async () => {
    expect(await firstMessage()).toBe("Bearer the-token");
    expect(proxy.asked).toEqual(["edge.example.com:443"]);
  });

  it("says that the proxy refuses us, without the password", async () => {
    const end = await firstMessage("relay:wrong-canary");
    expect(end).toEqual({
      kind: "failed",
      problem: `the HTTP proxy 127.0.0.1:${proxy.port} demands a user name and a password that it knows (407)`,
    });
    expect(JSON.stringify(end)).not.toContain("canary");
  });

  it("says that the proxy is not there", async () => {
    await proxy.stop();
    expect(await firstMessage()).toMatchObject({
      kind: "failed",
      problem: expect.stringMatching(/^the HTTP proxy \S+ cannot be used \(connect ECONNREFUSED/),
    });
    await stand("edge.example.com", "relay:canary");
  });

  it("trusts nobody but the edge at the other end", async () => {
    await proxy.stop();
    edge.close();
    await stand("other.example.com", "relay:canary");
    expect(await firstMessage()).toMatchObject({ kind: "failed", problem: expect.stringContaining("altnames") });
  });

  it("is none without a proxy, and for this machine", () => {
    expect(tunnelAgentFor(EDGE, {})).toBeUndefined();
    expect(tunnelAgentFor("http://127.0.0.1:8787", { HTTPS_PROXY: "http://proxy" })).toBeUndefined();
    expect(tunnelAgentFor("https://[::1]:8787", { HTTPS_PROXY: "http://proxy" })).toBeUndefined();
  });
});
