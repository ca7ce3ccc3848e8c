/**
 * The names that people know resources by, where a request names them by an opaque id. What goes into Teleport's predicate
 * comes from whoever asks for access: only names that need no quoting are asked for.
 */
import type { NamedResource, PaginatedResource } from "../gen/teleport_pb.ts";
import type { Connection } from "./connection.ts";

/** What each kind in a request is listed as; the kinds that are not here are known by their names. */
const LISTED_AS: Readonly<Record<string, string>> = {
  node: "node",
  app: "app_server",
  user_group: "user_group",
  aws_ic_account: "aws_ic_account",
};

/** Names in one question, and answers in one page of it: an application may have many servers. */
const MAX_NAMES = 100;
const PAGE_LENGTH = 500;
const MAX_PAGES = 4;

/** Longest name that is taken for one, in characters: a description may be a whole text. */
const MAX_FRIENDLY_CHARACTERS = 100;

const SAFE_NAME = /^[\w.:@/+=-]{1,255}$/;

/** Where Teleport keeps the name of what it has from Okta, in its labels. */
const NAME_LABELS = ["teleport.internal/okta-app-name", "teleport.internal/okta-group-name"] as const;

/** Whether resources of a kind have names beside those in a request. */
export function hasFriendlyNames(kind: string): boolean {
  return Object.hasOwn(LISTED_AS, kind);
}

/** The friendly names of resources of one kind, by the name in the request. Rejects with `TeleportError`. */
export async function listFriendlyNames(
  connection: Connection,
  kind: string,
  names: readonly string[],
  withinMs: number,
): Promise<ReadonlyMap<string, string>> {
  const safe = [...new Set(names)].filter((name) => SAFE_NAME.test(name));
  const parts = Array.from({ length: Math.ceil(safe.length / MAX_NAMES) }, (_, part) =>
    safe.slice(part * MAX_NAMES, (part + 1) * MAX_NAMES),
  );
  const found = hasFriendlyNames(kind) ? parts.map((part) => listPart(connection, kind, part, withinMs)) : [];
  return new Map((await Promise.all(found)).flat());
}

async function listPart(
  connection: Connection,
  kind: string,
  names: readonly string[],
  withinMs: number,
): Promise<[string, string][]> {
  const request = {
    resourceType: LISTED_AS[kind] ?? kind,
    namespace: "default",
    limit: PAGE_LENGTH,
    predicateExpression: names.map((name) => `resource.metadata.name == "${name}"`).join(" || "),
    // We may see what we may search for: the roles that a request would give count.
    useSearchAsRoles: true,
    usePreviewAsRoles: true,
  };
  const found: [string, string][] = [];
  let startKey = "";
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await connection.unary("listResources", { ...request, startKey }, withinMs);
    for (const resource of page.resources) found.push(...namesOf(resource));
    if (page.nextKey === "" || page.nextKey === startKey) break;
    startKey = page.nextKey;
  }
  return found.filter(([name]) => names.includes(name));
}

function namesOf({ resource }: PaginatedResource): [string, string][] {
  if (resource.case === undefined) return [];
  const name = resource.value.metadata?.name ?? "";
  const friendly = resource.case === "node" ? (resource.value.spec?.hostname ?? "") : labelOf(resource.value);
  const isName = friendly !== "" && friendly !== name && friendly.length <= MAX_FRIENDLY_CHARACTERS;
  return isName ? [[name, friendly]] : [];
}

function labelOf({ metadata }: NamedResource): string {
  const label = NAME_LABELS.map((key) => metadata?.labels[key] ?? "").find((value) => value !== "");
  return label ?? metadata?.description ?? "";
}
