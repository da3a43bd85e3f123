import type { TaskTypeTexts } from "./task-types.en";

/** The task types, in German. */
export const de: TaskTypeTexts = {
  ImageMultiClass: "Bildklassifikation",
  ImageMultiClassMultiLabel: "Bildklassifikation (mehrere Labels)",
  BoundingBox: "Begrenzungsrahmen",
  SemanticSegmentation: "Semantische Segmentierung",
  VerificationBoundingBox: "Prüfung von Begrenzungsrahmen",
  VerificationSemanticSegmentation: "Prüfung von Segmentierungen",
  AdjustmentBoundingBox: "Korrektur von Begrenzungsrahmen",
  AdjustmentSemanticSegmentation: "Korrektur von Segmentierungen",
  TextMultiClass: "Textklassifikation",
  TextMultiClassMultiLabel: "Textklassifikation (mehrere Labels)",
  NamedEntityRecognition: "Eigennamenerkennung",
  Custom: "Eigene Aufgabe",
  ImageMultiClassHelp: "Bearbeiter wählen die eine Kategorie, die ein Bild beschreibt.",
  ImageMultiClassMultiLabelHelp: "Bearbeiter wählen alle Kategorien, die auf ein Bild zutreffen.",
  BoundingBoxHelp: "Bearbeiter ziehen einen Rahmen um jedes Objekt.",
  SemanticSegmentationHelp: "Bearbeiter malen aus, welche Bildpunkte zu welcher Kategorie gehören.",
  VerificationBoundingBoxHelp: "Bearbeiter beurteilen Rahmen, die schon gezogen wurden.",
  VerificationSemanticSegmentationHelp: "Bearbeiter beurteilen Flächen, die schon gemalt wurden.",
  AdjustmentBoundingBoxHelp: "Bearbeiter korrigieren Rahmen, die schon gezogen wurden.",
  AdjustmentSemanticSegmentationHelp: "Bearbeiter korrigieren Flächen, die schon gemalt wurden.",
  TextMultiClassHelp: "Bearbeiter wählen die eine Kategorie, die einen Text beschreibt.",
  TextMultiClassMultiLabelHelp: "Bearbeiter wählen alle Kategorien, die auf einen Text zutreffen.",
  NamedEntityRecognitionHelp: "Bearbeiter markieren Wörter und Wendungen in einem Text und sagen, was sie sind.",
  CustomHelp: "Bearbeiter füllen ein eigenes Formular aus, das jede Art von Objekt zeigen kann.",
};
