/** What draws labels over a picture. The stage calls it in CSS pixels of the stage; device pixels are the stage's own matter. */

import type { Size } from "./geometry";
import type { Viewport } from "./viewport";

export interface Frame {
  readonly view: Viewport;
  readonly stage: Size;
  /** Whether label names are written beside shapes. */
  readonly names: boolean;
}

export interface Painter {
  /** All that stays as it is while a pointer moves; drawn when labels or the view changed. */
  rest(context: CanvasRenderingContext2D, frame: Frame): void;
  /** What is selected, held or being drawn; drawn with every move. */
  active(context: CanvasRenderingContext2D, frame: Frame): void;
}

/** The points of what is being drawn, with the line to where the next point would be. */
export function paintBegun(
  context: CanvasRenderingContext2D,
  points: readonly { x: number; y: number }[],
  ahead: { x: number; y: number } | undefined,
  color: string,
  closed: boolean,
): void {
  if (points.length === 0) return;
  context.beginPath();
  for (const point of points) context.lineTo(point.x, point.y);
  if (ahead) context.lineTo(ahead.x, ahead.y);
  if (closed && points.length + (ahead ? 1 : 0) > 2) {
    context.globalAlpha = 0.2;
    context.fillStyle = color;
    context.fill();
    context.globalAlpha = 1;
  }
  haloed(context, color, 2);
  for (const point of points) dot(context, point, color, 4);
}

/** Strokes the path so that it is seen on dark and on light pictures. */
export function haloed(context: CanvasRenderingContext2D, color: string, width: number): void {
  context.strokeStyle = "rgb(0 0 0 / 65%)";
  context.lineWidth = width + 2;
  context.stroke();
  context.strokeStyle = color;
  context.lineWidth = width;
  context.stroke();
}

export function dot(context: CanvasRenderingContext2D, at: { x: number; y: number }, color: string, radius: number): void {
  context.beginPath();
  context.arc(at.x, at.y, radius, 0, 2 * Math.PI);
  context.fillStyle = color;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = "#000000";
  context.stroke();
}
