import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RelayMetrics } from "../relay/metrics.ts";
import { Host } from "./edge/host.ts";
import { NOW } from "./edge/samples.ts";
import { type ReadFamily, readExposition } from "./fakes/exposition.ts";

const DOCS = join(import.meta.dirname, "..", "docs");
const textOf = (path: string) => readFileSync(join(DOCS, path), "utf8");

/** What Prometheus adds by itself, and what a histogram has. */
const GENERAL_LABELS = ["job", "instance", "le"];

interface Documented {
  readonly name: string;
  readonly type: string;
  readonly labels: readonly string[];
  readonly meaning: string;
}

/** The rows of the tables in docs/metrics.md. */
const documented: Documented[] = [
  ...textOf("metrics.md").matchAll(/^\| `(teleport_pagerduty_\w+)` \| (\w+) \| (.*?) ?\| (.+) \|$/gm),
].map(([, name = "", type = "", labels = "", meaning = ""]) => ({
  name,
  type,
  labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label),
  meaning,
}));

let exported: ReadonlyMap<string, ReadFamily>;
let host: Host;

/** Everything that both halves tell, when each has something to tell. */
beforeAll(async () => {
  host = await Host.start();
  const relay = host.connect().hello({ certificateExpiresMs: NOW });
  const report = { certificateExpiresMs: NOW, teleportVersion: "18.2.0", watching: true, problem: null };
  relay.say({ type: "report", ...report, audit: { lines: 0, head: "0".repeat(64), digests: [], writable: true } });
  const process = () => ({ startedMs: 0, residentBytes: 1, cpuSeconds: 1 });
  const metrics = new RelayMetrics({ version: "1", node: "26" }, process);
  metrics.teleportCalls.add("read", "ok");
  const text = host.board.inspection.metrics();
  const families = metrics.families({ pendingRequests: 0, undecidedClicks: 0, auditLines: 0 });
  relay.raw({ type: "metrics", question: relay.last("report?").question, families });
  exported = readExposition(await text);
});
afterAll(() => host.stop());

/** The labels of a family's samples, but those that a histogram has by itself. */
function labelsOf(family: ReadFamily | undefined): string[] {
  const labels = family?.samples.flatMap((sample) => Object.keys(sample.labels));
  return [...new Set(labels)].filter((label) => label !== "le");
}

describe("docs/metrics.md", () => {
  it("has every metric that is exported, once, and no other", () => {
    expect(documented.map(({ name }) => name).toSorted()).toEqual([...exported.keys()].toSorted());
  });

  it.each(documented)("says of $name what it is", ({ name, type, labels, meaning }) => {
    const family = exported.get(name);
    if (family === undefined) throw new Error("it is not exported");
    expect(type).toBe(family.type);
    const isTold = name.startsWith("teleport_pagerduty_relay_") && !labels.includes("key");
    expect([...(isTold ? ["key", "relay_instance"] : []), ...labels]).toEqual(labelsOf(family));
    expect(meaning.length).toBeGreaterThan(10);
  });

  it("names every value of a label that is told from the start", () => {
    const values = [...exported.values()].flatMap(({ name, samples }) =>
      samples.flatMap(({ labels }) =>
        Object.entries(labels)
          .filter(([label]) =>
            ["state", "end", "channel", "verdict", "kind", "outcome", "level", "operation", "severity"].includes(label),
          )
          .map(([, value]) => [name, value] as const),
      ),
    );
    for (const [name, value] of values) {
      expect(documented.find((row) => row.name === name)?.meaning, `${name} ${value}`).toContain(`\`${value}\``);
    }
  });
});

interface Dashboard {
  readonly panels: readonly { title: string; targets?: readonly { expr: string; legendFormat: string }[] }[];
}

const dashboard: Dashboard = JSON.parse(textOf("monitoring/dashboard.json"));
const alerts = textOf("monitoring/alerts.yaml")
  .split(/^ {6}- alert: /m)
  .slice(1);

const queries = [
  ...alerts.map((alert) => ({ where: alert.split("\n")[0] ?? "", expr: /^ {8}expr: (.+)$/m.exec(alert)?.[1] ?? "" })),
  ...dashboard.panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: title, expr }))),
];

/** The family that a series belongs to. */
function familyOf(series: string): ReadFamily | undefined {
  const family = exported.get(series);
  const whole = exported.get(series.replace(/_(bucket|sum|count)$/, ""));
  return family ?? (whole?.type === "histogram" ? whole : undefined);
}

describe("the alerts and the dashboard", () => {
  it.each(queries)("ask in $where for what is there: $expr", ({ expr }) => {
    const series = [...expr.matchAll(/(teleport_pagerduty_\w+)(?:\{([^}]*)\})?/g)];
    expect(series.length).toBeGreaterThan(0);
    for (const [, name = "", matchers = ""] of series) {
      const family = familyOf(name);
      if (family === undefined) throw new Error(`there is no ${name}`);
      const isCounted = family.type !== "gauge";
      expect(/\b(rate|increase)\(/.test(expr), `${name} by its growth`).toBe(isCounted);
      for (const [, label = "", values = ""] of matchers.matchAll(/(\w+)!?=~?"([^"]*)"/g)) {
        expect([...labelsOf(family), ...GENERAL_LABELS]).toContain(label);
        const known = family.samples.map(({ labels }) => labels[label]);
        if (!GENERAL_LABELS.includes(label)) for (const value of values.split("|")) expect(known).toContain(value);
      }
    }
    const grouped = [...expr.matchAll(/\b(?:by|on) \(([^)]*)\)/g)].flatMap(([, labels = ""]) => labels.split(", "));
    const known = [...GENERAL_LABELS, ...series.flatMap(([, name = ""]) => labelsOf(familyOf(name)))];
    for (const label of grouped) expect(known).toContain(label);
    expect(expr.split("(").length).toBe(expr.split(")").length);
  });

  it("show every metric somewhere", () => {
    const all = JSON.stringify(dashboard) + alerts.join();
    for (const name of exported.keys()) expect(all).toContain(name);
  });

  it.each(alerts)("say how bad it is and what it means: %s", (alert) => {
    expect(alert).toMatch(/^TeleportPagerDuty\w+\n {8}expr: \S/);
    expect(alert).toMatch(/^ {8}labels: \{ severity: (page|ticket) \}$/m);
    expect(alert).toMatch(/^ {10}summary: .+\.$/m);
  });

  it("have a name of their own each", () => {
    const names = queries.map(({ where }) => where);
    expect(new Set(names).size).toBe(alerts.length + dashboard.panels.filter(({ targets }) => targets).length);
  });

  it("name in legends only labels that the query keeps", () => {
    for (const { targets = [] } of dashboard.panels) {
      for (const { expr, legendFormat } of targets) {
        for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
          const by = /^sum by \(([^)]*)\)/.exec(expr)?.[1];
          const [, name = ""] = /(teleport_pagerduty_\w+)/.exec(expr) ?? [];
          expect(by?.split(", ") ?? labelsOf(familyOf(name))).toContain(label);
        }
      }
    }
  });
});
