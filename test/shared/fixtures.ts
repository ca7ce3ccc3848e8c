/** The deliveries in test/fixtures with their exact bytes and signatures, and a request ready made. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { AccessRequest } from "../../shared/access-request.ts";
import type { Decisions } from "../../shared/decisions.ts";

const FOLDER = fileURLToPath(new URL("../fixtures/", import.meta.url));

const signaturesSchema = z.object({
  secret: z.string(),
  previous_secret: z.string(),
  files: z.record(
    z.string(),
    z.object({ bytes: z.int(), "x-pagerduty-signature": z.string(), rotation_header: z.string() }),
  ),
});
const signatures = signaturesSchema.parse(JSON.parse(readFileSync(`${FOLDER}signatures.json`, "utf8")));

export const SECRET = signatures.secret;
export const PREVIOUS_SECRET = signatures.previous_secret;

/** The exact bytes of a fixture. */
export function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(`${FOLDER}${name}`));
}

/** Every delivery that lies there. */
export const DELIVERIES = readdirSync(FOLDER).filter((name) => /^v[23]-.*\.json$/.test(name));

/** Every signed delivery, with its headers. */
export const SIGNED = Object.entries(signatures.files).map(([name, file]) => ({
  name,
  raw: fixture(name),
  bytes: file.bytes,
  header: file["x-pagerduty-signature"],
  rotationHeader: file.rotation_header,
}));

/** A value as the bytes of its JSON. */
export function jsonBytes(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value));
}

/** Every channel on. */
export const DECISIONS: Decisions = {
  channels: ["note", "action", "workflow", "field"],
  workflowTriggers: { approve: "6f0c1f5e-2a4b-4d0f-9c55-71c7a2d3b910", deny: "0b9d3c7e-4f1a-4c2d-8e6b-5a7f9c1d2e30" },
  field: "teleport_decision",
  onResolve: "deny",
};

export const REQUEST: AccessRequest = {
  id: "0199b2d4-6c1e-7a53-9f0b-2d8c41e7a6f3",
  user: "dana@example.com",
  roles: ["prod-db-admin", "editor"],
  state: "PENDING",
  resources: [
    { cluster: "c", kind: "node", name: "db-1", subResource: "", constraints: "" },
    { cluster: "c", kind: "db", name: "db-2", subResource: "", constraints: "AQI=", friendlyName: "orders" },
  ],
  reason: "ticket OPS-2231",
  resolveReason: "",
  suggestedReviewers: [],
  annotations: {},
  reviews: [],
  createdMs: 1_773_220_442_000,
  requestExpiresMs: 1_773_224_042_000,
  accessExpiresMs: 1_773_249_242_000,
  maxDurationMs: null,
  sessionTtlMs: null,
  requestKind: "SHORT_TERM",
};
