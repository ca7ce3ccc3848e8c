/** Plays documents on a host, block by block in their order: what each console shows, and what its commands print. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RequestState } from "../../relay/gen/teleport_pb.ts";
import type { Incident } from "../fakes/pagerduty/records.ts";
import { PEOPLE } from "../stage/stage.ts";
import { type Block, blocksIn, type Command, commandsIn } from "./blocks.ts";
import { Host } from "./host.ts";

/** The documents that are played, each group on one host: what an admin does first is done for those that follow. */
export const PLAYED = [
  ["docs/install.md", "docs/operations.md", "docs/troubleshooting.md"],
  ["docs/try.md", "docs/migration.md"],
];

export interface Played {
  readonly document: string;
  readonly block: Block;
  readonly shown: readonly Command[];
  readonly printed: readonly Command[];
}

const PROJECT = fileURLToPath(new URL("../..", import.meta.url));
const WITHIN_MS = 30_000;

/** The text of a document, by its path from the project's root. */
export function textOf(document: string): Promise<string> {
  return readFile(join(PROJECT, document), "utf8");
}

/** Plays a group of documents on a host of their own. */
export async function* play(documents: readonly string[]): AsyncGenerator<Played> {
  const host = await Host.open();
  try {
    for (const document of documents) {
      for (const block of blocksIn(await textOf(document))) {
        const printed = await perform(host, block);
        if (printed !== undefined) yield { document, block, shown: commandsIn(block), printed };
      }
    }
  } finally {
    await host.close();
  }
}

async function perform(host: Host, block: Block): Promise<Command[] | undefined> {
  const { mark, detail, text } = block;
  if (mark === "file") {
    await host.write(detail, text);
    return undefined;
  }
  if (mark === "log") {
    for (const line of text.trimEnd().split("\n")) await host.logged(line);
    return undefined;
  }
  if (mark !== "run") return undefined;
  const happening = HAPPENINGS[detail];
  if (happening === undefined) throw new Error(`There is nothing called ${detail} that could happen before a block.`);
  await happening(host);
  const printed: Command[] = [];
  for (const { line } of commandsIn(block)) printed.push({ line, output: await host.run(line) });
  return printed;
}

/** What happens before a block, by the word behind its mark. */
const HAPPENINGS: Readonly<Record<string, (host: Host) => Promise<unknown>>> = {
  "": async () => {},
  "not shown": async () => {},
  deploy: (host) => host.deploy(),
  asked: (host) => ask(host),
  decided: async (host) => {
    const { stage } = host;
    const open = stage.pagerDuty.incidents.find(({ status }) => status !== "resolved") ?? (await ask(host));
    stage.pagerDuty.as(PEOPLE.bob.id).note(open.id, "/approve");
    await stage.pagerDuty.waitForStatus(open.id, "resolved", WITHIN_MS);
  },
  "second-relay": async (host) => {
    await host.run("teleport-pagerduty keygen --out /etc/credstore/second.key");
    await host.deploy();
    await host.startService("second", "/etc/credstore/second.key");
  },
  "edge-away": (host) => host.stage.edge.kill(),
};

/** Alice asks for a role; the incident, once Teleport holds that it stands for the request. */
async function ask({ stage: { teleport, pagerDuty } }: Host): Promise<Incident> {
  const asked = teleport.createRequest({ user: PEOPLE.alice.email, roles: ["dba"], reason: "to see it work" });
  const requestId = asked.metadata?.name ?? "";
  if (asked.spec?.state !== RequestState.PENDING) throw new Error("The request is not pending");
  const incident = await pagerDuty.waitForIncident(({ incidentKey }) => incidentKey?.endsWith(requestId) === true);
  await teleport.waitForCall("updatePluginData", ({ resource }) => resource === requestId);
  return incident;
}
