"""The catalogue of task types: everything that differs from one type to the next, once. Everything else asks here.

Keys, limits, functions and algorithms are Ground Truth's (API CreateLabelingJob, HumanTaskConfig, LabelingJobAlgorithmsConfig,
UiConfig; pages input-data-limits and sms-data-output). Titles, descriptions and instructions are ours.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from groundwork.labeling_functions import is_function_arn

TaskCategory = Literal["Image", "Text", "Custom"]

# Ground Truth's own accounts: three owners for three kinds of resource.
_HUMAN_TASK_UI_ACCOUNT = "394669845002"
_ALGORITHM_ACCOUNT = "027400017018"
# Owner of the PRE and ACS functions, by region. These twelve are all that are documented (API HumanTaskConfig), and no API returns them.
_FUNCTION_ACCOUNTS: Mapping[str, str] = {
    "us-east-1": "432418664414",
    "us-east-2": "266458841044",
    "us-west-2": "081040173940",
    "ca-central-1": "918755190332",
    "eu-west-1": "568282634449",
    "eu-west-2": "487402164563",
    "eu-central-1": "203001061592",
    "ap-northeast-1": "477331159723",
    "ap-northeast-2": "845288260483",
    "ap-south-1": "565803892007",
    "ap-southeast-1": "377565633583",
    "ap-southeast-2": "454466003867",
}
REGIONS = frozenset(_FUNCTION_ACCOUNTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskType:
    """One task type. Times are seconds; None as a maximum means: no limit."""

    key: str
    category: TaskCategory
    title: str
    description: str
    min_labels: int
    max_labels: int | None
    crowd_element: str
    element_name: str
    """The widget's `name`: the key of a worker's answer."""
    metadata_type: str
    """`type` in the metadata of the label attribute in the output manifest."""
    keywords: tuple[str, ...]
    default_short_instructions: str
    default_full_instructions: str
    label_attribute_suffix: Literal["", "-ref"] = ""
    """What the label attribute must end in; a type without one must not end in `-ref`."""
    needs_existing_labels: bool = False
    algorithm: str | None = None
    """Automated labeling's algorithm, for the types that have it."""
    max_labels_automated: int | None = None
    """A lower maximum of labels that holds with automated labeling."""
    human_task_ui: str | None = None
    """Ground Truth shows this UI of its own instead of a worker task template."""
    max_objects: int = 100_000
    max_task_timeout_seconds: int = 28_800

    @property
    def automated_labeling(self) -> bool:
        return self.algorithm is not None

    @property
    def marks_pictures(self) -> bool:
        """Whether workers draw boxes or masks in a picture."""
        return self.crowd_element in {"crowd-bounding-box", "crowd-semantic-segmentation"}

    @property
    def takes_proposals(self) -> bool:
        """Whether the built-in labeling service labels automatically with a function of the customer's: where a label is one class."""
        return self.automated_labeling and self.metadata_type.endswith("-classification")

    @property
    def is_custom(self) -> bool:
        """Whether the worker page, and what stands around it, are the customer's own."""
        return self.category == "Custom"

    @property
    def source_attributes(self) -> tuple[str, ...]:
        """The manifest keys of the data object: the text itself, or the S3 URI. Lines of a custom job may have either."""
        return {"Text": ("source",), "Image": ("source-ref",), "Custom": ("source", "source-ref")}[self.category]

    def source_attribute_of(self, attributes: Mapping[str, Any]) -> str | None:
        """Under which of them this line has its data object; None when it has none."""
        return next((key for key in self.source_attributes if isinstance(attributes.get(key), str)), None)

    @property
    def shows_short_names(self) -> bool:
        """Whether label categories may have short names, and workers see them."""
        return self.crowd_element == "crowd-entity-annotation"

    @property
    def shows_segmentation(self) -> bool:
        """Whether the labels that workers draw or see are masks."""
        return "SemanticSegmentation" in self.key


@dataclass(frozen=True, slots=True)
class LambdaArns:
    """The pair of functions Ground Truth runs before workers see an object and after they answered."""

    pre_annotation: str
    annotation_consolidation: str


_CLASSIFY_IMAGE = TaskType(
    key="ImageMultiClass",
    category="Image",
    title="Image classification",
    description="Workers choose the one category that describes a picture.",
    min_labels=2,
    max_labels=None,
    crowd_element="crowd-image-classifier",
    element_name="crowd-image-classifier",
    metadata_type="groundtruth/image-classification",
    algorithm="image-classification",
    keywords=("image", "classification", "picture", "category"),
    default_short_instructions=(
        "<p>Look at the whole picture, then choose the <strong>one</strong> category that fits it best.</p>"
        "<p>In doubt between two, choose the one that the main subject of the picture belongs to.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Look at the whole picture before you choose. Zoom in when the subject is small.</li>"
        "<li>Read all categories once. Their order says nothing.</li>"
        "<li>Choose exactly one category: the one that fits the main subject.</li>"
        "<li>Several subjects? Judge by the largest one, or the one in the middle.</li></ol>"
        "<p>A picture that is blurred or dark still counts as long as you can tell what it shows. "
        "If it does not load at all, decline the task and say so.</p>"
    ),
)

_CLASSIFY_IMAGE_MULTI_LABEL = TaskType(
    key="ImageMultiClassMultiLabel",
    category="Image",
    title="Image classification (several labels)",
    description="Workers choose every category that applies to a picture.",
    min_labels=2,
    max_labels=50,
    crowd_element="crowd-image-classifier-multi-select",
    element_name="crowd-image-classifier-multi-select",
    metadata_type="groundtruth/image-classification-multilabel",
    keywords=("image", "classification", "picture", "multiple labels"),
    default_short_instructions=(
        "<p>Select <strong>every</strong> category that applies to the picture, small or large, front or back.</p>"
        "<p>Leave out what you only guess.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Go through the categories one by one and ask of each: is it in this picture?</li>"
        "<li>Select all that are, even when only a part is visible.</li>"
        "<li>Do not select what is likely but cannot be seen.</li>"
        "<li>Choose at least one category. If truly none applies, decline the task and say so.</li></ol>"
    ),
)

_DRAW_BOXES = TaskType(
    key="BoundingBox",
    category="Image",
    title="Bounding boxes",
    description="Workers draw a box around every object of the given categories.",
    min_labels=1,
    max_labels=50,
    crowd_element="crowd-bounding-box",
    element_name="boundingBox",
    metadata_type="groundtruth/object-detection",
    algorithm="object-detection",
    keywords=("image", "object detection", "bounding box", "drawing"),
    default_short_instructions=(
        "<p>Draw one tight box around <strong>each</strong> object of the categories on the right.</p>"
        "<p>The box touches the object on all four sides. One object, one box.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Choose a category, then drag a box from one corner of the object to the opposite one.</li>"
        "<li>Pull the edges until they touch the outermost visible pixels of the object: no gap, nothing cut off.</li>"
        "<li>Draw a box of its own for every object, also where objects overlap.</li>"
        "<li>Is part of an object hidden, or outside the picture? Box only what you can see.</li>"
        "<li>Leave out mirror images, drawings and shadows unless the task asks for them.</li></ol>"
        "<p>When nothing in the picture belongs to a category, submit without a box.</p>"
    ),
)

_SEGMENT = TaskType(
    key="SemanticSegmentation",
    category="Image",
    title="Semantic segmentation",
    description="Workers paint the pixels that belong to each category.",
    min_labels=1,
    max_labels=None,
    max_labels_automated=20,
    crowd_element="crowd-semantic-segmentation",
    element_name="crowd-semantic-segmentation",
    metadata_type="groundtruth/semantic-segmentation",
    label_attribute_suffix="-ref",
    algorithm="semantic-segmentation",
    max_objects=20_000,
    keywords=("image", "segmentation", "pixels", "drawing"),
    default_short_instructions=(
        "<p>Paint <strong>every pixel</strong> that belongs to one of the categories, in that category's colour.</p>"
        "<p>Follow the outline closely; what belongs to no category stays unpainted.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Choose a category. Outline large areas with the polygon tool first, then fill details with the brush.</li>"
        "<li>Zoom in at the edges: the paint ends where the object ends.</li>"
        "<li>Objects of the same category share one colour, even when they touch.</li>"
        "<li>Where one object covers another, paint what is in front.</li>"
        "<li>Use the eraser for spills. Unpainted pixels count as background.</li></ol>"
    ),
)

_VERIFY_BOXES = TaskType(
    key="VerificationBoundingBox",
    category="Image",
    title="Bounding box verification",
    description="Workers judge boxes that were drawn before.",
    min_labels=1,
    max_labels=None,
    crowd_element="crowd-image-classifier",
    element_name="crowd-image-classifier",
    metadata_type="groundtruth/label-verification",
    needs_existing_labels=True,
    keywords=("image", "verification", "bounding box", "quality"),
    default_short_instructions=(
        "<p>The boxes were drawn by others. Judge them <strong>all together</strong> and choose the verdict that fits.</p>"
        "<p>Say in the comment what is wrong.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Is every object boxed? One that is missing makes the work incomplete.</li>"
        "<li>Does each box touch its object on all four sides?</li>"
        "<li>Is each box labeled with the right category?</li>"
        "<li>Is there a box too many: two on one object, or one on nothing?</li></ol>"
        "<p>Choose the verdict that names the worst problem, and describe it in a few words so that it can be mended.</p>"
    ),
)

_VERIFY_SEGMENTS = TaskType(
    key="VerificationSemanticSegmentation",
    category="Image",
    title="Segmentation verification",
    description="Workers judge painted areas that were made before.",
    min_labels=1,
    max_labels=None,
    crowd_element="crowd-image-classifier",
    element_name="crowd-image-classifier",
    metadata_type="groundtruth/label-verification",
    needs_existing_labels=True,
    max_objects=20_000,
    keywords=("image", "verification", "segmentation", "quality"),
    default_short_instructions=(
        "<p>The coloured areas were painted by others. Judge the <strong>whole picture</strong> and choose the verdict that fits.</p>"
        "<p>Say in the comment what is wrong.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Compare the colours with the picture: does each area show what its category says?</li>"
        "<li>Follow the outlines. Slips of a pixel or two do not matter, cut-off parts do.</li>"
        "<li>Look for objects that were not painted, and for paint on the background.</li></ol>"
        "<p>Choose the verdict that names the worst problem, and describe it in a few words so that it can be mended.</p>"
    ),
)

_ADJUST_BOXES = TaskType(
    key="AdjustmentBoundingBox",
    category="Image",
    title="Bounding box adjustment",
    description="Workers correct boxes that were drawn before.",
    min_labels=1,
    max_labels=50,
    crowd_element="crowd-bounding-box",
    element_name="boundingBox",
    metadata_type="groundtruth/object-detection",
    needs_existing_labels=True,
    keywords=("image", "adjustment", "bounding box", "correction"),
    default_short_instructions=(
        "<p>Correct the boxes you see: <strong>move, resize, relabel, add, delete</strong> until they are right.</p>"
        "<p>Right already? Submit without a change.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Check every box: it touches its object on all four sides and has the right category.</li>"
        "<li>Drag an edge or corner that is off. Redraw a box that is far off.</li>"
        "<li>Add boxes for objects that have none.</li>"
        "<li>Delete a second box on the same object, and a box on nothing.</li></ol>"
        "<p>Leave alone what is right: a change of a pixel helps nobody.</p>"
    ),
)

_ADJUST_SEGMENTS = TaskType(
    key="AdjustmentSemanticSegmentation",
    category="Image",
    title="Segmentation adjustment",
    description="Workers correct painted areas that were made before.",
    min_labels=1,
    max_labels=None,
    crowd_element="crowd-semantic-segmentation",
    element_name="crowd-semantic-segmentation",
    metadata_type="groundtruth/semantic-segmentation",
    label_attribute_suffix="-ref",
    needs_existing_labels=True,
    max_objects=20_000,
    keywords=("image", "adjustment", "segmentation", "correction"),
    default_short_instructions=(
        "<p>Correct the paint: <strong>add</strong> what is missing, <strong>erase</strong> what spilled over, "
        "<strong>repaint</strong> what has the wrong colour.</p><p>Right already? Submit without a change.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Compare each coloured area with the picture beneath it.</li>"
        "<li>Zoom in and mend outlines that cut into an object or run beyond it.</li>"
        "<li>Paint objects that were missed. Erase paint on the background.</li>"
        "<li>Paint over areas of the wrong category with the right one.</li></ol>"
        "<p>Leave alone what is right.</p>"
    ),
)

_CLASSIFY_TEXT = TaskType(
    key="TextMultiClass",
    category="Text",
    title="Text classification",
    description="Workers choose the one category that describes a text.",
    min_labels=2,
    max_labels=None,
    crowd_element="crowd-classifier",
    element_name="crowd-classifier",
    metadata_type="groundtruth/text-classification",
    algorithm="text-classification",
    keywords=("text", "classification", "reading", "category"),
    default_short_instructions=(
        "<p>Read the whole text, then choose the <strong>one</strong> category that fits it best.</p>"
        "<p>Judge what the text says, not whether you agree with it.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Read to the end before you choose; the last sentence may turn the meaning.</li>"
        "<li>Choose exactly one category: the one that fits the text as a whole.</li>"
        "<li>Does more than one fit? Choose the one that most of the text is about.</li>"
        "<li>Slips in spelling and grammar do not matter.</li></ol>"
    ),
)

_CLASSIFY_TEXT_MULTI_LABEL = TaskType(
    key="TextMultiClassMultiLabel",
    category="Text",
    title="Text classification (several labels)",
    description="Workers choose every category that applies to a text.",
    min_labels=2,
    max_labels=50,
    crowd_element="crowd-classifier-multi-select",
    element_name="crowd-classifier-multi-select",
    metadata_type="groundtruth/text-classification-multilabel",
    keywords=("text", "classification", "reading", "multiple labels"),
    default_short_instructions=(
        "<p>Read the whole text, then select <strong>every</strong> category that applies.</p>"
        "<p>A category applies when the text itself says so; do not guess.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Go through the categories one by one and ask of each: does the text say this?</li>"
        "<li>Select all that apply, also those that only one sentence is about.</li>"
        "<li>Leave out what the author may have meant but did not write.</li>"
        "<li>Choose at least one category. If truly none applies, decline the task and say so.</li></ol>"
    ),
)

_MARK_ENTITIES = TaskType(
    key="NamedEntityRecognition",
    category="Text",
    title="Named entity recognition",
    description="Workers mark words and phrases in a text and say what they are.",
    min_labels=1,
    max_labels=None,
    crowd_element="crowd-entity-annotation",
    element_name="crowd-entity-annotation",
    metadata_type="groundtruth/text-span",
    human_task_ui="NamedEntityRecognition",
    keywords=("text", "named entity", "reading", "highlighting"),
    default_short_instructions=(
        "<p>Mark <strong>every</strong> word or phrase that belongs to one of the categories.</p>"
        "<p>Mark the whole name and nothing but the name.</p>"
    ),
    default_full_instructions=(
        "<ol><li>Choose a category, then drag over the words that belong to it.</li>"
        "<li>Mark the full name: first and last name together, with titles that are part of it.</li>"
        "<li>Leave out spaces and punctuation at either end.</li>"
        "<li>Mark every occurrence, also when the same name comes again.</li>"
        "<li>A phrase inside another may be marked too when both belong to a category.</li></ol>"
        "<p>When the text holds nothing to mark, submit without a mark.</p>"
    ),
)

CUSTOM = TaskType(
    key="Custom",
    category="Custom",
    title="Custom",
    description="Workers fill in a form of your own, which may show any kind of object.",
    min_labels=0,
    max_labels=None,
    crowd_element="crowd-form",
    element_name="crowd-form",
    metadata_type="groundtruth/custom",
    keywords=("custom", "form"),
    default_short_instructions="",
    default_full_instructions="",
)

TASK_TYPES: Mapping[str, TaskType] = {
    task_type.key: task_type
    for task_type in (
        _CLASSIFY_IMAGE,
        _CLASSIFY_IMAGE_MULTI_LABEL,
        _DRAW_BOXES,
        _SEGMENT,
        _VERIFY_BOXES,
        _VERIFY_SEGMENTS,
        _ADJUST_BOXES,
        _ADJUST_SEGMENTS,
        _CLASSIFY_TEXT,
        _CLASSIFY_TEXT_MULTI_LABEL,
        _MARK_ENTITIES,
        CUSTOM,
    )
}


def catalogue() -> list[dict[str, Any]]:
    """All task types as clients see them (api.md, "Task type")."""
    return [
        {
            "key": task_type.key,
            "category": task_type.category,
            "title": task_type.title,
            "description": task_type.description,
            "min_labels": task_type.min_labels,
            "max_labels": task_type.max_labels,
            "automated_labeling": task_type.automated_labeling,
            "label_attribute_suffix": task_type.label_attribute_suffix,
            "needs_existing_labels": task_type.needs_existing_labels,
            "default_short_instructions": task_type.default_short_instructions,
            "default_full_instructions": task_type.default_full_instructions,
            "keywords": list(task_type.keywords),
        }
        for task_type in TASK_TYPES.values()
    ]


def known_region(region: str) -> bool:
    """Whether Ground Truth is documented to run in `region`."""
    return region in _FUNCTION_ACCOUNTS


def lambda_arns(task_type: TaskType, region: str, partition: str) -> LambdaArns | None:
    """Ground Truth's functions for the type in `region`; None where it has none."""
    account = _FUNCTION_ACCOUNTS.get(region)
    return None if account is None else _lambda_arns(task_type, region, partition, account)


def built_in_lambda_arns(task_type: TaskType, region: str, partition: str) -> LambdaArns:
    """The functions' names as the built-in labeling service takes them, in any region.

    The built-in service never invokes these functions: it knows the type by their name. So a region that Ground Truth does
    not serve borrows the account of us-east-1, and a request stays one that Ground Truth's own model accepts.
    """
    return _lambda_arns(task_type, region, partition, _FUNCTION_ACCOUNTS.get(region, _FUNCTION_ACCOUNTS["us-east-1"]))


def _lambda_arns(task_type: TaskType, region: str, partition: str, account: str) -> LambdaArns:
    function = f"arn:{partition}:lambda:{region}:{account}:function:"
    return LambdaArns(f"{function}PRE-{task_type.key}", f"{function}ACS-{task_type.key}")


def algorithm_arn(task_type: TaskType, region: str, partition: str) -> str | None:
    """The algorithm of automated labeling for the type; None for a type that cannot be labeled automatically."""
    if task_type.algorithm is None:
        return None
    return f"arn:{partition}:sagemaker:{region}:{_ALGORITHM_ACCOUNT}:labeling-job-algorithm-specification/{task_type.algorithm}"


def human_task_ui_arn(task_type: TaskType, region: str, partition: str) -> str | None:
    """Ground Truth's own worker UI for the type; None for a type that is shown by a worker task template."""
    if task_type.human_task_ui is None:
        return None
    return f"arn:{partition}:sagemaker:{region}:{_HUMAN_TASK_UI_ACCOUNT}:human-task-ui/{task_type.human_task_ui}"


_BUILT_IN_FUNCTION = re.compile(
    rf"arn:aws[a-z-]*:lambda:[a-z0-9-]+:(?:{'|'.join(_FUNCTION_ACCOUNTS.values())}):function:(?:PRE|ACS)-(?P<key>[A-Za-z]+)"
)
# What Ground Truth runs for a custom job without functions: the object goes to workers, and their answers to the output, as they are.
_WITHOUT_FUNCTION = "PassThrough"
_HUMAN_TASK_UI = re.compile(rf"arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:{_HUMAN_TASK_UI_ACCOUNT}:human-task-ui/(?P<ui>[A-Za-z]+)")


def is_customers_function(arn: str) -> bool:
    """Whether this is a function of the customer's own, and none of Ground Truth's accounts."""
    return is_function_arn(arn) and arn.split(":")[4] not in _FUNCTION_ACCOUNTS.values()


def task_type_of_functions(*arns: str | None) -> TaskType | None:
    """The type that the functions of a request stand for together: a customer's own may stand beside one of Ground Truth's.

    A request without functions is for a custom job. None when one of them stands for no type.
    """
    kinds = [task_type_of(arn) for arn in arns if arn is not None]
    if None in kinds:
        return None
    return next((kind for kind in kinds if kind is not None and not kind.is_custom), CUSTOM)


def task_type_of(arn: str) -> TaskType | None:
    """The type that a PreHumanTaskLambdaArn, AnnotationConsolidationLambdaArn or HumanTaskUiArn of a request stands for.

    A customer's own function stands for a custom job. It may be called `PRE-BoundingBox` too, so the owner's account counts, while the
    region does not. None for anything else, as a function of Ground Truth's for a type that is not in the catalogue.
    """
    if function := _BUILT_IN_FUNCTION.fullmatch(arn):
        return CUSTOM if function["key"] == _WITHOUT_FUNCTION else TASK_TYPES.get(function["key"])
    if is_customers_function(arn):
        return CUSTOM
    if ui := _HUMAN_TASK_UI.fullmatch(arn):
        return next((task_type for task_type in TASK_TYPES.values() if task_type.human_task_ui == ui["ui"]), None)
    return None
