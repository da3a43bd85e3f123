import { describe, expect, it } from "vitest";
import { annotationOf, labelsIn } from "./annotation";

describe("what a label says", () => {
  it("is the class of the metadata, in verifications too", () => {
    const metadata = { "class-name": "cat", confidence: 0.77, type: "groundtruth/image-classification" };
    expect(annotationOf(0, metadata)).toEqual({ kind: "classes", classes: [{ label: "cat", confidence: 0.77 }] });
    expect(annotationOf("1", { "class-name": "bad", type: "groundtruth/label-verification" })).toEqual({
      kind: "classes",
      classes: [{ label: "bad", confidence: undefined }],
    });
  });

  it("is every class that was chosen, each with its own confidence", () => {
    const metadata = { "class-map": { "3": "night", "0": "rain" }, "confidence-map": { "3": 0.91, "0": 0.4 }, type: "groundtruth/image-classification-multilabel" };
    expect(annotationOf([3, 0], metadata)).toEqual({
      kind: "classes",
      classes: [
        { label: "rain", confidence: 0.4 },
        { label: "night", confidence: 0.91 },
      ],
    });
  });

  it("is boxes in pixels of the picture they were drawn on", () => {
    const value = { image_size: [{ width: 640, height: 480, depth: 3 }], annotations: [{ class_id: 1, left: 10, top: 20, width: 30.5, height: 40 }] };
    const metadata = { objects: [{ confidence: 0.87 }], "class-map": { "1": "cat" }, type: "groundtruth/object-detection" };
    expect(annotationOf(value, metadata)).toEqual({
      kind: "boxes",
      size: { width: 640, height: 480 },
      boxes: [{ label: "cat", left: 10, top: 20, width: 30.5, height: 40, confidence: 0.87 }],
    });
  });

  it("is the colours of a mask without its background", () => {
    const map = { "0": { "class-name": "BACKGROUND", "hex-color": "#ffffff" }, "1": { "class-name": "lane", "hex-color": "#2ca02c" } };
    const annotation = annotationOf("s3://b/mask.png", { "internal-color-map": map, type: "groundtruth/semantic-segmentation" });
    expect(annotation).toEqual({ kind: "mask", colors: new Map([[0x2ca02c, "lane"]]) });
    expect(labelsIn(annotation)).toEqual(["lane"]);
  });

  it("is spans of a text", () => {
    const entity = { label: "City", startOffset: 12, endOffset: 16 };
    expect(annotationOf({ annotations: { entities: [entity] } }, { type: "groundtruth/text-span" })).toEqual({ kind: "entities", entities: [entity] });
  });

  it("is shown as it is when nobody but its own function knows it", () => {
    expect(annotationOf({ mood: "late" }, { type: "groundTruth/custom" })).toEqual({ kind: "other", json: '{\n  "mood": "late"\n}' });
  });

  it("is nothing where the output is broken, and never an error", () => {
    const types = ["image-classification", "image-classification-multilabel", "object-detection", "semantic-segmentation", "text-span"];
    for (const type of types) {
      for (const broken of [null, 1, "x", [], {}, { annotations: [null, 1, {}] }, { annotations: { entities: [null, {}] } }]) {
        expect(labelsIn(annotationOf(broken, { type: `groundtruth/${type}`, "class-map": null, objects: 3, "internal-color-map": [null, {}] }))).toEqual([]);
      }
    }
  });
});
