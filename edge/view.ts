/**
 * What operators ask for, as a module of its own that is loaded when somebody first does, so that the Worker's own, which
 * carries requests and clicks, stays small. Code that both need is bundled into each: here it must keep nothing in mind,
 * tell no class by `instanceof`, and hold no schema, so that whatever comes from outside is read before it comes here.
 */
export { runChecks } from "./check.ts";
export { metricsOf } from "./metrics.ts";
export { doorPage } from "./page/door.ts";
export { statusPage } from "./page/status-page.ts";
export { visitPage } from "./page/visit.ts";
export { clusterStatus } from "./status.ts";
