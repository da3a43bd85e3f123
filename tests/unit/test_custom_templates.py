"""Worker task templates that people wrote themselves: what is wrong with one is told before a job begins, and again at its launch."""

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from groundwork import custom_templates
from groundwork.custom_templates import read_custom_template, template_advice
from groundwork.data_locations import S3Uri
from groundwork.errors import InvalidRequestError
from tests.builders import BUCKET, OneView, a_definition, some_locations, some_surroundings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

URI = S3Uri(BUCKET, "projects/pets/page.liquid")
PAGE = "<crowd-form><crowd-input name='mood'></crowd-input>{{ task.input.text }}</crowd-form>"


@pytest.fixture
def s3(data_bucket: "S3Client") -> "S3Client":
    return data_bucket


def read(s3: "S3Client", body: str | bytes | None) -> str:
    if body is not None:
        s3.put_object(Bucket=URI.bucket, Key=URI.key, Body=body)
    return read_custom_template(OneView(s3).of("pets", some_locations("pets")), URI)


@pytest.mark.parametrize("template", [PAGE, "<crowd-entity-annotation name='x'></crowd-entity-annotation>", f"\ufeff{PAGE}"])
def test_a_template_that_workers_can_submit_is_taken(s3: "S3Client", template: str) -> None:
    assert read(s3, template) == template.removeprefix("\ufeff")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (None, "template.missing"),
        (b"\xff\xfe", "template.not-text"),
        ("<crowd-form>{{ task.input.text </crowd-form>", "template.not-liquid"),
        ("x" * 128_001, "template.not-liquid"),
        ("x" * 512_001, "template.too-large"),
        ("<form></form>", "template.form-missing"),
        ("<!-- <crowd-form></crowd-form> -->", "template.form-missing"),
        ("", "template.form-missing"),
        ("<![form[<crowd-form></crowd-form>]]>", "template.form-missing"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(s3: "S3Client", body: str | bytes | None, code: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        read(s3, body)

    assert [(found.pointer, found.code) for found in refused.value.faults] == [("/template_uri", code)]


SCRIPT = "<script src='https://assets.crowd.aws/crowd-html-elements.js'></script>"


@pytest.mark.parametrize(
    ("template", "codes"),
    [
        (SCRIPT + PAGE, []),
        (f"{SCRIPT}<crowd-entity-annotation name='x'></crowd-entity-annotation>", []),
        (f"{SCRIPT}<script src='mine.js'></script><crowd-form><crowd-checkbox></crowd-checkbox></crowd-form>", []),
        (PAGE, ["template.script-not-once"]),
        (SCRIPT + SCRIPT + PAGE, ["template.script-not-once"]),
        (f"{SCRIPT}<crowd-form>", ["template.form-unclosed"]),
        (f"{SCRIPT}<crowd-form><crowd-entity-annotation name='x'></crowd-entity-annotation></crowd-form>", ["template.form-in-form"]),
        (
            f"{SCRIPT}<crowd-form><crowd-input></crowd-input><crowd-slider name=''></crowd-slider></crowd-form>",
            ["template.element-unnamed"],
        ),
    ],
)
def test_what_may_keep_workers_from_answering_is_a_warning(s3: "S3Client", template: str, codes: list[str]) -> None:
    s3.put_object(Bucket=URI.bucket, Key=URI.key, Body=template.encode())
    definition = a_definition(task_type="Custom", template_uri=str(URI))

    faults = some_surroundings().faults("pets", definition)

    assert [found.code for found in faults] == codes
    assert not any(found.is_error for found in faults)


@given(st.text() | st.text("<>![]-/crowd-form 'name=CDATA").map(lambda text: f"<{text}"))
@example("<![ x")
@example("<![a b c[")
def test_any_text_can_be_advised_on(template: str) -> None:
    assert all(not found.is_error for found in template_advice(template, URI))


def test_a_definition_is_checked_with_its_template(s3: "S3Client") -> None:
    definition = a_definition(task_type="Custom", template_uri=str(URI))

    faults = some_surroundings().faults("pets", definition)

    assert [found.code for found in faults] == ["template.missing"]


def test_a_template_outside_the_data_locations_is_not_even_looked_at(s3: "S3Client", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(custom_templates, "_at_most", None)
    definition = a_definition(task_type="Custom", template_uri=f"s3://{BUCKET}/projects/zoo/page.liquid")

    faults = some_surroundings().faults("pets", definition)

    assert [found.code for found in faults] == ["job.template-outside-locations"]
