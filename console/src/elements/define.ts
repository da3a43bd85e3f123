/** Every worker element with its tag. */

import { CrowdClassifier, CrowdClassifierMultiSelect, CrowdImageClassifier, CrowdImageClassifierMultiSelect } from "./classifiers";
import { CrowdForm } from "./crowd-form";
import { CrowdEntityAnnotation } from "./entity-annotation";
import { CrowdCheckbox, CrowdInput, CrowdRadioButton, CrowdRadioGroup, CrowdSlider, CrowdTextArea, CrowdToggleButton } from "./fields";
import * as instructions from "./instructions";
import * as parts from "./parts";
import { WorkerComment } from "./worker-comment";

const ELEMENTS: Record<string, CustomElementConstructor> = {
  "full-instructions": instructions.FullInstructions,
  "short-instructions": instructions.ShortInstructions,
  "classification-target": instructions.ClassificationTarget,
  "short-summary": instructions.ShortSummary,
  "detailed-instructions": instructions.DetailedInstructions,
  "positive-example": instructions.PositiveExample,
  "negative-example": instructions.NegativeExample,
  "worker-comment": WorkerComment,
  "crowd-classifier": CrowdClassifier,
  "crowd-classifier-multi-select": CrowdClassifierMultiSelect,
  "crowd-image-classifier": CrowdImageClassifier,
  "crowd-image-classifier-multi-select": CrowdImageClassifierMultiSelect,
  "crowd-entity-annotation": CrowdEntityAnnotation,
  "crowd-input": CrowdInput,
  "crowd-text-area": CrowdTextArea,
  "crowd-checkbox": CrowdCheckbox,
  "crowd-radio-group": CrowdRadioGroup,
  "crowd-radio-button": CrowdRadioButton,
  "crowd-slider": CrowdSlider,
  "crowd-toggle-button": CrowdToggleButton,
  "crowd-tabs": parts.CrowdTabs,
  "crowd-tab": parts.CrowdTab,
  "crowd-card": parts.CrowdCard,
  "crowd-modal": parts.CrowdModal,
  "crowd-instructions": parts.CrowdInstructions,
  "crowd-alert": parts.CrowdAlert,
  "crowd-badge": parts.CrowdBadge,
  "crowd-fab": parts.CrowdFab,
  "crowd-icon-button": parts.CrowdIconButton,
  "crowd-toast": parts.CrowdToast,
  "crowd-button": parts.CrowdButton,
  "iron-icon": parts.IronIcon,
  "crowd-form": CrowdForm,
};

/** Makes the tags known to the page; a tag that is known already stays what it is. */
export function defineElements(more: Record<string, CustomElementConstructor> = {}): void {
  for (const [tag, element] of Object.entries({ ...ELEMENTS, ...more })) {
    if (customElements.get(tag) === undefined) customElements.define(tag, element);
  }
}
