/**
 * Reading access requests, in the three ways that Teleport has had: pages (backported to 14), a stream (8.3.14 and
 * later), one answer (up to 12). The newest that a server has is found by asking, and remembered. Never concludes
 * anything from an empty answer.
 */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type LiveRequest, liveRequestFor } from "../access-request.ts";
import type { AccessRequest, AccessRequestFilterSchema } from "../gen/teleport_pb.ts";
import type { Connection } from "./connection.ts";
import { TeleportError } from "./error.ts";

/** What to read: the fields of `AccessRequestFilter`. */
export type RequestFilter = MessageInitShape<typeof AccessRequestFilterSchema>;

/** How long a list, or one page of it, may take: the longest deadline of any call. */
export const LIST_WITHIN_MS = 60_000;

/** Requests in a page; Teleport allows 16,000. About 4 MiB of ordinary requests. */
const PAGE_LENGTH = 2_000;

type Take = (message: AccessRequest) => void;
type Way = (connection: Connection, filter: RequestFilter, take: Take) => Promise<void>;

/** Newest first. */
const WAYS: readonly Way[] = [readPages, readStream, readAtOnce];

/** Reads requests over one connection, in the newest way that the server has. */
export class Listing {
  readonly #connection: Connection;
  #version: string | undefined;
  #way = 0;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The server that is asked from here on has this version; another one than before is asked anew what it has. */
  serverIs(version: string): void {
    if (version !== this.#version) this.#way = 0;
    this.#version = version;
  }

  /** Every request that the filter lets through, each once. Call after a Ping has succeeded, never before. */
  async read(filter: RequestFilter): Promise<LiveRequest[]> {
    for (;;) {
      const way = this.#way;
      try {
        return await this.#readBy(WAYS[way] ?? readAtOnce, filter);
      } catch (error) {
        if (!isUnimplemented(error) || way >= WAYS.length - 1) throw error;
        // Another read may have found the way meanwhile.
        this.#way = Math.max(this.#way, way + 1);
      }
    }
  }

  async #readBy(way: Way, filter: RequestFilter): Promise<LiveRequest[]> {
    const requests = new Map<string, LiveRequest>();
    await way(this.#connection, filter, (message) => {
      const live = liveRequestFor(message);
      if (live !== undefined) requests.set(live.request.id, live);
    });
    return [...requests.values()];
  }
}

async function readPages(connection: Connection, filter: RequestFilter, take: Take): Promise<void> {
  let startKey = "";
  do {
    const request = { filter, limit: PAGE_LENGTH, startKey };
    const page = await connection.unary("listAccessRequests", request, LIST_WITHIN_MS);
    page.accessRequests.forEach(take);
    // A key that leads nowhere new would be followed for ever.
    if (page.nextKey === startKey) return;
    startKey = page.nextKey;
  } while (startKey !== "");
}

function readStream(connection: Connection, filter: RequestFilter, take: Take): Promise<void> {
  return connection.stream("getAccessRequestsV2", filter, take, { withinMs: LIST_WITHIN_MS });
}

async function readAtOnce(connection: Connection, filter: RequestFilter, take: Take): Promise<void> {
  const answer = await connection.unary("getAccessRequests", filter, LIST_WITHIN_MS);
  answer.accessRequests.forEach(take);
}

/** Whether an error says that the server has no such RPC. True of it only once the server has answered a Ping. */
export function isUnimplemented(error: unknown): boolean {
  return error instanceof TeleportError && error.code === "unimplemented";
}
