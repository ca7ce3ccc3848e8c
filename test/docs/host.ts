/**
 * A Teleport host with an admin on it, as the documents have it: their paths lie below a folder, their edge is a real workerd,
 * their service is the real relay, and Teleport and PagerDuty are stand-ins. Commands of the documents are carried out as
 * they stand; what belongs to others (`sudo`, `systemctl`, `wrangler`) is played.
 */
import { execFile } from "node:child_process";
import { access, chmod, copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "smol-toml";
import { bundleRelay } from "../../relay/install/bundle.ts";
import { releaseBuilt } from "../../relay/install/release.ts";
import { CREDENTIAL_PREFIX } from "../../relay/systemd/provided.ts";
import { Program } from "../stage/program.ts";
import { CLUSTER, Stage } from "../stage/stage.ts";

/** What the documents call the edge, Teleport, and the folder that `npm` runs in. */
const EDGE = "https://teleport-pagerduty.example.workers.dev";
const TELEPORT = "localhost:3025";
const CLONE = "/home/admin/teleport-pagerduty";

const CONFIGURATION = "/etc/teleport-pagerduty.toml";
const TELEPORT_FILES = "/var/lib/teleport/plugins/pagerduty";

const SETUP_KEY = "the-key-of-an-admin-for-setup";

/** Folders of a host that documents name. */
const HOST_PATH = /(?<![\w.])\/(?=(?:etc|var\/lib|run|home)\/)/g;

export class Host {
  readonly stage: Stage;
  readonly #root: string;
  readonly #services = new Map<string, Program>();
  readonly #publicKeys = new Set<string>();
  #head = "";

  private constructor(stage: Stage) {
    this.stage = stage;
    this.#root = join(stage.directory, "host");
  }

  /** A host with nothing of ours on it but the program, and Teleport's files. */
  static async open(): Promise<Host> {
    const host = new Host(await Stage.empty({ teleport: { version: "18" } }));
    const { stage } = host;
    stage.pagerDuty.credentials.addAccountKey(SETUP_KEY);
    const files = host.#real(TELEPORT_FILES);
    for (const folder of [files, host.#real(CLONE), host.#real("/var/lib/teleport-pagerduty"), join(host.#root, "bin")])
      await mkdir(folder, { recursive: true });
    const user = "pagerduty-relay";
    await stage.teleport.writeIdentityFiles(files, await stage.teleport.issueIdentity({ user, roles: [user] }));
    await host.#shim("sudo", 'exec "$@"');
    const ours = `case "$1 $*" in *" -c "*) ;; check*|status*) set -- "$@" -c ${host.#real(CONFIGURATION)} ;; esac`;
    await bundleRelay(releaseBuilt(), host.#program);
    await host.#shim("teleport-pagerduty", `${ours}\nexec ${process.execPath} ${host.#program} "$@"`);
    return host;
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#services.values(), (service) => service.kill()));
    await this.stage.strike();
  }

  /** Waits until the relay has logged a line that holds this text; numbers of releases may be others. */
  async logged(text: string): Promise<void> {
    const pattern = text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/\d+(\\\.\d+)*/g, "[\\d.]+");
    await this.#services.get("relay")?.line(new RegExp(pattern));
  }

  /** Puts a file of a document where it says. */
  async write(path: string, text: string): Promise<void> {
    const file = this.#real(path.startsWith("/") ? path : join(CLONE, path));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, this.#toReal(path === CONFIGURATION ? this.#completed(text) : text), { mode: 0o600 });
  }

  /** Carries a command out; what it prints, on either stream, as the documents would have it. */
  async run(line: string): Promise<string[]> {
    const deed = this.#deedFor(line);
    if (deed !== undefined) return deed();
    const printed = await this.#shell(this.#toReal(await this.#filledIn(line)));
    for (const [key] of printed.matchAll(/^[\w-]{43}$/gm)) this.#publicKeys.add(key);
    this.#head = /head ([0-9a-f]{64})/.exec(printed)?.[1] ?? this.#head;
    const text = this.#toShown(printed).trimEnd();
    return text === "" ? [] : text.split("\n");
  }

  /** Serves the Worker with what `wrangler.toml` and the secrets say now. */
  async deploy(): Promise<void> {
    const { vars } = parse(await readFile(this.#real(`${CLONE}/wrangler.toml`), "utf8"));
    const { CLUSTERS } = Object(vars);
    const cluster = { ...CLUSTERS[CLUSTER], relay_public_keys: [...this.#publicKeys] };
    const secrets = await readFile(join(this.#root, "deployed.json"), "utf8").catch(() => "{}");
    const lines = [
      `CLUSTERS=${JSON.stringify({ [CLUSTER]: cluster })}`,
      `CLUSTER_SECRETS=${secrets.trim()}`,
      `PAGERDUTY_API_URL=${this.stage.pagerDuty.url}`,
    ];
    await writeFile(this.stage.path("edge.vars"), `${lines.join("\n")}\n`);
    const relay = this.#services.get("relay");
    const linesBefore = relay?.lines.length ?? 0;
    if (this.stage.edgeUrl !== "") await this.stage.edge.kill();
    await this.stage.startEdge();
    await relay?.line(/Edge connected/, linesBefore);
  }

  /** Starts a relay with the configuration of the documents, or starts it again; resolves when it watches and is linked. */
  async startService(name: string, keyFile = `/etc/credstore/${CREDENTIAL_PREFIX}relay.key`): Promise<void> {
    await this.#services.get(name)?.stop();
    const credentials = await this.#handOver(name, keyFile);
    const state = this.#real(`/var/lib/${name === "relay" ? "teleport-pagerduty" : name}`);
    await mkdir(state, { recursive: true });
    const args = [this.#program, "start", "-c", this.#real(CONFIGURATION)];
    const env = { CREDENTIALS_DIRECTORY: credentials, STATE_DIRECTORY: state };
    const service = Program.run("the relay", process.execPath, args, env);
    this.#services.set(name, service);
    await Promise.all([service.line(/Watcher connected/), service.line(/Edge connected/)]);
    await service.line(/PagerDuty health check/);
  }

  /** What is played instead of run; it prints what it returns. */
  #deedFor(line: string): (() => Promise<string[]>) | undefined {
    if (/^sudo systemctl (start|restart|try-restart) teleport-pagerduty$/.test(line)) {
      return async () => {
        await this.startService("relay");
        return [];
      };
    }
    const [, secrets] = /^npx wrangler secret put CLUSTER_SECRETS < (\S+)$/.exec(line) ?? [];
    if (secrets !== undefined) {
      return async () => {
        await copyFile(this.#real(`${CLONE}/${secrets}`), join(this.#root, "deployed.json"));
        await this.deploy();
        return [];
      };
    }
    const [, data, vars] = /^npm run -s edge -- --data (\S+) --vars (\S+)$/.exec(line) ?? [];
    if (data === undefined || vars === undefined) return undefined;
    return async () => {
      const folder = this.#real(CLONE);
      const args = ["--port", "0", "--data", join(folder, data), "--vars", join(folder, vars)];
      const edge = Program.start("an edge of one's own", "edge/serve/main.ts", args);
      this.#services.set("own edge", edge);
      await edge.line(/^edge listening/);
      return [...edge.lines];
    };
  }

  /** Hands a service its credentials, as systemd does: those that are there. */
  async #handOver(name: string, keyFile: string): Promise<string> {
    const folder = this.#real(`/run/credentials/${name}`);
    await mkdir(folder, { recursive: true });
    const store = this.#real("/etc/credstore");
    for (const file of await readdir(store).catch(() => [])) {
      if (file.startsWith(CREDENTIAL_PREFIX))
        await copyFile(join(store, file), join(folder, file.slice(CREDENTIAL_PREFIX.length)));
    }
    const key = this.#real(keyFile);
    const hasKey = await access(key).then(
      () => true,
      () => false,
    );
    if (hasKey) await copyFile(key, join(folder, "relay.key"));
    return folder;
  }

  /** A command with the heads of audit logs that the documents only name: the last one printed, and the edge's. */
  async #filledIn(line: string): Promise<string> {
    const known = line.replaceAll("HASH", this.#head);
    if (!known.includes("EDGE_HEAD")) return known;
    const status = await this.#shell("teleport-pagerduty status --json");
    return known.replaceAll("EDGE_HEAD", /"head": "([0-9a-f]{64})"/.exec(status)?.[1] ?? "EDGE_HEAD");
  }

  /** The configuration with what it may leave out on a host of its own, where files lie at the root. */
  #completed(text: string): string {
    const files = { client_crt: "auth.crt", client_key: "auth.key", root_cas: "auth.cas" };
    const lines = Object.entries(files).map(([key, file]) => `${key} = "${TELEPORT_FILES}/${file}"`);
    return text.replace("[teleport]\n", `[teleport]\n${lines.join("\n")}\n`);
  }

  async #shell(line: string): Promise<string> {
    const env = {
      PATH: `${join(this.#root, "bin")}:${process.env.PATH}`,
      HOME: this.#real("/home/admin"),
      CREDENTIALS_DIRECTORY: await this.#handOver("admin", `/etc/credstore/${CREDENTIAL_PREFIX}relay.key`),
      PAGERDUTY_API_KEY: SETUP_KEY,
      PAGERDUTY_API_URL: this.stage.pagerDuty.url,
      NO_PROXY: "*",
    };
    const options = { cwd: this.#real(CLONE), env };
    return new Promise((resolve) => {
      // Whatever its exit code, what it printed is what counts.
      execFile("bash", ["-c", `exec 2>&1; umask 077; ${line}`], options, (_, stdout) => resolve(stdout));
    });
  }

  async #shim(name: string, script: string): Promise<void> {
    const file = join(this.#root, "bin", name);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  }

  /** The relay as it is built for those who have Node. */
  get #program(): string {
    return join(this.#root, "bin/teleport-pagerduty.cjs");
  }

  #real(path: string): string {
    return join(this.#root, path);
  }

  #toReal(text: string): string {
    const here = text.replaceAll(HOST_PATH, `${this.#root}/`).replaceAll(TELEPORT, this.stage.teleport.address);
    return this.stage.edgeUrl === "" ? here : here.replaceAll(EDGE, this.stage.edgeUrl);
  }

  #toShown(text: string): string {
    const { edgeUrl, teleport } = this.stage;
    const shown = text.replaceAll(this.#root, "").replaceAll(teleport.address, TELEPORT);
    return edgeUrl === "" ? shown : shown.replaceAll(edgeUrl, EDGE);
  }
}
