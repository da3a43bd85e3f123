/** The pictures on the tools' buttons, drawn on a square of 24 by 24. */

import { html, svg, type TemplateResult } from "lit";

const PATHS = {
  select: "M5 3l13 8-6 1.2L9.5 19z",
  box: "M5 6h14v12H5z",
  "four-clicks": "M6 7h12v10H6zM12 5v4M12 15v4M4 12h4M16 12h4",
  polygon: "M12 4l8 6-3 9H7l-3-9z",
  polyline: "M4 18l5-9 5 6 6-10",
  line: "M5 19L19 5",
  keypoint: "M12 3v5M12 16v5M3 12h5M16 12h5M12 10.5a1.5 1.5 0 100 3 1.5 1.5 0 000-3z",
  brush: "M19 4c-4 2-8 6-9.5 9l2 2C14.500 13.500 18 9 19 4zM8.500 14.500C6 14.500 6.500 18.500 4 19c3 1.500 6.500.5 6.500-2.500z",
  eraser: "M9 19h10M4.500 15.500l9-10 6 5-7.500 8.500H8z",
  fill: "M12 4l8 6-3 9H7l-3-9zM7 13l6-6M7.500 17L16 8.500M12 18l5.500-5.500",
  pick: "M14 6l4 4M16 8l-8.500 8.500L4 20l.5-3.500L13 8zM15 5l2-2 4 4-2 2z",
  move: "M12 3v18M3 12h18M12 3l-2.500 2.500M12 3l2.500 2.500M12 21l-2.500-2.500M12 21l2.500-2.500M3 12l2.500-2.500M3 12l2.500 2.500M21 12l-2.500-2.500M21 12l-2.500 2.500",
  undo: "M9 6L4 11l5 5M4 11h10a5 5 0 010 9h-3",
  redo: "M15 6l5 5-5 5M20 11H10a5 5 0 000 9h3",
  remove: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.500 11v5.500M13.500 11v5.500",
  "zoom-in": "M10.500 4a6.500 6.500 0 100 13 6.500 6.500 0 000-13zM15.500 15.500L20 20M10.500 7.500v6M7.500 10.500h6",
  "zoom-out": "M10.500 4a6.500 6.500 0 100 13 6.500 6.500 0 000-13zM15.500 15.500L20 20M7.500 10.500h6",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  view: "M2.500 12C5 7.500 8.500 6 12 6s7 1.500 9.500 6c-2.500 4.500-6 6-9.500 6s-7-1.500-9.500-6zM12 9.500a2.500 2.500 0 100 5 2.500 2.500 0 000-5z",
  help: "M9 9a3 3 0 116 0c0 2-3 2.500-3 5M12 17.500v.5",
} as const;

export type Icon = keyof typeof PATHS;

export function icon(name: Icon): TemplateResult {
  return html`<svg viewBox="0 0 24 24" aria-hidden="true" focusable="false">${svg`<path d=${PATHS[name]}></path>`}</svg>`;
}
