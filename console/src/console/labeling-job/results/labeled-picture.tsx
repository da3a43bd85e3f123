/** A picture with the label drawn over it: boxes and masks in the colours and patterns that workers see. */

import { type ReactNode, useState } from "react";
import { resultTexts } from "../../../languages/results";
import { percent } from "../../shell/format";
import { type Annotation, type Box, labelsIn } from "./annotation";
import type { LookOf } from "./label-colours";
import { MaskOverlay } from "./mask-overlay";

interface LabeledPictureProps {
  readonly url: string;
  /** What the picture is, for those who do not see it. */
  readonly name: string;
  readonly annotation: Annotation | undefined;
  readonly maskUrl: string | null;
  readonly lookOf: LookOf;
}

export function LabeledPicture({ url, name, annotation, maskUrl, lookOf }: LabeledPictureProps): ReactNode {
  const words = resultTexts();
  const [natural, setNatural] = useState<{ readonly width: number; readonly height: number }>();
  const [isBroken, setBroken] = useState(false);
  if (isBroken) return <div className="no-picture">{words.pictureMissing}</div>;
  return (
    <div className="labeled-picture" data-kind={annotation?.kind}>
      <img
        src={url}
        alt={annotation ? words.pictureWith(name, labelsIn(annotation).join(", ")) : name}
        loading="lazy"
        draggable={false}
        onError={() => setBroken(true)}
        onLoad={({ currentTarget }) => setNatural({ width: currentTarget.naturalWidth, height: currentTarget.naturalHeight })}
      />
      {natural && annotation?.kind === "boxes" && <Boxes boxes={annotation.boxes} size={annotation.size ?? natural} lookOf={lookOf} />}
      {natural && annotation?.kind === "mask" && maskUrl !== null && <MaskOverlay url={maskUrl} colors={annotation.colors} lookOf={lookOf} />}
    </div>
  );
}

interface BoxesProps {
  readonly boxes: readonly Box[];
  readonly size: { readonly width: number; readonly height: number };
  readonly lookOf: LookOf;
}

function Boxes({ boxes, size, lookOf }: BoxesProps): ReactNode {
  return (
    <>
      <svg viewBox={`0 0 ${size.width} ${size.height}`} preserveAspectRatio="none" aria-hidden="true">
        {boxes.map((box, index) => (
          <BoxShape key={index} box={box} lookOf={lookOf} />
        ))}
      </svg>
      {boxes.map(({ label, left, top, confidence }, index) => {
        const { colour, ink } = lookOf(label);
        const place = { insetInlineStart: `${(100 * left) / size.width}%`, insetBlockStart: `${(100 * top) / size.height}%` };
        return (
          <span key={index} className="tag" dir="auto" data-inside={top < size.height * 0.06} style={{ ...place, background: colour, color: ink }}>
            {label}
            {confidence !== undefined && confidence > 0 && <> {percent(confidence)}</>}
          </span>
        );
      })}
    </>
  );
}

/** On a dark line, so that it is seen on dark and on light pictures. */
function BoxShape({ box, lookOf }: { readonly box: Box; readonly lookOf: LookOf }): ReactNode {
  const { colour, dashes } = lookOf(box.label);
  const place = { x: box.left, y: box.top, width: box.width, height: box.height, vectorEffect: "non-scaling-stroke" } as const;
  return (
    <g data-label={box.label}>
      <rect {...place} fill={colour} fillOpacity={0.12} stroke="#000" strokeOpacity={0.65} strokeWidth={4.5} />
      <rect {...place} fill="none" stroke="#fff" strokeWidth={dashes === undefined ? 0 : 2.5} />
      <rect {...place} fill="none" stroke={colour} strokeWidth={2.5} strokeDasharray={dashes} />
    </g>
  );
}
