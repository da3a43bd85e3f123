import * as fc from "fast-check";
import { decode } from "fast-png";
import { expect, test } from "vitest";
import { cellsOf, colorOf, colorText, decodePicture, encodeMask } from "./mask-png";

const COLORS = [0, 0x1f77b4, 0xff7f0e, 0x000001, 0xfffffe];
const MEANINGS = new Map(COLORS.flatMap((color, number) => (number ? [[color, number]] : [])));

const masks = fc
  .record({ width: fc.integer({ min: 1, max: 700 }), height: fc.integer({ min: 1, max: 20 }) })
  .chain(({ width, height }) =>
    fc.record({
      width: fc.constant(width),
      height: fc.constant(height),
      runs: fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.nat({ max: 4 })), { maxLength: 40 }),
    }),
  )
  .map(({ width, height, runs }) => {
    const cells = new Uint16Array(width * height);
    let at = 0;
    for (const [length, number] of runs) {
      cells.fill(number, at, at + length);
      at += length;
    }
    return { width, height, cells };
  });

test("any mask comes back from its PNG pixel by pixel", () => {
  fc.assert(
    fc.property(masks, ({ width, height, cells }) => {
      const picture = decodePicture(encodeMask(cells, { width, height }, COLORS))!;
      expect([picture.width, picture.height]).toEqual([width, height]);
      expect(Buffer.from(cellsOf(picture.colors, MEANINGS).buffer).equals(Buffer.from(cells.buffer))).toBe(true);
    }),
  );
});

test("a mask is written with its colours opaque and all else transparent", () => {
  const text = encodeMask(Uint16Array.of(0, 1, 2, 2), { width: 2, height: 2 }, COLORS);
  const picture = decode(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)), { checkCrc: true });
  expect(picture).toMatchObject({ width: 2, height: 2, channels: 4, depth: 8 });
  expect([...picture.data]).toEqual([0, 0, 0, 0, 0x1f, 0x77, 0xb4, 255, 0xff, 0x7f, 0x0e, 255, 0xff, 0x7f, 0x0e, 255]);
});

test("the mask of a photo of twelve million pixels is small", () => {
  const size = { width: 4000, height: 3000 };
  const cells = new Uint16Array(size.width * size.height);
  for (let y = 500; y < 2500; y++) cells.fill(1, y * 4000 + 1000 + (y % 300), y * 4000 + 3000 - (y % 170));
  expect(encodeMask(cells, size, COLORS).length).toBeLessThan(150_000);
});

test("the indexed masks of an output are read, several pixels in a byte", () => {
  const mask = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAgMAAADgGo6JAAAACVBMVEX///8soCzWJyjyiLAdAAAADElEQVR4nGOQYJgAAADcAKls58AjAAAAAElFTkSuQmCC";
  const [white, green, red] = [0xffffff, 0x2ca02c, 0xd62728];
  expect(decodePicture(mask)).toEqual({ width: 3, height: 2, colors: Int32Array.of(white, green, red, red, green, white) });
});

test("what is no PNG is no picture", () => {
  expect(decodePicture("aGVsbG8=")).toBeUndefined();
  expect(decodePicture("not base64!")).toBeUndefined();
});

test("colours that a browser changed a little are still known", () => {
  expect(cellsOf(Int32Array.of(0x1f77b4, 0x2076b4, 0x3f77b4, -1), MEANINGS, 3)).toEqual(Uint16Array.of(1, 1, 0, 0));
});

test("colours are read and written as in style sheets", () => {
  expect(colorText(colorOf("#0A00ff")!)).toBe("#0a00ff");
  expect([colorOf("red"), colorOf("#fff"), colorOf(7)]).toEqual([undefined, undefined, undefined]);
});
