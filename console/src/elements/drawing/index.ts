/** The drawing elements by their tags. */

import { CrowdInstanceSegmentation, CrowdSemanticSegmentation } from "./mask-elements";
import { CrowdBoundingBox, CrowdKeypoint, CrowdLine, CrowdPolygon, CrowdPolyline } from "./shape-elements";

export const DRAWING_ELEMENTS: Readonly<Record<string, CustomElementConstructor>> = {
  "crowd-bounding-box": CrowdBoundingBox,
  "crowd-polygon": CrowdPolygon,
  "crowd-polyline": CrowdPolyline,
  "crowd-line": CrowdLine,
  "crowd-keypoint": CrowdKeypoint,
  "crowd-semantic-segmentation": CrowdSemanticSegmentation,
  "crowd-instance-segmentation": CrowdInstanceSegmentation,
};
