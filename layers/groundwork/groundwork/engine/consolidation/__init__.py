"""Annotation consolidation: the answers to data objects become their labels. Pure, per task type, and re-runnable.

One module for each kind of label, each with the method that Ground Truth documents for it (sms-annotation-consolidation). What Ground
Truth leaves open (thresholds, what a confidence is made of) is ours and told in docs/consolidation.md. Those modules calculate with
numpy, which is slow to import and lies in a layer of its own, so they are imported when there is something to consolidate.
"""

from collections.abc import Sequence

from groundwork.engine.consolidation.labels import (
    HUMAN_ANNOTATED,
    Label,
    LabelContext,
    ObjectAnswers,
    creation_date,
    custom_label,
    label_by_machine,
    zoneless,
)

__all__ = [
    "HUMAN_ANNOTATED",
    "Label",
    "LabelContext",
    "ObjectAnswers",
    "consolidate",
    "creation_date",
    "custom_label",
    "label_by_machine",
    "zoneless",
]


def consolidate(context: LabelContext, objects: Sequence[ObjectAnswers]) -> list[Label]:
    """The labels of one call's objects, in their order. Neither the order of an object's answers nor who gave which matters.

    Classes depend on the other objects of the call, from which it shows how reliable workers are; so who calls fixes which objects
    go together. Ground Truth takes up to 50 (seen in published job output).
    """
    from groundwork.engine.consolidation import boxes, classes, entities, masks

    match context.task_type.metadata_type:
        case "groundtruth/image-classification" | "groundtruth/text-classification":
            return classes.single_labels(context, objects)
        case "groundtruth/label-verification":
            return classes.verdicts(context, objects)
        case "groundtruth/image-classification-multilabel" | "groundtruth/text-classification-multilabel":
            return classes.several_labels(context, objects)
        case "groundtruth/object-detection":
            return [boxes.boxes(context, entry) for entry in objects]
        case "groundtruth/semantic-segmentation":
            return [masks.mask(context, entry) for entry in objects]
        case "groundtruth/text-span":
            return [entities.entities(context, entry) for entry in objects]
        case unknown:
            raise ValueError(f"nothing consolidates answers of {unknown}")
