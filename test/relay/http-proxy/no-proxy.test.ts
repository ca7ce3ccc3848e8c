import { describe, expect, it } from "vitest";
import { isExempt } from "../../../relay/http-proxy/no-proxy.ts";

describe("isExempt", () => {
  it.each([
    // Names: themselves and what is below them.
    ["example.com", "example.com", 443, true],
    ["example.com", "a.b.example.com", 443, true],
    ["example.com", "notexample.com", 443, false],
    ["example.com", "example.com.evil.org", 443, false],
    ["EXAMPLE.com", "Teleport.Example.COM", 443, true],
    // What is below them alone.
    [".example.com", "a.example.com", 443, true],
    [".example.com", "example.com", 443, false],
    ["*.example.com", "a.example.com", 443, true],
    ["*.example.com", "example.com", 443, false],
    // Ports.
    ["example.com:3025", "example.com", 3025, true],
    ["example.com:3025", "example.com", 443, false],
    [".example.com:443", "a.example.com", 443, true],
    ["10.0.0.1:443", "10.0.0.1", 3025, false],
    ["[fd00::1]:443", "fd00::1", 443, true],
    // IP addresses and networks; names are not looked up.
    ["10.0.0.1", "10.0.0.1", 443, true],
    ["10.0.0.1", "10.0.0.10", 443, false],
    ["10.0.0.0/8", "10.200.3.4", 443, true],
    ["10.0.0.0/8", "11.0.0.1", 443, false],
    ["10.0.0.0/33", "10.0.0.1", 443, false],
    ["10.0.0.0/8", "host.internal", 443, false],
    ["0.0.0.0/0", "8.8.8.8", 443, true],
    ["0.0.0.0/0", "fd00::1", 443, false],
    ["fd00::/8", "fd12:3456::1", 443, true],
    ["fd00::1", "fd00:0:0:0:0:0:0:1", 443, true],
    // Lists.
    ["a.com, b.com ,", "b.com", 443, true],
    ["a.com,*", "anything.org", 443, true],
    ["", "example.com", 443, false],
    [",,", "example.com", 443, false],
    ["no/thing,[,:,.", "example.com", 443, false],
    // Loopback, always.
    ["", "localhost", 443, true],
    ["", "127.0.0.1", 443, true],
    ["", "127.9.9.9", 443, true],
    ["", "::1", 443, true],
    ["", "128.0.0.1", 443, false],
    ["", "localhost.example.com", 443, false],
  ])("by NO_PROXY=%j, %s port %i: %s", (noProxy, host, port, exempt) => {
    expect(isExempt({ host, port }, noProxy)).toBe(exempt);
  });
});
