import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { FakeConnectProxy } from "../fakes/connect-proxy.ts";
import { FakeLoadBalancer } from "../fakes/load-balancer.ts";
import { PublicAuthority } from "../fakes/teleport-proxy/public-authority.ts";
import { FakeTeleportProxy } from "../fakes/teleport-proxy.ts";
import { type Between, CLUSTER, PEOPLE } from "../stage/stage.ts";
import { ask, boundIncidentFor, incidentsOf, setStage, stateReached, verdictsSent } from "./journey.ts";

const web = new PublicAuthority();
const certificate = web.issue(CLUSTER);

describe("a request where Teleport is behind its Proxy", () => {
  it("is approved, and another denied after the Proxy was away", async () => {
    let proxy: FakeTeleportProxy | undefined;
    const between = async ({ port: authPort }: { readonly port: number }): Promise<Between> => {
      const started = await FakeTeleportProxy.start({ authPort, clusterName: CLUSTER, certificate });
      proxy = started;
      return { address: `localhost:${started.port}`, env: {}, stop: () => started.stop() };
    };
    const stage = await setStage({ between });
    await stage.relay.line(/Teleport is reached by TLS routing through the Proxy/);
    const first = ask(stage);
    const incident = await boundIncidentFor(stage, first);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, first, "APPROVED");

    await proxy?.stop();
    const second = ask(stage, ["root"]);
    await proxy?.restart();
    stage.pagerDuty.as(PEOPLE.bob.id).note((await boundIncidentFor(stage, second)).id, "/deny");
    await stateReached(stage, second, "DENIED");
    for (const id of [first, second]) expect([incidentsOf(stage, id).length, verdictsSent(stage, id)]).toEqual([1, 1]);
  });

  it("is approved through an HTTP proxy and a load balancer that ends TLS", async () => {
    const between = async ({ port: authPort }: { readonly port: number }, directory: string): Promise<Between> => {
      const proxy = await FakeTeleportProxy.start({ authPort, clusterName: CLUSTER, certificate });
      const balancer = await FakeLoadBalancer.start({ certificate, proxyPort: proxy.port });
      const tunnel = await FakeConnectProxy.start({
        routes: { [`${CLUSTER}:443`]: balancer.port },
        credentials: "relay:proxy-canary",
      });
      const authorities = join(directory, "web-ca.pem");
      await writeFile(authorities, web.certificate);
      const env = {
        HTTPS_PROXY: `http://relay:proxy-canary@127.0.0.1:${tunnel.port}`,
        NODE_EXTRA_CA_CERTS: authorities,
      };
      const stop = (): Promise<unknown> => Promise.all([tunnel.stop(), balancer.stop(), proxy.stop()]);
      return { address: `${CLUSTER}:443`, env, stop };
    };
    const stage = await setStage({ between });
    await stage.relay.line(/Teleport is reached by a connection upgrade \(WebSocket\) through the Proxy/);
    const requestId = ask(stage);
    const incident = await boundIncidentFor(stage, requestId);
    stage.pagerDuty.as(PEOPLE.bob.id).note(incident.id, "/approve");
    await stateReached(stage, requestId, "APPROVED");
    expect(stage.relay.lines.join("\n")).not.toContain("proxy-canary");
  });
});
