import { describe, expect, it } from "vitest";
import { readAtMost } from "../../../edge/routes/body.ts";

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
