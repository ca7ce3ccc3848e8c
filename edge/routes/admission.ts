/**
 * What a call has to pass before it is carried out, as middleware: each of these answers it or lets it on. Which route has
 * which, and in what order, stands in the routes.
 */
import type { MiddlewareHandler } from "hono";
import type { Verdict } from "../../shared/decisions.ts";
import { clusterIn } from "../config.ts";
import { type Allowed, refused } from "./answer.ts";
import { type Call, configurationOf, type House, stranger, whereAndWhen } from "./call.ts";
import { passesGate, readerFrom, shows, showsActionToken } from "./gate.ts";

type Admission = MiddlewareHandler<House>;

/** Lets on what is for a cluster that is known and in order; `otherwise` answers what is for none. */
export function known(otherwise: (call: Call) => Promise<Response> = refuseUnknown): Admission {
  return async (call, next) => {
    const name = call.req.param("cluster") ?? "";
    const reading = clusterIn(configurationOf(call.env), name);
    if (reading === undefined) return otherwise(call);
    if (reading.kind === "faulty") return refused({ code: "misconfigured" });
    call.set("config", reading.config);
    call.set("cluster", () => call.env.CLUSTER.getByName(name));
    return next();
  };
}

// As much work as for a cluster that is known and a token that is wrong.
function refuseUnknown(call: Call): Promise<Response> {
  shows(call.req.header("Authorization") ?? "", null);
  return stranger(call, "unknown cluster");
}

/** Lets on what uses one of these methods. */
export function only(allow: Allowed): Admission {
  return async ({ req: { method } }, next) =>
    allow.split(", ").includes(method) ? next() : refused({ code: "method_not_allowed", allow });
}

/** Lets on deliveries that show the gate token, where there is one. */
export const gated: Admission = async (call, next) =>
  passesGate(call.var.config, call.req.raw.headers) ? next() : stranger(call, "gate");

/** Lets on presses that show the token of this button. */
export function pressed(action: Verdict): Admission {
  return async (call, next) =>
    showsActionToken(call.var.config, action, call.req.raw.headers) ? next() : stranger(call, "action");
}

/** Lets on whoever shows the admin token, or a relay's, which is good once, here as for the link. */
export const reading: Admission = async (call, next) => {
  const reader = await readerOf(call);
  const mayRead = reader === "admin" || (reader !== undefined && (await call.var.cluster().useToken(reader)));
  return mayRead ? next() : stranger(call, "reader");
};

/** Lets on whoever shows the admin token. */
export const scraping: Admission = async (call, next) =>
  (await readerOf(call)) === "admin" ? next() : stranger(call, "admin");

function readerOf(call: Call): ReturnType<typeof readerFrom> {
  return readerFrom(call.var.config, call.req.raw.headers, whereAndWhen(call));
}
