/** A small drawing per task type: what a worker sees and does. */

import type { ReactNode } from "react";

const INK = "#414d5c";
const PAPER = "#f4f4f4";
const SKY = "#d6e9f8";
const GROUND = "#d5e8d0";
const BLUE = "#0972d3";
const ORANGE = "#c7511f";
const GREEN = "#037f0c";
const PURPLE = "#7a3fbf";

/** A cat on a meadow: the object of all pictures. */
const CAT = "M62 92 L62 58 Q62 40 78 38 L82 28 L88 37 L97 37 L103 28 L107 38 Q112 44 110 52 Q108 60 100 62 L104 92 Z M104 84 Q122 84 122 66";
const BIRD = "M20 36 q7 -9 13 0 q6 -9 13 0";

function Scene({ children }: { readonly children?: ReactNode }): ReactNode {
  return (
    <>
      <rect width="160" height="110" fill={SKY} />
      <rect y="80" width="160" height="30" fill={GROUND} />
      {children}
    </>
  );
}

function Animal({ fill = INK }: { readonly fill?: string }): ReactNode {
  return (
    <>
      <path d={CAT} fill={fill} stroke={fill} strokeWidth="4" strokeLinejoin="round" fillRule="nonzero" fillOpacity="0.9" />
      <path d={BIRD} fill="none" stroke={INK} strokeWidth="3" strokeLinecap="round" />
    </>
  );
}

/** The animal where the choices leave room for it. */
function BesideChoices(): ReactNode {
  return (
    <g transform="translate(-16 6) scale(0.94)">
      <Animal />
    </g>
  );
}

function Choice({ y, isChosen, isSquare = false, width = 22 }: { readonly y: number; readonly isChosen: boolean; readonly isSquare?: boolean; readonly width?: number }): ReactNode {
  return (
    <g>
      <rect x="124" y={y} width="12" height="12" rx={isSquare ? 2 : 6} fill="#fff" stroke={isChosen ? BLUE : INK} strokeWidth="2" />
      {isChosen && (isSquare ? <path d={`M126.500 ${y + 6} l3 3 l5 -6`} stroke={BLUE} strokeWidth="2" fill="none" /> : <circle cx="130" cy={y + 6} r="3.500" fill={BLUE} />)}
      <rect x="140" y={y + 4} width={width - 8} height="4" rx="2" fill={INK} />
    </g>
  );
}

/** Choices beside the picture. */
function Choices({ chosen, isSquare }: { readonly chosen: readonly boolean[]; readonly isSquare?: boolean }): ReactNode {
  return (
    <>
      <rect x="118" width="42" height="110" fill="#fff" />
      {chosen.map((isChosen, index) => (
        <Choice key={index} y={22 + index * 24} isChosen={isChosen} isSquare={isSquare} />
      ))}
    </>
  );
}

function Boxes({ dash }: { readonly dash?: string }): ReactNode {
  return (
    <>
      <rect x="55" y="25" width="72" height="71" fill={BLUE} fillOpacity="0.15" stroke={BLUE} strokeWidth="3" strokeDasharray={dash} />
      <rect x="15" y="24" width="36" height="20" fill={ORANGE} fillOpacity="0.15" stroke={ORANGE} strokeWidth="3" strokeDasharray={dash} />
    </>
  );
}

function Handles(): ReactNode {
  return (
    <>
      {[[55, 25], [127, 25], [55, 96], [127, 96]].map(([x, y]) => (
        <rect key={`${x} ${y}`} x={x! - 4} y={y! - 4} width="8" height="8" fill="#fff" stroke={BLUE} strokeWidth="2" />
      ))}
    </>
  );
}

function Verdict(): ReactNode {
  return (
    <>
      <circle cx="138" cy="24" r="14" fill={GREEN} />
      <path d="M131 24 l5 6 l9 -11" fill="none" stroke="#fff" strokeWidth="4" strokeLinecap="round" strokeLinejoin="round" />
    </>
  );
}

function Pencil(): ReactNode {
  return <path d="M120 40 l20 -20 l8 8 l-20 20 l-11 3 Z" fill="#fff" stroke={ORANGE} strokeWidth="3" strokeLinejoin="round" />;
}

function Segments(): ReactNode {
  return (
    <>
      <rect width="160" height="82" fill={PURPLE} fillOpacity="0.35" />
      <rect y="80" width="160" height="30" fill={GREEN} fillOpacity="0.5" />
      <path d={CAT} fill={ORANGE} stroke={ORANGE} strokeWidth="4" strokeLinejoin="round" />
    </>
  );
}

/** Lines of text; a number is the width of a word in front of a gap. */
function TextLines({ width = 136, from = 22 }: { readonly width?: number; readonly from?: number }): ReactNode {
  return (
    <>
      <rect width="160" height="110" fill={PAPER} />
      {[0, 1, 2, 3, 4].map((line) => (
        <rect key={line} x="12" y={from + line * 16} width={line === 4 ? width * 0.6 : width - (line % 2) * 12} height="6" rx="3" fill={INK} fillOpacity="0.7" />
      ))}
    </>
  );
}

function Mark({ x, y, width, fill }: { readonly x: number; readonly y: number; readonly width: number; readonly fill: string }): ReactNode {
  return (
    <>
      <rect x={x} y={y - 5} width={width} height="16" rx="3" fill={fill} fillOpacity="0.3" stroke={fill} strokeWidth="2" />
      <rect x={x + 4} y={y} width={width - 8} height="6" rx="3" fill={fill} />
    </>
  );
}

const PICTURES: Readonly<Record<string, ReactNode>> = {
  ImageMultiClass: <Scene><BesideChoices /><Choices chosen={[true, false, false]} /></Scene>,
  ImageMultiClassMultiLabel: <Scene><BesideChoices /><Choices chosen={[true, false, true]} isSquare /></Scene>,
  BoundingBox: <Scene><Animal /><Boxes /></Scene>,
  SemanticSegmentation: <Scene><Segments /></Scene>,
  VerificationBoundingBox: <Scene><Animal /><Boxes /><Verdict /></Scene>,
  VerificationSemanticSegmentation: <Scene><Segments /><Verdict /></Scene>,
  AdjustmentBoundingBox: <Scene><Animal /><Boxes dash="7 5" /><Handles /><Pencil /></Scene>,
  AdjustmentSemanticSegmentation: <Scene><Segments /><Pencil /></Scene>,
  TextMultiClass: <><TextLines width={98} /><Choices chosen={[false, true, false]} /></>,
  TextMultiClassMultiLabel: <><TextLines width={98} /><Choices chosen={[true, true, false]} isSquare /></>,
  NamedEntityRecognition: (
    <>
      <TextLines />
      <Mark x={12} y={22} width={46} fill={BLUE} />
      <Mark x={70} y={54} width={60} fill={ORANGE} />
      <Mark x={32} y={86} width={38} fill={GREEN} />
    </>
  ),
  Custom: (
    <>
      <rect width="160" height="110" fill={PAPER} />
      <rect x="20" y="14" width="120" height="82" rx="6" fill="#fff" stroke={INK} strokeWidth="2" />
      <path d="M52 40 l-16 15 l16 15 M108 40 l16 15 l-16 15 M88 34 l-16 42" fill="none" stroke={PURPLE} strokeWidth="5" strokeLinecap="round" strokeLinejoin="round" />
    </>
  ),
};

export function TaskTypePicture({ taskType }: { readonly taskType: string }): ReactNode {
  return (
    <svg viewBox="0 0 160 110" width="100%" style={{ display: "block", maxWidth: 220, borderRadius: 6, border: "1px solid #e9ebed" }} aria-hidden="true" focusable="false">
      {PICTURES[taskType] ?? PICTURES.Custom}
    </svg>
  );
}
