import { describe, expect, it } from "vitest";
import { pemBlocksIn } from "../../../relay/identity/pem.ts";

const block = (label: string, body = "AAAA"): string => `-----BEGIN ${label}-----\n${body}\n-----END ${label}-----\n`;

describe("pemBlocksIn", () => {
  it("reads the blocks in order and skips what stands between", () => {
    const text = `${block("RSA PRIVATE KEY")}ssh-rsa-cert-v01@openssh.com AAAA\n${block("CERTIFICATE", "BBBB")}@cert-authority * ssh-rsa C\n`;
    expect(pemBlocksIn(text)).toEqual([
      { label: "RSA PRIVATE KEY", text: block("RSA PRIVATE KEY") },
      { label: "CERTIFICATE", text: block("CERTIFICATE", "BBBB") },
    ]);
  });

  it("reads lines that end in CRLF and have spaces around them", () => {
    expect(pemBlocksIn(`  ${block("CERTIFICATE").replaceAll("\n", " \r\n")}`)).toEqual([
      { label: "CERTIFICATE", text: block("CERTIFICATE") },
    ]);
  });

  it.each(["", "nothing\n", "-----END CERTIFICATE-----\n"])("finds no block in %j", (text) => {
    expect(pemBlocksIn(text)).toEqual([]);
  });

  it.each([
    ["without an end", "-----BEGIN CERTIFICATE-----\nAAAA\n"],
    ["cut in the line that ends it", block("CERTIFICATE").slice(0, -3)],
    ["within another", `-----BEGIN CERTIFICATE-----\n${block("CERTIFICATE")}`],
    ["that another ends", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END PRIVATE KEY-----\n"],
  ])("refuses a block %s", (_, text) => {
    expect(pemBlocksIn(text)).toBeUndefined();
  });
});
