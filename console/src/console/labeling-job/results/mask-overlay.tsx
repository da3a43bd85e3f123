/** A segmentation mask, half transparent over its picture, each label in its colour and pattern. */

import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { type Color, cellsOf, decodedPicture } from "../../../elements/drawing/mask-png";
import { MaskPainter } from "../../../elements/drawing/mask-painter";
import { resultTexts } from "../../../languages/results";
import type { LookOf } from "./label-colours";

interface MaskOverlayProps {
  readonly url: string;
  readonly colors: ReadonlyMap<Color, string>;
  readonly lookOf: LookOf;
}

/** A mask of more pixels than this is drawn smaller than it is: no screen shows it all. */
const MOST_PIXELS = 2_000_000;

export function MaskOverlay({ url, colors, lookOf }: MaskOverlayProps): ReactNode {
  const canvas = useRef<HTMLCanvasElement>(null);
  const isInSight = useInSight(canvas);
  // The address changes with every signature; the mask does not.
  const { data: bytes, isError } = useQuery({
    queryKey: ["mask", url.split("?", 1)[0]],
    queryFn: () => read(url),
    enabled: isInSight,
    staleTime: Infinity,
    gcTime: 60_000,
    throwOnError: false,
  });
  useEffect(() => {
    if (bytes && canvas.current) paint(canvas.current, bytes, colors, lookOf);
  }, [bytes, colors, lookOf]);
  return (
    <>
      <canvas ref={canvas} aria-hidden="true" data-painted={bytes !== undefined} />
      {isError && <span className="tag">{resultTexts().maskMissing}</span>}
    </>
  );
}

async function read(url: string): Promise<Uint8Array> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The mask cannot be read: ${answer.status}`);
  return new Uint8Array(await answer.arrayBuffer());
}

function paint(canvas: HTMLCanvasElement, bytes: Uint8Array, colors: ReadonlyMap<Color, string>, lookOf: LookOf): void {
  const picture = decodedPicture(bytes);
  const context = canvas.getContext("2d");
  if (picture === undefined || context === null) return;
  const { width, height } = picture;
  const numbers = new Map([...colors].map(([color, label]) => [color, lookOf(label).position + 1]));
  // Colours may be off by what a picture's compression does to them.
  const cells = cellsOf(picture.colors, numbers, 1);
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const whole = { left: 0, top: 0, width, height };
  const painter = new MaskPainter({ size: { width, height }, cells, labelOf: (number) => number - 1, takeDirty: () => [whole] });
  painter.rest(context, { view: { x: 0, y: 0, scale }, stage: { width: canvas.width, height: canvas.height }, names: false });
}

/** Whether the element was ever within the window: what nobody scrolls to is not read. */
function useInSight(element: { readonly current: HTMLElement | null }): boolean {
  const [isInSight, setInSight] = useState(false);
  useEffect(() => {
    if (isInSight || element.current === null) return;
    const observer = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) setInSight(true);
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, [element, isInSight]);
  return isInSight;
}
