/** Every test that the Go plugin has had is in docs/predecessor.md, beside tests of ours that are there. */
import { describe, expect, it } from "vitest";
import { citedIn, documentText, rowsIn, whyMissing } from "./cited-tests.ts";

const CASES: Readonly<Record<string, readonly string[]>> = {
  "The webhook era": [
    ...["TestExtensionCreation", "TestIncidentCreation", "TestApproval", "TestDenial", "TestApproveExpired"],
    ...["TestDenyExpired", "TestAutoApprovalWhenOnCall", "TestAutoApprovalWhenNotOnCall", "TestExpiration", "TestRace"],
  ],
  "Version 7.0.2": [
    ...["TestReviewNotes", "TestIncidentApprovalResolution", "TestIncidentDenialResolution"],
    ...["TestAutoApprovalWhenNoActiveIncidents", "TestAutoApprovalWhenActiveIncident"],
    "TestAutoApprovalWhenActiveIncidentInAnotherService",
    "TestAutoApprovalWhenActiveIncidentOnAnotherPolicy",
    ...["TestExpiration", "TestRace"],
  ],
  "Teleport's repository, open source": [
    ...["TestIncidentCreation", "TestApproval", "TestDenial", "TestExpiration"],
    "TestRecipientsFromAccessMonitoringRule",
  ],
  "Teleport's repository, Enterprise": [
    ...["TestReviewNotes", "TestApprovalByReview", "TestDenialByReview", "TestAutoApprovalWhenNotOnCall"],
    ...["TestAutoApprovalWhenOnCall", "TestAutoApprovalWhenOnCallInSecondPolicy"],
    ...["TestAutoApprovalWhenOnCallInSomeOtherPolicy", "TestRace"],
  ],
  Units: [
    ...["API Key", "User Email"].map((name) => `TestInvalidConfigFailsCheck/${name}`),
    ...["TestConfigDefaults", "TestEncodePluginData", "TestDecodePluginData", "TestEncodeEmptyPluginData"],
    ...["TestDecodeEmptyPluginData", "TestConcurrent", "TestSequential", "TestConcurrencyLimit"],
    ...["TestNewJobWithConfirmedWatchKinds", "TestModifyFailed", "TestModifyCompareFailed", "TestModifySuccess"],
    ...["TestBackoff", "TestWrongData", "TestDecorr", "TestCheckExpiredCredentials"],
    ...["missing", "empty", "one", "many", "duplicates"].map((name) => `TestGetNamesFromAnnotations/${name}`),
    ...["TestHandleAccessMonitoringRule", "TestEvaluateCondition"],
    ...["on call", "not on call", "case-insensitive"].map((name) => `TestTryApproveRequest/${name}`),
    "TestGetLoginsByRole",
  ],
  Helm: ["configmap", "deployment", "secret", "operator_crs"],
  "Untested upstream": [
    ...["webhook authentication", "bad payloads", "duplicate clicks", "late clicks", "mismatched clicks"],
    ...["PagerDuty 4xx", "PagerDuty 5xx", "PagerDuty 429", "pagination", "reconnect", "restart gap"],
    ...["identity reload", "promoted"],
  ],
};

/** What has no successor, for the reason that stands there. */
const WITHOUT_SUCCESSOR = new Set([...(CASES.Helm ?? []), "TestGetLoginsByRole"]);

const rows = rowsIn(documentText("docs/predecessor.md")).map(
  ({ heading, cells: [theirs = "", shown = "", ours = ""] }) => ({
    heading,
    cases: [...theirs.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    shown,
    ours,
  }),
);

describe("docs/predecessor.md", () => {
  it("has every one of their cases, once, and none besides", () => {
    const named = Object.groupBy(rows, ({ heading }) => heading);
    expect(Object.keys(named)).toEqual(Object.keys(CASES));
    for (const [heading, cases] of Object.entries(CASES)) {
      expect(named[heading]?.flatMap((row) => row.cases)).toEqual(cases);
    }
  });

  it.each(rows)("says what $cases showed, and by which tests ours show it: $heading", ({ cases, shown, ours }) => {
    expect(shown).not.toBe("");
    const cited = citedIn(ours);
    expect(cited.flatMap((test) => whyMissing(test) ?? [])).toEqual([]);
    if (cases.every((name) => WITHOUT_SUCCESSOR.has(name)))
      expect([cited, ours]).toEqual([[], expect.stringMatching(/^none: ./)]);
    else expect(cited).toHaveLength(ours.split("<br>").length);
  });
});
