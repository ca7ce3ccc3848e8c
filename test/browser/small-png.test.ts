import { inflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { smallPng } from "./small-png.ts";

/** The chunks of a PNG by their types. */
function chunksIn(png: Uint8Array): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  const file = Buffer.from(png);
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    chunks.set(file.toString("latin1", at + 4, at + 8), file.subarray(at + 8, at + 8 + length));
    at += length + 12;
  }
  return chunks;
}

it("a picture of few colours keeps each of them, the most frequent first", () => {
  const [red, blue] = [
    [255, 0, 0, 255],
    [0, 0, 255, 255],
  ] as const;
  const chunks = chunksIn(smallPng({ width: 2, height: 2, rgba: Uint8Array.from([blue, red, red, red].flat()) }));
  expect([...chunks.keys()]).toEqual(["IHDR", "PLTE", "IDAT", "IEND"]);
  expect([...(chunks.get("PLTE") ?? [])]).toEqual([255, 0, 0, 0, 0, 255]);
  expect([...inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0))]).toEqual([0, 1, 0, 0, 0, 0]);
});

it("a colour beyond the 256th becomes the nearest that there is", () => {
  const shades = Array.from({ length: 256 }, (_, level) => [level, level, level, 255]);
  const all = [...shades, ...shades, [254, 255, 255, 255]];
  const chunks = chunksIn(smallPng({ width: all.length, height: 1, rgba: Uint8Array.from(all.flat()) }));
  expect(chunks.get("PLTE")?.length).toBe(256 * 3);
  const row = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  const last = (row.at(-1) ?? 0) * 3;
  expect([...(chunks.get("PLTE")?.subarray(last, last + 3) ?? [])]).toEqual([255, 255, 255]);
});
