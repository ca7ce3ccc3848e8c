/**
 * A ledger as it is after some time: written into the object's own SQLite while nobody else has it, by the very ledger and
 * steps that the edge is made of.
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { Session } from "../../../edge/ledger/session.ts";
import { Ledger } from "../../../edge/ledger.ts";
import type { RequestRecord } from "../../../edge/record.ts";
import { bound } from "../../../edge/steps/binding.ts";
import { incidentClosed, incidentOpened } from "../../../edge/steps/paging.ts";
import { newRecord, requestEnded } from "../../../edge/steps/request.ts";
import type { AccessRequest } from "../../../shared/access-request.ts";
import { NodeSql } from "../../fakes/node-sql.ts";
import { CLUSTER, SERVICE } from "../../stage/stage.ts";

/** How long a finished request is kept, in ms. */
const RETAIN_MS = 30 * 24 * 3_600_000;

/** A request, and the incident that stands for it. */
export interface Paged {
  readonly request: AccessRequest;
  readonly incidentId: string;
}

/** What a ledger is to hold. */
export interface Past {
  /** Requests that are paged, and bound by the relay. */
  readonly open: readonly Paged[];
  /** How many are over, each of them approved. */
  readonly finished: number;
}

/** Puts it into the ledger of the edge whose objects are in `data`; a relay has been there that lets notes decide. */
export async function seedLedger(data: string, { open, finished }: Past): Promise<void> {
  const sql = new NodeSql(await databaseIn(data));
  sql.run("BEGIN");
  const ledger = new Ledger(sql);
  ledger.setSession(SESSION);
  for (const each of open) ledger.store(openRecord(each), undefined);
  for (let number = 0; number < finished; number++) ledger.store(finishedRecord(number), undefined);
  sql.run("COMMIT");
  sql.close();
}

const SESSION: Session = {
  epoch: 1,
  instance: "a relay of before",
  relayKey: "its key",
  sinceMs: 0,
  hello: {
    release: "0.1.0",
    teleportVersion: "18.0.0",
    proxyAddress: null,
    decisions: {
      channels: ["note"],
      workflowTriggers: { approve: "", deny: "" },
      field: "teleport_decision",
      onResolve: "nothing",
    },
    asksOnCall: false,
    certificateExpiresMs: null,
  },
};

// Workerd names a folder for the class, and a file in it for each object.
async function databaseIn(data: string): Promise<string> {
  const folder = join(data, "cluster");
  const [file] = (await readdir(folder)).filter((name) => name.endsWith(".sqlite") && !name.startsWith("metadata"));
  if (file === undefined) throw new Error(`no object has ever been in ${folder}`);
  return join(folder, file);
}

function openRecord({ request, incidentId }: Paged): RequestRecord {
  const nowMs = Date.now();
  const routing = { kind: "routed", destinations: [{ serviceId: SERVICE, remarks: [] }] } as const;
  const record = newRecord(CLUSTER, request, routing, nowMs);
  const incident = {
    incidentId,
    url: null,
    escalationPolicyId: "PPOLICY",
    covered: true,
    resolved: false,
    mergedInto: null,
  };
  const opened = incidentOpened(record, record.pagings[0]?.id ?? "", incident, { shown: true, nowMs });
  return bound(opened, { digest: record.digest, incidents: [{ service: SERVICE, incident: incidentId }] }, nowMs);
}

function finishedRecord(number: number): RequestRecord {
  const nowMs = Date.now();
  const request: AccessRequest = {
    id: `finished-${number}`,
    user: "alice",
    roles: ["dba", "auditor"],
    state: "APPROVED",
    resources: [],
    reason: "the nightly migration hangs, ticket OPS-2231",
    resolveReason: "",
    suggestedReviewers: [],
    annotations: {},
    reviews: [],
    createdMs: nowMs,
    requestExpiresMs: nowMs + RETAIN_MS,
    accessExpiresMs: nowMs + RETAIN_MS,
    maxDurationMs: null,
    sessionTtlMs: null,
    requestKind: "UNDEFINED",
  };
  const open = openRecord({ request, incidentId: `QFINISHED${number}` });
  const ended = requestEnded(open, { end: "approved", who: null, why: null, clickId: null }, nowMs, RETAIN_MS);
  const pagings = ended.pagings.map((paging) => ({ ...paging, notes: [] }));
  return incidentClosed({ ...ended, pagings }, pagings[0]?.id ?? "", nowMs);
}
