/**
 * Values of the configuration that this release does not carry out. Each is a fault, so that nobody believes in a
 * safeguard or a way in that is not there. A value leaves this list when it is carried out.
 */
import type { Rule } from "./rules.ts";

/** The values that are refused, each with what to write instead. */
export const unsupported: readonly Rule[] = [
  {
    about: ["policy.auto_approve_on_call"],
    problem: ({ policy }) => policy.auto_approve_on_call === true && later("auto_approve_on_call", "write false"),
  },
];

function later(what: string, instead: string): string {
  return `${what} is not carried out by this release: ${instead}.`;
}
