"""The worker task template: right for its type, inert against whatever people write into it, and bounded when rendered."""

import itertools
import json
import re
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from groundwork.data_locations import S3Uri
from groundwork.errors import ForbiddenError, TemplateError
from groundwork.task_types import TASK_TYPES, TaskType
from groundwork.worker_page import render, worker_page
from groundwork.worker_task_template import compose, instruction_images, s3_uri_of, sanitize_instructions, task_input

if TYPE_CHECKING:
    from groundwork.presigning import ProjectView

COMPOSED = [task_type for task_type in TASK_TYPES.values() if not task_type.is_custom]
ALL_TYPES = pytest.mark.parametrize("task_type", COMPOSED, ids=lambda task_type: task_type.key)
CANARY = "7h3-canary-51ngs"

LABELS = [{"label": 'cat "big"'}, {"label": "dog's"}]
LINE: dict[str, Any] = {
    "source-ref": "s3://bucket/one.png",
    "source": "Ana flew to Oslo.",
    "2-boxes": {
        "image_size": [{"width": 640, "height": 480, "depth": 3}],
        "annotations": [
            {"class_id": 1, "left": 10, "top": 20.5, "width": 30, "height": 40},
            {"class_id": 0, "left": 1, "top": 2, "width": 3, "height": 4},
        ],
    },
    "2-boxes-metadata": {"class-map": {"1": 'a "quoted" cat', "0": "dog"}, "type": "groundtruth/object-detection"},
    "road-ref": "s3://bucket/masks/one.png",
    "road-ref-metadata": {
        "internal-color-map": {
            "0": {"class-name": "BACKGROUND", "hex-color": "#ffffff", "confidence": 0.8},
            "1": {"class-name": "lane's", "hex-color": "#2ca02c", "confidence": 0.8},
            "2": {"class-name": "kerb", "hex-color": "#1f77b4", "confidence": 0.8},
        }
    },
}


def granted(uri: str) -> str:
    return f"https://signed.example/{uri.removeprefix('s3://')}?a=1&b=2"


def existing_attribute(task_type: TaskType) -> str:
    return "road-ref" if task_type.shows_segmentation else "2-boxes"


def template_of(task_type: TaskType, instructions: str = "<p>Look.</p>", description: str = "Choose the animal") -> str:
    return compose(
        task_type,
        description=description,
        short_instructions=instructions,
        full_instructions=instructions,
        existing_label_attribute=existing_attribute(task_type),
    )


def page_of(task_type: TaskType, template: str, line: dict[str, Any] = LINE) -> str:
    return render(template, task_input(task_type, LABELS, line), granted)


class Page(HTMLParser):
    """Elements of a page in order: their names, attributes and nesting, as a browser's parser sees them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def element(self, tag: str) -> dict[str, str | None]:
        (found,) = [attributes for name, attributes in self.elements if name == tag]
        return found

    def json(self, tag: str, attribute: str) -> Any:
        value = self.element(tag)[attribute]
        assert value is not None
        return json.loads(value)

    @property
    def tags(self) -> list[str]:
        return [tag for tag, _ in self.elements]


# --- every task type ---------------------------------------------------------------------------------------------


@ALL_TYPES
def test_a_page_shows_the_data_object_the_labels_the_description_and_the_instructions(task_type: TaskType) -> None:
    page = Page(page_of(task_type, template_of(task_type)))

    widget = page.element(task_type.crowd_element)
    labels = page.json(task_type.crowd_element, "categories" if "classifier" in task_type.crowd_element else "labels")
    assert page.element("script") == {"src": "https://assets.crowd.aws/crowd-html-elements.js"}
    assert widget["name"] == task_type.element_name
    assert widget["header"] == "Choose the animal"
    assert labels == (LABELS if task_type.key == "NamedEntityRecognition" else ['cat "big"', "dog's"])
    if task_type.category == "Image":
        assert widget["src"] == "https://signed.example/bucket/one.png?a=1&b=2"
    else:
        assert widget.get("text", "Ana flew to Oslo.") == "Ana flew to Oslo."
        assert "text" in widget or "Ana flew to Oslo." in page.text
    assert page.text.count("Look.") == 2
    assert page.tags.count("full-instructions") == page.tags.count("short-instructions") == 1


@ALL_TYPES
def test_every_widget_but_the_named_entity_one_sits_in_a_form(task_type: TaskType) -> None:
    tags = Page(page_of(task_type, template_of(task_type))).tags

    assert ("crowd-form" in tags) == (task_type.key != "NamedEntityRecognition")


def test_box_verification_lays_the_existing_boxes_over_the_picture_and_asks_for_a_comment() -> None:
    page = Page(page_of(TASK_TYPES["VerificationBoundingBox"], template_of(TASK_TYPES["VerificationBoundingBox"])))

    assert page.json("crowd-image-classifier", "overlay") == {
        "boundingBox": {
            "labels": ['a "quoted" cat', "dog"],
            "value": [
                {"label": 'a "quoted" cat', "left": 10, "top": 20.5, "width": 30, "height": 40},
                {"label": "dog", "left": 1, "top": 2, "width": 3, "height": 4},
            ],
        }
    }
    assert "worker-comment" in page.tags


def test_segmentation_verification_lays_the_existing_mask_over_the_picture_without_its_background() -> None:
    page = Page(page_of(TASK_TYPES["VerificationSemanticSegmentation"], template_of(TASK_TYPES["VerificationSemanticSegmentation"])))

    assert page.json("crowd-image-classifier", "overlay") == {
        "semanticSegmentation": {
            "labels": ["lane's", "kerb"],
            "labelMappings": {"lane's": {"color": "#2ca02c"}, "kerb": {"color": "#1f77b4"}},
            "src": "https://signed.example/bucket/masks/one.png?a=1&b=2",
        }
    }


def test_box_adjustment_starts_from_the_existing_boxes() -> None:
    page = Page(page_of(TASK_TYPES["AdjustmentBoundingBox"], template_of(TASK_TYPES["AdjustmentBoundingBox"])))

    boxes = page.json("crowd-bounding-box", "initial-value")
    assert [box["label"] for box in boxes] == ['a "quoted" cat', "dog"]
    assert boxes[0] == {"label": 'a "quoted" cat', "left": 10, "top": 20.5, "width": 30, "height": 40}


def test_box_adjustment_of_a_picture_without_boxes_starts_empty() -> None:
    line = LINE | {"2-boxes": {"annotations": []}, "2-boxes-metadata": {"class-map": {}}}

    page = Page(page_of(TASK_TYPES["AdjustmentBoundingBox"], template_of(TASK_TYPES["AdjustmentBoundingBox"]), line))

    assert page.json("crowd-bounding-box", "initial-value") == []


def test_segmentation_adjustment_starts_from_the_existing_mask() -> None:
    page = Page(page_of(TASK_TYPES["AdjustmentSemanticSegmentation"], template_of(TASK_TYPES["AdjustmentSemanticSegmentation"])))

    assert page.json("crowd-semantic-segmentation", "initial-value") == {
        "src": "https://signed.example/bucket/masks/one.png?a=1&b=2",
        "labelMappings": {"lane's": {"color": "#2ca02c"}, "kerb": {"color": "#1f77b4"}},
    }


@pytest.mark.parametrize("attribute", [None, "", "a_b", 'x"] }}{{ task.input', "boxes-"])
def test_a_template_on_existing_labels_is_refused_without_a_legal_attribute(attribute: str | None) -> None:
    with pytest.raises(TemplateError):
        compose(
            TASK_TYPES["AdjustmentBoundingBox"],
            description="x",
            short_instructions="",
            full_instructions="",
            existing_label_attribute=attribute,
        )


# --- what people write stays text --------------------------------------------------------------------------------

HOSTILE = [
    "<script>alert(1)</script>",
    "{{ task.input | skip_autoescape }}",
    "{{ task.input.manifestLine | to_json }}",
    "{% raw %}{{ task.input.taskObject }}{% endraw %}",
    "{% raw %}",
    "{% endraw %}",
    "{% comment %}",
    "{%- assign x = task.input.taskObject -%}{{- x -}}",
    "{% include 'x' %}",
    "{{",
    "{%",
    "}}",
    "{<b></b>{ task.input.taskObject }<i></i>}",
    "{<!-- -->{ task.input.taskObject }<!-- -->}",
    "{<script></script>{ task.input.taskObject }}",
    "{\x00{ task.input.taskObject }}",
    "&#123;&#123; task.input.taskObject &#125;&#125;",
    "&lbrace;&lbrace; task.input.taskObject &rbrace;&rbrace;",
    "&amp;#123;&#x7b; task.input.taskObject }}",
    "<img src=x onerror=alert(1)>",
    "<img src='https://example.com/a.png' onload=alert(1) alt='{{ task.input.taskObject }}'>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='https://example.com/{{ task.input.taskObject }}' onclick='alert(1)'>x</a>",
    "<a href='{{ task.input.taskObject | skip_autoescape }}'>x</a>",
    "<p style=\"background: url('javascript:alert(1)')\">x</p>",
    "<style>@import url(https://example.com/x.css)</style>",
    "</short-instructions><script>alert(1)</script>",
    "</full-instructions></crowd-form><crowd-form><crowd-button>x</crowd-button>",
    "</classification-target><classification-target>{{ task.input.taskObject }}",
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<textarea></short-instructions><script>alert(1)</script>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<template><script>alert(1)</script></template>",
    "<form action='https://example.com'><input name=crowd-image-classifier></form>",
    "<base href='https://example.com/'><meta http-equiv=refresh content='0;url=https://example.com'>",
    "<img src=\"{{ 's3://bucket/k' | grant_read_access | skip_autoescape }}\">",
    '<img src="{{ task.input.taskObject | grant_read_access }}">',
    "<img src=\"{{ 's3://bucket/k' | grant_read_access }}{{ task.input.taskObject }}\">",
    "<img src=\"{{ 's3://bucket/k' | append: task.input.taskObject | grant_read_access }}\">",
    "<img src=\"{{ 's3://bucket/{{ task.input.taskObject }}' | grant_read_access }}\">",
    "<img src=\"{{ 's3://bucket/%7B%7B' | grant_read_access }}\">",
    "<img src=\"{{ 's3://bucket/a' b='c' | grant_read_access }}\">",
    "<img src=\"{{ 'https://s3.amazonaws.com/bucket/%27%20%7D%7D%7B%7B%20task.input.taskObject' | grant_read_access }}\">",
    "<img alt=\"<img src=&quot;{{ 's3://bucket/k' | grant_read_access }}&quot;>\">",
    "{{ 's3://bucket/k' | grant_read_access }}",
]
SAFE_TAGS = {"p", "b", "i", "a", "img", "table"}
LIQUID = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)
OUR_IMAGE = re.compile(r"\{\{ 's3://[^'{}]*' \| grant_read_access \}\}")


def liquid_of(template: str) -> list[str]:
    return [found for found in LIQUID.findall(template) if not OUR_IMAGE.fullmatch(found)]


def assert_inert(template: str, benign: str, page: str) -> None:
    """No Liquid but ours (two pictures apart), the canary nowhere, no element or attribute that acts."""
    assert liquid_of(template) == liquid_of(benign)
    rest = LIQUID.sub("", template)
    assert "{{" not in rest
    assert "{%" not in rest
    parsed = Page(page)
    allowed = set(Page(LIQUID.sub("", benign)).tags) | SAFE_TAGS
    assert set(parsed.tags) <= allowed
    assert parsed.tags.count("script") == 1
    assert parsed.tags.count("short-instructions") == parsed.tags.count("full-instructions") == 1
    for tag, attributes in parsed.elements:
        assert not [name for name in attributes if name.startswith("on") or (name == "style" and tag != "classification-target")]
        assert not re.match(r"\s*(javascript|data|vbscript):", (attributes.get("href") or attributes.get("src") or "").lower())


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("key", ["ImageMultiClass", "TextMultiClass", "AdjustmentBoundingBox", "NamedEntityRecognition"])
def test_hostile_instructions_come_out_inert(key: str, hostile: str) -> None:
    task_type = TASK_TYPES[key]
    line = LINE | {"source": CANARY, "source-ref": f"s3://bucket/{CANARY}"}

    template = template_of(task_type, hostile)
    page = page_of(task_type, template, line)

    benign = template_of(task_type)
    assert_inert(template, benign, page)
    assert page.count(CANARY) == page_of(task_type, benign, line).count(CANARY)


@pytest.mark.parametrize("hostile", [*HOSTILE, '" onmouseover="alert(1)', "'><script>alert(1)</script>"])
def test_a_hostile_description_is_shown_as_it_was_written(hostile: str) -> None:
    task_type = TASK_TYPES["ImageMultiClass"]

    template = template_of(task_type, description=hostile)
    page = page_of(task_type, template)

    assert_inert(template, template_of(task_type), page)
    assert Page(page).element("crowd-image-classifier")["header"] == hostile.replace("\0", "\ufffd")


@given(st.text() | st.lists(st.sampled_from([*HOSTILE, "{", "}", "%", "<b>", "&#123;", "\u200b", "-", " "])).map("".join))
def test_no_text_at_all_is_evaluated_as_liquid(text: str) -> None:
    task_type = TASK_TYPES["TextMultiClass"]
    line = {"source": CANARY}
    canary = "{{ task.input.taskObject | skip_autoescape }}"

    template = template_of(task_type, f"{text}{canary}{text}", description=f"{text}{canary}")
    page = page_of(task_type, template, line)

    assert liquid_of(template) == liquid_of(template_of(task_type))
    assert page.count(CANARY) == 1  # the classification target


@ALL_TYPES
def test_labels_and_texts_with_liquid_or_markup_are_shown_as_they_are(task_type: TaskType) -> None:
    nasty = "{{ task.input.labels }}</classification-target><script>alert(1)</script>{% raw %}\"'"
    boxes = {"annotations": [{"class_id": 1, "left": '"><script>', "top": 1, "width": 1, "height": 1}]}
    colors = {"internal-color-map": {"1": {"class-name": nasty, "hex-color": '"><script>'}}}
    line = LINE | {"source": nasty, "2-boxes": boxes, "2-boxes-metadata": {"class-map": {"1": nasty}}, "road-ref-metadata": colors}
    labels = [{"label": nasty, "shortDisplayName": nasty}]

    page = Page(render(template_of(task_type), task_input(task_type, labels, line), granted))

    shown = page.json(task_type.crowd_element, "categories" if "classifier" in task_type.crowd_element else "labels")
    assert shown == (labels if task_type.key == "NamedEntityRecognition" else [nasty])
    assert page.tags == Page(page_of(task_type, template_of(task_type))).tags
    if task_type.category == "Text":
        assert nasty in [*page.text, page.element(task_type.crowd_element).get("text")]


# Half a surrogate pair is what JSON can carry and no page can.
ANYTHING = st.text(st.characters(), max_size=30) | st.lists(
    st.sampled_from(
        [*HOSTILE, *"{}%<>&\"'`=/\\\0\r\n\ud800\u2028", "{{", "}}", "{%", "-->", "</script>", "]]>", "&#60;", "</textarea>"],
    )
).map("".join)


@ALL_TYPES
@settings(max_examples=25)
@given(label=ANYTHING, text=ANYTHING, file_name=ANYTHING, description=ANYTHING)
def test_no_label_text_or_file_name_breaks_a_page(task_type: TaskType, label: str, text: str, file_name: str, description: str) -> None:
    image = f"s3://bucket/{file_name}"
    boxes = {"annotations": [{"class_id": 1, "left": text, "top": 1, "width": 1, "height": 1}]}
    colors = {"internal-color-map": {label: {"class-name": label, "hex-color": text}}}
    line = LINE | {"source": text, "source-ref": image, "2-boxes": boxes, "road-ref": image}
    line |= {"2-boxes-metadata": {"class-map": {"1": label}}, "road-ref-metadata": colors}
    labels = [{"label": label, "shortDisplayName": label}]

    try:
        page = Page(render(template_of(task_type, description=description), task_input(task_type, labels, line), granted))
    except TemplateError:
        assert S3Uri.parse(image) is None  # no such object can be in a manifest
        return

    benign = Page(page_of(task_type, template_of(task_type)))
    assert page.tags == benign.tags
    assert [set(attributes) for _, attributes in page.elements] == [set(attributes) for _, attributes in benign.elements]
    shown = page.json(task_type.crowd_element, "categories" if "classifier" in task_type.crowd_element else "labels")
    assert [entry["label"] if isinstance(entry, dict) else entry for entry in shown] == [label]
    if task_type.category == "Text":
        assert as_html_can_carry(text) in (page.element(task_type.crowd_element).get("text") or "".join(page.text))


def as_html_can_carry(text: str) -> str:
    """One replacement character for each code unit that no HTML can have."""
    return re.sub("[\0\ud800-\udfff]", "\ufffd", text)


def test_a_texts_line_breaks_reach_the_worker_unchanged_so_that_offsets_fit() -> None:
    text = "one\r\ntwo\rthree\nfour"

    page = page_of(TASK_TYPES["NamedEntityRecognition"], template_of(TASK_TYPES["NamedEntityRecognition"]), {"source": text})

    assert "\r" not in page  # a browser would drop a raw one
    assert Page(page).element("crowd-entity-annotation")["text"] == text


# --- instructions ------------------------------------------------------------------------------------------------


def test_rich_text_keeps_its_form() -> None:
    rich = '<h2>Rules</h2><ul><li><strong>Tight</strong> boxes</li></ul><table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'

    assert sanitize_instructions(rich).html == rich


@pytest.mark.parametrize(
    "source",
    [
        "{{ 's3://bucket/examples/good one.png' | grant_read_access }}",
        "{{'s3://bucket/examples/good one.png'|grant_read_access}}",
        "{{  &quot;s3://bucket/examples/good one.png&quot;   |   grant_read_access  }}",
        "{{ 'https://s3.amazonaws.com/bucket/examples/good%20one.png' | grant_read_access }}",
        "{{ 'https://s3.eu-west-1.amazonaws.com/bucket/examples/good one.png' | s3_presign }}",
    ],
)
def test_a_picture_in_s3_is_shown_through_a_signed_address(source: str) -> None:
    template = template_of(TASK_TYPES["ImageMultiClass"], f'<p><img src="{source}" alt="good"></p>')
    page = Page(page_of(TASK_TYPES["ImageMultiClass"], template))

    images = [attributes for tag, attributes in page.elements if tag == "img"]
    assert instruction_images(f'<img src="{source}">') == (S3Uri("bucket", "examples/good one.png"),)
    assert images == [{"src": "https://signed.example/bucket/examples/good one.png?a=1&b=2", "alt": "good"}] * 2


def test_several_pictures_keep_their_places() -> None:
    text = "".join(f"<img src=\"{{{{ 's3://bucket/{number}.png' | grant_read_access }}}}\">" for number in range(12))

    instructions = sanitize_instructions(text)

    assert [uri.key for uri in instructions.images] == [f"{number}.png" for number in range(12)]
    assert instructions.html == text


def test_pictures_that_workers_would_not_see_are_left_out_and_named() -> None:
    text = '<img src="http://example.com/a.png"><img src="s3://bucket/a.png"><img src="https://example.com/ok.png">'

    instructions = sanitize_instructions(text)

    assert instructions.html == '<img><img><img src="https://example.com/ok.png">'
    assert instructions.images == ()
    assert instructions.refused_images == ("http://example.com/a.png", "s3://bucket/a.png")


def test_a_link_opens_beside_the_task() -> None:
    assert sanitize_instructions('<a href="https://example.com">more</a>').html == (
        '<a href="https://example.com" target="_blank" rel="noopener noreferrer">more</a>'
    )


@pytest.mark.parametrize(
    ("address", "uri"),
    [
        ("s3://bucket/a%20b", S3Uri("bucket", "a%20b")),
        ("https://s3.amazonaws.com/bucket/a%20b", S3Uri("bucket", "a b")),
        ("https://s3-us-west-2.amazonaws.com/bucket/a", S3Uri("bucket", "a")),
        ("https://s3.cn-north-1.amazonaws.com.cn/bucket/a", S3Uri("bucket", "a")),
        ("https://s3.amazonaws.com/bucket/a/%2e%2e/b", None),
        ("https://s3.amazonaws.com/bucket/a?versionId=1", None),
        ("https://s3.amazonaws.com.example.com/bucket/a", None),
        ("https://example.com/bucket/a", None),
        ("s3://", None),
    ],
)
def test_the_two_ways_to_write_an_s3_address_name_the_same_object(address: str, uri: S3Uri | None) -> None:
    assert s3_uri_of(address) == uri


# --- rendering ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "page"),
    [
        ("{{ task.input.source-ref }}", "s3://bucket/a&amp;b"),
        ('{{ task.input["source-ref"] }}', "s3://bucket/a&amp;b"),
        ("{{ task.input.source-ref | grant_read_access }}", "https://signed.example/bucket/a&amp;b?a=1&amp;b=2"),
        ("{{ task.input.source-ref | s3_presign | skip_autoescape }}", "https://signed.example/bucket/a&b?a=1&b=2"),
        ("{{ task.input.text }}", "&lt;b&gt; &amp;amp;"),
        ("{{ task.input.text | escape }}", "&lt;b&gt; &amp;amp;"),
        ("{{ task.input.text | escape_once }}", "&lt;b&gt; &amp;"),
        ("{{ task.input.text | skip_autoescape }}", "<b> &amp;"),
        ("{{ task.input.meta | to_json | escape }}", "{&#34;class-map&#34;: {&#34;1&#34;: &#34;cat&#34;}}"),
        ("{{ task.input.missing | to_json }}|{{ task.input.missing }}", "null|"),
        ("{% for pair in task.input.meta.class-map %}{{ pair[0] }}={{ pair[1] }}{% endfor %}", "1=cat"),
    ],
)
def test_liquid_reads_as_ground_truth_reads_it(template: str, page: str) -> None:
    given_input = {"source-ref": "s3://bucket/a&b", "text": "<b> &amp;", "meta": {"class-map": {"1": "cat"}}}

    assert render(template, given_input, granted) == page


@pytest.mark.parametrize(
    "template",
    [
        "{{ task.input.x",
        "{% if %}",
        "{% for x in task.input.many %}",
        "{{ 1 | no_such_filter }}",
        "{% include 'other' %}",
        "{{ 'nonsense' | grant_read_access }}",
        "{{ task.input.missing | grant_read_access }}",
        "{% for a in (1..1000) %}{% for b in (1..1000) %}{% endfor %}{% endfor %}",
        "{% for a in (1..40000) %}" + "x" * 200 + "{% endfor %}",
        "{% assign s = 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' %}{% for a in (1..40) %}{% assign s = s | append: s %}{% endfor %}",
        "{% if true %}" * 200 + "{% endif %}" * 200,
        "x" * 128_001,
        "{{ (1..100000000) | join: '' }}",
        "{{ 'aaaaaaaaaa'" + " | replace: 'a', 'aaaaaaaaaa'" * 20 + " }}",
        "{% assign x = 3 %}{% for i in (1..40) %}{% assign x = x | times: x %}{% endfor %}",
        "{{ (1..150000) | uniq | size }}",
        "{{ task.input.long | split: '' | size }}",
        "{{ '1e9999999' | ceil }}",
    ],
)
def test_a_template_that_fails_or_goes_beyond_bounds_says_so(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, {"long": "x" * 300_000}, granted)


def test_a_template_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = itertools.count()
    monkeypatch.setattr("groundwork.worker_page.time", SimpleNamespace(monotonic=lambda: next(seconds)))

    with pytest.raises(TemplateError, match="longer than 5 seconds"):
        render("{% for a in (1..10) %}{% if a == 3 %}{% endif %}{% endfor %}", {}, granted)


def test_json_put_into_a_script_cannot_end_it() -> None:
    page = render("<script>x = {{ task.input | to_json | skip_autoescape }}</script>", {"text": "</script><b>"}, granted)

    assert page.count("</script>") == 1
    assert json.loads(page.removeprefix("<script>x = ").removesuffix("</script>")) == {"text": "</script><b>"}


# --- the policy of a page -----------------------------------------------------------------------------------------


class ViewOfOneBucket:
    """Presigns for pictures at one address."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def grant_read_access(self, address: str) -> str:
        self.urls.append(f"https://bucket.s3.example/{address.removeprefix('s3://bucket/')}?signature=1")
        return self.urls[-1]

    def granted_urls(self) -> tuple[str, ...]:
        return tuple(self.urls)


def policy_of(template: str, **given: Any) -> dict[str, str]:
    view = cast("ProjectView", ViewOfOneBucket())
    page = worker_page(template, {"taskObject": "s3://bucket/one.png"}, view, **given)
    directives = [directive.partition(" ") for directive in page.content_security_policy.split("; ")]
    return {name: sources for name, _, sources in directives}


def test_a_page_runs_in_a_sandbox_and_loads_what_it_was_granted() -> None:
    policy = policy_of('<img src="{{ task.input.taskObject | grant_read_access }}">')

    assert policy["default-src"] == "'none'"
    assert policy["connect-src"] == "https://bucket.s3.example"
    assert policy["script-src"] == "https://assets.crowd.aws"
    assert "allow-same-origin" not in policy["sandbox"]
    assert policy["frame-ancestors"] == "'none'"


def test_only_a_template_of_ones_own_brings_scripts_and_only_the_console_frames_a_page() -> None:
    policy = policy_of("<p>", is_custom=True, console_origin="https://console.example")

    assert policy["script-src"] == "https: 'unsafe-inline' https://console.example"
    assert policy["frame-ancestors"] == "https://console.example"
    assert policy["connect-src"] == "'none'"


def test_a_refusal_to_sign_an_address_comes_through() -> None:
    def refuse(uri: str) -> str:
        raise ForbiddenError(uri)

    with pytest.raises(ForbiddenError, match=r"s3://bucket/one\.png"):
        render("{{ task.input.taskObject | grant_read_access }}", {"taskObject": "s3://bucket/one.png"}, refuse)


def test_a_line_without_the_types_data_object_is_refused() -> None:
    with pytest.raises(TemplateError, match="source-ref"):
        task_input(TASK_TYPES["BoundingBox"], LABELS, {"source": "a text"})


def test_templates_get_names_of_labels_and_only_existing_labels_bring_the_line() -> None:
    labels = [{"label": "City", "shortDisplayName": "cty"}]

    assert task_input(TASK_TYPES["TextMultiClass"], labels, LINE) == {"taskObject": "Ana flew to Oslo.", "labels": ["City"]}
    assert task_input(TASK_TYPES["NamedEntityRecognition"], labels, LINE)["labels"] == labels
    assert task_input(TASK_TYPES["AdjustmentBoundingBox"], labels, LINE)["manifestLine"] == LINE


def test_a_custom_jobs_template_is_given_the_whole_line_where_no_function_says_otherwise() -> None:
    given = task_input(TASK_TYPES["Custom"], [{"label": "City"}], {"source": "Ana flew.", "labels": "mine", "batch": 7})

    assert given == {"taskObject": "Ana flew.", "source": "Ana flew.", "labels": "mine", "batch": 7}
