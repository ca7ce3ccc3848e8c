// What the stand-in answers instead of a result: a gRPC status and its message. A value, returned and not thrown.

import { status } from "@grpc/grpc-js";

/** A gRPC status other than OK, with the message that the caller sees. */
export class Refusal {
  readonly code: status;
  readonly message: string;

  constructor(code: status, message: string) {
    this.code = code;
    this.message = message;
  }
}

/** INVALID_ARGUMENT, which Teleport calls a bad parameter. */
export const badParameter = (message: string): Refusal => new Refusal(status.INVALID_ARGUMENT, message);
/** PERMISSION_DENIED, which Teleport calls access denied. */
export const accessDenied = (message: string): Refusal => new Refusal(status.PERMISSION_DENIED, message);
/** NOT_FOUND. */
export const notFound = (message: string): Refusal => new Refusal(status.NOT_FOUND, message);
