/** Icons of the editor's toolbar that the design system does not have, in its manner: 16 by 16, drawn by strokes. */

import type { ReactNode } from "react";

function Icon({ path }: { readonly path: string }): ReactNode {
  return (
    <svg viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path d={path} />
    </svg>
  );
}

const PATHS = {
  bold: "M4 2v12h5a3.200 3.200 0 0 0 0-6.400H4h4.300a2.800 2.800 0 0 0 0-5.600Z",
  italic: "M7 2h6M3 14h6M10 2 6 14",
  underline: "M4 2v5a4 4 0 0 0 8 0V2M3 14h10",
  strike: "M12 4.500C11 2 4.500 1.500 4.500 5c0 1.500 1.500 2.500 3.500 3M2 8h12M4 11c.500 3.500 8 4 8 .500 0-1-.500-2-1.500-2.500",
  code: "M5.500 4 1.500 8l4 4M10.500 4l4 4-4 4",
  heading: "M3 2v12M13 2v12M3 8h10",
  bullets: "M2 3.500h1M2 8h1M2 12.500h1M6 3.500h8M6 8h8M6 12.500h8",
  numbers: "M2 2.500h1v4M1.500 10h2v1.500l-2 2.500h2M7 3.500h7M7 8h7M7 12.500h7",
  quote: "M3 3v10M7 4h7M7 8h7M7 12h5",
  link: "M7 9a3 3 0 0 0 4.500 0l2-2A3 3 0 0 0 9 2.500l-1 1M9 7a3 3 0 0 0-4.500 0l-2 2A3 3 0 0 0 7 13.500l1-1",
  picture: "M1.500 2.500h13v11h-13ZM2 12l4-4 3 3 2.500-2.500L14 11M10.500 5.500h.500",
  table: "M1.500 2.500h13v11h-13ZM1.500 6.500h13M1.500 10h13M6 2.500v11M10.500 2.500v11",
  html: "M4.500 4.500 1.500 8l3 3.500M11.500 4.500l3 3.500-3 3.500M9.500 2.500l-3 11",
} as const;

export type IconName = keyof typeof PATHS;

export function toolbarIcon(name: IconName): ReactNode {
  return <Icon path={PATHS[name]} />;
}
