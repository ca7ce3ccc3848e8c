import { once } from "node:events";
import { createServer } from "node:net";
import { connect } from "node:tls";
import { beforeAll, describe, expect, it } from "vitest";
import { parseClientHello } from "./client-hello.ts";

let hello: Buffer;

beforeAll(async () => {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  const arrived = once(server, "connection");
  const client = connect({
    port: typeof address === "object" && address !== null ? address.port : 0,
    host: "127.0.0.1",
    servername: "teleport.cluster.local",
    ALPNProtocols: ["teleport-auth@61.teleport.cluster.local", "h2"],
  }).on("error", () => {});
  const [socket] = await arrived;
  [hello] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  server.close();
});

describe("parseClientHello", () => {
  const expected = {
    serverName: "teleport.cluster.local",
    alpn: ["teleport-auth@61.teleport.cluster.local", "h2"],
  };

  it("reads the name and the protocols of a real client", () => {
    expect(parseClientHello(hello)).toEqual(expected);
  });

  it("waits until the hello is whole, in one record or in two", () => {
    expect(parseClientHello(Buffer.alloc(0))).toBeUndefined();
    for (const cut of [1, 5, 6, 100, hello.length - 1]) {
      expect(parseClientHello(hello.subarray(0, cut))).toBeUndefined();
    }
    const body = hello.subarray(5);
    const record = (part: Buffer): Buffer =>
      Buffer.concat([Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part]);
    expect(parseClientHello(Buffer.concat([record(body.subarray(0, 50)), record(body.subarray(50))]))).toEqual(
      expected,
    );
  });

  it("refuses what is no TLS client", () => {
    expect(() => parseClientHello(Buffer.from("GET / HTTP/1.1\r\n"))).toThrow("not a TLS client");
  });
});
