/**
 * Masks as PNG pictures: 8 bits each of red, green, blue and alpha, as Ground Truth's elements submit them.
 *
 * Written here and not by a canvas, which keeps colours multiplied by their alpha and which some browsers fill with noise; and not by a
 * library, because a mask is nearly all repetition: known as such it is written in milliseconds after every stroke (docs/decisions/0090).
 * Sources: W3C Portable Network Graphics specification; RFC 1950 (zlib), RFC 1951 (deflate).
 */

import { convertIndexedToRgb, decode } from "fast-png";
import type { Size } from "./geometry";

/** Red, green and blue in one number, as in `#rrggbb`. */
export type Color = number;

export function colorOf(text: unknown): Color | undefined {
  return typeof text === "string" && /^#[0-9a-f]{6}$/i.test(text) ? Number.parseInt(text.slice(1), 16) : undefined;
}

export function colorText(color: Color): string {
  return `#${color.toString(16).padStart(6, "0")}`;
}

/** The PNG of a mask in base64. `colors[number]` is the opaque colour of a number; 0 is transparent. */
export function encodeMask(cells: Uint16Array, { width, height }: Size, colors: readonly Color[]): string {
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header.set([8, 6, 0, 0, 0], 8);
  const parts = [Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a), chunk("IHDR", header), chunk("IDAT", deflated(cells, width, height, colors)), chunk("IEND", new Uint8Array())];
  return base64(parts);
}

/** The colours of a PNG in base64, -1 where it is transparent; undefined when it is no picture that can be read. */
export function decodePicture(text: string): ({ colors: Int32Array } & Size) | undefined {
  try {
    return decodedPicture(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** As `decodePicture`, for a PNG's bytes. */
export function decodedPicture(bytes: Uint8Array): ({ colors: Int32Array } & Size) | undefined {
  try {
    const picture = decode(bytes);
    const { width, height, depth, palette } = picture;
    if (depth > 8 || (depth < 8 && !palette)) return undefined;
    // Indexed pictures hold several pixels in a byte where their palette is short.
    const data = palette ? convertIndexedToRgb(picture) : picture.data;
    const channels = palette?.[0]?.length ?? picture.channels;
    const colors = new Int32Array(width * height);
    for (let pixel = 0; pixel < colors.length; pixel++) {
      const place = pixel * channels;
      const [red, green, blue, alpha] =
        channels > 2
          ? [data[place]!, data[place + 1]!, data[place + 2]!, channels === 4 ? data[place + 3]! : 255]
          : [data[place]!, data[place]!, data[place]!, channels === 2 ? data[place + 1]! : 255];
      colors[pixel] = alpha === 0 ? -1 : (red << 16) | (green << 8) | blue;
    }
    return { width, height, colors };
  } catch {
    return undefined;
  }
}

/** The numbers of a mask from the colours of a picture; colours that mean nothing are 0. `off` is how far each channel may be off. */
export function cellsOf(colors: Int32Array, meanings: ReadonlyMap<Color, number>, off = 0): Uint16Array {
  const known = new Map<Color, number>(meanings);
  known.set(-1, 0);
  return Uint16Array.from(colors, (color) => {
    let number = known.get(color);
    if (number === undefined) {
      number = 0;
      for (const [meant, of] of meanings) if (near(color, meant, off)) number = of;
      known.set(color, number);
    }
    return number;
  });
}

function near(some: Color, other: Color, off: number): boolean {
  return [16, 8, 0].every((shift) => Math.abs(((some >> shift) & 255) - ((other >> shift) & 255)) <= off);
}

// --- deflate of rows that hardly differ from the row above -------------------------------------------------------------

// One code for all masks, whose shortest words are what masks mostly are: 258 bytes of the same pixel, then a zero, then the mark of a
// row ("as above"). The words fill the code exactly: 1/2 + 1/8 + 1/32 + 28/256 + 225/1024 + 30/2048 = 1.
const LONGEST_MATCH = 258;
const END_OF_BLOCK = 256;
const FIRST_LENGTH = 257;
const UP = 2;
const WORD_LENGTHS = Array.from({ length: 286 }, (_, symbol) => {
  if (symbol === 285) return 1;
  if (symbol === 0) return 3;
  if (symbol === UP) return 5;
  if (symbol >= FIRST_LENGTH) return 8;
  return symbol > 226 ? 11 : 10;
});
// Matches are four bytes, one pixel, back: the fourth distance, the only one with a word.
const DISTANCE_LENGTHS = [0, 0, 0, 1];
const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const LENGTH_STARTS = LENGTH_BITS.map((_, index) => (index === 28 ? LONGEST_MATCH : 3 + LENGTH_BITS.slice(0, index).reduce((sum, bits) => sum + 2 ** bits, 0)));
// The lengths themselves are written with three bits each; 16 is never used but fills their code.
const LENGTHS_OF_LENGTHS_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1];
const LENGTHS_USED = [0, 1, 3, 5, 8, 10, 11, 16];

/** The words of a canonical code (RFC 1951, 3.2.2), turned round because bits are written from the lowest. */
function words(lengths: readonly number[]): number[] {
  const found = lengths.map(() => 0);
  let next = 0;
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, of] of lengths.entries()) {
      if (of !== length) continue;
      for (let bit = 0; bit < length; bit++) if (next & (1 << bit)) found[symbol]! |= 1 << (length - 1 - bit);
      next++;
    }
    next <<= 1;
  }
  return found;
}

const WORDS = words(WORD_LENGTHS);

class Bits {
  bytes = new Uint8Array(1 << 16);
  length = 0;
  #pending = 0;
  #count = 0;

  put(value: number, count: number): void {
    this.#pending |= value << this.#count;
    this.#count += count;
    while (this.#count >= 8) this.#byte();
  }

  symbol(symbol: number): void {
    this.put(WORDS[symbol]!, WORD_LENGTHS[symbol]!);
  }

  match(length: number): void {
    const index = length === LONGEST_MATCH ? 28 : LENGTH_STARTS.findLastIndex((start) => start <= length && start < LONGEST_MATCH);
    this.symbol(FIRST_LENGTH + index);
    this.put(length - LENGTH_STARTS[index]!, LENGTH_BITS[index]!);
    this.put(0, 1);
  }

  end(): void {
    if (this.#count > 0) this.#byte();
  }

  #byte(): void {
    if (this.length === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    this.bytes[this.length++] = this.#pending & 255;
    this.#pending >>>= 8;
    this.#count = Math.max(this.#count - 8, 0);
  }
}

function deflated(cells: Uint16Array, width: number, height: number, colors: readonly Color[]): Uint8Array {
  const bits = new Bits();
  for (const byte of [0x78, 0x01]) bits.put(byte, 8);
  writeCode(bits);
  const sum = new Adler();
  for (let y = 0; y < height; y++) {
    bits.symbol(UP);
    sum.add([UP], 1);
    const row = y * width;
    for (let x = 0; x < width; ) {
      const number = cells[row + x]!;
      const above = y > 0 ? cells[row + x - width]! : 0;
      let end = x + 1;
      while (end < width && cells[row + end] === number && (y > 0 ? cells[row + end - width] : 0) === above) end++;
      const pixel = difference(number, above, colors);
      for (const byte of pixel) bits.symbol(byte);
      for (let left = (end - x - 1) * 4; left > 0; ) {
        // No rest may be shorter than the shortest match.
        const length = left <= LONGEST_MATCH ? left : left < LONGEST_MATCH + 3 ? left - 3 : LONGEST_MATCH;
        bits.match(length);
        left -= length;
      }
      sum.add(pixel, end - x);
      x = end;
    }
  }
  bits.symbol(END_OF_BLOCK);
  bits.end();
  for (const shift of [24, 16, 8, 0]) bits.put((sum.value >>> shift) & 255, 8);
  return bits.bytes.subarray(0, bits.length);
}

function writeCode(bits: Bits): void {
  bits.put(1, 1); // the last block
  bits.put(2, 2); // with a code of its own
  bits.put(WORD_LENGTHS.length - 257, 5);
  bits.put(DISTANCE_LENGTHS.length - 1, 5);
  bits.put(LENGTHS_OF_LENGTHS_ORDER.length - 4, 4);
  for (const length of LENGTHS_OF_LENGTHS_ORDER) bits.put(LENGTHS_USED.includes(length) ? 3 : 0, 3);
  const lengthWords = words(Array.from({ length: 17 }, (_, length) => (LENGTHS_USED.includes(length) ? 3 : 0)));
  for (const length of [...WORD_LENGTHS, ...DISTANCE_LENGTHS]) bits.put(lengthWords[length]!, 3);
}

/** The four bytes of a pixel less those of the pixel above. */
function difference(number: number, above: number, colors: readonly Color[]): readonly number[] {
  const [some, other] = [channels(number, colors), channels(above, colors)];
  return some.map((byte, index) => (byte - other[index]!) & 255);
}

function channels(number: number, colors: readonly Color[]): readonly number[] {
  const color = number === 0 ? undefined : colors[number];
  return color === undefined ? [0, 0, 0, 0] : [(color >> 16) & 255, (color >> 8) & 255, color & 255, 255];
}

/** The checksum of RFC 1950, over bytes that repeat. */
class Adler {
  #low = 1;
  #high = 0;

  add(bytes: readonly number[], times: number): void {
    const sum = bytes.reduce((total, byte) => total + byte, 0);
    const weighted = bytes.reduce((total, byte, index) => total + byte * (bytes.length - index), 0);
    this.#high = (this.#high + times * bytes.length * this.#low + (bytes.length * sum * times * (times - 1)) / 2 + times * weighted) % 65521;
    this.#low = (this.#low + times * sum) % 65521;
  }

  get value(): number {
    return ((this.#high << 16) | this.#low) >>> 0;
  }
}

// --- the file ----------------------------------------------------------------------------------------------------------

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(
    Array.from(type, (character) => character.charCodeAt(0)),
    4,
  );
  bytes.set(data, 8);
  let crc = 0xffffffff;
  for (const byte of bytes.subarray(4, data.length + 8)) crc = CRC_TABLE[(crc ^ byte) & 255]! ^ (crc >>> 8);
  view.setUint32(data.length + 8, crc ^ 0xffffffff);
  return bytes;
}

function base64(parts: readonly Uint8Array[]): string {
  let text = "";
  for (const part of parts) {
    // In pieces: a call takes only so many arguments.
    for (let start = 0; start < part.length; start += 8192) text += String.fromCharCode(...part.subarray(start, start + 8192));
  }
  return btoa(text);
}
