import { describe, expect, it } from "vitest";
import { type Condition, Report } from "../../relay/report.ts";
import { MAX_PROBLEM_LENGTH, readRelayFrame } from "../../shared/protocol.ts";

const FINE: Condition = {
  certificateExpiresMs: 1000,
  teleportVersion: "18.0.0",
  watching: true,
  watchProblem: null,
  certificateProblem: null,
  auditProblem: null,
};

type Sent = Parameters<ConstructorParameters<typeof Report>[0]>[0];

function reporting() {
  const sent: Sent[] = [];
  const link = { isUp: true };
  const report = new Report((frame) => link.isUp && sent.push(frame) > 0, FINE);
  return { sent, link, report };
}

describe("Report", () => {
  it("is sent once in each session, and then only when it has changed", () => {
    const { sent, report } = reporting();
    report.welcomed();
    report.change({ watching: true });
    report.change({ certificateProblem: null });
    expect(sent).toEqual([
      { type: "report", certificateExpiresMs: 1000, teleportVersion: "18.0.0", watching: true, problem: null },
    ]);
    report.change({ certificateExpiresMs: 2000 });
    report.welcomed();
    expect(sent.map(({ certificateExpiresMs }) => certificateExpiresMs)).toEqual([1000, 2000, 2000]);
  });

  it("tells what it could not send before, once the link stands", () => {
    const { sent, link, report } = reporting();
    link.isUp = false;
    report.change({ watching: false, watchProblem: "Teleport is away." });
    link.isUp = true;
    report.welcomed();
    expect(sent).toMatchObject([{ watching: false, problem: "Teleport is away." }]);
    expect(report.certificateExpiresMs).toBe(1000);
  });

  it("tells the watch's problem before that of the credentials", () => {
    const { sent, report } = reporting();
    report.change({ certificateProblem: "It ends soon." });
    report.change({ watchProblem: "Teleport is away.", watching: false });
    report.change({ watchProblem: null, watching: true });
    expect(sent.map(({ problem }) => problem)).toEqual(["It ends soon.", "Teleport is away.", "It ends soon."]);
  });

  it("is sent anew when the audit log can no longer be written, whatever else is wrong", () => {
    const { sent, report } = reporting();
    report.change({ watchProblem: "Teleport is away.", watching: false });
    report.change({ auditProblem: "The disk is full." });
    report.change({ watchProblem: null, watching: true });
    expect(sent.map(({ problem }) => problem)).toEqual(["Teleport is away.", "Teleport is away.", "The disk is full."]);
  });

  it("cuts a problem to what the edge takes", () => {
    const { sent, report } = reporting();
    report.change({ watchProblem: "x".repeat(MAX_PROBLEM_LENGTH + 1) });
    expect(sent[0]?.problem).toHaveLength(MAX_PROBLEM_LENGTH);
    expect(readRelayFrame(JSON.stringify({ ...sent[0], seq: 1 })).kind).toBe("frame");
  });
});
