import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { buffer } from "node:stream/consumers";
import { status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "vitest";
import { PEOPLE, type Stage } from "../stage/stage.ts";
import {
  ask,
  boundIncidentFor,
  incidentFor,
  incidentsOf,
  setStage,
  stateReached,
  verdictsSent,
  WITHIN_MS,
} from "./journey.ts";

/** The kinds of the audit log's lines, in their order. */
async function auditKinds(stage: Stage): Promise<string[]> {
  const lines = (await readFile(stage.path("relay-audit.jsonl"), "utf8")).trimEnd().split("\n");
  return lines.map((line) => String(JSON.parse(line).kind));
}

/** Kills the relay, lets Teleport answer again, and starts the relay anew. */
async function bringBack(stage: Stage): Promise<void> {
  await stage.relay.kill();
  stage.teleport.clearFaults();
  await stage.startRelay();
}

/** What is true of a request in the end, whoever died on the way: one incident, one verdict, told once by its name. */
async function decidedOnce(stage: Stage, requestId: string, incidentId: string): Promise<void> {
  await stage.pagerDuty.waitForStatus(incidentId, "resolved", WITHIN_MS);
  const told = stage.pagerDuty.incident(incidentId).notes.filter(({ content }) => content.startsWith("Access request"));
  expect(told.map(({ content }) => content)).toEqual([
    `Access request has been approved by ${PEOPLE.bob.name} (${PEOPLE.bob.email}).`,
  ]);
  expect([incidentsOf(stage, requestId).length, verdictsSent(stage, requestId)]).toEqual([1, 1]);
}

describe("a relay that dies", () => {
  it("between Teleport's answer and the edge's finds what it did by reading, and does not repeat it", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    stage.teleport.hang("setAccessRequestState", "after");
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    await stage.teleport.waitForCall("setAccessRequestState", undefined, { timeoutMs: WITHIN_MS });
    // Once it has Teleport's answer the relay reads what came of it, and only then tells the edge.
    stage.teleport.hang("getAccessRequests");
    const since = stage.teleport.sequence;
    stage.teleport.release("setAccessRequestState");
    await stage.teleport.waitForCall("getAccessRequests", ({ id: read }) => read === requestId, { since });
    await bringBack(stage);

    await decidedOnce(stage, requestId, id);
  });

  it("after its audit line and before the call applies the click once, when it is back", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    stage.teleport.failNext("updatePluginData", status.UNAVAILABLE, "away", 1_000);
    const since = stage.teleport.sequence;
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    await stage.teleport.waitForCall("updatePluginData", undefined, { since, timeoutMs: WITHIN_MS });
    expect([await auditKinds(stage), verdictsSent(stage, requestId)]).toEqual([["intent"], 0]);
    await bringBack(stage);

    await decidedOnce(stage, requestId, id);
  });
});

/** What stands between PagerDuty and the edge; `answered` is told of each answer and says whether PagerDuty gets it. */
class Doorway {
  readonly #server: Server;

  constructor(edgeUrl: () => string, answered: (status: number) => Promise<boolean>) {
    this.#server = createServer(async (request, response) => {
      const path = request.url ?? "/";
      const headers = new Headers(Object.entries(request.headers).flatMap(([name, value]) => [[name, String(value)]]));
      for (const name of ["host", "connection", "content-length"]) headers.delete(name);
      try {
        const answer = await fetch(`${edgeUrl()}${path}`, { method: "POST", headers, body: await buffer(request) });
        if (await answered(answer.status)) response.writeHead(answer.status).end();
        else response.destroy();
      } catch {
        response.destroy();
      }
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

describe("an edge that dies", () => {
  let doorway: Doorway | undefined;
  afterEach(() => doorway?.close());

  it("after it has stored a click and before PagerDuty hears 202 gets it again, with one effect", async () => {
    const stage = await setStage();
    const requestId = ask(stage);
    const { id } = await boundIncidentFor(stage, requestId);
    let deaths = 0;
    doorway = new Doorway(
      () => stage.edgeUrl,
      async (answer) => {
        if (deaths > 0) return true;
        deaths += 1;
        expect(answer).toBe(202);
        await stage.edge.kill();
        await stage.startEdge();
        return false;
      },
    );
    const address = await doorway.open();
    await stage.relay.kill();
    for (const { endpoint } of stage.pagerDuty.account.subscriptions.values()) {
      endpoint.url = endpoint.url.replace(stage.edgeUrl, address);
    }
    stage.pagerDuty.as(PEOPLE.bob.id).note(id, "/approve");
    const again = await stage.pagerDuty.waitForDelivery(
      ({ eventType, result }) => eventType === "incident.annotated" && result === 202,
      WITHIN_MS,
    );
    await stage.startRelay();

    expect([deaths, again.attempt]).toEqual([1, 2]);
    await stateReached(stage, requestId, "APPROVED");
    await decidedOnce(stage, requestId, id);
  });

  it("with its alarm armed is woken by it when it is back, with nobody connected", async () => {
    // What it looks after once in a while, it looks after soon.
    const stage = await setStage({ vars: { RECONCILE_EVERY_SECONDS: "2" } });
    stage.pagerDuty.failNext("POST /incidents", 503, undefined, { times: 1_000 });
    const requestId = ask(stage);
    await stage.pagerDuty.waitForCall(({ path }) => path === "/incidents", WITHIN_MS);
    await Promise.all([stage.relay.kill(), stage.edge.kill()]);
    stage.pagerDuty.clearFaults();
    await stage.startEdge();

    await incidentFor(stage, requestId);
    expect(incidentsOf(stage, requestId)).toHaveLength(1);
  });
});
