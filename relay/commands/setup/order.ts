/**
 * What `setup` is asked to do: the command line and the environment, read whole and checked before anything is touched.
 * The API key comes from the environment only, where no list of processes shows it.
 */
import { resolve } from "node:path";
import { origin } from "../../config/values.ts";
import { parseOptions, UsageError } from "../command.ts";
import { setupOptions } from "../setup.ts";
import type { Scope } from "./answers.ts";

/** `set_up`: make, repair, activate. `rotate`: add a second subscription. `finish`: remove the old one. */
export type SetupStep = "set_up" | "rotate" | "finish";

export interface SetupOrder {
  /** The edge's origin. */
  readonly edgeUrl: string;
  /** The cluster's name, which is a part of the edge's routes. */
  readonly cluster: string;
  /** What a subscription is wanted for, each once. */
  readonly scopes: readonly Scope[];
  /** Services that get the two custom incident actions, each once. */
  readonly serviceIds: readonly string[];
  readonly step: SetupStep;
  /** Where the files lie; absolute. */
  readonly directory: string;
  readonly apiKey: string;
  /** Base address of REST API v2, without a slash at its end. */
  readonly apiUrl: string;
  /** Whether what came of it is printed for a program. */
  readonly asJson: boolean;
}

const API_URL: Readonly<Record<string, string>> = {
  us: "https://api.pagerduty.com",
  eu: "https://api.eu.pagerduty.com",
};

// As the edge has it.
const CLUSTER_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,179}$/;
const SERVICE_ID = /^[\w-]{1,64}$/;
const API_KEY = /^[\x21-\x7e]{1,512}$/;

/**
 * Reads the arguments behind the command's name, and the environment.
 * @throws UsageError for whatever makes no sense.
 */
export function readOrder(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SetupOrder {
  const options = parseOptions(everyServiceNamed(args), setupOptions);
  if (options.rotate && options.finish) throw new UsageError("--rotate and --finish exclude each other");
  const serviceIds = readServices(options.service ?? []);
  return {
    edgeUrl: readEdge(options.edge),
    cluster: readClusterName(options.cluster),
    scopes: readScopes(options.account, serviceIds),
    serviceIds,
    step: options.rotate ? "rotate" : options.finish ? "finish" : "set_up",
    directory: resolve(options.out),
    apiKey: readKey(environment.PAGERDUTY_API_KEY),
    apiUrl: readApiUrl(environment),
    asJson: options.json,
  };
}

// `--service A B` reads as `--service A --service B`.
function everyServiceNamed(args: readonly string[]): string[] {
  const named: string[] = [];
  let next: "anything" | "first_id" | "further_id" = "anything";
  for (const argument of args) {
    if (argument === "--service") next = "first_id";
    else if (argument.startsWith("--service=")) next = "further_id";
    else if (argument.startsWith("-")) next = "anything";
    else if (next === "first_id") next = "further_id";
    else if (next === "further_id") named.push("--service");
    named.push(argument);
  }
  return named;
}

function readEdge(text: string | undefined): string {
  if (text === undefined) throw new UsageError("--edge is required");
  const parsed = origin.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new UsageError(`--edge ${(parsed.error.issues[0]?.message ?? "is no address").replace(/\.$/, "")}`);
}

function readClusterName(text: string | undefined): string {
  if (text === undefined) throw new UsageError("--cluster is required");
  if (!CLUSTER_NAME.test(text)) throw new UsageError("--cluster must be the name of a Teleport cluster");
  return text;
}

function readServices(ids: readonly string[]): string[] {
  if (!ids.every((id) => SERVICE_ID.test(id))) {
    throw new UsageError("--service must be the ID of a PagerDuty service, such as PIJ90N7");
  }
  return [...new Set(ids)];
}

function readScopes(account: boolean, serviceIds: readonly string[]): Scope[] {
  if (account) return [{ kind: "account" }];
  if (serviceIds.length === 0) throw new UsageError("--service or --account is required");
  return serviceIds.map((id) => ({ kind: "service", id }));
}

function readKey(text = ""): string {
  if (text === "") throw new UsageError("PAGERDUTY_API_KEY is required in the environment");
  if (!API_KEY.test(text)) throw new UsageError("PAGERDUTY_API_KEY must be printable ASCII without spaces");
  return text;
}

function readApiUrl(environment: Readonly<Record<string, string | undefined>>): string {
  const region = environment.PAGERDUTY_REGION || "us";
  const regional = Object.hasOwn(API_URL, region) ? API_URL[region] : undefined;
  if (regional === undefined) throw new UsageError("PAGERDUTY_REGION must be us or eu");
  const given = environment.PAGERDUTY_API_URL ?? "";
  return given === "" ? regional : loopbackAddress(given);
}

function loopbackAddress(text: string): string {
  const url = URL.parse(text);
  const isLoopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url?.hostname ?? "");
  const isPlain = url?.username === "" && url.password === "" && url.search === "" && url.hash === "";
  if (url === null || !/^https?:$/.test(url.protocol) || !isLoopback || !isPlain) {
    throw new UsageError(
      "PAGERDUTY_API_URL must be an address on loopback: PagerDuty's own comes from PAGERDUTY_REGION",
    );
  }
  return url.href.replace(/\/+$/, "");
}
