/** The edge, asked as the relay asks it: whether it knows this relay, how its clock runs, and what it finds at PagerDuty. */
import { checksSchema, failed, passed } from "../../../shared/check.ts";
import { askEdge, type EdgeAnswer, type EdgeApi } from "../edge-api.ts";
import { spanFor } from "../print.ts";
import type { CheckResult, Checks } from "./result.ts";

const EDGE = "edge";
const EDGE_CLOCK = "clock, against the edge";
const TELEPORT_CLOCK = "clock, against Teleport";
const PAGERDUTY = "PagerDuty";

/** How long the edge may take to answer, and to ask everything of PagerDuty, in ms. */
const ANSWERS_WITHIN_MS = 10_000;
const CHECKS_WITHIN_MS = 60_000;

/** How far apart the clocks may be, in ms: approvals are judged by their age. */
const MAX_CLOCK_OFFSET_MS = 5_000;

/** Checks the edge, both clocks, and PagerDuty through the edge. Null: the cluster's name is not known. */
export async function* checkEdge(api: EdgeApi | null): Checks {
  if (api === null) {
    yield failed(EDGE, "Not tried: the cluster's name is not known. Mend Teleport's checks, or set edge.cluster.");
    yield failed(PAGERDUTY, NOT_ASKED);
    return;
  }
  const status = await askEdge(api, { method: "GET", route: "status", withinMs: ANSWERS_WITHIN_MS });
  const accepts = `${api.url} accepts this relay's key for the cluster ${api.cluster}.`;
  yield status.kind === "answer" ? passed(EDGE, accepts) : failed(EDGE, status.problem);
  yield clockCheck(status);
  yield passed(TELEPORT_CLOCK, "Not known: Teleport does not tell the time. The certificate is valid by ours.");
  if (status.kind === "problem") yield failed(PAGERDUTY, NOT_ASKED);
  else yield* checkPagerDuty(api);
}

const NOT_ASKED = "Not asked, because the edge could not be.";

async function* checkPagerDuty(api: EdgeApi): Checks {
  const answer = await askEdge(api, { method: "POST", route: "check", withinMs: CHECKS_WITHIN_MS });
  if (answer.kind === "problem") {
    const isOlder = answer.status === 404;
    yield failed(
      PAGERDUTY,
      isOlder ? "The edge is older than this relay and cannot check: deploy it." : answer.problem,
    );
    return;
  }
  const parsed = checksSchema.safeParse(answer.body).data;
  // An empty list would pass for a good one.
  if (parsed === undefined || parsed.checks.length === 0) {
    yield failed(PAGERDUTY, "The edge's answer cannot be read: deploy the edge and the relay in the same release.");
    return;
  }
  yield* parsed.checks;
}

function clockCheck({ clockOffsetMs }: EdgeAnswer): CheckResult {
  if (clockOffsetMs === null) return failed(EDGE_CLOCK, "Not known, because the edge has not told the time.");
  const direction = clockOffsetMs > 0 ? "behind" : "ahead of";
  if (Math.abs(clockOffsetMs) <= MAX_CLOCK_OFFSET_MS) return passed(EDGE_CLOCK, "Within a few seconds of the edge's.");
  const span = spanFor(Math.abs(clockOffsetMs));
  return failed(
    EDGE_CLOCK,
    `This machine's clock is ${span} ${direction} the edge's: set it right (NTP), or approvals are refused as stale.`,
  );
}
