"""What a labeling job's definition must keep before it is launched."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from groundwork.data_locations import DataLocation, DataLocations, LocationAccess, S3Uri
from groundwork.labeling_jobs import defaults
from groundwork.labeling_jobs.checks import CheckContext, definition_faults
from groundwork.labeling_jobs.definition import LabelingJobDefinition, NamedEntityLabel, StoppingConditions
from groundwork.rules import Fault, Severity
from groundwork.task_types import TASK_TYPES

LOCATIONS = DataLocations.of(
    [
        DataLocation("default", S3Uri("groundwork-data", "projects/pets/"), LocationAccess.READ_WRITE),
        DataLocation("archive", S3Uri("archive", "photos/"), LocationAccess.READ),
    ]
)


def a_context(**overrides: Any) -> CheckContext:
    return CheckContext(
        **{
            "project": "pets",
            "data_locations": LOCATIONS,
            "region": "us-east-1",
            "account_id": "123456789012",
            "labeling_service": "BuiltIn",
            "team_member_count": 3,
            **overrides,
        }
    )


def a_definition(**overrides: Any) -> LabelingJobDefinition:
    return LabelingJobDefinition(
        **{
            "name": "cats-2026-11",
            "task_category": "Image",
            "task_type": "ImageMultiClass",
            "input_manifest_uri": "s3://groundwork-data/projects/pets/manifests/cats.manifest",
            "labeling_team": "vets",
            "workers_per_object": 3,
            "description": "Choose the animal in the picture",
            "labels": ("cat", "dog"),
            **overrides,
        }
    )


def a_definition_of(key: str, **overrides: Any) -> LabelingJobDefinition:
    existing = {"existing_label_attribute": "earlier"} if TASK_TYPES[key].needs_existing_labels else {}
    own = {"template_uri": "s3://groundwork-data/projects/pets/page.liquid"} if TASK_TYPES[key].is_custom else {}
    return a_definition(task_type=key, task_category=None, **{**existing, **own, **overrides})


def found(definition: LabelingJobDefinition, **context: Any) -> list[tuple[str | None, str]]:
    """Pointer and code of every fault."""
    return [(fault.pointer, fault.code) for fault in definition_faults(definition, a_context(**context))]


@pytest.mark.parametrize("key", TASK_TYPES)
@pytest.mark.parametrize("service", ["BuiltIn", "SageMaker"])
def test_a_complete_job_of_any_type_has_no_faults(key: str, service: str) -> None:
    assert found(a_definition_of(key), labeling_service=service) == []


def test_all_faults_are_told_at_once_in_the_order_of_the_fields() -> None:
    definition = LabelingJobDefinition(
        name="no_good",
        task_type="ImageMultiClass",
        task_timeout_seconds=1,
        workers_per_object=10,
        labels=("cat",),
        task_keywords=("no, good",),
        stopping_conditions=StoppingConditions(max_percentage_labeled=0),
        tags={"aws:x": "y"},
    )

    assert found(definition) == [
        ("/name", "job.name-invalid"),
        ("/input_manifest_uri", "job.input-missing"),
        ("/labeling_team", "job.labeling-team-missing"),
        ("/task_timeout_seconds", "job.task-timeout-out-of-range"),
        ("/workers_per_object", "job.workers-out-of-range"),
        ("/description", "job.description-missing"),
        ("/labels", "job.labels-too-few"),
        ("/task_keywords/0", "job.keyword-invalid"),
        ("/stopping_conditions/max_percentage_labeled", "job.stopping-condition-out-of-range"),
        ("/tags/aws:x", "job.tag-reserved"),
    ]


def test_a_draft_that_holds_nothing_but_its_name_is_told_what_it_lacks() -> None:
    assert found(LabelingJobDefinition(name="cats"), team_member_count=None) == [
        ("/task_type", "job.task-type-missing"),
        ("/input_manifest_uri", "job.input-missing"),
        ("/labeling_team", "job.labeling-team-missing"),
        ("/description", "job.description-missing"),
    ]


GOOD = "s3://groundwork-data/projects/pets/"


@pytest.mark.parametrize(
    ("overrides", "faults"),
    [
        # names and label attributes
        ({"name": "a" * 63}, []),
        ({"name": "a" * 64}, [("/name", "job.name-invalid")]),
        ({"name": "a-"}, [("/name", "job.name-invalid")]),
        ({"name": "cats\n"}, [("/name", "job.name-invalid")]),
        ({"name": ""}, [("/name", "job.name-invalid")]),
        ({"name": "Cats--1"}, []),
        ({"name": "source"}, [("/label_attribute_name", "job.label-attribute-reserved")]),
        ({"name": "cats-ref"}, [("/label_attribute_name", "job.label-attribute-ends-in-ref")]),
        ({"name": "cats-ref", "label_attribute_name": "cats"}, []),
        ({"label_attribute_name": "my_cats"}, [("/label_attribute_name", "job.label-attribute-invalid")]),
        ({"label_attribute_name": "a" * 127}, []),
        ({"label_attribute_name": "a" * 128}, [("/label_attribute_name", "job.label-attribute-invalid")]),
        ({"label_attribute_name": "cats-metadata"}, [("/label_attribute_name", "job.label-attribute-reserved")]),
        ({"label_attribute_name": "source-ref"}, [("/label_attribute_name", "job.label-attribute-reserved")]),
        ({"label_attribute_name": "cats-ref"}, [("/label_attribute_name", "job.label-attribute-ends-in-ref")]),
        # task type
        ({"task_type": "LabelVerification"}, [("/task_type", "job.task-type-unknown")]),
        ({"task_category": "Text"}, [("/task_category", "job.task-category-mismatch")]),
        # input and output
        ({"input_manifest_uri": "https://x/y"}, [("/input_manifest_uri", "job.s3-uri-invalid")]),
        ({"input_manifest_uri": GOOD}, [("/input_manifest_uri", "job.s3-uri-invalid")]),
        ({"input_manifest_uri": GOOD + "../cats/x.manifest"}, [("/input_manifest_uri", "job.s3-uri-invalid")]),
        ({"input_manifest_uri": "s3://archive/photos/x.manifest"}, []),
        ({"input_manifest_uri": "s3://archive/x.manifest"}, [("/input_manifest_uri", "job.input-outside-locations")]),
        ({"input_manifest_uri": "s3://groundwork-data/projects/pets-2/x"}, [("/input_manifest_uri", "job.input-outside-locations")]),
        ({"input_prefix_uri": GOOD}, [("/input_prefix_uri", "job.input-ambiguous")]),
        ({"input_manifest_uri": None, "input_prefix_uri": GOOD}, []),
        ({"input_manifest_uri": None, "input_prefix_uri": "s3://groundwork-data/projects/pets"}, []),
        ({"input_manifest_uri": None, "input_prefix_uri": "photos/"}, [("/input_prefix_uri", "job.s3-uri-invalid")]),
        (
            {"input_manifest_uri": None, "input_prefix_uri": "s3://groundwork-data/projects/"},
            [("/input_prefix_uri", "job.input-outside-locations")],
        ),
        ({"output_uri": GOOD + "output/"}, []),
        ({"output_uri": "s3://groundwork-data/projects/pets"}, []),
        ({"output_uri": "output/"}, [("/output_uri", "job.s3-uri-invalid")]),
        ({"output_uri": "s3://archive/photos/out/"}, [("/output_uri", "job.output-outside-locations")]),
        ({"output_uri": "s3://elsewhere/"}, [("/output_uri", "job.output-outside-locations")]),
        ({"output_uri": GOOD + "m.x", "input_manifest_uri": GOOD + "m.x"}, [("/output_uri", "job.output-in-manifest")]),
        ({"output_uri": GOOD + "m.x/out", "input_manifest_uri": GOOD + "m.x"}, [("/output_uri", "job.output-in-manifest")]),
        ({"output_uri": GOOD + "manifests/out/"}, [("/output_uri", "job.output-drafts-jobs")]),
        # times and workers
        ({"task_timeout_seconds": 30}, []),
        ({"task_timeout_seconds": 28_800}, []),
        ({"task_timeout_seconds": 28_801}, [("/task_timeout_seconds", "job.task-timeout-out-of-range")]),
        ({"task_expiration_seconds": 59}, [("/task_expiration_seconds", "job.task-expiration-out-of-range")]),
        ({"task_expiration_seconds": 2_592_001}, [("/task_expiration_seconds", "job.task-expiration-out-of-range")]),
        ({"task_expiration_seconds": 299}, [("/task_expiration_seconds", "job.task-expires-before-timeout")]),
        ({"task_expiration_seconds": 300}, []),
        ({"workers_per_object": 0}, [("/workers_per_object", "job.workers-out-of-range")]),
        # description and title
        ({"description": "x" * 255}, []),
        ({"description": "x" * 256}, [("/description", "job.description-too-long")]),
        ({"description": "  "}, [("/description", "job.description-missing")]),
        ({"description": "a\nb"}, [("/description", "job.description-has-line-break")]),
        ({"description": "a\u2028b"}, [("/description", "job.description-has-line-break")]),
        ({"description": "Katzen 🐈 zählen"}, []),
        ({"task_title": "x" * 128}, []),
        ({"task_title": "x" * 129}, [("/task_title", "job.title-too-long")]),
        ({"task_title": ""}, [("/task_title", "job.title-invalid")]),
        ({"task_title": "cats 🐈"}, [("/task_title", "job.title-invalid")]),
        # labels
        ({"labels": ("cat", "")}, [("/labels/1", "job.label-empty")]),
        ({"labels": ("cat", " ")}, [("/labels/1", "job.label-empty")]),
        ({"labels": ("cat", "x" * 256)}, []),
        ({"labels": ("cat", "x" * 257)}, [("/labels/1", "job.label-too-long")]),
        ({"labels": ("cat", "dog", "cat")}, [("/labels/2", "job.label-duplicate")]),
        ({"labels": ("cat", "dog", "Cat")}, [("/labels/2", "job.label-differs-in-case")]),
        (
            {"labels": ("cat", NamedEntityLabel(label="dog", short_display_name="d"))},
            [("/labels/1/short_display_name", "job.short-display-name-unused")],
        ),
        ({"labels": ("cat", NamedEntityLabel(label=""))}, [("/labels/1/label", "job.label-empty")]),
        # keywords
        ({"task_keywords": ("one", "two words", "3")}, []),
        ({"task_keywords": ("a", "b", "c", "d", "e", "f")}, [("/task_keywords", "job.keywords-too-many")]),
        ({"task_keywords": ("ok", "two  spaces")}, [("/task_keywords/1", "job.keyword-invalid")]),
        ({"task_keywords": ("x" * 31,)}, [("/task_keywords/0", "job.keyword-invalid")]),
        # the rest
        ({"max_concurrent_objects": 1_000}, []),
        ({"max_concurrent_objects": 1_001}, [("/max_concurrent_objects", "job.concurrency-needs-quota")]),
        ({"max_concurrent_objects": 5_001}, [("/max_concurrent_objects", "job.concurrency-out-of-range")]),
        ({"max_concurrent_objects": 0}, [("/max_concurrent_objects", "job.concurrency-out-of-range")]),
        (
            {"stopping_conditions": StoppingConditions(max_human_labeled_objects=0, max_percentage_labeled=101)},
            [
                ("/stopping_conditions/max_human_labeled_objects", "job.stopping-condition-out-of-range"),
                ("/stopping_conditions/max_percentage_labeled", "job.stopping-condition-out-of-range"),
            ],
        ),
        ({"split": True, "name": "c" * 53}, []),
        ({"split": True, "name": "c" * 54}, [("/name", "job.name-too-long-to-split")]),
        (
            {"split": True, "stopping_conditions": StoppingConditions(max_human_labeled_objects=5, max_percentage_labeled=50)},
            [("/stopping_conditions/max_human_labeled_objects", "job.split-stops-by-percentage")],
        ),
        ({"existing_label_attribute": "earlier"}, [("/existing_label_attribute", "job.existing-labels-unused")]),
        ({"output_kms_key_id": "arn:aws:kms:us-east-1:123456789012:key/1a-2b"}, []),
        ({"output_kms_key_id": "alias/labels"}, []),
        *(
            ({"output_kms_key_id": key}, [("/output_kms_key_id", "job.kms-key-elsewhere")])
            for key in (
                "arn:aws:kms:eu-west-1:123456789012:key/1a-2b",
                "arn:aws-cn:kms:us-east-1:123456789012:key/1a-2b",
                "arn:aws:s3:us-east-1:123456789012:key/1a-2b",
            )
        ),
        ({"output_kms_key_id": "not a key"}, [("/output_kms_key_id", "job.kms-key-invalid")]),
        ({"tags": {"team/x~y": "a;b"}}, [("/tags/team~1x~0y", "job.tag-invalid")]),
        ({"tags": {"": "x"}}, [("/tags/", "job.tag-invalid")]),
        ({"tags": {"k": "v" * 257}}, [("/tags/k", "job.tag-invalid")]),
        ({"tags": {"AWS:k": "v"}}, [("/tags/AWS:k", "job.tag-reserved")]),
        ({"tags": {"groundwork:project": "other"}}, [("/tags/groundwork:project", "job.tag-reserved")]),
        ({"tags": {str(number): "" for number in range(48)}}, []),
        ({"tags": {str(number): "" for number in range(49)}}, [("/tags", "job.tags-too-many")]),
        ({"tags": {str(number): "" for number in range(48)}, "priority": 60}, [("/tags", "job.tags-too-many")]),
    ],
    ids=lambda value: str(value)[:60] if isinstance(value, dict) else "",
)
def test_each_rule_names_the_field_that_breaks_it(overrides: dict[str, Any], faults: list[tuple[str, str]]) -> None:
    assert found(a_definition(**overrides)) == faults


@pytest.mark.parametrize(("key", "task_type"), TASK_TYPES.items())
def test_the_number_of_labels_stays_within_the_types_limits(key: str, task_type: Any) -> None:
    def codes(count: int) -> list[str]:
        return [code for _, code in found(a_definition_of(key, labels=tuple(map(str, range(count)))))]

    assert codes(task_type.min_labels) == []
    assert task_type.min_labels == 0 or codes(task_type.min_labels - 1) == ["job.labels-too-few"]
    assert codes(task_type.max_labels or 500) == []
    assert codes(501) == ([] if task_type.max_labels is None else ["job.labels-too-many"])


def test_masks_are_written_under_an_attribute_that_ends_in_ref() -> None:
    assert found(a_definition_of("SemanticSegmentation", label_attribute_name="road-ref")) == []
    assert found(a_definition_of("SemanticSegmentation", label_attribute_name="road")) == [
        ("/label_attribute_name", "job.label-attribute-needs-ref")
    ]
    assert found(a_definition_of("VerificationSemanticSegmentation", label_attribute_name="check-ref")) == [
        ("/label_attribute_name", "job.label-attribute-ends-in-ref")
    ]


@pytest.mark.parametrize(
    ("existing", "code"),
    [
        (None, "job.existing-labels-missing"),
        ("", "job.existing-labels-missing"),
        ("no_good", "job.label-attribute-invalid"),
        ("cats-2026-11", "job.existing-labels-overwritten"),
    ],
)
def test_adjustment_needs_another_attribute_to_work_on(existing: str | None, code: str) -> None:
    definition = a_definition_of("AdjustmentBoundingBox", existing_label_attribute=existing)

    assert found(definition) == [("/existing_label_attribute", code)]


def test_named_entities_may_have_short_names() -> None:
    labels = (NamedEntityLabel(label="City", short_display_name="cty"), "Person")

    assert found(a_definition_of("NamedEntityRecognition", labels=labels)) == []


def test_a_team_that_is_unknown_or_too_small_is_refused() -> None:
    assert found(a_definition(), team_member_count=None) == [("/labeling_team", "job.labeling-team-unknown")]
    assert found(a_definition(), team_member_count=2) == [("/labeling_team", "job.labeling-team-too-small")]
    assert found(a_definition(workers_per_object=2), team_member_count=2) == []


PROPOSALS = "arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_pets_proposals"


def automated(key: str, **overrides: Any) -> LabelingJobDefinition:
    return a_definition_of(key, automated_labeling=True, **overrides)


def test_ground_truth_labels_automatically_where_a_type_has_an_algorithm() -> None:
    assert found(automated("BoundingBox"), labeling_service="SageMaker") == []
    assert found(automated("NamedEntityRecognition"), labeling_service="SageMaker") == [
        ("/automated_labeling", "job.automated-labeling-unavailable")
    ]
    assert found(automated("SemanticSegmentation", labels=tuple(map(str, range(21)))), labeling_service="SageMaker") == [
        ("/labels", "job.labels-too-many-for-automation")
    ]
    assert found(automated("TextMultiClass", automated_labeling_function_arn=PROPOSALS), labeling_service="SageMaker") == [
        ("/automated_labeling_function_arn", "job.automated-labeling-by-ground-truth")
    ]


@pytest.mark.parametrize("key", ["ImageMultiClass", "TextMultiClass"])
def test_the_built_in_service_labels_automatically_with_a_function_of_the_project(key: str) -> None:
    of_others = PROPOSALS.replace("_pets_", "_birds_")

    assert found(automated(key, automated_labeling_function_arn=PROPOSALS, automated_labeling_confidence=0.9)) == []
    assert found(automated(key)) == [("/automated_labeling_function_arn", "job.automated-labeling-needs-function")]
    assert found(automated(key, automated_labeling_function_arn=of_others)) == [
        ("/automated_labeling_function_arn", "job.function-refused")
    ]
    assert found(automated(key, automated_labeling_function_arn="proposals")) == [
        ("/automated_labeling_function_arn", "job.function-invalid")
    ]


def test_the_built_in_service_labels_only_classes_automatically() -> None:
    assert found(automated("BoundingBox", automated_labeling_function_arn=PROPOSALS)) == [
        ("/automated_labeling", "job.automated-labeling-unavailable")
    ]


@pytest.mark.parametrize("confidence", [-0.01, 1.01])
def test_a_confidence_lies_between_0_and_1(confidence: float) -> None:
    definition = automated("TextMultiClass", automated_labeling_function_arn=PROPOSALS, automated_labeling_confidence=confidence)

    assert found(definition) == [("/automated_labeling_confidence", "job.confidence-out-of-range")]


def test_what_belongs_to_automated_labeling_is_of_no_use_without_it() -> None:
    definition = a_definition_of("TextMultiClass", automated_labeling_function_arn=PROPOSALS, automated_labeling_confidence=0.9)

    assert found(definition) == [
        ("/automated_labeling_function_arn", "job.automated-labeling-off"),
        ("/automated_labeling_confidence", "job.automated-labeling-off"),
    ]


@pytest.mark.parametrize(("priority", "is_legal"), [(-1, False), (0, True), (50, True), (100, True), (101, False)])
def test_a_priority_lies_between_0_and_100(priority: int, is_legal: bool) -> None:
    assert found(a_definition(priority=priority)) == ([] if is_legal else [("/priority", "job.priority-out-of-range")])


def test_a_region_without_ground_truth_is_told_when_ground_truth_is_to_label() -> None:
    faults = definition_faults(a_definition(), a_context(region="eu-north-1", labeling_service="SageMaker"))

    assert [(fault.pointer, fault.code) for fault in faults] == [("/task_type", "job.region-unsupported")]
    assert "eu-north-1" in faults[0].message
    assert "eu-west-1" in faults[0].remedy
    assert found(a_definition(), region="eu-north-1") == []


@pytest.mark.parametrize("field", ["short_instructions", "full_instructions"])
def test_instructions_show_only_pictures_of_the_project(field: str) -> None:
    def image(uri: str) -> str:
        return f"<img src=\"{{{{ '{uri}' | grant_read_access }}}}\">"

    assert found(a_definition(**{field: image("s3://archive/photos/good.png")})) == []
    assert found(a_definition(**{field: image("s3://secrets/plan.png")})) == [(f"/{field}", "instructions.image-outside-locations")]
    assert found(a_definition(**{field: '<img src="http://example.com/x.png">'})) == [(f"/{field}", "instructions.image-refused")]
    assert found(a_definition(**{field: "x" * 50_000})) == []
    assert found(a_definition(**{field: "x" * 50_001})) == [(f"/{field}", "instructions.too-long")]
    assert found(a_definition(**{field: "{" * 50_000})) == [
        (f"/{field}", "instructions.too-long"),
        (f"/{field}", "instructions.liquid-shown-as-text"),
    ]


@pytest.mark.parametrize(
    "overrides",
    [
        {"labels": ("cat", "Cat")},
        {"max_concurrent_objects": 2_000},
        {"short_instructions": "{{ task.input }}"},
        {"output_uri": GOOD + "manifests/"},
    ],
)
def test_what_only_looks_wrong_does_not_keep_a_job_from_launching(overrides: dict[str, Any]) -> None:
    (fault,) = definition_faults(a_definition(**overrides), a_context())

    assert fault.severity is Severity.WARNING


def test_half_a_surrogate_pair_is_a_fault_of_its_field() -> None:
    definition = a_definition(labels=("cat", "d\ud800g"), short_instructions="<p>\udc00</p>")

    assert found(definition) == [("/labels", "request.field-invalid"), ("/short_instructions", "request.field-invalid")]


ANY_TEXT = (
    st.text() | st.text(alphabet=st.characters()) | st.sampled_from(["s3://groundwork-data/projects/pets/x", "{{ x }}", "<b>", *TASK_TYPES])
)
ANY_DEFINITION = st.builds(
    LabelingJobDefinition,
    name=ANY_TEXT,
    label_attribute_name=st.none() | ANY_TEXT,
    task_category=st.sampled_from([None, "Image", "Text"]),
    task_type=st.none() | st.sampled_from(sorted(TASK_TYPES)) | ANY_TEXT,
    input_manifest_uri=st.none() | ANY_TEXT,
    input_prefix_uri=st.none() | ANY_TEXT,
    output_uri=st.none() | ANY_TEXT,
    labeling_team=st.none() | ANY_TEXT,
    task_timeout_seconds=st.integers(),
    task_expiration_seconds=st.integers(),
    workers_per_object=st.integers(),
    description=st.none() | ANY_TEXT,
    labels=st.lists(ANY_TEXT | st.builds(NamedEntityLabel, label=ANY_TEXT, short_display_name=st.none() | ANY_TEXT)).map(tuple),
    short_instructions=st.none() | ANY_TEXT,
    full_instructions=st.none() | ANY_TEXT,
    task_title=st.none() | ANY_TEXT,
    task_keywords=st.lists(ANY_TEXT).map(tuple),
    max_concurrent_objects=st.none() | st.integers(),
    automated_labeling=st.booleans(),
    stopping_conditions=st.builds(
        StoppingConditions,
        max_human_labeled_objects=st.none() | st.integers(),
        max_percentage_labeled=st.none() | st.integers(),
    ),
    split=st.booleans(),
    existing_label_attribute=st.none() | ANY_TEXT,
    output_kms_key_id=st.none() | ANY_TEXT,
    tags=st.dictionaries(ANY_TEXT, ANY_TEXT),
)
ANY_CONTEXT = st.builds(
    a_context,
    region=st.sampled_from(["us-east-1", "eu-north-1"]),
    labeling_service=st.sampled_from(["BuiltIn", "SageMaker"]),
    team_member_count=st.none() | st.integers(min_value=0, max_value=10),
)


@given(ANY_DEFINITION, ANY_CONTEXT)
def test_any_definition_gets_an_answer(definition: LabelingJobDefinition, context: CheckContext) -> None:
    faults = definition_faults(definition, context)

    assert all(isinstance(fault, Fault) and fault.pointer and fault.message and fault.remedy for fault in faults)
    assert all(fault.pointer.split("/")[1] in LabelingJobDefinition.model_fields for fault in faults if fault.pointer)


# --- defaults ----------------------------------------------------------------------------------------------------


def test_the_label_attribute_is_the_jobs_name_and_ends_in_ref_where_it_must() -> None:
    assert defaults.label_attribute_name(a_definition()) == "cats-2026-11"
    assert defaults.label_attribute_name(a_definition_of("SemanticSegmentation")) == "cats-2026-11-ref"
    assert defaults.label_attribute_name(a_definition_of("SemanticSegmentation", name="road-ref")) == "road-ref"
    assert defaults.label_attribute_name(a_definition(label_attribute_name="kind")) == "kind"


def test_the_title_comes_from_task_type_and_description_and_always_fits() -> None:
    assert defaults.task_title(a_definition()) == "Image classification: Choose the animal in the picture"
    assert defaults.task_title(a_definition(description="🐈 cats")) == "Image classification:  cats"
    assert len(defaults.task_title(a_definition(description="x" * 255))) == 128
    assert defaults.task_title(a_definition(description="x" * 255)).endswith("…")
    assert defaults.task_title(a_definition(task_title="Cats")) == "Cats"


def test_blank_instructions_are_replaced_by_the_types_own() -> None:
    boxes = TASK_TYPES["BoundingBox"]

    assert defaults.short_instructions(a_definition_of("BoundingBox", short_instructions=" ")) == boxes.default_short_instructions
    assert defaults.full_instructions(a_definition_of("BoundingBox")) == boxes.default_full_instructions
    assert defaults.full_instructions(a_definition_of("BoundingBox", full_instructions="<p>x</p>")) == "<p>x</p>"
    assert defaults.task_keywords(a_definition_of("BoundingBox")) == boxes.keywords


@pytest.mark.parametrize(
    ("given_uri", "uri"),
    [
        (None, "s3://groundwork-data/projects/pets/labeling-jobs/cats-2026-11/output/"),
        ("s3://bucket/out", "s3://bucket/out/"),
        ("s3://bucket/out/", "s3://bucket/out/"),
        ("s3://bucket/", "s3://bucket/"),
    ],
)
def test_the_output_goes_to_the_jobs_own_folder_unless_the_definition_says_otherwise(given_uri: str | None, uri: str) -> None:
    assert str(defaults.output_uri(a_definition(output_uri=given_uri), "pets", "groundwork-data")) == uri


# --- custom jobs -----------------------------------------------------------------------------------------------------

OWN_FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:LabelingFunction_pets_tidy"


@pytest.mark.parametrize(
    ("overrides", "faults"),
    [
        ({"template_uri": None}, [("/template_uri", "job.template-missing")]),
        ({"template_uri": "page.liquid"}, [("/template_uri", "job.s3-uri-invalid")]),
        ({"template_uri": "s3://zoo/page.liquid"}, [("/template_uri", "job.template-outside-locations")]),
        ({"short_instructions": "<p>Look</p>"}, [("/short_instructions", "job.instructions-in-template")]),
        ({"pre_annotation_function_arn": OWN_FUNCTION, "consolidation_function_arn": f"{OWN_FUNCTION}:live"}, []),
        ({"consolidation_function_arn": OWN_FUNCTION.replace("_pets_", "__")}, []),
        ({"pre_annotation_function_arn": "tidy"}, [("/pre_annotation_function_arn", "job.function-invalid")]),
        ({"labels": ()}, []),
        ({"task_category": "Text"}, []),
    ],
)
def test_a_custom_job_has_a_template_of_its_own_and_perhaps_functions(overrides: Any, faults: Any) -> None:
    assert found(a_definition_of("Custom").model_copy(update=overrides)) == faults


@pytest.mark.parametrize(
    "arn",
    [
        OWN_FUNCTION.replace("_pets_", "_zoo_"),
        OWN_FUNCTION.replace("_pets_", "-pets-"),
        OWN_FUNCTION.replace("_pets_tidy", ""),
        OWN_FUNCTION.replace("us-east-1", "eu-west-1"),
        OWN_FUNCTION.replace("123456789012", "210987654321"),
        "arn:aws:lambda:us-east-1:123456789012:function:payroll",
    ],
)
def test_a_job_runs_only_functions_that_are_named_for_its_project(arn: str) -> None:
    assert found(a_definition_of("Custom", pre_annotation_function_arn=arn)) == [("/pre_annotation_function_arn", "job.function-refused")]


def test_other_types_take_neither_template_nor_functions() -> None:
    definition = a_definition(template_uri="s3://groundwork-data/projects/pets/page.liquid", consolidation_function_arn=OWN_FUNCTION)

    assert found(definition) == [("/template_uri", "job.custom-only"), ("/consolidation_function_arn", "job.custom-only")]
