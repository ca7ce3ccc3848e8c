// The stand-in's way in: names, certificates, alerts, pings, restarts, identities on disk.

import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:tls";
import { describe, expect, it } from "vitest";
import { clientOf, closed, idOf, on, start } from "./arrange.ts";
import { BareClient } from "./client.ts";
import type { TeleportVersion } from "./versions.ts";

const VERSIONS: readonly TeleportVersion[] = ["4.2.8", "6.2", "7.0", "18"];
const hex = (name: string) => Buffer.from(name).toString("hex");

describe("the server's certificate", () => {
  it.each(["ec", "rsa"] as const)("has the observed names and a key of kind %s", async (keys) => {
    const teleport = await start({ keys, nodeName: "node7" });
    const { cas } = await teleport.issueIdentity();
    const [host = "", port = ""] = teleport.address.split(":");
    const socket = connect({
      host,
      port: Number(port),
      ca: cas,
      servername: "teleport.cluster.local",
      ALPNProtocols: ["h2"],
    });
    const certificate = await new Promise<X509Certificate | undefined>((resolve, reject) => {
      socket.once("secureConnect", () => resolve(socket.getPeerX509Certificate()));
      socket.once("error", reject);
    });
    expect(socket.alpnProtocol).toBe("h2");
    expect(socket.getProtocol()).toBe("TLSv1.3");
    expect(certificate?.subjectAltName).toBe("DNS:node7, DNS:*.teleport.cluster.local, DNS:teleport.cluster.local");
    socket.destroy();
  });

  const CLUSTER = "one.example";
  it.each([
    { serverName: "teleport.cluster.local", code: 0, message: "" },
    { serverName: `${hex(CLUSTER)}.teleport.cluster.local`, code: 0, message: "" },
    { serverName: `${hex("two.example")}.teleport.cluster.local`, code: 14, message: "SSL alert number 42" },
    { serverName: "x.teleport.cluster.local", code: 14, message: "SSL alert number 80" },
    { serverName: CLUSTER, code: 14, message: "does not match certificate's altnames" },
    { serverName: "localhost", code: 14, message: "does not match certificate's altnames" },
  ])("met as $serverName gives $code $message", async ({ serverName, code, message }) => {
    const teleport = await start({ clusterName: CLUSTER });
    const identity = await teleport.issueIdentity();
    const client = closed(new BareClient(teleport.address, identity.cas, identity, serverName));
    const outcome = await client.call("ping", {});
    expect(outcome.code).toBe(code);
    expect(outcome.message).toContain(message);
  });
});

describe("a client certificate", () => {
  it("carries user, roles and cluster where Teleport puts them", async () => {
    const teleport = await start();
    const { certificate } = await teleport.issueIdentity({ user: "bot-pagerduty", roles: ["one", "two"] });
    const subject: object = new X509Certificate(certificate).toLegacyObject().subject;
    expect({ ...subject }).toEqual({ CN: "bot-pagerduty", O: ["one", "two"], "1.3.9999.1.7": teleport.clusterName });
  });

  it.each(VERSIONS)("that is missing makes the user Nop of %s: Ping passes, listing does not", async (version) => {
    const teleport = await start({ version });
    const { cas } = await teleport.issueIdentity();
    const client = closed(new BareClient(teleport.address, cas, undefined));
    const listing = version === "18" ? "listAccessRequests" : "getAccessRequests";
    expect((await client.call("ping", {})).code).toBe(0);
    const { code, message } = await client.call(listing, {});
    const isNotFound = version === "6.2" || version === "7.0";
    expect(code).toBe(isNotFound ? 5 : 7);
    expect(message).toContain(isNotFound ? 'user "Nop" is not found' : "access denied");
  });

  it("that expired, is not valid yet, or is another cluster's is refused with TLS alert 42", async () => {
    const teleport = await start();
    const other = await start();
    const { cas } = await teleport.issueIdentity();
    const identities = [
      await teleport.issueIdentity({ ttlSeconds: -60 }),
      await teleport.issueIdentity({ notBefore: new Date(Date.now() + 3_600_000) }),
      await other.issueIdentity(),
    ];
    for (const identity of identities) {
      const client = closed(new BareClient(teleport.address, cas, identity));
      expect(await client.call("ping", {})).toMatchObject({
        code: 14,
        message: expect.stringContaining("SSL alert number 42"),
      });
    }
    expect(teleport.calls).toEqual([]);
  });
});

describe("a connection", () => {
  it("to a server of another authority fails in the client", async () => {
    const [teleport, other] = [await start(), await start()];
    const identity = await teleport.issueIdentity();
    const client = closed(new BareClient(teleport.address, (await other.issueIdentity()).cas, identity));
    expect(await client.call("ping", {})).toMatchObject({
      code: 14,
      message: expect.stringContaining("unable to verify the first certificate"),
    });
  });

  it("to a stopped server is refused, and works again after a restart with the state as it was", async () => {
    const teleport = await start();
    const client = await clientOf(teleport);
    const id = idOf(teleport.createRequest());
    const port = teleport.port;
    const watch = client.watch(on());
    await watch.next();
    await teleport.stop();
    expect((await watch.ended).code).toBe(14);
    expect(await (await clientOf(teleport)).call("ping", {})).toMatchObject({
      code: 14,
      message: expect.stringContaining("ECONNREFUSED"),
    });
    await teleport.restart();
    expect(teleport.port).toBe(port);
    const listed = await (await clientOf(teleport)).call("getAccessRequests", {});
    expect(listed.value?.accessRequests.map(idOf)).toEqual([id]);
  });

  it("that pings too often is sent away with ENHANCE_YOUR_CALM", async () => {
    const teleport = await start();
    const identity = await teleport.issueIdentity();
    const options = { "grpc.keepalive_time_ms": 20, "grpc.keepalive_permit_without_calls": 1 };
    const client = closed(new BareClient(teleport.address, identity.cas, identity, undefined, options));
    const watch = client.watch(on());
    await watch.next();
    expect((await watch.ended).code).toBe(8);
  });
});

describe("an identity on disk", () => {
  it("is a triple and an identity file, for nobody else to read", async () => {
    const teleport = await start({ keys: "rsa" });
    const directory = await mkdtemp(join(tmpdir(), "identity-"));
    const identity = await teleport.issueIdentity();
    const paths = await teleport.writeIdentityFiles(directory, identity);
    expect(await readFile(paths.certificate, "utf8")).toBe(identity.certificate);
    expect(await readFile(paths.cas, "utf8")).toBe(identity.cas);
    expect(await readFile(paths.key, "utf8")).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/);
    expect((await stat(paths.key)).mode & 0o777).toBe(0o600);
    const lines = (await readFile(paths.identity, "utf8")).split("\n");
    const marks = lines
      .filter((line) => /^(-----BEGIN|ssh-|@)/.test(line))
      .map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(marks).toEqual([
      "-----BEGIN RSA",
      expect.stringMatching(/^ssh-rsa-cert-v01@openssh\.com /),
      "-----BEGIN CERTIFICATE-----",
      "@cert-authority *.teleport.cluster.local",
      "-----BEGIN CERTIFICATE-----",
    ]);
    await rm(directory, { recursive: true });
  });
});
