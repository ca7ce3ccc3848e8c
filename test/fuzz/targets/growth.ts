/**
 * How the time that a reader takes grows with what it is given: eight times the input may take a good deal more than eight
 * times as long on a busy machine, but never what a reader takes that goes over it again for each of its characters.
 */
import assert from "node:assert/strict";
import fc from "fast-check";
import { parseVars } from "../../../edge/serve/vars.ts";
import { readAuditLine } from "../../../relay/audit/record.ts";
import { pemBlocksIn } from "../../../relay/identity/pem.ts";
import { boundIncidents } from "../../../relay/plugin-data.ts";
import { parseCondition } from "../../../relay/rules/condition.ts";
import { commandIn, isNearMiss } from "../../../shared/click.ts";
import { readActionLogEntry } from "../../../shared/custom-action.ts";
import { parseIncidentKey } from "../../../shared/incident-key.ts";
import { userText, visibleText } from "../../../shared/listing.ts";
import { createLogger } from "../../../shared/log.ts";
import { readRelayFrame } from "../../../shared/protocol.ts";
import { verifySignature } from "../../../shared/signature.ts";
import { readWebhook } from "../../../shared/webhook-event.ts";
import { property, type Target } from "../target.ts";

const log = createLogger({ severity: "info", format: "text", now: () => 0, write: () => undefined });
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const logEntry = (summary: string): Uint8Array =>
  bytes({ id: "R", type: "custom_log_entry", created_at: "2026-03-11T09:14:02Z", incident: { id: "Q" }, summary });

/** Everything that reads a text of any length. */
const READERS: Readonly<Record<string, (text: string) => unknown>> = {
  commandIn: (text) => commandIn(text),
  isNearMiss,
  visibleText,
  userText,
  readActionLogEntry: (text) => readActionLogEntry(logEntry(text)),
  readWebhook: (text) => readWebhook(bytes({ event: text })),
  readRelayFrame,
  verifySignature: (text) => verifySignature(new Uint8Array(), text, ["x".repeat(16)]),
  parseIncidentKey,
  parseVars: (text) => parseVars(`CLUSTERS=${text}`),
  readAuditLine,
  pemBlocksIn,
  boundIncidents: (text) => boundIncidents({ incidents: text }),
  parseCondition,
  log: (text) => log.info(text, { text }),
};

const piece = fc.constantFrom(
  " ",
  "a",
  "/",
  "'",
  '"',
  ".",
  ",",
  "\n",
  "\t ",
  "<",
  "@",
  "a@",
  "*",
  "/*",
  ":",
  "#",
  " #",
  "[",
  "{",
  "\\",
  "-----BEGIN A-----\n",
  "\u202e",
  "e\u0301",
  "v1=",
  "0",
);
const begin = fc.constantFrom("", "x", "{", "#");
const end = fc.constantFrom("", "x", "\n", "\u2028", "/approve", "'", "\0");

const SMALL_CHARACTERS = 8_192;
const TIMES = 8;
/** Eight times the input in eight times the time is fair, and sixty-four times is not. */
const MAX_GROWTH = 32;
/** Less than this is noise, in ms of the process's own time. */
const NOTICEABLE_MS = 8;

/** Ms of this process's own time, the least of a few tries. */
function costOf(run: () => unknown): number {
  const tries = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage();
    run();
    return process.cpuUsage(before).user / 1000;
  });
  return Math.min(...tries);
}

export const growth: Target = {
  name: "growth",
  about: "the time that readers of text take, against the length of it",
  isTimed: true,
  properties: () =>
    Object.entries(READERS).map(([name, read]) =>
      property(
        `${name} goes over its text so many times, however long it is`,
        fc.tuple(begin, piece, end),
        ([begin, piece, end]) => {
          const textOf = (characters: number): string =>
            begin + piece.repeat(Math.ceil(characters / piece.length)) + end;
          const [small, large] = [textOf(SMALL_CHARACTERS), textOf(SMALL_CHARACTERS * TIMES)];
          read(small);
          const [little, much] = [costOf(() => read(small)), costOf(() => read(large))];
          const allowed = Math.max(little * MAX_GROWTH, NOTICEABLE_MS * TIMES);
          assert(much <= allowed, `${TIMES} times the text took ${much} ms instead of ${little} ms`);
        },
        { cost: 20 },
      ),
    ),
};
