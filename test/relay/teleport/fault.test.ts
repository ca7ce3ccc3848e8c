import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { teleportErrorFor } from "../../../relay/teleport/fault.ts";

const CONTEXT = { rpc: "SetAccessRequestState", address: "localhost:3025", certificateHasExpired: false };

function errorFor(code: status, details: string, certificateHasExpired = false) {
  return teleportErrorFor({ code, details }, { ...CONTEXT, certificateHasExpired });
}

describe("teleportErrorFor", () => {
  it.each([
    [status.UNAVAILABLE, "Connection dropped", "unavailable", true],
    [
      status.UNAVAILABLE,
      "No connection established. Last error: connect ECONNREFUSED 127.0.0.1:3025",
      "unavailable",
      true,
    ],
    [status.UNAVAILABLE, "Name resolution failed for target dns:teleport.invalid:3025", "unavailable", true],
    [status.UNAVAILABLE, "unable to verify the first certificate", "untrusted_server", false],
    [status.UNAVAILABLE, "self-signed certificate in certificate chain", "untrusted_server", false],
    [status.UNAVAILABLE, "Hostname/IP does not match certificate's altnames: Host: x", "untrusted_server", false],
    [status.UNAVAILABLE, "certificate has expired", "untrusted_server", false],
    [status.UNAVAILABLE, "00A:error:0A00010B:SSL routines::wrong version number", "untrusted_server", false],
    [status.UNAVAILABLE, "ssl/tls alert bad certificate:SSL alert number 42", "unauthenticated_certificate", false],
    [status.UNAVAILABLE, "tlsv13 alert certificate required", "unauthenticated_certificate", false],
    [status.UNAVAILABLE, "SSL alert number 48", "unauthenticated_certificate", false],
    [status.DEADLINE_EXCEEDED, "Deadline exceeded", "timeout", true],
    [status.RESOURCE_EXHAUSTED, "too many pings", "overloaded", true],
    [status.INVALID_ARGUMENT, "buffer overflow", "overloaded", true],
    [status.INVALID_ARGUMENT, "missing request id", "invalid", false],
    [
      status.PERMISSION_DENIED,
      'access denied to perform action "read" on "access_request"',
      "permission_denied",
      false,
    ],
    [status.PERMISSION_DENIED, 'lock targeting User:"plugin" is in force', "permission_denied", false],
    [status.UNAUTHENTICATED, "no", "unauthenticated_certificate", false],
    [status.NOT_FOUND, 'cannot set state of access request "x" (not found)', "not_found", false],
    [status.NOT_FOUND, 'user "Nop" is not found', "unauthenticated_certificate", false],
    [status.NOT_FOUND, '[10] access denied, user "plugin" is not found', "permission_denied", false],
    [status.UNIMPLEMENTED, "unknown method", "unimplemented", false],
    [status.FAILED_PRECONDITION, "too many concurrent writes", "conflict", true],
    [status.ABORTED, "", "conflict", true],
    [status.CANCELLED, "Cancelled on client", "cancelled", true],
    [status.UNKNOWN, "watcher closed", "unknown", true],
    [status.INTERNAL, "", "unknown", true],
    [99 as status, "", "unknown", true],
  ])("takes status %i %j for %s", (code, details, expected, retryable) => {
    const error = errorFor(code, details);
    expect(error).toMatchObject({ code: expected, retryable, details });
    expect(error.message.endsWith(error.mend)).toBe(true);
    expect(error.message).toMatch(/^[A-Z].*\.$/s);
  });

  it("names where it dialled, and what to check there", () => {
    const { message } = errorFor(status.UNAVAILABLE, "connect ECONNREFUSED 127.0.0.1:3025");
    expect(message).toBe(
      "Teleport at localhost:3025 refuses the connection. Is it running? Check teleport.addr: it must name the Auth Service (by default port 3025) or the Proxy's web address.",
    );
  });

  it.each([
    ["update", "access_plugin_data", "access_plugin_data"],
    ["read", "access_request", "access_request"],
    // What lets list requests lets list this.
    ["list", "access_plugin_data", "access_request"],
  ])("names the right that a role lacks where Teleport denies %s on %s", (verb, resource, lacking) => {
    const { mend } = errorFor(status.PERMISSION_DENIED, `access denied to perform action "${verb}" on "${resource}"`);
    expect(mend).toBe(`Give the relay's role a rule with the verb "${verb}" on "${lacking}".`);
  });

  it("tells of a lock where it is seen", () => {
    expect(errorFor(status.PERMISSION_DENIED, 'lock targeting User:"plugin" is in force').mend).toContain(
      "tctl get locks",
    );
  });

  it("sends a cluster that asks for MFA to Machine ID", () => {
    expect(errorFor(status.PERMISSION_DENIED, "admin-level API request requires MFA verification").mend).toContain(
      "tbot",
    );
  });

  it("sees that a web server was dialled", () => {
    expect(errorFor(status.UNIMPLEMENTED, "Received HTTP status code 404").mend).toContain("teleport.addr");
  });

  it.each([
    ["Connection dropped", "unauthenticated_certificate"],
    ["SSL alert number 42", "unauthenticated_certificate"],
    ["connect ECONNREFUSED 127.0.0.1:3025", "unavailable"],
    ["unable to verify the first certificate", "untrusted_server"],
  ])("blames our certificate once it has expired, unless %j says another reason", (details, expected) => {
    expect(errorFor(status.UNAVAILABLE, details, true).code).toBe(expected);
  });
});
