import { afterEach, beforeEach, expect, it } from "vitest";
import { SetupPagerDuty } from "../../../../relay/commands/setup/pagerduty.ts";
import { FakePagerDuty } from "../../../fakes/pagerduty.ts";

let fake: FakePagerDuty;
let pagerDuty: SetupPagerDuty;
let connect: (timeoutMs: number) => SetupPagerDuty;

beforeEach(async () => {
  fake = await FakePagerDuty.start();
  fake.addEscalationPolicy({ id: "PPOLICY", name: "Access" });
  fake.addService({ id: "PSVC", name: "Access", policyId: "PPOLICY" });
  const { signal } = new AbortController();
  const apiKey = fake.credentials.addAccountKey();
  connect = (timeoutMs) => new SetupPagerDuty({ apiUrl: fake.url, apiKey, signal, env: {}, timeoutMs });
  pagerDuty = connect(20_000);
});

afterEach(() => fake.stop());

it("reads a list page after page, to its end", async () => {
  for (let index = 0; index < 205; index += 1) {
    const filter = { type: "account_reference", id: null };
    fake.addSubscription({ url: `https://example.com/${index}`, events: ["incident.triggered"], filter });
  }
  const found = await pagerDuty.subscriptions();
  expect([found.length, found.at(-1)?.url]).toEqual([205, "https://example.com/204"]);
  expect(fake.callCount("GET /webhook_subscriptions")).toBe(3);
});

it("reads a list in which others' entries are odd", async () => {
  const odd = [{ id: "P1" }, { id: "P2", filter: { type: "moon_reference" }, delivery_method: 7, events: null }];
  fake.failNext("GET /webhook_subscriptions", 200, { webhook_subscriptions: odd });
  expect(await pagerDuty.subscriptions()).toMatchObject([
    { id: "P1", scope: null, url: "" },
    { id: "P2", scope: null, url: "", events: [] },
  ]);
});

it("does not wait for ever, and says when a write may have had its effect", async () => {
  fake.hang("GET /services/*");
  fake.hang("POST /webhook_subscriptions/*/ping");
  const hasty = connect(200);
  await expect(hasty.serviceName("PSVC")).rejects.toThrow("did not answer within 0.2 s: run this again");
  await expect(hasty.ping("PSUB")).rejects.toThrow("may or may not have been carried out");
});
