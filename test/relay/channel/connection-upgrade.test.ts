import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import type { Duplex } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { WebSocketServer } from "ws";
import { securedByLoadBalancer, type UpgradeProtocol, upgraded } from "../../../relay/channel/connection-upgrade.ts";

const PROTOCOLS = ["websocket", "alpn"] as const;

let server: Server;
let answer: (socket: Duplex, request: Parameters<WebSocketServer["handleUpgrade"]>[0]) => void;

beforeEach(async () => {
  server = createServer((request) => answer(request.socket, request));
  server.on("upgrade", (request, socket) => answer(socket, request));
  await once(server.listen(0, "127.0.0.1"), "listening");
});

afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

const AT = { host: "teleport.example.com", port: 3080 };

function dial(): Duplex {
  const address = server.address();
  return connect(typeof address === "object" && address !== null ? address.port : 0, "127.0.0.1");
}

async function upgrade(protocol: UpgradeProtocol): Promise<Duplex> {
  return upgraded(dial(), AT, protocol);
}

/** Answers as the Proxy does for a WebSocket. */
function webSockets(handleProtocols: (offered: Set<string>) => string | false): WebSocketServer {
  const webSockets = new WebSocketServer({ noServer: true, handleProtocols });
  answer = (socket, request) =>
    webSockets.handleUpgrade(request, socket, Buffer.alloc(0), (one) => webSockets.emit("connection", one));
  return webSockets;
}

describe("TLS with the load balancer", () => {
  it("says in plain words why there is none", async () => {
    await expect(securedByLoadBalancer(dial(), AT)).rejects.toMatchObject({
      fault: { problem: "There is no TLS with a load balancer at teleport.example.com:3080 (wrong version number)." },
    });
  });
});

describe("the connection upgrade", () => {
  it("asks for the route and the protocol that Proxies know", async () => {
    const seen: unknown[] = [];
    answer = (socket, { method, url, headers }) => {
      const { host, upgrade, connection } = headers;
      seen.push([method, url, host, upgrade, connection, headers["sec-websocket-protocol"]]);
      socket.destroy();
    };
    for (const protocol of PROTOCOLS) await upgrade(protocol).catch(() => {});
    const route = ["GET", "/webapi/connectionupgrade", "teleport.example.com:3080"];
    expect(seen).toEqual([
      [...route, "websocket", "Upgrade", "alpn"],
      [...route, "alpn", "Upgrade", undefined],
    ]);
  });

  it("keeps bytes that came with the answer", async () => {
    answer = (socket) =>
      socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: alpn\r\nConnection: Upgrade\r\n\r\nfirst words");
    const stream = await upgrade("alpn");
    expect(String((await stream.toArray()).join(""))).toBe("first words");
  });

  it("pings oftener than load balancers cut what is idle", async () => {
    const connected = once(
      webSockets(() => "alpn"),
      "connection",
    );
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const stream = await upgrade("websocket");
    const [other] = await connected;
    const pinged = once(other, "ping");
    vi.advanceTimersByTime(30_000);
    await pinged;
    stream.destroy();
    await once(other, "close");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("takes no WebSocket that does not carry what we asked for", async () => {
    webSockets(() => false);
    await expect(upgrade("websocket")).rejects.toMatchObject({ stage: "upgrade", fault: { code: "unavailable" } });
  });

  it.each(
    PROTOCOLS.flatMap((protocol) => [200, 302, 400, 404, 429, 502, 503].map((status) => [protocol, status] as const)),
  )("by %s is refused with %i", async (protocol, status) => {
    answer = (socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\nLocation: /\r\n\r\n`);
    const passes = status === 429 || status >= 500;
    await expect(upgrade(protocol)).rejects.toMatchObject({
      stage: "upgrade",
      fault: { code: passes ? "unavailable" : "untrusted_server", problem: expect.stringContaining(`${status}`) },
    });
  });

  it.each(PROTOCOLS)("by %s breaks off when the other end hangs up or talks nonsense", async (protocol) => {
    for (const words of ["", "220 smtp ready\r\n"]) {
      answer = (socket) => socket.end(words);
      await expect(upgrade(protocol)).rejects.toMatchObject({ stage: "upgrade", fault: { code: "unavailable" } });
    }
  });
});
