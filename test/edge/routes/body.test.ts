import { describe, expect, it } from "vitest";
import { readAtMost, readBody } from "../../../edge/routes/body.ts";

/** A body of chunks of one byte each, and how many were taken and whether the rest was given up. */
function bodyOf(chunkCount: number) {
  const seen = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.pulled === chunkCount) controller.close();
        else controller.enqueue(Uint8Array.of(++seen.pulled));
      },
      cancel() {
        seen.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, seen };
}

describe("readAtMost", () => {
  it("joins chunks in their order", async () => {
    expect(await readAtMost(bodyOf(3).body, 3)).toEqual(Uint8Array.of(1, 2, 3));
  });

  it("reads no body as no bytes", async () => {
    expect(await readAtMost(null, 3)).toEqual(new Uint8Array());
    expect(await readAtMost(bodyOf(0).body, 3)).toEqual(new Uint8Array());
  });

  it("gives up at once with the first byte over the limit", async () => {
    const { body, seen } = bodyOf(100);
    expect(await readAtMost(body, 3)).toBeUndefined();
    expect(seen).toEqual({ pulled: 4, cancelled: true });
  });

  it("throws away as much more as it is told to, and no more", async () => {
    const { body, seen } = bodyOf(100);
    expect(await readAtMost(body, 3, 10)).toBeUndefined();
    expect(seen).toEqual({ pulled: 14, cancelled: true });
  });

  it("fails when the body fails", async () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.error(new Error("cut"));
      },
    });
    await expect(readAtMost(body, 3)).rejects.toThrow("cut");
  });
});

describe("readBody", () => {
  const sent = (announced: string | null, bytes: number) => ({
    headers: new Headers(announced === null ? {} : { "Content-Length": announced }),
    body: bodyOf(bytes).body,
    arrayBuffer: async () => new Uint8Array(bytes).buffer,
  });

  it.each([
    ["3", 3, 3],
    ["0", 0, 0],
    ["4", 4, undefined],
    ["2", 4, undefined],
    [null, 3, 3],
    [null, 4, undefined],
    ["", 4, undefined],
    ["-1", 4, undefined],
    ["3, 3", 4, undefined],
    ["1e0", 4, undefined],
  ])("of a body that announces %s and is %i long keeps no more than 3: %s", async (announced, bytes, kept) => {
    expect((await readBody(sent(announced, bytes), 3))?.length).toBe(kept);
  });

  it("does not take into memory at once what announces more than the limit, or nothing", async () => {
    for (const announced of ["4", "-1", "nonsense", null]) {
      const request = { ...sent(announced, 4), arrayBuffer: () => Promise.reject(new Error("all at once")) };
      expect(await readBody(request, 3)).toBeUndefined();
    }
  });
});
