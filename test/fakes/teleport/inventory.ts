// What else the stand-in cluster holds: resources with names a person knows, and Access Monitoring Rules.

import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type AccessMonitoringRule,
  AccessMonitoringRuleSchema,
} from "../../../relay/gen/access-monitoring-rules_pb.ts";
import {
  type ListResourcesRequest,
  type PaginatedResource,
  PaginatedResourceSchema,
} from "../../../relay/gen/teleport_pb.ts";
import { badParameter, type Refusal } from "./refusal.ts";

/** A resource as ListResources lists it. `type` is `node`, `app_server`, `db_server`, `kube_server` or `user_group`. */
export interface ResourceInit {
  readonly type: keyof typeof CASES;
  /** The opaque id, or the name for kinds that are told by it. */
  readonly name: string;
  readonly hostname?: string;
  readonly description?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** A rule, or the fields to make it of. */
export type RuleInit = MessageInitShape<typeof AccessMonitoringRuleSchema>;

/** One page of a listing: keys are names, "" is the start and the end. */
export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextKey: string;
}

const CASES = {
  node: "node",
  app_server: "appServer",
  db_server: "databaseServer",
  kube_server: "kubernetesServer",
  user_group: "userGroup",
} as const;

const NAME_TERM = /^\s*resource\.metadata\.name == "((?:[^"\\]|\\.)*)"\s*$/;

/** Resources and rules, by name. */
export class Inventory {
  readonly #resources = new Map<string, ResourceInit>();
  readonly #rules = new Map<string, AccessMonitoringRule>();

  addResource(resource: ResourceInit): void {
    this.#resources.set(`${resource.type}/${resource.name}`, resource);
  }

  /** The predicate is one or more `resource.metadata.name == "…"` joined by `||`, or empty. */
  listResources(request: ListResourcesRequest, maxLimit: number): Page<PaginatedResource> | Refusal {
    const names = namesIn(request.predicateExpression);
    if (names === undefined) {
      return badParameter(`failed to parse predicate expression "${request.predicateExpression}"`);
    }
    const all = [...this.#resources.values()]
      .filter(({ type, name }) => type === request.resourceType && (names.length === 0 || names.includes(name)))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
    const page = pageOf(
      all,
      (resource) => resource.name,
      request.startKey,
      Math.min(request.limit || maxLimit, maxLimit),
    );
    return { items: page.items.map(messageFor), nextKey: page.nextKey };
  }

  putRule(init: RuleInit): AccessMonitoringRule {
    const rule = create(AccessMonitoringRuleSchema, { kind: "access_monitoring_rule", version: "v1", ...init });
    this.#rules.set(rule.metadata?.name ?? "", rule);
    return rule;
  }

  deleteRule(name: string): boolean {
    return this.#rules.delete(name);
  }

  /** Empty filters match every rule. */
  listRules(
    subjects: readonly string[],
    notification: string,
    start: string,
    limit: number,
  ): Page<AccessMonitoringRule> {
    const all = [...this.#rules.values()]
      .filter(({ spec }) => subjects.every((subject) => spec?.subjects.includes(subject) === true))
      .filter(({ spec }) => notification === "" || spec?.notification?.name === notification)
      .sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
    return pageOf(all, nameOf, start, limit);
  }
}

/** The page of a sorted listing that begins at `startKey`, whose item may be gone by now. */
export function pageOf<Item>(
  sorted: readonly Item[],
  keyOf: (item: Item) => string,
  startKey: string,
  limit: number,
): Page<Item> {
  const first = startKey === "" ? 0 : sorted.findIndex((item) => keyOf(item) >= startKey);
  if (first < 0) {
    return { items: [], nextKey: "" };
  }
  const next = sorted[first + limit];
  return { items: sorted.slice(first, first + limit), nextKey: next === undefined ? "" : keyOf(next) };
}

function nameOf(rule: AccessMonitoringRule): string {
  return rule.metadata?.name ?? "";
}

function namesIn(predicate: string): string[] | undefined {
  if (predicate === "") {
    return [];
  }
  const names = predicate.split("||").map((term) => NAME_TERM.exec(term.replace(/^\s*\(|\)\s*$/g, ""))?.[1]);
  return names.every((name) => name !== undefined) ? names.map((name) => name.replace(/\\(.)/g, "$1")) : undefined;
}

function messageFor(resource: ResourceInit): PaginatedResource {
  const { name, description = "", labels = {} } = resource;
  const value = {
    kind: resource.type,
    version: "v2",
    metadata: { name, namespace: "default", description, labels: { ...labels } },
  };
  const isNode = resource.type === "node";
  return create(PaginatedResourceSchema, {
    resource: isNode
      ? { case: "node", value: { ...value, spec: { hostname: resource.hostname ?? "" } } }
      : { case: CASES[resource.type] as Exclude<(typeof CASES)[keyof typeof CASES], "node">, value },
  });
}
