import { once } from "node:events";
import { connect } from "node:net";
import { createServer, type Server } from "node:tls";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { secure, serverNameFor } from "../../../relay/channel/tls.ts";
import { PublicAuthority } from "../../fakes/teleport-proxy/public-authority.ts";

let server: Server;

beforeEach(async () => {
  const { certificate, key } = new PublicAuthority().issue("localhost");
  server = createServer({ cert: certificate, key });
  server.on("tlsClientError", () => {});
  await once(server.listen(0, "127.0.0.1"), "listening");
});

afterEach(() => {
  vi.unstubAllEnvs();
  server.close();
});

function port(): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("secure", () => {
  it("trusts no stranger, even where the environment says to trust everybody", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const tcp = connect(port(), "127.0.0.1");
    await expect(secure(tcp, serverNameFor("localhost"))).rejects.toThrow(/certificate/);
    await expect.poll(() => tcp.destroyed).toBe(true);
  });
});

describe("serverNameFor", () => {
  it.each([
    ["teleport.example.com", "teleport.example.com"],
    ["10.0.0.1", ""],
    ["::1", ""],
  ])("asks %s for %j", (host, servername) => {
    expect(serverNameFor(host)).toEqual({ host, servername });
  });
});
