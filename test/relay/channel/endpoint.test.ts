import { describe, expect, it } from "vitest";
import { addressOf, endpointFor, namesPort } from "../../../relay/channel/endpoint.ts";

describe("endpointFor", () => {
  it.each([
    ["host", { host: "host", port: 443 }, false, "host:443"],
    ["host:3080", { host: "host", port: 3080 }, true, "host:3080"],
    ["10.0.0.1:1", { host: "10.0.0.1", port: 1 }, true, "10.0.0.1:1"],
    ["[::1]", { host: "::1", port: 443 }, false, "[::1]:443"],
    ["[::1]:3080", { host: "::1", port: 3080 }, true, "[::1]:3080"],
    ["fd00::1", { host: "fd00::1", port: 443 }, false, "[fd00::1]:443"],
  ])("reads %s", (address, endpoint, hasPort, written) => {
    expect(endpointFor(address, 443)).toEqual(endpoint);
    expect(namesPort(address)).toBe(hasPort);
    expect(addressOf(endpoint)).toBe(written);
  });
});
