// The stand-in Teleport as its own process: `node teleport-main.ts '{"version":"7.0","identityDirectory":"…"}'`.
// Prints one JSON line when it serves. Then each line of JSON on stdin is a command, answered by one line: `result`, or
// `error` with a sentence. SIGTERM ends it.

import { createInterface } from "node:readline";
import { toJson } from "@bufbuild/protobuf";
import * as z from "zod";
import { AccessRequestSchema, RequestState } from "../../relay/gen/teleport_pb.ts";
import { FakeTeleport } from "./teleport.ts";

const strings = z.array(z.string());
const id = z.string();

const Config = z.strictObject({
  version: z.enum(["4.2.8", "6.2", "7.0", "18"]).default("7.0"),
  identityDirectory: z.string(),
  user: z.string().default("access-plugin"),
  ttlSeconds: z.number().default(12 * 3600),
  clusterName: z.string().default("teleport.example.com"),
  port: z.number().default(0),
  keys: z.enum(["rsa", "ec"]).default("ec"),
  enterprise: z.boolean().default(false),
  watchQueueEvents: z.number().default(64),
});

const NewRequest = z.strictObject({
  user: z.string().default("alice"),
  roles: strings.default(["admin"]),
  reason: z.string().default(""),
  annotations: z.record(z.string(), strings).default({}),
  suggestedReviewers: strings.default([]),
});

const Command = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("create"), request: NewRequest, count: z.number().default(1) }),
  z.strictObject({ do: z.literal("resolve"), id, state: z.enum(["APPROVED", "DENIED", "PROMOTED"]) }),
  z.strictObject({ do: z.literal("delete"), id }),
  z.strictObject({ do: z.literal("request"), id }),
  z.strictObject({ do: z.literal("pluginData"), id }),
  z.strictObject({ do: z.literal("calls") }),
  z.strictObject({ do: z.literal("dropWatches") }),
  z.strictObject({ do: z.literal("stop") }),
  z.strictObject({ do: z.literal("restart") }),
]);

type Command = z.infer<typeof Command>;

async function run(command: Command, teleport: FakeTeleport): Promise<unknown> {
  switch (command.do) {
    case "create": {
      const made = Array.from({ length: command.count }, () => teleport.createRequest(command.request));
      return made.map((request) => request.metadata?.name);
    }
    case "resolve":
      return teleport.resolve(command.id, RequestState[command.state]);
    case "delete":
      return teleport.delete(command.id);
    case "request": {
      const request = teleport.request(command.id);
      return request === undefined ? null : toJson(AccessRequestSchema, request);
    }
    case "pluginData":
      return teleport.pluginData(command.id);
    case "calls":
      return countByRpc(teleport);
    case "dropWatches":
      return teleport.dropWatches();
    case "stop":
      return teleport.stop();
    case "restart":
      return teleport.restart();
  }
}

function countByRpc(teleport: FakeTeleport): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { rpc } of teleport.calls) {
    counts[rpc] = (counts[rpc] ?? 0) + 1;
  }
  return counts;
}

async function answer(line: string, teleport: FakeTeleport): Promise<object> {
  try {
    return { result: (await run(Command.parse(JSON.parse(line)), teleport)) ?? null };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

async function main(): Promise<void> {
  const { identityDirectory, user, ttlSeconds, ...options } = Config.parse(JSON.parse(process.argv[2] ?? "{}"));
  const teleport = await FakeTeleport.start(options);
  const issued = await teleport.issueIdentity({ user, roles: [user], ttlSeconds });
  const identity = await teleport.writeIdentityFiles(identityDirectory, issued);
  const { address, port, clusterName } = teleport;
  print({ address, port, clusterName, identity });
  process.once("SIGTERM", () => void teleport.close().then(() => process.exit(0)));
  for await (const line of createInterface({ input: process.stdin })) {
    print(await answer(line, teleport));
  }
}

function print(value: object): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

await main();
