/** How label categories look: colours that people with any colour vision tell apart, a pattern beside, a key for the first ten. */

/** The first seven: Okabe and Ito's set for all kinds of colour vision, in an order in which neighbours differ in lightness too. */
const DISTINCT = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442"];

/** Beside the colour, so that more labels than colours can be told apart, and colours that look alike. */
export const PATTERNS = ["solid", "rising", "dots", "falling", "horizontal", "grid", "vertical"] as const;
export type Pattern = (typeof PATTERNS)[number];

/** The colour of the label at this position: six hexadecimal digits, different for different positions below a thousand. */
export function labelColour(position: number): string {
  const distinct = DISTINCT[position];
  if (distinct !== undefined) return distinct;
  // Steps by the golden angle spread hues for any number of labels; lightness goes through four steps, so that greys differ as well.
  const later = position - DISTINCT.length;
  return hex((later * 137.508 + 20) % 360, 0.55 + 0.3 * ((later % 3) / 2), 0.3 + 0.13 * (later % 4));
}

/** The pattern of the label at this position; it changes with the position and again with each turn through the colours. */
export function labelPattern(position: number): Pattern {
  return PATTERNS[(position + Math.floor(position / DISTINCT.length)) % PATTERNS.length]!;
}

/** Black or white, whichever reads better on the colour. */
export function inkOn(colour: string): "#000000" | "#ffffff" {
  const luminance = relativeLuminance(colour);
  return (luminance + 0.05) / 0.05 >= 1.05 / (luminance + 0.05) ? "#000000" : "#ffffff";
}

/** The key that chooses the label at this position: 1 to 9, then 0; undefined behind the tenth. */
export function labelKey(position: number): string | undefined {
  return position < 10 ? String((position + 1) % 10) : undefined;
}

/** The position of the label that a key chooses; undefined for every other key. */
export function positionOfKey(event: KeyboardEvent): number | undefined {
  if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || !/^[0-9]$/.test(event.key)) return undefined;
  return (Number(event.key) + 9) % 10;
}

/** Whether a key press belongs to a field that somebody types into, so that it is no shortcut. */
export function isTyping(event: Event): boolean {
  const target = event.composedPath()[0];
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit", "reset", "range", "color"].includes(target.type);
}

/** A CSS background that shows colour and pattern, for swatches. */
export function patternBackground(colour: string, pattern: Pattern): string {
  const ink = inkOn(colour) === "#000000" ? "rgb(0 0 0 / 45%)" : "rgb(255 255 255 / 60%)";
  const stripes = (angle: number): string => `repeating-linear-gradient(${angle}deg, ${ink} 0 2px, transparent 2px 6px)`;
  const layers: Record<Pattern, string> = {
    solid: "",
    rising: stripes(135),
    falling: stripes(45),
    horizontal: stripes(0),
    vertical: stripes(90),
    grid: `${stripes(0)}, ${stripes(90)}`,
    dots: `radial-gradient(circle at 3px 3px, ${ink} 1.5px, transparent 2px) 0 0 / 6px 6px`,
  };
  return layers[pattern] === "" ? colour : `${layers[pattern]}, ${colour}`;
}

function relativeLuminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((start) => {
    const part = parseInt(colour.slice(start, start + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function hex(hue: number, saturation: number, lightness: number): string {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const part = (offset: number): string => {
    const turn = (offset + hue / 30) % 12;
    const value = lightness - chroma * Math.max(-1, Math.min(turn - 3, 9 - turn, 1));
    return Math.round(value * 255).toString(16).padStart(2, "0");
  };
  return `#${part(0)}${part(8)}${part(4)}`;
}
