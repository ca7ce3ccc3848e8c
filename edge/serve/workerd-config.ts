/**
 * What plain workerd is told: one socket, the Worker with its bindings, its objects on disk, and a way out that reaches
 * loopback too, where a stand-in for PagerDuty may be. The configuration is a folder of files; variables are embedded from
 * files of their own, so that no value is ever quoted. Schema: workerd.capnp, workerd 1.20261023.
 */
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import type { BuiltWorker } from "./build.ts";

export interface WorkerdConfig {
  readonly worker: BuiltWorker;
  readonly vars: ReadonlyMap<string, string>;
  readonly host: string;
  readonly port: number;
  /** Absolute path of the folder that keeps the objects. */
  readonly data: string;
}

/** Writes the configuration into a new folder, readable for us alone, and returns the path of its main file. */
export async function writeConfig(folder: string, config: WorkerdConfig): Promise<string> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const path of config.worker.modules) await copyFile(path, join(folder, basename(path)));
  for (const [name, value] of config.vars) await writeFile(join(folder, varFile(name)), value, { mode: 0o600 });
  const path = join(folder, "edge.capnp");
  await writeFile(path, configText(config), { mode: 0o600 });
  return path;
}

function configText({ worker, vars, host, port, data }: WorkerdConfig): string {
  const bindings = [...vars.keys()].map((name) => `(name = "${name}", text = embed "${varFile(name)}")`);
  const modules = worker.modules
    .map((path) => basename(path))
    .map((name) => `(name = "${name}", esModule = embed "${name}")`);
  const address = host.includes(":") ? `[${host}]` : host;
  return `using Workerd = import "/workerd/workerd.capnp";

const edge :Workerd.Config = (
  services = [
    (name = "worker", worker = .worker),
    (name = "internet", network = (allow = ["public", "private", "local"], tlsOptions = (trustBrowserCas = true))),
    (name = "disk", disk = (path = ${quoted(data)}, writable = true)),
  ],
  sockets = [(name = "http", address = ${quoted(`${address}:${port}`)}, http = (), service = "worker")],
);

const worker :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = ${quoted(worker.compatibilityDate)},
  bindings = [
    ${['(name = "CLUSTER", durableObjectNamespace = "Cluster")', ...bindings].join(",\n    ")},
  ],
  durableObjectNamespaces = [(className = "Cluster", uniqueKey = "cluster", enableSql = true)],
  durableObjectStorage = (localDisk = "disk"),
);
`;
}

function varFile(name: string): string {
  return `${name}.var`;
}

// Cap'n Proto text takes C's escapes.
function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, "\\$&").replace(/\n/g, "\\n")}"`;
}
