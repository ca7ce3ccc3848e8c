// A protobuf-es service as grpc-js wants it: paths, and messages to bytes and back. The real client and the stand-in
// server are both made from this one function, so neither can drift from the .proto. Knows nothing of Teleport, and
// never decides what a call means.

import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import type { handleServerStreamingCall, handleUnaryCall } from "@grpc/grpc-js";

/** One RPC for grpc-js. What is sent may be a message or the fields to make one of; what is received is a message. */
export interface MethodDefinitionFor<Method extends DescMethod> {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly requestSerialize: (request: MessageInitShape<Method["input"]>) => Buffer;
  readonly requestDeserialize: (bytes: Buffer) => MessageShape<Method["input"]>;
  readonly responseSerialize: (response: MessageInitShape<Method["output"]>) => Buffer;
  readonly responseDeserialize: (bytes: Buffer) => MessageShape<Method["output"]>;
}

/** Every RPC of a service, by its lowerCamelCase name (`watchEvents`). */
export type ServiceDefinitionFor<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: MethodDefinitionFor<Service["method"][Name]>;
};

/** What a server must implement to serve a service of unary and server-streaming RPCs. */
export type HandlersFor<Service extends DescService> = {
  readonly [Name in keyof Service["method"]]: HandlerFor<Service["method"][Name]>;
};

type HandlerFor<Method extends DescMethod> = Method["methodKind"] extends "server_streaming"
  ? handleServerStreamingCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>
  : handleUnaryCall<MessageShape<Method["input"]>, MessageInitShape<Method["output"]>>;

/**
 * The definition that grpc-js takes, in `Server.addService(definition, handlers)` and, one RPC at a time, in
 * `Client.makeUnaryRequest(rpc.path, rpc.requestSerialize, rpc.responseDeserialize, …)`. Fields that the .proto does
 * not have are dropped on reading. Bytes that are no such message throw, which grpc-js reports as INTERNAL.
 */
export function serviceDefinitionFor<Service extends DescService>(service: Service): ServiceDefinitionFor<Service> {
  const methods = service.methods.map((method) => [method.localName, methodDefinitionFor(method)] as const);
  return Object.fromEntries(methods) as ServiceDefinitionFor<Service>;
}

function methodDefinitionFor<Method extends DescMethod>(method: Method): MethodDefinitionFor<Method> {
  const input: Method["input"] = method.input;
  const output: Method["output"] = method.output;
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: (request) => bytesFor(input, request),
    requestDeserialize: (bytes) => fromBinary(input, bytes, { readUnknownFields: false }),
    responseSerialize: (response) => bytesFor(output, response),
    responseDeserialize: (bytes) => fromBinary(output, bytes, { readUnknownFields: false }),
  };
}

function bytesFor<Schema extends DescMessage>(schema: Schema, message: MessageInitShape<Schema>): Buffer {
  const bytes = toBinary(schema, create(schema, message));
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
