// Every RPC that the stand-in received, and a way to await the next one that matters instead of sleeping.

import type { MessageShape } from "@bufbuild/protobuf";
import type { status } from "@grpc/grpc-js";
import type { AccessMonitoringRulesService } from "../../../relay/gen/access-monitoring-rules_pb.ts";
import type { AuthService } from "../../../relay/gen/teleport_pb.ts";
import type { Caller } from "./transport.ts";

type Methods = (typeof AuthService)["method"] & (typeof AccessMonitoringRulesService)["method"];

/** An RPC's lowerCamelCase name. */
export type RpcName = keyof Methods & string;

/** The message that an RPC takes. */
export type RpcRequest<Name extends RpcName> = MessageShape<Methods[Name]["input"]>;

/** One received call. `code` is undefined until it is answered; watches are answered when they end. */
export interface RecordedCall<Name extends RpcName = RpcName> {
  /** Grows by one with every call, from 1. */
  readonly sequence: number;
  /** When it came, epoch ms. */
  readonly atMs: number;
  readonly rpc: Name;
  readonly request: RpcRequest<Name>;
  readonly caller: Caller;
  readonly code: status | undefined;
}

/** How long a wait may take, and from which sequence on calls count (default: all that are kept). */
export interface WaitOptions {
  readonly timeoutMs?: number;
  readonly since?: number;
}

/** A call that is being handled: told its end by `answered`. */
export interface OpenCall {
  readonly sequence: number;
  answered(code: status): void;
}

const DEFAULT_TIMEOUT_MS = 5_000;
const TOLD_ON_TIMEOUT = 8;

/** Keeps the last `bound` calls at least. */
export class Journal {
  readonly #calls: RecordedCall[] = [];
  readonly #waiting = new Set<(call: RecordedCall) => void>();
  readonly #bound: number;
  readonly #now: () => number;
  #sequence = 0;

  constructor(bound: number, now: () => number) {
    this.#bound = bound;
    this.#now = now;
  }

  /** The calls that are kept, oldest first. */
  get calls(): readonly RecordedCall[] {
    return this.#calls;
  }

  /** Number of all calls ever received; the last one's sequence. */
  get sequence(): number {
    return this.#sequence;
  }

  record(rpc: RpcName, request: RpcRequest<RpcName>, caller: Caller): OpenCall {
    this.#sequence += 1;
    const received = { sequence: this.#sequence, atMs: this.#now(), rpc, request, caller };
    const call = { ...received, code: undefined as status | undefined };
    this.#calls.push(call);
    if (this.#calls.length > 2 * this.#bound) {
      this.#calls.splice(0, this.#bound);
    }
    for (const tell of this.#waiting) {
      tell(call);
    }
    return {
      sequence: call.sequence,
      answered: (code) => {
        call.code = code;
      },
    };
  }

  /** The first call of `rpc` that `predicate` accepts, kept or to come. Rejects with what came instead. */
  async wait<Name extends RpcName>(
    rpc: Name,
    predicate: (request: RpcRequest<Name>, call: RecordedCall<Name>) => boolean = () => true,
    options: WaitOptions = {},
  ): Promise<RecordedCall<Name>> {
    const since = options.since ?? 0;
    const matches = (call: RecordedCall): call is RecordedCall<Name> =>
      call.rpc === rpc &&
      call.sequence > since &&
      predicate(call.request as RpcRequest<Name>, call as RecordedCall<Name>);
    const found = this.#calls.find(matches);
    return found ?? this.#next(matches, options.timeoutMs ?? DEFAULT_TIMEOUT_MS, rpc, since);
  }

  #next<Name extends RpcName>(
    matches: (call: RecordedCall) => call is RecordedCall<Name>,
    timeoutMs: number,
    rpc: Name,
    since: number,
  ): Promise<RecordedCall<Name>> {
    return new Promise((resolve, reject) => {
      const tell = (call: RecordedCall) => {
        if (matches(call)) {
          clearTimeout(timer);
          this.#waiting.delete(tell);
          resolve(call);
        }
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(tell);
        reject(new Error(`No matching ${rpc} within ${timeoutMs} ms; ${this.#seenSince(since)}.`));
      }, timeoutMs);
      this.#waiting.add(tell);
    });
  }

  #seenSince(since: number): string {
    const seen = this.#calls.filter(({ sequence }) => sequence > since);
    const last = seen.slice(-TOLD_ON_TIMEOUT).map((call) => `${call.rpc} ${JSON.stringify(call.request, plain)}`);
    return seen.length === 0 ? "no call came" : `${seen.length} calls came, the last: ${last.join(", ")}`;
  }
}

function plain(key: string, value: unknown): unknown {
  return key === "$typeName" ? undefined : typeof value === "bigint" ? String(value) : value;
}
