/**
 * Finds the route for a method and a path: literal parts win over open ones.
 * Pure; the table is made once.
 */
import { ANSWER_ROUTES } from "./answer-routes.ts";
import type { Route } from "./api-call.ts";
import { DIRECTORY_ROUTES } from "./directory-routes.ts";
import { EXTENSION_ROUTES } from "./extension-routes.ts";
import { INCIDENT_ROUTES } from "./incident-routes.ts";
import { SUBSCRIPTION_ROUTES } from "./subscription-routes.ts";

type Entry = { readonly route: Route; readonly parts: readonly string[]; readonly openCount: number };

/** A route, and what its open parts are for this path. */
export type RouteMatch = { readonly route: Route; readonly params: readonly string[] };

const TABLE = new Map<string, Entry[]>();

for (const route of [INCIDENT_ROUTES, ANSWER_ROUTES, DIRECTORY_ROUTES, SUBSCRIPTION_ROUTES, EXTENSION_ROUTES].flat()) {
  const parts = route.path.split("/").slice(1);
  const openCount = parts.filter((part) => part.startsWith("{")).length;
  const key = `${route.method} ${parts[0]} ${parts.length}`;
  const entries = [...(TABLE.get(key) ?? []), { route, parts, openCount }];
  TABLE.set(
    key,
    entries.sort((a, b) => a.openCount - b.openCount),
  );
}

/** The route for a request, if there is one. */
export function routeFor(method: string, path: string): RouteMatch | undefined {
  const given = path.split("/").slice(1);
  for (const { route, parts } of TABLE.get(`${method} ${given[0]} ${given.length}`) ?? []) {
    const params: string[] = [];
    const fits = parts.every((part, index) => {
      const value = given[index] ?? "";
      if (!part.startsWith("{")) return part === value;
      params.push(value);
      return value !== "";
    });
    if (fits) return { route, params };
  }
  return undefined;
}
