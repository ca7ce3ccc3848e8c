import { readFile, writeFile } from "node:fs/promises";
import { afterEach, expect, it } from "vitest";
import { runCommandLine } from "../../relay/commands/command-line.ts";
import { CLUSTER, PEOPLE, SERVICE, Stage } from "../stage/stage.ts";
import { ask, boundIncidentFor, stateReached, WITHIN_MS } from "./journey.ts";

const SETUP_KEY = "the-key-of-an-admin-for-setup";

let standing: Stage | undefined;

afterEach(() => standing?.strike());

/** Runs `setup` into the stage's folder. */
async function setup(stage: Stage, ...more: string[]): Promise<{ status: number; output: string }> {
  let output = "";
  const write = (text: string): void => {
    output += text;
  };
  const env = { PAGERDUTY_API_KEY: SETUP_KEY, PAGERDUTY_API_URL: stage.pagerDuty.url };
  const terminal = { stdout: write, stderr: write, signal: new AbortController().signal, env };
  const args = ["--edge", stage.edgeUrl, "--cluster", CLUSTER, "--service", SERVICE, "--out", stage.directory];
  return { status: await runCommandLine(["setup", ...args, ...more], terminal), output };
}

/** Puts `secrets.json` where the edge reads it. */
async function deploy(stage: Stage): Promise<void> {
  const vars = await readFile(stage.path("edge.vars"), "utf8");
  const secrets = (await readFile(stage.path("secrets.json"), "utf8")).trimEnd();
  await writeFile(
    stage.path("edge.vars"),
    vars.replace(/^CLUSTER_SECRETS=.*$/m, () => `CLUSTER_SECRETS=${secrets}`),
  );
  await stage.edge.kill();
  await stage.startEdge();
}

async function bothJourneys(stage: Stage): Promise<void> {
  const wanted = ask(stage);
  stage.pagerDuty.as(PEOPLE.bob.id).note((await boundIncidentFor(stage, wanted)).id, "/approve");
  await stateReached(stage, wanted, "APPROVED");
  const unwanted = ask(stage);
  stage.pagerDuty.as(PEOPLE.bob.id).pressAction((await boundIncidentFor(stage, unwanted)).id, "Deny Request");
  await stateReached(stage, unwanted, "DENIED");
}

it("what setup writes makes both halves work, before, during and after a rotation", async () => {
  const decisions: Record<string, string> = {};
  const stage = await Stage.empty({ decisions });
  standing = stage;
  decisions.webhook_secrets_file = JSON.stringify(stage.path("webhook.secrets"));
  decisions.action_tokens_file = JSON.stringify(stage.path("action.tokens"));
  stage.pagerDuty.credentials.addAccountKey(SETUP_KEY);
  await stage.startEdge();

  expect((await setup(stage)).status).toBe(0);
  const early = await setup(stage);
  expect([early.status, early.output.includes("stays inactive")]).toEqual([1, true]);
  await deploy(stage);
  expect(await setup(stage)).toMatchObject({ status: 0 });
  await stage.pagerDuty.waitForDelivery(
    ({ eventType, result }) => eventType === "pagey.ping" && result === 202,
    WITHIN_MS,
  );
  await stage.startRelay();
  await bothJourneys(stage);

  expect((await setup(stage, "--rotate")).status).toBe(0);
  await deploy(stage);
  expect((await setup(stage)).status).toBe(0);
  await bothJourneys(stage);
  expect((await setup(stage, "--finish")).status).toBe(0);
  await deploy(stage);
  await bothJourneys(stage);
  expect(stage.pagerDuty.account.subscriptions.size).toBe(1);
  expect(stage.pagerDuty.deliveries.filter(({ fate }) => fate === "dropped")).toEqual([]);
}, 120_000);
