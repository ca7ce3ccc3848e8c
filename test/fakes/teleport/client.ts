// A bare Teleport client for tests and benches: one mTLS connection, calls made through the same service definition as
// the relay's, and outcomes as values. No retries, no judgement.

import type { MessageInitShape, MessageShape } from "@bufbuild/protobuf";
import { type ChannelOptions, Client, type ClientReadableStream, credentials, status } from "@grpc/grpc-js";
import { AccessMonitoringRulesService } from "../../../relay/gen/access-monitoring-rules_pb.ts";
import { AuthService, type Event } from "../../../relay/gen/teleport_pb.ts";
import { type MethodDefinitionFor, serviceDefinitionFor } from "../../../relay/teleport/grpc-service.ts";
import type { UnaryName } from "./answers.ts";
import type { CertificateAndKey } from "./authority.ts";

type Methods = (typeof AuthService)["method"] & (typeof AccessMonitoringRulesService)["method"];

/** How a call ended. `value` is there exactly when `code` is OK. */
export interface CallOutcome<Value> {
  readonly code: status;
  readonly message: string;
  readonly value?: Value;
}

const DEFINITIONS: { readonly [Name in keyof Methods]: MethodDefinitionFor<Methods[Name]> } = {
  ...serviceDefinitionFor(AuthService),
  ...serviceDefinitionFor(AccessMonitoringRulesService),
};
const DEADLINE_MS = 5_000;

/** One channel. `close` it. */
export class BareClient {
  readonly #client: Client;

  /** `identity` undefined is a caller without a certificate; `serverName` is sent and checked. */
  constructor(
    address: string,
    cas: string,
    identity: CertificateAndKey | undefined,
    serverName = "teleport.cluster.local",
    options: ChannelOptions = {},
  ) {
    const key = identity === undefined ? null : Buffer.from(identity.key);
    const certificate = identity === undefined ? null : Buffer.from(identity.certificate);
    this.#client = new Client(address, credentials.createSsl(Buffer.from(cas), key, certificate), {
      "grpc.ssl_target_name_override": serverName,
      "grpc.max_receive_message_length": -1,
      // Channels to one address share a connection otherwise, whatever their certificates.
      "grpc.use_local_subchannel_pool": 1,
      ...options,
    });
  }

  /** One unary call. */
  call<Name extends UnaryName>(
    rpc: Name,
    request: MessageInitShape<Methods[Name]["input"]>,
  ): Promise<CallOutcome<MessageShape<Methods[Name]["output"]>>> {
    const { path, requestSerialize, responseDeserialize } = DEFINITIONS[rpc];
    const deadline = Date.now() + DEADLINE_MS;
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline },
        (error, value) =>
          resolve(
            error !== null || value === undefined
              ? { code: error?.code ?? status.UNKNOWN, message: error?.details ?? "" }
              : { code: status.OK, message: "", value },
          ),
      );
    });
  }

  /** Opens a watch. */
  watch(request: MessageInitShape<Methods["watchEvents"]["input"]>): BareWatch {
    const { path, requestSerialize, responseDeserialize } = DEFINITIONS.watchEvents;
    return new BareWatch(this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request));
  }

  /** GetAccessRequestsV2, to its end: the number of requests, or how it failed. */
  countRequestsV2(): Promise<CallOutcome<number>> {
    const { path, requestSerialize, responseDeserialize } = DEFINITIONS.getAccessRequestsV2;
    const stream = this.#client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {});
    let count = 0;
    return new Promise((resolve) => {
      stream.on("data", () => {
        count += 1;
      });
      stream.on("error", () => undefined);
      stream.on("status", ({ code, details }) =>
        resolve(code === status.OK ? { code, message: "", value: count } : { code, message: details }),
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

/** An open watch: its events one by one, and its end. */
export class BareWatch {
  /** How the stream ended; pending while it has not. */
  readonly ended: Promise<CallOutcome<undefined>>;
  readonly #stream: ClientReadableStream<Event>;
  readonly #events: Event[] = [];
  #arrived: () => void = () => undefined;

  constructor(stream: ClientReadableStream<Event>) {
    this.#stream = stream;
    stream.on("data", (event: Event) => {
      this.#events.push(event);
      this.#arrived();
    });
    stream.on("error", () => undefined);
    this.ended = new Promise((resolve) => {
      stream.on("status", ({ code, details }) => {
        resolve({ code, message: details });
        this.#arrived();
      });
    });
  }

  /** The next event; undefined once the stream has ended and all were taken. */
  async next(): Promise<Event | undefined> {
    while (this.#events.length === 0) {
      const arrived = new Promise<"arrived">((resolve) => {
        this.#arrived = () => resolve("arrived");
      });
      const first = await Promise.race([arrived, this.ended]);
      if (first !== "arrived" && this.#events.length === 0) {
        return undefined;
      }
    }
    return this.#events.shift();
  }

  cancel(): void {
    this.#stream.cancel();
  }
}
