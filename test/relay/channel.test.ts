import { beforeAll, describe, expect, it } from "vitest";
import { channelFor } from "../../relay/channel.ts";
import { httpProxyFor } from "../../relay/http-proxy.ts";
import type { Identity } from "../../relay/identity.ts";
import { Authority } from "../fakes/teleport/authority.ts";

let identity: Identity;

beforeAll(async () => {
  const authority = await Authority.create("teleport.example.com", "ec");
  const { key, certificate, cas } = await authority.issueIdentity({ user: "plugin", roles: [] });
  identity = {
    key,
    certificate,
    authorities: [cas],
    user: "plugin",
    roles: [],
    cluster: null,
    notBeforeMs: 0,
    expiresMs: 0,
  };
});

describe("channelFor", () => {
  it.each([
    ["localhost:3025", "dns:localhost:3025"],
    ["auth.example.com", "dns:auth.example.com:3025"],
    ["10.0.0.1:443", "dns:10.0.0.1:443"],
    ["[::1]:3025", "dns:[::1]:3025"],
    ["[::1]", "dns:[::1]:3025"],
    ["::1", "dns:[::1]:3025"],
    ["fe80:0:0:0:0:0:0:1", "dns:[fe80:0:0:0:0:0:0:1]:3025"],
  ])("dials %s as %s", (address, target) => {
    expect(channelFor({ kind: "direct", address }, identity).target).toBe(target);
  });

  it.each([
    ["tls_routing", {}],
    ["connection_upgrade", { protocol: "websocket" }],
  ] as const)("dials the Proxy's port by default for %s", (kind, more) => {
    const way = { kind, address: "proxy.example.com", cluster: "c", protocol: "alpn", ...more } as const;
    expect(channelFor(way, identity).target).toBe("dns:proxy.example.com:443");
  });

  it("dials the HTTP proxy instead where there is one", () => {
    const httpProxy = httpProxyFor({ host: "auth", port: 3025 }, { HTTPS_PROXY: "http://[fd00::1]:3128" });
    expect(channelFor({ kind: "direct", address: "auth" }, identity, httpProxy).target).toBe("dns:[fd00::1]:3128");
  });

  it("verifies the name of every Auth Service, pings no oftener than Teleport allows, and never sends twice", () => {
    const { options, credentials } = channelFor({ kind: "direct", address: "localhost" }, identity);
    expect(credentials._isSecure()).toBe(true);
    expect(options["grpc.ssl_target_name_override"]).toBe("teleport.cluster.local");
    expect(options["grpc.keepalive_time_ms"]).toBeGreaterThanOrEqual(65_000);
    expect(options["grpc.keepalive_permit_without_calls"]).toBe(1);
    expect(options["grpc.max_receive_message_length"]).toBe(-1);
    expect(options["grpc.enable_retries"]).toBe(0);
    expect(options["grpc.enable_http_proxy"]).toBe(0);
  });
});
