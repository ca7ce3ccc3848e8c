import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { UsageError } from "../../../../relay/commands/command.ts";
import { readOrder } from "../../../../relay/commands/setup/order.ts";

const KEY = { PAGERDUTY_API_KEY: "a-key" };
const BASE = ["--edge", "https://edge.example.com", "--cluster", "teleport.example.com"];

describe("what setup is asked to do", () => {
  it("has PagerDuty's own address and this folder unless told otherwise", () => {
    expect(readOrder([...BASE, "--service", "PIJ90N7"], KEY)).toEqual({
      edgeUrl: "https://edge.example.com",
      cluster: "teleport.example.com",
      scopes: [{ kind: "service", id: "PIJ90N7" }],
      serviceIds: ["PIJ90N7"],
      step: "set_up",
      directory: process.cwd(),
      apiKey: "a-key",
      apiUrl: "https://api.pagerduty.com",
      asJson: false,
    });
  });

  it.each([
    ["one flag each", ["--service", "PA", "--service", "PB"], ["PA", "PB"]],
    ["one flag for several", ["--service", "PA", "PB", "PC"], ["PA", "PB", "PC"]],
    ["both at once, one of them twice", ["--service=PA", "PB", "--rotate", "--service", "PA"], ["PA", "PB"]],
  ])("takes services with %s", (_, args, ids) => {
    expect(readOrder([...args, ...BASE], KEY).serviceIds).toEqual(ids);
  });

  it("takes the account, with services for the buttons alone", () => {
    const order = readOrder([...BASE, "--account", "--service", "PA", "--out", "here", "--finish"], KEY);
    expect(order).toMatchObject({ scopes: [{ kind: "account" }], serviceIds: ["PA"], step: "finish" });
    expect(order.directory).toBe(join(process.cwd(), "here"));
  });

  it.each([
    ["eu", {}, "https://api.eu.pagerduty.com"],
    ["", {}, "https://api.pagerduty.com"],
    ["eu", { PAGERDUTY_API_URL: "http://127.0.0.1:9000/" }, "http://127.0.0.1:9000"],
  ])("finds PagerDuty by region %j and %j", (PAGERDUTY_REGION, more, apiUrl) => {
    expect(readOrder([...BASE, "--account"], { ...KEY, PAGERDUTY_REGION, ...more }).apiUrl).toBe(apiUrl);
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ["no edge", ["--cluster", "c", "--account"], KEY, /--edge is required/],
    ["a plain http edge", ["--edge", "http://edge.example.com", "--cluster", "c", "--account"], KEY, /https/],
    ["no cluster", ["--edge", "https://e.example.com", "--account"], KEY, /--cluster is required/],
    [
      "a cluster that is a path",
      ["--edge", "https://e.example.com", "--cluster", "a/b", "--account"],
      KEY,
      /--cluster/,
    ],
    ["no scope", BASE, KEY, /--service or --account/],
    ["a service that is a path", [...BASE, "--service", "../users"], KEY, /--service must be/],
    ["both steps", [...BASE, "--account", "--rotate", "--finish"], KEY, /exclude/],
    ["an unknown flag", [...BASE, "--account", "--api-key", "x"], KEY, /api-key/],
    ["a word too many", [...BASE, "--account", "PA"], KEY, /PA/],
    ["no key", [...BASE, "--account"], {}, /PAGERDUTY_API_KEY is required/],
    ["a key with a line break", [...BASE, "--account"], { PAGERDUTY_API_KEY: "a\nb" }, /PAGERDUTY_API_KEY/],
    ["a region of none", [...BASE, "--account"], { ...KEY, PAGERDUTY_REGION: "constructor" }, /PAGERDUTY_REGION/],
    ["another host for the API", [...BASE, "--account"], { ...KEY, PAGERDUTY_API_URL: "http://10.0.0.1" }, /loopback/],
    [
      "a host that only begins so",
      [...BASE, "--account"],
      { ...KEY, PAGERDUTY_API_URL: "http://127.0.0.1.example.com" },
      /loopback/,
    ],
    ["an API address that is none", [...BASE, "--account"], { ...KEY, PAGERDUTY_API_URL: "nowhere" }, /loopback/],
  ])("refuses %s", (_, args, environment, message) => {
    expect(() => readOrder(args, environment)).toThrow(UsageError);
    expect(() => readOrder(args, environment)).toThrow(message);
  });
});
