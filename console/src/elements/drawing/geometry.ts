/** Plane geometry in picture pixels: x to the right, y down, (0, 0) the top left corner of the top left pixel. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Rect extends Size {
  readonly left: number;
  readonly top: number;
}

export function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** The nearest corner of a pixel that belongs to the picture. */
export function onPixelCorner(at: Point, size: Size): Point {
  return { x: clamp(Math.round(at.x), 0, size.width), y: clamp(Math.round(at.y), 0, size.height) };
}

/** The pixel under a point, the nearest one for a point outside. */
export function pixelUnder(at: Point, size: Size): Point {
  return { x: clamp(Math.floor(at.x), 0, size.width - 1), y: clamp(Math.floor(at.y), 0, size.height - 1) };
}

export function distance(from: Point, to: Point): number {
  return Math.hypot(to.x - from.x, to.y - from.y);
}

export function distanceToSegment(at: Point, from: Point, to: Point): number {
  const dx = to.x - from.x;
  const dy = to.y - from.y;
  const length = dx * dx + dy * dy;
  const share = length === 0 ? 0 : clamp(((at.x - from.x) * dx + (at.y - from.y) * dy) / length, 0, 1);
  return Math.hypot(at.x - from.x - share * dx, at.y - from.y - share * dy);
}

/** The sides of a path one after the other; a closed one comes back to its start. */
export function sides(vertices: readonly Point[], closed: boolean): [Point, Point][] {
  const found: [Point, Point][] = vertices.slice(1).map((to, index) => [vertices[index]!, to]);
  if (closed && vertices.length > 2) found.push([vertices.at(-1)!, vertices[0]!]);
  return found;
}

/** Even-odd rule. */
export function insidePolygon(at: Point, vertices: readonly Point[]): boolean {
  let inside = false;
  for (const [from, to] of sides(vertices, true)) {
    if (from.y > at.y !== to.y > at.y && at.x < from.x + ((at.y - from.y) * (to.x - from.x)) / (to.y - from.y)) inside = !inside;
  }
  return inside;
}

export function boundsOf(vertices: readonly Point[]): Rect {
  const xs = vertices.map((vertex) => vertex.x);
  const ys = vertices.map((vertex) => vertex.y);
  const left = Math.min(...xs);
  const top = Math.min(...ys);
  return { left, top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

export function areaOf(vertices: readonly Point[]): number {
  return Math.abs(sides(vertices, true).reduce((sum, [from, to]) => sum + from.x * to.y - to.x * from.y, 0)) / 2;
}

/** Whether two sides of the path cross or touch, apart from neighbours at the corner they share. */
export function crossesItself(vertices: readonly Point[], closed: boolean): boolean {
  const all = sides(vertices, closed);
  return all.some(([from, to], index) =>
    all.slice(index + 1).some(([otherFrom, otherTo]) => {
      if (otherFrom === to) return turnsBack(from, to, otherTo);
      if (otherTo === from) return turnsBack(to, from, otherFrom);
      return cross(from, to, otherFrom, otherTo);
    }),
  );
}

function turn(from: Point, over: Point, to: Point): number {
  return Math.sign((over.x - from.x) * (to.y - from.y) - (over.y - from.y) * (to.x - from.x));
}

function turnsBack(from: Point, over: Point, to: Point): boolean {
  return turn(from, over, to) === 0 && (from.x - over.x) * (to.x - over.x) + (from.y - over.y) * (to.y - over.y) > 0;
}

function cross(from: Point, to: Point, otherFrom: Point, otherTo: Point): boolean {
  const turns = [turn(from, to, otherFrom), turn(from, to, otherTo), turn(otherFrom, otherTo, from), turn(otherFrom, otherTo, to)];
  if (turns[0] !== turns[1] && turns[2] !== turns[3]) return true;
  const within = (at: Point, start: Point, end: Point) =>
    Math.min(start.x, end.x) <= at.x && at.x <= Math.max(start.x, end.x) && Math.min(start.y, end.y) <= at.y && at.y <= Math.max(start.y, end.y);
  return (
    (turns[0] === 0 && within(otherFrom, from, to)) ||
    (turns[1] === 0 && within(otherTo, from, to)) ||
    (turns[2] === 0 && within(from, otherFrom, otherTo)) ||
    (turns[3] === 0 && within(to, otherFrom, otherTo))
  );
}
