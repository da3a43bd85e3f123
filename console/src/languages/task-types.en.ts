/** The task types, in English: what each is called, and what workers do. */
export const en = {
  ImageMultiClass: "Image classification",
  ImageMultiClassMultiLabel: "Image classification (several labels)",
  BoundingBox: "Bounding boxes",
  SemanticSegmentation: "Semantic segmentation",
  VerificationBoundingBox: "Bounding box verification",
  VerificationSemanticSegmentation: "Segmentation verification",
  AdjustmentBoundingBox: "Bounding box adjustment",
  AdjustmentSemanticSegmentation: "Segmentation adjustment",
  TextMultiClass: "Text classification",
  TextMultiClassMultiLabel: "Text classification (several labels)",
  NamedEntityRecognition: "Named entity recognition",
  Custom: "Custom",
  ImageMultiClassHelp: "Workers choose the one category that describes a picture.",
  ImageMultiClassMultiLabelHelp: "Workers choose every category that applies to a picture.",
  BoundingBoxHelp: "Workers draw a box around each object.",
  SemanticSegmentationHelp: "Workers paint which pixels belong to which category.",
  VerificationBoundingBoxHelp: "Workers judge boxes that were drawn before.",
  VerificationSemanticSegmentationHelp: "Workers judge painted areas that were made before.",
  AdjustmentBoundingBoxHelp: "Workers correct boxes that were drawn before.",
  AdjustmentSemanticSegmentationHelp: "Workers correct painted areas that were made before.",
  TextMultiClassHelp: "Workers choose the one category that describes a text.",
  TextMultiClassMultiLabelHelp: "Workers choose every category that applies to a text.",
  NamedEntityRecognitionHelp: "Workers mark words and phrases in a text and say what they are.",
  CustomHelp: "Workers fill in a form of your own, which may show any kind of object.",
};

export type TaskTypeTexts = typeof en;
