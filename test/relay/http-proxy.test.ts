import { connect, createServer } from "node:net";
import { inspect } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import { httpProxyFor } from "../../relay/http-proxy.ts";
import { FakeConnectProxy } from "../fakes/connect-proxy.ts";

const TO = { host: "teleport.example.com", port: 443 };

let cleanUps: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps) await cleanUp();
  cleanUps = [];
});

describe("httpProxyFor", () => {
  it.each([
    [{}, null],
    [{ HTTPS_PROXY: "" }, null],
    [{ HTTP_PROXY: "http://proxy:3128", ALL_PROXY: "http://proxy:3128" }, null],
    [{ HTTPS_PROXY: "http://proxy:3128" }, { host: "proxy", port: 3128 }],
    [{ https_proxy: "http://proxy:3128" }, { host: "proxy", port: 3128 }],
    [
      { HTTPS_PROXY: "http://upper", https_proxy: "http://lower" },
      { host: "upper", port: 80 },
    ],
    [{ HTTPS_PROXY: "proxy:3128" }, { host: "proxy", port: 3128 }],
    [{ HTTPS_PROXY: "https://proxy" }, { host: "proxy", port: 443 }],
    [{ HTTPS_PROXY: "http://u:p@[fd00::1]:8080/" }, { host: "fd00::1", port: 8080 }],
    [{ HTTPS_PROXY: "http://proxy", NO_PROXY: "example.com" }, null],
    [{ HTTPS_PROXY: "http://proxy", no_proxy: "*" }, null],
    [
      { HTTPS_PROXY: "http://proxy", NO_PROXY: "example.org", no_proxy: "*" },
      { host: "proxy", port: 80 },
    ],
  ])("of %j is %j", (env, endpoint) => {
    expect(httpProxyFor(TO, env)?.endpoint ?? null).toEqual(endpoint);
  });

  it.each(["socks5://canary@proxy", "ftp://canary", "http://canary:canary@", "http://[canary", "http://a b"])(
    "refuses %s without repeating it",
    (text) => {
      expect(() => httpProxyFor(TO, { HTTPS_PROXY: text })).toThrow(
        "HTTPS_PROXY is not the address of an HTTP proxy: write it as http://host:port.",
      );
    },
  );

  it("shows nobody the password", () => {
    const proxy = httpProxyFor(TO, { HTTPS_PROXY: "http://user:canary@proxy" });
    const encoded = Buffer.from("user:canary").toString("base64");
    expect(inspect(proxy, { depth: 9 }) + JSON.stringify(proxy)).not.toMatch(new RegExp(`canary|${encoded}`));
  });
});

describe("HttpProxy.tunnel", () => {
  it("passes on what the destination says at once", async () => {
    const server = createServer((socket) => socket.end("first words"));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const fake = await FakeConnectProxy.start({ routes: { "teleport.example.com:443": port } });
    cleanUps = [() => fake.stop(), () => server.close()];
    const proxy = httpProxyFor(TO, { HTTPS_PROXY: `http://127.0.0.1:${fake.port}` });
    const tunnel = await proxy?.tunnel(connect(fake.port, "127.0.0.1"), TO);
    expect(String(Buffer.concat((await tunnel?.toArray()) ?? []))).toBe("first words");
  });

  it.each([
    ["hangs up", "", /cannot be used \(socket hang up\)/],
    ["answers nonsense", "220 smtp ready\r\n", /cannot be used \(Parse Error/],
    [
      "answers without a tunnel",
      "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n",
      /does not connect us to .* \(403\)/,
    ],
  ])("says so when the proxy %s", async (_, answer, problem) => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.once("data", () => socket.end(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    cleanUps = [() => server.close()];
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const proxy = httpProxyFor(TO, { HTTPS_PROXY: `http://127.0.0.1:${port}` });
    await expect(proxy?.tunnel(connect(port, "127.0.0.1"), TO)).rejects.toThrow(problem);
  });
});
