import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Ledger } from "../../../edge/ledger.ts";
import { AuditHeads } from "../../../edge/relays/audit-heads.ts";
import { attachmentOf, newAttachment } from "../../../edge/relays/socket.ts";
import { type AuditStanding, GENESIS, headAfter, MAX_AUDIT_DIGESTS, sha256 } from "../../../shared/audit-chain.ts";
import { NodeSql } from "../../fakes/node-sql.ts";
import { ScriptedSocket } from "../host.ts";
import { NOW } from "../samples.ts";

const HALF_AN_HOUR_MS = 30 * 60_000;

let sql: NodeSql;
let nowMs: number;
let faults: string[];
let heads: AuditHeads;

beforeEach(() => {
  sql = new NodeSql();
  nowMs = NOW;
  faults = [];
  heads = new AuditHeads({ ledger: new Ledger(sql), now: () => nowMs, fault: (what) => void faults.push(what) });
});
afterEach(() => sql.close());

function connect(relayKey = "key"): ScriptedSocket {
  const socket = new ScriptedSocket();
  socket.attach(newAttachment({ relayKey, origin: null }, "session", NOW));
  return socket;
}

/** How a log of so many lines stands, of which it tells the last. */
function standing(lines: number, told = lines, name = "line"): AuditStanding {
  const digests = Array.from({ length: lines }, (_, line) => sha256(`${name} ${line}`));
  const head = digests.reduce(headAfter, GENESIS);
  return { lines, head, digests: digests.slice(lines - told), writable: true };
}

const kept = (relayKey = "key") => new Ledger(sql).auditHead(relayKey)?.lines;

describe("the end of an audit log", () => {
  it("is kept from the first greeting on, for each key by itself", () => {
    heads.told(connect(), standing(3, 1));
    heads.told(connect("another"), standing(0));
    expect([kept(), kept("another"), faults]).toEqual([3, 0, []]);
  });

  it("may go on, in a session and from one to the next, whatever restarts between", () => {
    const socket = connect();
    heads.told(socket, standing(3));
    heads.told(socket, standing(5, 2));
    heads.told(socket, standing(5, 0));
    heads.keep(socket);
    heads.told(connect(), standing(9, 6));
    expect([kept(), faults]).toEqual([9, []]);
  });

  it("may have gone on by more than a relay can show, when the socket was lost without a word", () => {
    const socket = connect();
    for (let lines = 0; lines <= 2 * MAX_AUDIT_DIGESTS; lines += 1000)
      heads.told(socket, standing(lines, Math.min(lines, 1000)));
    heads.told(connect(), standing(2 * MAX_AUDIT_DIGESTS + 100, MAX_AUDIT_DIGESTS));
    expect(faults).toEqual([]);
  });

  it.each([
    ["cut back", standing(4)],
    ["begun anew", standing(0)],
    ["written anew", standing(5, 5, "other")],
    ["written anew and gone on", standing(8, 8, "other")],
    ["gone on by more than it shows", standing(9, 3)],
  ])("is a fault that says what to do when the log was %s, said once", (_, now) => {
    heads.told(connect(), standing(5));
    const known = standing(5).head;
    heads.told(connect(), now);
    expect(faults).toEqual([expect.stringContaining(`audit verify --holds ${known} FILE`)]);
    expect(faults[0]).toContain("key key does not go on");
    heads.told(connect(), now);
    expect(faults).toHaveLength(1);
  });

  it("is a fault also under way in a session", () => {
    const socket = connect();
    heads.told(socket, standing(5));
    heads.told(socket, standing(6, 1, "other"));
    expect(faults).toHaveLength(1);
  });

  it("is held against the head that was told last, not only against the one that was kept", () => {
    const socket = connect();
    heads.told(socket, standing(3));
    heads.told(socket, standing(7));
    heads.keep(socket);
    heads.told(connect(), standing(5));
    expect(faults).toHaveLength(1);
  });

  it("costs a row for each connection and one after a while, and none for a decision", () => {
    const run = vi.spyOn(sql, "run");
    const writes = () => run.mock.calls.filter(([statement]) => statement.startsWith("INSERT")).length;
    const socket = connect();
    heads.told(socket, standing(1));
    expect(writes()).toBe(1);
    for (let lines = 2; lines < 20; lines++) heads.told(socket, standing(lines, 1));
    heads.keepOld([socket]);
    expect([writes(), attachmentOf(socket).audit?.unkeptSinceMs]).toEqual([1, NOW]);
    nowMs += HALF_AN_HOUR_MS;
    heads.keepOld([socket, connect()]);
    heads.keepOld([socket]);
    expect([writes(), kept()]).toEqual([2, 19]);
    heads.keep(socket);
    heads.told(connect(), standing(19));
    expect(writes()).toBe(2);
  });
});

describe("a log that cannot be written", () => {
  it("is said once for each time that it broke", () => {
    const socket = connect();
    const said = (writable: boolean) => heads.told(socket, { ...standing(1), writable });
    for (const writable of [true, false, false, true, false]) said(writable);
    expect(faults).toHaveLength(2);
  });
});
