import { beforeEach, describe, expect, it } from "vitest";
import { answerTo, type Message, type Way } from "../../../edge/pagerduty/call.ts";

const MESSAGE: Message = { url: "https://api.example.com/incidents", method: "POST" };
const CALLING = { name: "POST /incidents", write: true, maxBytes: 4 };
/** What waits to run, by when; cancelled when gone. */
let timers: Map<number, () => void>;

beforeEach(() => {
  timers = new Map();
});

function way(fetch: Way["fetch"]): Way {
  const after: Way["after"] = (ms, run) => {
    timers.set(ms, run);
    return () => void timers.delete(ms);
  };
  return { fetch, after, timeoutMs: 1000 };
}

function untilAborted({ signal }: Request): Promise<Response> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
    timers.get(1000)?.();
  });
}

describe("a call", () => {
  it("brings the answer and its bytes, whatever its status", async () => {
    const { response, body } = await answerTo(
      MESSAGE,
      CALLING,
      way(async () => new Response("no", { status: 404 })),
    );
    expect([response.status, new TextDecoder().decode(body)]).toEqual([404, "no"]);
  });

  it("has no body where that is too large", async () => {
    const { body } = await answerTo(
      MESSAGE,
      CALLING,
      way(async () => new Response("large")),
    );
    expect(body).toBeUndefined();
  });

  it.each([
    ["times out", untilAborted, "timeout"],
    ["is cut", () => Promise.reject(new TypeError("cut")), "unavailable"],
  ] as const)("that %s is an error which says whether it may have had its effect", async (_, fetch, code) => {
    const wrote = answerTo(MESSAGE, CALLING, way(fetch));
    await expect(wrote).rejects.toMatchObject({ code, mayHaveHappened: true, retryable: true });
    const read = answerTo(MESSAGE, { ...CALLING, write: false }, way(fetch));
    await expect(read).rejects.toMatchObject({ code, mayHaveHappened: false });
  });

  it.each([
    ["answered", async () => new Response("yes")],
    ["cut", () => Promise.reject(new TypeError("cut"))],
  ])("leaves no timer behind, which would keep its object awake: %s", async (_, fetch) => {
    await answerTo(MESSAGE, CALLING, way(fetch)).catch(() => {});
    expect(timers.size).toBe(0);
  });
});
