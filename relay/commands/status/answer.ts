/**
 * What `GET /v1/:cluster/status` answers, as far as it is shown. An edge of another release may know more or less, so that
 * whatever is missing is unknown and whatever is more is skipped. Pure.
 */
import * as z from "zod";

const text = z.string().catch("");
const atMs = z.number().nullable().catch(null);
const list = <Item extends z.ZodType>(item: Item) => z.array(item.nullable().catch(null)).catch([]);

const relaySchema = z.object({
  role: text,
  release: text,
  connectedMs: atMs,
  teleportVersion: z.string().nullable().catch(null),
  certificateExpiresMs: atMs,
  watching: z.boolean().nullable().catch(null),
  problem: z.string().nullable().catch(null),
});

const incidentSchema = z.object({
  incidentId: z.string().nullable().catch(null),
  state: text,
  openedMs: atMs,
  closedMs: atMs,
});

const clickSchema = z.object({
  channel: text,
  verdict: z.string().nullable().catch(null),
  email: z.string().nullable().catch(null),
  receivedMs: atMs,
  decidedMs: atMs,
  outcome: z
    .object({ result: text, refusal: z.string().optional().catch(undefined) })
    .nullable()
    .catch(null),
});

const requestSchema = z.object({
  id: text,
  user: text,
  roles: z.array(text).catch([]),
  firstSeenMs: atMs,
  requestExpiresMs: atMs,
  waitingTasks: z.number().catch(0),
  incidents: list(incidentSchema),
  clicks: list(clickSchema),
});

const statusSchema = z.object({
  nowMs: z.number(),
  epoch: z.number().catch(0),
  activeSinceMs: atMs,
  relays: list(relaySchema),
  pagerduty: z.object({ ok: z.boolean(), problem: z.string().nullable() }).nullable().catch(null),
  pendingCount: z.number(),
  heldDeliveries: z.number().catch(0),
  requests: list(requestSchema),
  faults: list(z.object({ atMs: z.number(), what: z.string() })),
});

type Known = z.infer<typeof statusSchema>;
type Items<Of> = readonly NonNullable<Of extends readonly (infer Item)[] ? Item : never>[];

export type StatusRequest = NonNullable<Known["requests"][number]>;

/** Times are ms since the epoch. */
export interface Status extends Omit<Known, "relays" | "requests" | "faults"> {
  readonly relays: Items<Known["relays"]>;
  readonly requests: Items<Known["requests"]>;
  readonly faults: Items<Known["faults"]>;
}

/** Reads the answer; undefined when it is none of the edge's. Never throws. */
export function readStatus(body: unknown): Status | undefined {
  const known = statusSchema.safeParse(body).data;
  if (known === undefined) return undefined;
  const { relays, requests, faults } = known;
  return { ...known, relays: present(relays), requests: present(requests), faults: present(faults) };
}

function present<Item>(items: readonly (Item | null)[]): Item[] {
  return items.flatMap((item) => (item === null ? [] : [item]));
}
