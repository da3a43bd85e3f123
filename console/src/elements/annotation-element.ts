/** What an element that workers answer with offers to its form; `crowd-form` knows elements by this alone. */

export interface AnnotationElement extends HTMLElement {
  /** The key of this element's part in the answer: its `name` attribute, or its tag where the template gives none. */
  readonly name: string;
  /** The answer so far, in the shape that Ground Truth's element of the same tag submits. */
  readonly answer: unknown;
  /** What keeps the answer from being submitted, in the worker's language; empty when nothing does. */
  faults(): string[];
  /** Takes up an earlier answer of the same shape (a draft); parts that do not fit are left out. */
  restore(answer: unknown): void;
}

/** Fired, bubbling and composed, after each change of an element's answer. */
export const ANNOTATION_CHANGED = "annotation-changed";

export function isAnnotationElement(node: Element): node is AnnotationElement {
  return "answer" in node && "restore" in node && "faults" in node;
}
