import { describe, expect, it } from "vitest";
import { type OldConfig, readOldConfig } from "../../../../relay/commands/migrate/old-config.ts";
import { ALL, ALPHA, G1, G1_AUTO, G2, G3 } from "./samples.ts";

function read(text: string): OldConfig {
  const reading = readOldConfig(text);
  if (reading.kind === "fault") throw new Error(reading.problem);
  return reading.config;
}

describe("readOldConfig", () => {
  it.each([
    ["an alpha", ALPHA, { generation: "buttons", isKebab: true, addr: "example.com:3025", serviceId: "PIJ90N7" }],
    [
      "0.1",
      G1,
      { generation: "buttons", isKebab: false, clientCrt: "client.pem", autoApprove: false, apiKey: "inline" },
    ],
    ["0.2 to 6", G1_AUTO, { generation: "buttons", autoApprove: true }],
    ["7 to 13", G2, { generation: "notify", apiKey: "file", notifyAnnotation: "pd_notify", serviceId: undefined }],
    ["14 and later", G3, { generation: "current", addr: "myinstance.teleport.sh:443", logSeverity: "TRACE" }],
  ] as const)("reads %s", (_, text, expected) => {
    expect(read(text)).toMatchObject({ ...expected, userEmail: "me@example.com", unknown: [], unreadable: [] });
  });

  it("names what has no successor as it is written", () => {
    expect(read(ALPHA).dropped).toEqual([
      "http.listen",
      "http.base-url",
      "http.https-key-file",
      "http.https-cert-file",
      "http.basic-auth.user",
      "http.basic-auth.password",
    ]);
    expect(read(G3).dropped).toEqual(["teleport.refresh_identity", "teleport.refresh_identity_interval"]);
  });

  it("takes out no secret", () => {
    for (const text of Object.values(ALL)) expect(JSON.stringify(read(text))).not.toContain("canary");
  });

  it("does not mind the case of sections, and takes annotations from where the documents put them", () => {
    const text = G2.replace("[pagerduty.RequestAnnotations]\nnotify_service", "pagerduty_notify").replace(
      'user_email = "me@example.com"',
      'notify_service = "pd_notify"',
    );
    expect(read(text.replace("[pagerduty]", "[PagerDuty]")).notifyAnnotation).toBe("pd_notify");
  });

  it("names keys that it does not know, and values of another kind", () => {
    const config = read(
      '[pagerduty]\nuser_email = 7\nauto_approve = "yes"\nservice_id = "$(canary)"\ncolour = "blue"\n[other]\nx = 1\n',
    );
    expect(config.unreadable.toSorted()).toEqual([
      "pagerduty.auto_approve",
      "pagerduty.service_id",
      "pagerduty.user_email",
    ]);
    expect(config.unknown).toEqual(["pagerduty.colour", "other.x"]);
  });

  it.each([
    ["what is not TOML", 'api_key = "canary', /^is not TOML \(line 1, column \d+\)$/],
    ["nothing", "", /no \[pagerduty\]/],
    ["another program's file", "[server]\nport = 1\n", /no \[pagerduty\]/],
    ["our own file", '[edge]\nurl = "https://edge.example.com"\n[policy]\napprovers = []\n', /of this relay already/],
  ])("refuses %s", (_, text, problem) => {
    const reading = readOldConfig(text);
    expect(reading).toEqual({ kind: "fault", problem: expect.stringMatching(problem) });
    expect(JSON.stringify(reading)).not.toContain("canary");
  });

  it("bears keys within keys without end", () => {
    const deep = Array(20_000).fill("a").join(".");
    expect(read(`[pagerduty]\nservice_id = "P"\n[${deep}]\nx = 1\n`).unknown).toHaveLength(1);
  });

  it("bears sections that are values, and names that every object has", () => {
    const text = 'pagerduty = "x"\nteleport = [1]\n__proto__ = 1\nconstructor = { prototype = 2 }\n';
    const config = read(text);
    expect(config.addr).toBeUndefined();
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  });
});
