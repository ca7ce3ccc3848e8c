/** What Teleport saw: requests and their states, the verdicts that it took from us, and every call. */
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type AccessRequest, RequestState } from "../../../relay/gen/teleport_pb.ts";
import type { Call, RequestHistory, State, StateSeen, VerdictTaken } from "../../checker/history.ts";
import type { RecordedCall, RpcName } from "../../fakes/teleport/journal.ts";
import type { FakeTeleport } from "../../fakes/teleport.ts";
import { PEOPLE, type PersonName } from "../cast.ts";

/** What whoever asked knows of a request. */
export interface Asked {
  readonly requester: PersonName;
  readonly roles: readonly string[];
  /** Ids of the services where it is due. */
  readonly services: readonly string[];
}

export class TeleportSide {
  readonly calls: Call[] = [];
  readonly #asked = new Map<string, Asked>();
  readonly #states = new Map<string, StateSeen[]>();
  readonly #expiresMs = new Map<string, number>();
  readonly #taken: Omit<VerdictTaken, "delegator">[] = [];
  readonly #delegators = new Map<string, string>();
  #readUpTo = 0;
  #byOperator = false;

  /** A request changes; to be called as it does. */
  changed(requestId: string, request: AccessRequest | undefined): void {
    const atMs = Date.now();
    const state = stateOf(request);
    const byUs = !this.#byOperator && (state === "APPROVED" || state === "DENIED");
    const states = this.#states.get(requestId) ?? [];
    this.#states.set(requestId, states);
    if (states.at(-1)?.state !== state) states.push({ atMs, state, byUs });
    const expires = request?.metadata?.expires;
    if (state === "PENDING" && expires !== undefined) this.#expiresMs.set(requestId, timestampMs(expires));
    if (!byUs) return;
    const verdict = state === "APPROVED" ? "approve" : "deny";
    this.#taken.push({ requestId, verdict, atMs, reason: request?.spec?.resolveReason ?? "" });
  }

  /** Whatever changes in Teleport while `act` runs is an operator's doing. */
  byOperator(act: () => void): void {
    this.#byOperator = true;
    try {
      act();
    } finally {
      this.#byOperator = false;
    }
  }

  asked(requestId: string, asked: Asked): void {
    this.#asked.set(requestId, asked);
  }

  /** Reads the calls that came since. */
  read(teleport: FakeTeleport): void {
    for (const call of teleport.calls) {
      if (call.sequence <= this.#readUpTo) continue;
      this.#readUpTo = call.sequence;
      this.#take(call);
    }
  }

  get verdictCount(): number {
    return this.#taken.length;
  }

  get requests(): RequestHistory[] {
    return [...this.#asked].map(([id, { requester, roles, services }]) => {
      const { email } = PEOPLE[requester];
      return {
        id,
        user: email,
        emails: [email],
        roles,
        services,
        approvalsNeeded: 1,
        expiresMs: this.#expiresMs.get(id) ?? null,
        states: this.#states.get(id) ?? [],
        changedMs: [],
        onCall: [],
      };
    });
  }

  get verdicts(): VerdictTaken[] {
    return this.#taken.map((taken) => ({
      ...taken,
      delegator: this.#delegators.get(setting(taken.requestId, taken.reason)) ?? null,
    }));
  }

  #take(call: RecordedCall): void {
    const { rpc: name, atMs, request } = call;
    if (isSetting(call)) {
      const { id, reason, delegator } = call.request;
      this.#delegators.set(setting(id, reason), delegator);
    }
    this.calls.push({ at: "teleport", atMs, name, subject: subjectOf(request) });
  }
}

function isSetting(call: RecordedCall): call is RecordedCall<"setAccessRequestState"> {
  return call.rpc === "setAccessRequestState";
}

function setting(requestId: string, reason: string): string {
  return `${requestId} ${reason}`;
}

function subjectOf(request: RecordedCall<RpcName>["request"]): string | null {
  if ("resource" in request && typeof request.resource === "string") return request.resource || null;
  return "id" in request && typeof request.id === "string" ? request.id || null : null;
}

function stateOf(request: AccessRequest | undefined): State {
  switch (request?.spec?.state) {
    case undefined:
      return "GONE";
    case RequestState.APPROVED:
      return "APPROVED";
    case RequestState.DENIED:
      return "DENIED";
    case RequestState.PROMOTED:
      return "PROMOTED";
    default:
      return "PENDING";
  }
}
