import { describe, expect, it } from "vitest";
import { RelayMetrics } from "../../relay/metrics.ts";
import { familySchema } from "../../shared/metric-family.ts";
import { metricsText } from "../../shared/metrics.ts";
import { readExposition, sampleOf } from "../fakes/exposition.ts";

const WORK = { pendingRequests: 3, undecidedClicks: 1, auditLines: 40 };
const BUILD = { version: "1.2.3", node: "26.10.0" };

describe("the relay's metrics", () => {
  it("are families that an edge takes and Prometheus reads", () => {
    const process = () => ({ startedMs: 1_800_000_000_500, residentBytes: 6e7, cpuSeconds: 1.5 });
    const families = new RelayMetrics(BUILD, process).families(WORK);
    for (const family of families) expect(familySchema.parse(family)).toEqual(family);
    const read = readExposition(metricsText(families));
    const value = (name: string, labels: Record<string, string> = {}) =>
      sampleOf(read, `teleport_pagerduty_relay_${name}`, labels);
    expect(value("build_info", BUILD)).toBe(1);
    expect([value("pending_requests"), value("undecided_clicks"), value("audit_lines_total")]).toEqual([3, 1, 40]);
    expect(value("start_time_seconds")).toBe(1_800_000_000.5);
    expect([value("resident_memory_bytes"), value("cpu_seconds_total")]).toEqual([6e7, 1.5]);
    expect(value("watch_events_total", { operation: "DELETE" })).toBe(0);
  });

  it("tell nothing of a process where there is none", () => {
    const names = new RelayMetrics(BUILD).families(WORK).map(({ name }) => name);
    expect(names.filter((name) => /memory|cpu|start_time/.test(name))).toEqual([]);
  });
});
