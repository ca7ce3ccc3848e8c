/**
 * The Go plugin's configuration, of any of its generations: TOML → the few values that have a successor, and the names of
 * the keys that have none. A secret is never taken out of it: of those only where they are is known.
 */
import { parse, TomlError } from "smol-toml";
import * as z from "zod";

/**
 * `buttons`: 0.1 to 6, with a listener for the buttons of PagerDuty (`[http]`, one service). `notify`: 7 to 13, services by
 * annotation, identity files. `current`: of Teleport's own repository, `teleport.addr`, `refresh_identity`.
 */
export type Generation = "buttons" | "notify" | "current";

/** What is in a file of the Go plugin; undefined for what it does not say. */
export interface OldConfig {
  readonly generation: Generation;
  /** Whether its keys are written with hyphens, as up to 0.1.0-alpha. */
  readonly isKebab: boolean;
  readonly addr: string | undefined;
  readonly clientKey: string | undefined;
  readonly clientCrt: string | undefined;
  readonly rootCas: string | undefined;
  readonly identity: string | undefined;
  /** The key itself, or (from 8.0.7) the path of a file with it. */
  readonly apiKey: "none" | "inline" | "file";
  readonly userEmail: string | undefined;
  readonly serviceId: string | undefined;
  readonly autoApprove: boolean;
  readonly notifyAnnotation: string | undefined;
  readonly servicesAnnotation: string | undefined;
  readonly logOutput: string | undefined;
  readonly logSeverity: string | undefined;
  /** Keys that the plugin knew and that have no successor, as they are written in the file. */
  readonly dropped: readonly string[];
  /** Keys that no generation of the plugin knew. */
  readonly unknown: readonly string[];
  /** Keys whose value is of another kind than it should be. */
  readonly unreadable: readonly string[];
}

export type OldConfigReading =
  | { readonly kind: "config"; readonly config: OldConfig }
  | { readonly kind: "fault"; readonly problem: string };

/** Keys without a successor, by their place in the file; what is below one goes with it. */
const WITHOUT_SUCCESSOR = new Set(["http", "teleport.refresh_identity_interval", "teleport.refresh_identity"]);

/** Reads the text of a file. Never throws, and repeats no value of it. */
export function readOldConfig(text: string): OldConfigReading {
  const table = parseTable(text);
  if (typeof table === "string") return { kind: "fault", problem: table };
  const values = new Map(leavesOf(table).map((leaf) => [nameOf(leaf.path), leaf]));
  const has = (prefix: string): boolean =>
    [...values.keys()].some((name) => name === prefix || name.startsWith(`${prefix}.`));
  if (["edge", "policy", "decisions"].some(has)) {
    return { kind: "fault", problem: "is a configuration of this relay already, not one of the Go plugin" };
  }
  if (!has("pagerduty"))
    return { kind: "fault", problem: "is no configuration of the Go plugin: it has no [pagerduty]" };
  return { kind: "config", config: configFor(values, has) };
}

/** The id of a PagerDuty service, or nothing. */
const serviceIdOrEmpty = z.string().regex(/^[A-Za-z0-9]{0,32}$/);

interface Leaf {
  /** As it is written. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Every value of a file by its name. */
type Leaves = ReadonlyMap<string, Leaf>;

function configFor(values: Leaves, has: (prefix: string) => boolean): OldConfig {
  const { text, read, used, unreadable } = readerOf(values);
  const annotations = "pagerduty.requestannotations";
  const apiKey = text("pagerduty.api_key");
  const known = {
    addr: text("teleport.addr", "teleport.auth_server"),
    clientKey: text("teleport.client_key"),
    clientCrt: text("teleport.client_crt"),
    rootCas: text("teleport.root_cas"),
    identity: text("teleport.identity"),
    apiKey: apiKey === undefined ? ("none" as const) : apiKey.startsWith("/") ? ("file" as const) : ("inline" as const),
    userEmail: text("pagerduty.user_email"),
    serviceId: read("pagerduty.service_id", serviceIdOrEmpty) || undefined,
    autoApprove: read("pagerduty.auto_approve", z.boolean()) ?? false,
    // The documents say one place, the plugin reads the other.
    notifyAnnotation: text(`${annotations}.notify_service`, "pagerduty.notify_service"),
    servicesAnnotation: text(`${annotations}.services`, "pagerduty.services"),
    logOutput: text("log.output"),
    logSeverity: text("log.severity"),
  };
  const rest = [...values].filter(([name, { value }]) => !used.has(name) && value !== undefined);
  const writtenOf = (leaves: typeof rest): string[] => leaves.map(([, { path }]) => path.join("."));
  return {
    ...known,
    generation: generationOf(has),
    isKebab: [...values.values()].some(({ path }) => path.some((part) => part.includes("-"))),
    unreadable,
    dropped: writtenOf(rest.filter(([name]) => hasNoSuccessor(name))),
    unknown: writtenOf(rest.filter(([name]) => !hasNoSuccessor(name))),
  };
}

/** Reads values by name, and keeps account of the names and of what cannot be read. */
function readerOf(values: Leaves) {
  const used = new Set<string>();
  const unreadable: string[] = [];
  const read = <Value>(name: string, schema: z.ZodType<Value>): Value | undefined => {
    const leaf = values.get(name);
    used.add(name);
    if (leaf === undefined) return undefined;
    const parsed = schema.safeParse(leaf.value);
    if (!parsed.success) unreadable.push(leaf.path.join("."));
    return parsed.data;
  };
  /** The first of these names that holds text. */
  const text = (...names: readonly string[]): string | undefined =>
    names.map((name) => read(name, z.string())).find((value) => value !== undefined && value !== "");
  return { read, text, used, unreadable };
}

function generationOf(has: (prefix: string) => boolean): Generation {
  if (has("http") || has("pagerduty.service_id") || has("pagerduty.auto_approve")) return "buttons";
  return has("teleport.addr") || has("teleport.refresh_identity") ? "current" : "notify";
}

function hasNoSuccessor(name: string): boolean {
  return [...WITHOUT_SUCCESSOR].some((prefix) => name === prefix || name.startsWith(`${prefix}.`));
}

// Go's reader does not mind the letter case, and the first releases wrote hyphens.
function nameOf(path: readonly string[]): string {
  return path.map((part) => part.toLowerCase().replaceAll("-", "_")).join(".");
}

/** Far deeper than any key of the plugin: what lies deeper still is left in one piece. */
const MAX_KEY_PARTS = 16;

function leavesOf(table: object, path: readonly string[] = []): Leaf[] {
  return Object.entries(table).flatMap(([name, value]) => {
    const here = [...path, name];
    const isTable = typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
    if (!isTable || here.length === MAX_KEY_PARTS) return [{ path: here, value }];
    const below = leavesOf(value, here);
    // A section is there even when nothing is in it.
    return below.length === 0 ? [{ path: here, value: undefined }] : below;
  });
}

function parseTable(text: string): object | string {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return `is not TOML (line ${error.line}, column ${error.column})`;
  }
}
