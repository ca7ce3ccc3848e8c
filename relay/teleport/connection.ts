/**
 * Calls over one gRPC channel: a deadline for each, a `TeleportError` for whatever goes wrong, and all of them ended at
 * `close`. A call is sent once. No metadata goes with it: Teleport refuses a client whose `version` it dislikes, and asks
 * nothing of one that sends none. Knows no RPC in particular.
 */
import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type CallOptions, Client, type ClientReadableStream, type StatusObject, status } from "@grpc/grpc-js";
import type { ChannelSettings } from "../channel.ts";
import { AccessMonitoringRulesService } from "../gen/access-monitoring-rules_pb.ts";
import { AuthService } from "../gen/teleport_pb.ts";
import { type CallStatus, TeleportError } from "./error.ts";
import { teleportErrorFor } from "./fault.ts";
import { type MethodDefinitionFor, serviceDefinitionFor } from "./grpc-service.ts";

export interface ConnectionOptions {
  readonly channel: ChannelSettings;
  /** Where the channel leads, for people. */
  readonly address: string;
  /** When our certificate ends, milliseconds since the epoch. */
  readonly certificateExpiresMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Every RPC that Teleport is asked for. */
type Methods = typeof AuthService.method & typeof AccessMonitoringRulesService.method;
const METHODS: Methods = { ...AuthService.method, ...AccessMonitoringRulesService.method };
type NameOf<Kind> = { [Name in keyof Methods]: Methods[Name]["methodKind"] extends Kind ? Name : never }[keyof Methods];

/** A unary RPC, by its lowerCamelCase name. */
export type UnaryName = NameOf<"unary">;
/** A server-streaming RPC, by its lowerCamelCase name. */
export type StreamName = NameOf<"server_streaming">;
/** What an RPC takes: a message, or the fields to make one of. */
export type Input<Name extends keyof Methods> = MessageInitShape<Methods[Name]["input"]>;
/** What an RPC answers with, or each message of its answer. */
export type Output<Name extends keyof Methods> = MessageShape<Methods[Name]["output"]>;

interface Cancellable {
  cancel(): void;
}

const DEFINITIONS: { readonly [Name in keyof Methods]: MethodDefinitionFor<Methods[Name]> } = {
  ...serviceDefinitionFor(AuthService),
  ...serviceDefinitionFor(AccessMonitoringRulesService),
};

/** One connection to the Auth Service; dialled with the first call, dialled again by itself when it is lost. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #client: Client;
  readonly #open = new Set<Cancellable>();
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    const { target, credentials, options: channelOptions } = options.channel;
    this.#options = options;
    this.#client = new Client(target, credentials, channelOptions);
  }

  /** Makes a unary call. Rejects with {@link TeleportError}. */
  unary<Name extends UnaryName>(rpc: Name, request: Input<Name>, withinMs: number): Promise<Output<Name>> {
    if (this.#isClosed) return Promise.reject(this.#errorFor(rpc, CLOSED));
    const { path, requestSerialize, responseDeserialize } = DEFINITIONS[rpc];
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        deadlineIn(withinMs),
        (error, response) => {
          this.#open.delete(call);
          if (response === undefined) reject(this.#errorFor(rpc, error ?? NO_ANSWER));
          else resolve(response);
        },
      );
      this.#open.add(call);
    });
  }

  /**
   * Makes a server-streaming call and hands over each message as it arrives. Resolves when the stream has ended as OK, or
   * when the signal aborts; rejects with {@link TeleportError}, or with what `take` has thrown.
   */
  stream<Name extends StreamName>(
    rpc: Name,
    request: Input<Name>,
    take: (message: Output<Name>) => void,
    { withinMs, signal }: { readonly withinMs?: number; readonly signal?: AbortSignal },
  ): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    if (this.#isClosed) return Promise.reject(this.#errorFor(rpc, CLOSED));
    const { path, requestSerialize, responseDeserialize } = DEFINITIONS[rpc];
    const options = deadlineIn(withinMs);
    const call = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request, options);
    const cancel = (): void => call.cancel();
    this.#open.add(call);
    signal?.addEventListener("abort", cancel, { once: true });
    return ended(call, take)
      .then((how) => {
        if (how.code !== status.OK && !signal?.aborted) throw this.#errorFor(rpc, how);
      })
      .finally(() => {
        this.#open.delete(call);
        signal?.removeEventListener("abort", cancel);
      });
  }

  /** Ends every call as cancelled, and the connection. */
  close(): void {
    this.#isClosed = true;
    for (const call of this.#open) call.cancel();
    this.#client.close();
  }

  #errorFor(rpc: keyof Methods, { code, details }: CallStatus): TeleportError {
    const { address, channel, certificateExpiresMs, now } = this.#options;
    const { dialling, httpProxy } = channel;
    const { failure } = dialling;
    // A later dial may have failed before it came that far again.
    const isOfTheWay = code === status.UNAVAILABLE && failure !== undefined && details.includes(failure.message);
    if (isOfTheWay) return new TeleportError(failure.fault, { code, details });
    const certificateHasExpired = now() >= certificateExpiresMs;
    const context = { rpc: METHODS[rpc].name, address, certificateHasExpired, httpProxy };
    return teleportErrorFor({ code, details }, context);
  }
}

/** Resolves with how a stream ended, once all that came before has been taken. Rejects with what `take` has thrown. */
function ended<Message>(call: ClientReadableStream<Message>, take: (message: Message) => void): Promise<CallStatus> {
  return new Promise((resolve, reject) => {
    let how: CallStatus | undefined;
    let isTaken = false;
    call.on("data", (message: Message) => {
      try {
        take(message);
      } catch (error) {
        reject(error);
        call.cancel();
      }
    });
    call.on("end", () => {
      isTaken = true;
      if (how !== undefined) resolve(how);
    });
    // The status that follows says the same.
    call.on("error", () => {});
    call.on("status", (reported: StatusObject) => {
      how = reported;
      if (isTaken || reported.code !== status.OK) resolve(how);
    });
  });
}

const CLOSED = { code: status.CANCELLED, details: "the connection was closed" };
const NO_ANSWER = { code: status.INTERNAL, details: "an answer without a message" };

// Counted by the clock that grpc-js reads, this machine's own.
function deadlineIn(ms: number | undefined): CallOptions {
  return ms === undefined ? {} : { deadline: Date.now() + ms };
}
