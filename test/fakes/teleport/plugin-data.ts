// Plugin data: what plugins remember about a request, with the compare-and-set that Teleport gives them. It outlives
// the request's record by an hour past the end of the access.

import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import {
  type AccessRequest,
  type PluginData,
  type PluginDataFilter,
  PluginDataSchema,
  type PluginDataUpdateParams,
} from "../../../relay/gen/teleport_pb.ts";
import { badParameter, notFound, Refusal } from "./refusal.ts";

const KEPT_PAST_ACCESS_MS = 3_600_000;

interface Entry {
  readonly expiresMs: number;
  readonly byPlugin: Map<string, Record<string, string>>;
}

/** All plugin data, by request id. `now` is in epoch ms. */
export class PluginDataStore {
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** What a plugin stored for a request; empty if nothing. */
  read(requestId: string, plugin: string): Readonly<Record<string, string>> {
    return { ...this.#live(requestId)?.byPlugin.get(plugin) };
  }

  /** GetPluginData. A filter that matches nothing gives nothing. */
  list(filter: PluginDataFilter): PluginData[] | Refusal {
    if (filter.kind !== "access_request") {
      return badParameter(filter.kind === "" ? "missing plugin data kind" : `unsupported kind "${filter.kind}"`);
    }
    const ids = filter.resource === "" ? [...this.#entries.keys()].sort() : [filter.resource];
    return ids.flatMap((id) => {
      const entry = this.#live(id);
      const plugins = [...(entry?.byPlugin ?? [])].filter(([name]) => filter.plugin === "" || name === filter.plugin);
      return entry === undefined || plugins.length === 0 ? [] : [messageFor(id, entry.expiresMs, plugins)];
    });
  }

  /** UpdatePluginData. `request` is the live record, which only the first write for an id needs. */
  update(params: PluginDataUpdateParams, request: AccessRequest | undefined): Refusal | undefined {
    if (params.kind !== "access_request") {
      return badParameter(params.kind === "" ? "missing plugin data kind" : `unsupported kind "${params.kind}"`);
    }
    const entry = this.#live(params.resource);
    if (entry === undefined && request === undefined) {
      return notFound(`access request "${params.resource}" not found`);
    }
    const data = { ...entry?.byPlugin.get(params.plugin) };
    const unmet = Object.entries(params.expect).find(([key, value]) => (data[key] ?? "") !== value);
    if (unmet !== undefined) {
      return new Refusal(status.FAILED_PRECONDITION, `expectations not met for field "${unmet[0]}"`);
    }
    this.#write(params, data, entry ?? newEntryFor(request));
    return undefined;
  }

  #write(params: PluginDataUpdateParams, data: Record<string, string>, entry: Entry): void {
    for (const [key, value] of Object.entries(params.set)) {
      if (value === "") {
        delete data[key];
      } else {
        data[key] = value;
      }
    }
    entry.byPlugin.set(params.plugin, data);
    this.#entries.set(params.resource, entry);
  }

  #live(id: string): Entry | undefined {
    const entry = this.#entries.get(id);
    if (entry !== undefined && entry.expiresMs <= this.#now()) {
      this.#entries.delete(id);
      return undefined;
    }
    return entry;
  }
}

function newEntryFor(request: AccessRequest | undefined): Entry {
  const accessExpiry = request?.spec?.expires;
  const accessEndsMs = accessExpiry === undefined ? 0 : timestampMs(accessExpiry);
  return { expiresMs: accessEndsMs + KEPT_PAST_ACCESS_MS, byPlugin: new Map() };
}

function messageFor(id: string, expiresMs: number, plugins: [string, Record<string, string>][]): PluginData {
  return create(PluginDataSchema, {
    kind: "plugin_data",
    subKind: "access_request",
    version: "v3",
    metadata: { name: id, namespace: "default", expires: timestampFromMs(expiresMs) },
    spec: { entries: Object.fromEntries(plugins.map(([name, data]) => [name, { data: { ...data } }])) },
  });
}
