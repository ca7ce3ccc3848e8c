import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { speaksTlsRouting } from "../../../relay/channel/tls-routing-probe.ts";
import { FakeLoadBalancer } from "../../fakes/load-balancer.ts";
import { PublicAuthority } from "../../fakes/teleport-proxy/public-authority.ts";
import { FakeTeleportProxy } from "../../fakes/teleport-proxy.ts";

const PLENTY_MS = 10_000;
const certificate = new PublicAuthority().issue("localhost");
const proxyOptions = { authPort: 1, clusterName: "teleport.example.com", certificate };

let stop: () => unknown = () => {};
afterEach(() => stop());

const probe = (port: number, withinMs = PLENTY_MS): Promise<boolean> =>
  speaksTlsRouting({ host: "127.0.0.1", port }, null, withinMs);

describe("speaksTlsRouting", () => {
  it("knows a Proxy by its word, whoever signed its certificate", async () => {
    const proxy = await FakeTeleportProxy.start(proxyOptions);
    stop = () => proxy.stop();
    expect(await probe(proxy.port)).toBe(true);
  });

  it("does not take an older Proxy for one", async () => {
    const proxy = await FakeTeleportProxy.start({ ...proxyOptions, tlsRouting: false });
    stop = () => proxy.stop();
    expect(await probe(proxy.port)).toBe(false);
  });

  it.each([
    ["that refuses the protocol", ["http/1.1"]],
    ["that agrees on none", []],
  ])("does not take a load balancer for one, %s", async (_, alpn) => {
    const balancer = await FakeLoadBalancer.start({ certificate, alpn });
    stop = () => balancer.stop();
    expect(await probe(balancer.port)).toBe(false);
  });

  it("gives up on what never answers, and on what is not there", async () => {
    const server = createServer((socket) => socket.resume().on("error", () => {}));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    expect(await probe(port, 20)).toBe(false);
    await new Promise((resolve) => server.close(resolve));
    expect(await probe(port)).toBe(false);
  });
});
