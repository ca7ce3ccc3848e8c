import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isPing } from "../../edge/check/pings.ts";
import type { Check } from "../../shared/check.ts";
import { readWebhook } from "../../shared/webhook-event.ts";
import { Host } from "./host.ts";
import { BOB, BOT, DECISIONS, POLICY, SERVICE, wanted } from "./samples.ts";

/** Where the stand-in PagerDuty posts test events: they go straight to the object, as authentic ones do. */
let receiver: Server;
let webhookUrl: string;
let host: Host;
let takesPings: boolean;

beforeEach(async () => {
  takesPings = true;
  receiver = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const id = request.headers["x-webhook-subscription"];
      if (takesPings && isPing(readWebhook(Buffer.concat(parts))))
        host.board.inspection.pinged(typeof id === "string" ? id : null);
      response.writeHead(takesPings ? 202 : 401).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const { port } = receiver.address() as AddressInfo;
  webhookUrl = `http://127.0.0.1:${port}/v1/teleport.example.com/webhook`;
  host = await Host.start();
});

afterEach(async () => {
  await host.stop();
  receiver.close();
});

/** Never too late, unless the test wants it. */
const patience = (): Promise<void> => new Promise(() => {});

async function check(sleep: (ms: number) => Promise<void> = patience): Promise<readonly Check[]> {
  return host.board.inspection.check(webhookUrl, sleep);
}

function subscribe(change: Record<string, unknown> = {}) {
  return host.pagerDuty.addSubscription({
    url: webhookUrl,
    events: ["incident.annotated", "incident.resolved"],
    filter: { type: "service_reference", id: SERVICE },
    ...change,
  });
}

const failures = (checks: readonly Check[]): string[] => checks.filter(({ ok }) => !ok).map(({ name }) => name);
const detailOf = (checks: readonly Check[], name: string): string =>
  checks.find((each) => each.name === name)?.detail ?? `there is no check ${name}`;

describe("the edge's check", () => {
  it("passes everything that is as it should be, in the order of mending", async () => {
    const { endpoint } = subscribe();
    const checks = await check();
    expect(failures(checks)).toEqual([]);
    expect(checks.map(({ name }) => name)).toEqual([
      "PagerDuty key",
      "PagerDuty writes",
      `service ${SERVICE}`,
      "user_email",
      `answers from ${SERVICE}`,
      "test ping",
    ]);
    expect(detailOf(checks, "test ping")).toContain(endpoint.id);
  });

  it("changes nothing in PagerDuty", async () => {
    subscribe();
    await check();
    expect(host.pagerDuty.incidents).toEqual([]);
    const writes = host.pagerDuty.calls.filter(({ method }) => method !== "GET");
    expect(writes.map(({ route, status }) => `${route} ${status}`).toSorted()).toEqual([
      "POST /incidents/{id}/notes 404",
      "POST /webhook_subscriptions/{id}/ping 202",
    ]);
  });

  it("fails every line that a refused key concerns, and never throws", async () => {
    subscribe();
    const { credentials } = host.config.pagerDuty;
    if (credentials.kind === "api_key") host.pagerDuty.credentials.revoke(credentials.apiKey);
    const checks = await check();
    expect(checks.every(({ ok }) => !ok)).toBe(true);
    expect(detailOf(checks, "PagerDuty key")).toMatch(/unauthorized \(401.*Put a key .* into CLUSTER_SECRETS\.$/);
    expect(JSON.stringify(checks)).not.toContain(credentials.kind === "api_key" ? credentials.apiKey : "");
  });

  it.each([500, 402, 429, "cut"] as const)("makes a failed line of each %s", async (status) => {
    subscribe();
    host.pagerDuty.failNext("* /**", status, undefined, { times: 100 });
    expect((await check()).every(({ ok }) => !ok)).toBe(true);
  });

  it.each(["[]", '{"webhook_subscriptions":{}}', '{"webhook_subscriptions":[{"id":"P1"}]}'])(
    "bears a list of subscriptions that is none: %s",
    async (body) => {
      subscribe();
      host.pagerDuty.failNext("GET /webhook_subscriptions", 200, JSON.parse(body));
      const checks = await check();
      expect(failures(checks)).toEqual(["webhook subscriptions", "test ping"]);
    },
  );

  it("names a service that does not exist", async () => {
    subscribe();
    host.pagerDuty.failNext(`GET /services/${SERVICE}`, 404);
    expect(detailOf(await check(), `service ${SERVICE}`)).toContain(`has no service ${SERVICE}`);
  });

  it("names a service that resolves by itself", async () => {
    subscribe();
    host.pagerDuty.failNext(`GET /services/${SERVICE}`, 200, {
      service: { id: SERVICE, name: "Production access", auto_resolve_timeout: 14_400 },
    });
    const checks = await check();
    expect(failures(checks)).toEqual([`service ${SERVICE}`]);
    expect(detailOf(checks, `service ${SERVICE}`)).toContain("after 4 h");
  });

  it("says when the user that we write as is on call", async () => {
    subscribe();
    host.pagerDuty.setOnCall(POLICY, [[BOB.id], [BOT.id]]);
    const checks = await check();
    expect(failures(checks)).toEqual(["user_email"]);
    expect(detailOf(checks, "user_email")).toContain('is on call for "Production access"');
  });

  it("says that a service without a subscription gets no answers", async () => {
    const checks = await check();
    expect(failures(checks)).toEqual([`answers from ${SERVICE}`, "test ping"]);
    expect(detailOf(checks, `answers from ${SERVICE}`)).toContain("setup");
  });

  it("wants the events of the channels that the relay has named", async () => {
    subscribe();
    host.connect().hello({ decisions: { ...DECISIONS, channels: ["workflow"] } });
    const checks = await check();
    expect(detailOf(checks, `answers from ${SERVICE}`)).toContain("lacks incident.workflow.started");
  });

  it("looks at the services of open requests too", async () => {
    subscribe();
    host.pagerDuty.addService({ id: "PSECOND", name: "Second", policyId: POLICY });
    host.ledger.store(wanted({}, [SERVICE, "PSECOND"]), undefined);
    host.sleep();
    const checks = await check();
    expect(failures(checks)).toEqual(["answers from PSECOND"]);
    expect(checks.map(({ name }) => name)).toContain("service PSECOND");
  });

  it("says when the test event does not arrive, and what to look at", async () => {
    subscribe();
    takesPings = false;
    const checks = await check(async () => {
      await host.pagerDuty.waitForDelivery(({ eventType }) => eventType === "pagey.ping");
    });
    expect(failures(checks)).toEqual(["test ping"]);
    expect(detailOf(checks, "test ping")).toContain("the edge's log");
  });

  it("does not take another subscription's test event for its own", async () => {
    const { endpoint } = subscribe();
    takesPings = false;
    const checks = await check(async () => {
      await host.pagerDuty.waitForDelivery(({ endpointId }) => endpointId === endpoint.id);
      host.board.inspection.pinged("PANOTHER");
    });
    expect(failures(checks)).toEqual(["test ping"]);
  });
});

describe("the edge's key", () => {
  it("is said to act as anyone when it is the account's", async () => {
    expect(detailOf(await check(), "PagerDuty key")).toContain("It can act as anyone");
  });

  it("is said to act as its owner alone when it is the bot's own", async () => {
    await useKey(host.pagerDuty.credentials.addUserKey(BOT.id));
    expect(detailOf(await check(), "PagerDuty key")).toMatch(
      /own key of teleport-bot@example\.com.*cannot act as others/,
    );
  });

  it("fails when it is somebody else's own", async () => {
    await useKey(host.pagerDuty.credentials.addUserKey(BOB.id));
    const checks = await check();
    expect(failures(checks)).toContain("PagerDuty key");
    expect(detailOf(checks, "PagerDuty key")).toContain("own key of bob@example.com");
  });

  it("fails when it may only read", async () => {
    await useKey(host.pagerDuty.credentials.addAccountKey("read-only-key-00001", { readOnly: true }));
    const checks = await check();
    expect(failures(checks)).toContain("PagerDuty writes");
    expect(detailOf(checks, "PagerDuty writes")).toContain("may only read");
  });

  /** The same account, with another key on the edge. */
  async function useKey(apiKey: string): Promise<void> {
    const { config } = host;
    Object.assign(config.pagerDuty.credentials, { apiKey });
    subscribe();
  }
});
