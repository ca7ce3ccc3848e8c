/**
 * A picture as a PNG of at most 256 colours (https://www.w3.org/TR/png-3/): what a page has in few colours takes a third of
 * the bytes. The most frequent colours stay as they are; each of the others becomes the one that is nearest.
 */
import { crc32, deflateSync } from "node:zlib";

/** Pixels in rows from the top, four bytes each: red, green, blue, and an opacity that is left out. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly rgba: Uint8Array;
}

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
const MAX_COLOURS = 256;

/** The file. */
export function smallPng(pixels: Pixels): Uint8Array {
  const colours = coloursOf(pixels);
  const palette = [...Map.groupBy(colours, (colour) => colour)]
    .sort(([, some], [, others]) => others.length - some.length)
    .slice(0, MAX_COLOURS)
    .map(([colour]) => colour);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(pixels.width, 0);
  header.writeUInt32BE(pixels.height, 4);
  // Eight bits a pixel, which name a colour of the palette.
  header.set([8, 3], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(partsOf))),
    chunk("IDAT", deflateSync(rowsFor(pixels, colours, palette), { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function coloursOf({ rgba }: Pixels): number[] {
  const view = new DataView(rgba.buffer, rgba.byteOffset, rgba.byteLength);
  return Array.from({ length: rgba.length / 4 }, (_, index) => view.getUint32(index * 4) >>> 8);
}

// Each row has a byte before it: no filter, which is best for palettes.
function rowsFor({ width, height }: Pixels, colours: readonly number[], palette: readonly number[]): Uint8Array {
  const places = new Map(palette.map((colour, place) => [colour, place]));
  const rows = new Uint8Array((width + 1) * height);
  for (const [index, colour] of colours.entries()) {
    const place = places.get(colour) ?? nearest(colour, palette);
    places.set(colour, place);
    rows[index + Math.floor(index / width) + 1] = place;
  }
  return rows;
}

function nearest(colour: number, palette: readonly number[]): number {
  const distances = palette.map((other) => {
    const parts = partsOf(other);
    return partsOf(colour).reduce((sum, part, index) => sum + (part - (parts[index] ?? 0)) ** 2, 0);
  });
  return distances.indexOf(Math.min(...distances));
}

function partsOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 0xff, colour & 0xff];
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  whole.set(named, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}
