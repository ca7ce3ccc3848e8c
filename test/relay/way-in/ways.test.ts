import { describe, expect, it } from "vitest";
import { type Connect, waysFor } from "../../../relay/way-in/ways.ts";

function written(address: string, connect: Connect, cluster: string | null = "c"): string[] {
  return waysFor(address, connect, cluster).map((way) =>
    [way.kind, "protocol" in way ? way.protocol : "", way.address].filter(Boolean).join(" "),
  );
}

const proxied = (address: string): string[] => [
  `tls_routing ${address}`,
  `connection_upgrade websocket ${address}`,
  `connection_upgrade alpn ${address}`,
];

describe("waysFor", () => {
  it.each<[string, Connect, string[]]>([
    ["host:3025", "auth", ["direct host:3025"]],
    ["host", "auth", ["direct host:3025"]],
    ["host:443", "proxy", proxied("host:443")],
    ["host", "proxy", [...proxied("host:443"), ...proxied("host:3080")]],
    ["host:443", "auto", ["direct host:443", ...proxied("host:443")]],
    ["host", "auto", ["direct host:3025", ...proxied("host:443"), ...proxied("host:3080")]],
    ["[::1]", "auto", ["direct [::1]:3025", ...proxied("[::1]:443"), ...proxied("[::1]:3080")]],
  ])("to %s by %s", (address, connect, ways) => {
    expect(written(address, connect)).toEqual(ways);
  });

  it("asks no Proxy without a cluster to ask for", () => {
    expect(written("host:443", "auto", null)).toEqual(["direct host:443"]);
    expect(written("host:443", "proxy", null)).toEqual([]);
  });
});
