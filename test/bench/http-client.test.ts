import { createServer, type Server } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { HttpConnection, HttpPool, postBytes } from "./http-client.ts";

let server: Server;

/** A server that answers each request by what its body asks for. */
async function serve(): Promise<URL> {
  server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      response.statusCode = 202;
      if (body === "cut") response.destroy();
      else if (body === "nothing") response.end();
      else if (body === "in parts") {
        response.write("one, ");
        setImmediate(() => response.end("two"));
      } else response.end(`${request.headers["x-name"]}: ${body}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return new URL(`http://127.0.0.1:${typeof address === "object" ? address?.port : ""}/webhook`);
}

afterEach(() => server.closeAllConnections());

describe("a connection", () => {
  it("takes answers one after another, with a length, without a body, and in chunks", async () => {
    const url = await serve();
    const connection = await HttpConnection.open(url);
    const ask = (body: string) => connection.send(postBytes(url, { "x-name": "bench" }, body));
    expect(await ask("é")).toEqual({ status: 202, body: Buffer.from("bench: é").toString("latin1") });
    expect(await ask("nothing")).toEqual({ status: 202, body: "" });
    expect((await ask("in parts")).body).toMatch(/one, \r\n.*\r\ntwo/);
    expect((await ask("again")).body).toBe("bench: again");
    connection.close();
  });

  it("fails when it is cut", async () => {
    const url = await serve();
    const connection = await HttpConnection.open(url);
    await expect(connection.send(postBytes(url, {}, "cut"))).rejects.toThrow();
  });
});

describe("a pool", () => {
  it("sends over another connection when those that were idle have been closed", async () => {
    const url = await serve();
    const pool = new HttpPool(url);
    await pool.warm(3);
    server.closeAllConnections();
    const request = postBytes(url, { "x-name": "bench" }, "again");
    expect(await pool.send(request)).toEqual({ status: 202, body: "bench: again" });
    expect(await pool.send(request)).toEqual({ status: 202, body: "bench: again" });
    pool.close();
  });
});
