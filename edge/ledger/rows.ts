/** The rows that the ledger reads, as its statements name their columns. */
import * as z from "zod/mini";
import { type RequestRecord, requestRecordSchema } from "../record.ts";

const bytes = z.pipe(z.unknown(), z.transform(bytesOf));
/** A delivery's bytes and signature, as they came. */
export const deliveryRow = z.object({ eventId: z.string(), incidentId: z.string(), raw: bytes, signature: z.string() });
export const confirmationRow = z.object({ confirmation: bytes });
export const recordRow = z.object({ record: z.string() });
export const idRow = z.object({ id: z.string() });
export const roundRow = z.object({ atMs: z.int(), upTo: z.string() });
export const auditHeadRow = z.object({ lines: z.int(), head: z.string() });
export const faultRow = z.object({ atMs: z.int(), what: z.string() });
export const liveRow = z.object({
  slot: z.int(),
  step: z.int(),
  /** Null where the slot is free. */
  id: z.nullable(z.string()),
  standing: z.nullable(z.string()),
  record: z.nullable(z.string()),
});
export const tallyRow = z.object({ tally: z.string() });
export type StoredDelivery = z.infer<typeof deliveryRow>;

/** A record from the text of its row. Throws for what was never written. */
export function parseRecord(text: string): RequestRecord {
  return requestRecordSchema.parse(JSON.parse(text));
}

// A Durable Object returns a BLOB as ArrayBuffer, Node's SQLite as Uint8Array.
function bytesOf(blob: unknown): Uint8Array {
  if (blob instanceof ArrayBuffer) return new Uint8Array(blob);
  if (blob instanceof Uint8Array) return blob;
  throw new TypeError("a stored delivery is not bytes");
}
