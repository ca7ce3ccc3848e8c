/** The front door and the pages of clusters, as people with a browser visit them. What they see is loaded only then. */
import type { ClusterConfig } from "../config/cluster-config.ts";
import { Access } from "../page/access.ts";
import { pagePath } from "../page/session.ts";
import { type Outside, redirect, type Visited } from "../page/visit.ts";
import { type Call, configurationOf, stranger, whereAndWhen } from "./call.ts";

const access = new Access({ fetch: (url, init) => fetch(url, init), now: Date.now });

/** At the front door, from where whoever may see a cluster's page is led to it. */
export async function takeFrontDoor(call: Call): Promise<Response> {
  const readings = [...configurationOf(call.env).clusters.values()];
  const configs = readings.flatMap((reading) => (reading.kind === "ready" ? [reading.config] : []));
  const visited = await visit(call, configs);
  if (visited.kind === "outside" && visited.why === "nobody_yet") return door(visited.why, 200);
  return answerTo(call, visited);
}

/** At the page of a cluster. */
export async function takePage(call: Call): Promise<Response> {
  return answerTo(call, await visit(call, [call.var.config]), async () => {
    const { statusPage } = await import("../view.ts");
    return statusPage(await call.var.cluster().status(), call.req.header("If-None-Match"));
  });
}

/** At an address that could be a cluster's page and is not, where everything is as it is for whoever stays outside. */
export async function takeNoPage(call: Call): Promise<Response> {
  return answerTo(call, await visit(call, []));
}

async function visit(call: Call, configs: readonly ClusterConfig[]): Promise<Visited> {
  const { visitPage } = await import("../view.ts");
  return visitPage({ request: call.req.raw, ...whereAndWhen(call) }, configs, access);
}

async function answerTo(
  call: Call,
  visited: Visited,
  open = async (cluster: string): Promise<Response> => redirect(pagePath(cluster)),
): Promise<Response> {
  switch (visited.kind) {
    case "answered":
      return visited.answer;
    case "admitted":
      return open(visited.cluster);
    case "outside":
      return stranger(call, `page: ${visited.why}`, () => door(visited.why, visited.why === "other_page" ? 403 : 401));
  }
}

async function door(why: Outside, status: number): Promise<Response> {
  const { doorPage } = await import("../view.ts");
  return doorPage(why, status);
}
