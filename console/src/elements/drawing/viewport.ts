/** Which part of a picture is seen, how large: picture pixels to CSS pixels of the stage and back. */

import { clamp, type Point, type Rect, type Size } from "./geometry";

export interface Viewport {
  /** CSS pixels per picture pixel. */
  readonly scale: number;
  /** Where the picture's top left corner is on the stage, in CSS pixels. */
  readonly x: number;
  readonly y: number;
}

const LARGEST_SCALE = 64;
// So much of the picture, in CSS pixels, can never be moved out of sight.
const KEPT_IN_SIGHT = 48;

export function toPicture(view: Viewport, at: Point): Point {
  return { x: (at.x - view.x) / view.scale, y: (at.y - view.y) / view.scale };
}

export function toStage(view: Viewport, at: Point): Point {
  return { x: at.x * view.scale + view.x, y: at.y * view.scale + view.y };
}

/** The whole picture in the middle of the stage, with a little air around. */
export function fit(picture: Size, stage: Size): Viewport {
  const air = Math.min(16, stage.width / 10, stage.height / 10);
  const scale = Math.min((stage.width - 2 * air) / picture.width, (stage.height - 2 * air) / picture.height, LARGEST_SCALE);
  return { scale, x: (stage.width - picture.width * scale) / 2, y: (stage.height - picture.height * scale) / 2 };
}

/** Larger or smaller around a point of the stage, which stays where it is. */
export function zoomed(view: Viewport, factor: number, around: Point, picture: Size, stage: Size): Viewport {
  const scale = clamp(view.scale * factor, Math.min(fit(picture, stage).scale / 2, 1), LARGEST_SCALE);
  const still = toPicture(view, around);
  return keptInSight({ scale, x: around.x - still.x * scale, y: around.y - still.y * scale }, picture, stage);
}

export function panned(view: Viewport, dx: number, dy: number, picture: Size, stage: Size): Viewport {
  return keptInSight({ ...view, x: view.x + dx, y: view.y + dy }, picture, stage);
}

/** Moved as little as needed to see the rectangle (its beginning, where it is larger than the stage). */
export function showing(view: Viewport, rect: Rect, picture: Size, stage: Size): Viewport {
  const air = 24;
  const start = toStage(view, { x: rect.left, y: rect.top });
  const dx = needed(start.x, rect.width * view.scale, stage.width, air);
  const dy = needed(start.y, rect.height * view.scale, stage.height, air);
  return dx || dy ? panned(view, dx, dy, picture, stage) : view;
}

function needed(start: number, length: number, whole: number, air: number): number {
  if (start < air) return length > whole - 2 * air && start + length > whole - air ? 0 : air - start;
  if (start + length > whole - air) return Math.max(whole - air - start - length, air - start);
  return 0;
}

function keptInSight(view: Viewport, picture: Size, stage: Size): Viewport {
  return {
    scale: view.scale,
    x: clamp(view.x, KEPT_IN_SIGHT - picture.width * view.scale, stage.width - KEPT_IN_SIGHT),
    y: clamp(view.y, KEPT_IN_SIGHT - picture.height * view.scale, stage.height - KEPT_IN_SIGHT),
  };
}
