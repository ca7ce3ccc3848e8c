/**
 * Every secret of a stage, and everything that anybody could read of what both halves did: lines of programs, answers, the
 * status with its faults, the metrics, incidents with their notes, the audit log.
 */
import { readFile } from "node:fs/promises";
import { Program } from "../stage/program.ts";
import { ADMIN_TOKEN, CLUSTER, type Stage } from "../stage/stage.ts";

export const AS_ADMIN = { headers: { Authorization: `Bearer ${ADMIN_TOKEN}` } } as const;

/** What begins every token of the link: base64url of `{"alg":"EdDSA"`. */
const LINK_TOKEN = "eyJhbGciOiJFZERTQSI";

/** Every text in a value, however deep. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Each secret in the stage's files, first those of the edge: the API key, the webhook secret and the tokens. */
async function secretsOf(stage: Stage): Promise<string[]> {
  const read = (name: string): Promise<string> => readFile(stage.path(name), "utf8");
  const edge = textsIn(JSON.parse(/^CLUSTER_SECRETS=(.*)$/m.exec(await read("edge.vars"))?.[1] ?? ""));
  const lines = `${await read("webhook-secrets")}${await read("action-tokens")}`.trimEnd().split("\n");
  const relay = lines.map((line) => line.replace(/^(approve|deny)=/, ""));
  const keys = [await read("relay.key"), await read("auth.key")].flatMap((pem) => pem.match(/^[\w+/=]{24,}$/gm) ?? []);
  return [...new Set([...edge, ...relay, ...keys, LINK_TOKEN])];
}

/** A secret, and what it may be written as. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const encoded = [bytes.toString("hex"), bytes.toString("base64").replace(/=+$/, ""), bytes.toString("base64url")];
  return [secret, encodeURIComponent(secret), ...encoded];
}

export class Canaries {
  readonly stage: Stage;
  readonly secrets: string[];
  readonly #texts: { readonly where: string; readonly text: string }[] = [];
  readonly #programs: { readonly where: string; readonly program: Program }[];

  private constructor(stage: Stage, secrets: string[]) {
    this.stage = stage;
    this.secrets = secrets;
    this.#programs = [
      { where: "the edge", program: stage.edge },
      { where: "the relay", program: stage.relay },
    ];
  }

  static async of(stage: Stage): Promise<Canaries> {
    return new Canaries(stage, await secretsOf(stage));
  }

  /** Takes a text that somebody could read. */
  read(where: string, text: string): void {
    this.#texts.push({ where, text });
  }

  /** Asks an edge, the stage's unless told otherwise, and takes its answer; the status. */
  async ask(path: string, init: RequestInit = {}, origin = this.stage.edgeUrl): Promise<number> {
    const answer = await fetch(`${origin}${path}`, { redirect: "manual", ...init });
    this.read(path, `${JSON.stringify([...answer.headers])}\n${await answer.text()}`);
    return answer.status;
  }

  /** Starts a program of ours, whose lines are taken. */
  start(where: string, script: string, args: readonly string[], env?: Readonly<Record<string, string>>): Program {
    const program = Program.start(where, script, args, env);
    this.#programs.push({ where, program });
    return program;
  }

  /** Runs a command of the relay to its end; its exit code. */
  command(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<number | string> {
    return this.start(args.join(" "), "relay/main.ts", args, env).ended;
  }

  /** Ends every program. */
  async end(): Promise<void> {
    await Promise.all(this.#programs.map(({ program }) => program.kill()));
  }

  /** Which secret shows where. */
  async leaks(): Promise<string[]> {
    for (const route of ["status", "metrics"]) await this.ask(`/v1/${CLUSTER}/${route}`, AS_ADMIN);
    this.read("the audit log", await readFile(this.stage.path("relay-audit.jsonl"), "utf8"));
    for (const incident of this.stage.pagerDuty.incidents) this.read(incident.id, JSON.stringify(incident));
    for (const { where, program } of this.#programs) this.read(where, program.lines.join("\n"));
    const shows = (text: string, secret: string): boolean => formsOf(secret).some((form) => text.includes(form));
    return this.#texts.flatMap(({ where, text }) =>
      this.secrets.filter((secret) => shows(text, secret)).map((secret) => `${where}: ${secret}`),
    );
  }
}
