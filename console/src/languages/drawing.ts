import { de } from "./drawing.de";
import { type DrawingTexts, en } from "./drawing.en";
import { texts } from "./language";

export function drawingTexts(): DrawingTexts {
  return texts({ en, de });
}
