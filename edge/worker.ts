/** The Worker: requests go to the routes, the cron to every cluster, and each cluster has an object of its own. */

import type { Env } from "./config.ts";
import { log } from "./log.ts";
import { configurationOf } from "./routes/call.ts";
import { routes } from "./routes.ts";

export { Cluster } from "./cluster.ts";

export default {
  fetch: routes.fetch,

  /** Pokes each cluster, so that an alarm that was lost is armed again. */
  async scheduled(_controller, env) {
    const ready = [...configurationOf(env).clusters].filter(([, reading]) => reading.kind === "ready");
    await Promise.all(ready.map(([cluster]) => poke(env, cluster)));
  },
} satisfies ExportedHandler<Env>;

async function poke(env: Env, cluster: string): Promise<void> {
  try {
    await env.CLUSTER.getByName(cluster).poke();
  } catch (error) {
    log.error("A cluster could not be poked", { cluster, problem: String(error) });
  }
}
