"""The wizard: labeling jobs made, from nothing to their launch, in the console."""

import io
import re
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import People, accessibility_faults, look_at
from tests.integration.front_door import FrontDoor

WIZARD = "index.html#/projects/demo/new-labeling-job"
HOSTILE = '<img src=x onerror="window.top.hacked = 1"> {{ 7 | times: 6 }} <script>window.top.hacked = 1</script>'
ELEMENTS = '<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>'
LAUNCHED = ("Launching", "Initializing", "InProgress")


@pytest.fixture
def manifests(door: FrontDoor) -> dict[str, str]:
    """A manifest for each kind of input: pictures, texts, and pictures with labels of an earlier job."""
    [uri] = door.upload_pictures(1)
    mask = door.as_("owner").upload("demo", f"datasets/{uuid.uuid4().hex[:8]}/mask.png", _png("#2ca02c"), "image/png")
    colors = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"}, "1": {"class-name": "cat", "hex-color": "#2ca02c"}}
    box = {"class_id": 0, "left": 1, "top": 1, "width": 4, "height": 4}
    boxes = {
        "boxes": {"image_size": [{"width": 8, "height": 8, "depth": 3}], "annotations": [box]},
        "boxes-metadata": {"type": "groundtruth/object-detection", "class-map": {"0": "cat"}, "objects": [{"confidence": 0.9}]},
    }
    masks = {"masks-ref": mask, "masks-ref-metadata": {"type": "groundtruth/semantic-segmentation", "internal-color-map": colors}}
    return {
        "Image": door.upload_manifest([{"source-ref": uri}]),
        "Text": door.upload_manifest([{"source": "Ada Lovelace was born in London."}]),
        "boxes": door.upload_manifest([{"source-ref": uri, **boxes}]),
        "masks-ref": door.upload_manifest([{"source-ref": uri, **masks}]),
    }


def _png(color: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), color).save(buffer, "PNG")
    return buffer.getvalue()


# --- what people do in the wizard ----------------------------------------------------------------------------------------


def named(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def textbox(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=name)


def open_blank(page: Page, people: People) -> None:
    page.goto(f"{people.console_url}/index.html#/projects/demo/members")
    page.goto(f"{people.console_url}/{WIZARD}")
    expect(textbox(page, "Job name")).to_have_value("")


def fill_overview(page: Page, name: str, manifest: str, task_type: str = "ImageMultiClass", existing: str | None = None) -> None:
    textbox(page, "Job name").fill(name)
    textbox(page, "Input manifest location").fill(manifest)
    if task_type.startswith(("Text", "Named")):
        page.get_by_role("button", name="Task category").click()
        page.get_by_role("option", name=re.compile("^Text")).click()
    page.locator(f"input[value={task_type}]").click(force=True)
    if existing:
        page.get_by_role("combobox", name="Label attribute of the existing labels").fill(existing)
        page.keyboard.press("Escape")


def fill_tool(page: Page, description: str = "What is there?", labels: Sequence[str] = ("cat", "dog")) -> None:
    page.get_by_role("button", name="Labeling team").click()
    page.get_by_role("option", name=re.compile("^demo-team")).click()
    textbox(page, "Task description").fill(description)
    for number, label in enumerate(labels, 1):
        if number > 1:
            page.keyboard.press("Enter")
        textbox(page, f"Label {number}").fill(label)


def go_on(page: Page, to: str) -> None:
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_role("heading", name=to, exact=True).first).to_be_visible()


def create(page: Page, name: str) -> None:
    expect(page.get_by_text("The definition keeps every rule")).to_be_visible()
    page.get_by_role("button", name="Create labeling job").click()
    page.wait_for_url(re.compile(rf"#/projects/demo/labeling-jobs/{name}"))


def speak(page: Page, present: str, wanted: str) -> None:
    page.get_by_role("button", name=re.compile(f"{present}|Language|Sprache")).first.click()
    page.get_by_role("menuitem", name=wanted).click()


# --- tests ---------------------------------------------------------------------------------------------------------------


def test_a_labeling_job_of_each_task_type_is_made_and_launched(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    page = people.open("owner", WIZARD)
    inputs: dict[str, tuple[str, str | None]] = {
        "ImageMultiClass": ("Image", None),
        "ImageMultiClassMultiLabel": ("Image", None),
        "BoundingBox": ("Image", None),
        "SemanticSegmentation": ("Image", None),
        "VerificationBoundingBox": ("boxes", "boxes"),
        "VerificationSemanticSegmentation": ("masks-ref", "masks-ref"),
        "AdjustmentBoundingBox": ("boxes", "boxes"),
        "AdjustmentSemanticSegmentation": ("masks-ref", "masks-ref"),
        "TextMultiClass": ("Text", None),
        "TextMultiClassMultiLabel": ("Text", None),
        "NamedEntityRecognition": ("Text", None),
    }
    made: dict[str, str] = {}
    for task_type, (kind, existing) in inputs.items():
        open_blank(page, people)
        made[task_type] = named("wizard")
        fill_overview(page, made[task_type], manifests[kind], task_type, existing)
        go_on(page, "Workers and labeling tool")
        fill_tool(page)
        go_on(page, "Review and create")
        create(page, made[task_type])

    open_blank(page, people)
    made["Custom"] = named("wizard")
    textbox(page, "Job name").fill(made["Custom"])
    textbox(page, "Input manifest location").fill(manifests["Image"])
    page.get_by_role("button", name="Task category").click()
    page.get_by_role("option", name=re.compile("^Custom")).click()
    go_on(page, "Workers and labeling tool")
    fill_tool(page, labels=[])
    template = f"{ELEMENTS}<crowd-form><crowd-input name='what'></crowd-input></crowd-form>"
    uri = door.as_("owner").upload("demo", f"datasets/{uuid.uuid4().hex[:8]}.liquid.html", template.encode(), "text/html")
    textbox(page, "Worker task template").fill(uri)
    go_on(page, "Review and create")
    create(page, made["Custom"])

    for task_type, name in made.items():
        assert door.wait_for(name, *LAUNCHED)["task_type"] == task_type


def test_hostile_words_are_nothing_but_words(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    page = people.open("owner", WIZARD)
    fill_overview(page, named("hostile"), manifests["Image"])
    go_on(page, "Workers and labeling tool")
    fill_tool(page, HOSTILE, [HOSTILE, "dog"])
    editor = page.locator(".instructions-editor").first
    editor.get_by_role("button", name="Edit as HTML").click()
    textbox(page, "Short instructions as HTML").fill(f"<p>Look</p>{HOSTILE}")
    editor.get_by_role("button", name="Edit as HTML").click()
    go_on(page, "Review and create")

    expect(page.get_by_text(HOSTILE).first).to_be_visible()
    worker = page.frame_locator("iframe[title=Preview]")
    expect(worker.get_by_text("Look")).to_be_visible()
    expect(worker.get_by_text("<script>").first).to_be_visible()
    expect(worker.locator("script:not([src])")).to_have_count(0)
    assert page.evaluate("window.hacked") is None
    # A template of ours brings no script, and the picture that is none is nowhere.
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(worker.locator("img[src=x]")).to_have_count(0)


def test_what_the_api_finds_wrong_is_said_at_its_field(people: People, manifests: dict[str, str]) -> None:
    people.expect_complaint("422|409")
    page = people.open("owner", WIZARD)

    textbox(page, "Job name").fill("not a name")
    textbox(page, "Input manifest location").fill("s3://elsewhere/a.manifest")
    name = page.locator("#field-name")
    expect(name.get_by_text("1 to 63 letters, digits and inner hyphens.", exact=False).first).to_be_visible()
    expect(name.get_by_text("Rename the job")).to_be_visible()
    textbox(page, "Job name").fill(named("faulty"))
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#field-input_manifest_uri").get_by_text("outside the data locations")).to_be_visible()
    expect(textbox(page, "Input manifest location")).to_be_focused()

    textbox(page, "Input manifest location").fill(manifests["Image"])
    go_on(page, "Workers and labeling tool")
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.locator("#field-labeling_team").get_by_text("has no labeling team")).to_be_visible()
    expect(page.locator("#field-description").get_by_text("has no description")).to_be_visible()
    fill_tool(page, labels=["cat", "cat"])
    expect(page.locator("#field-labels-1").get_by_text("is there twice")).to_be_visible()
    textbox(page, "Label 2").fill("dog")
    group = page.get_by_role("group", name="Task timeout")
    group.get_by_role("spinbutton", name="Minutes").fill("0")
    group.get_by_role("spinbutton", name="Seconds").fill("5")
    expect(page.locator("#field-task_timeout_seconds").get_by_text("must be 30 to 28,800 seconds")).to_be_visible()
    group.get_by_role("spinbutton", name="Minutes").fill("5")
    go_on(page, "Review and create")
    expect(page.get_by_text("The definition keeps every rule")).to_be_visible()


def test_leaving_keeps_a_draft_that_two_people_can_work_on(people: People, door: FrontDoor) -> None:
    people.expect_complaint("412")
    page = people.open("owner", WIZARD)
    name = named("kept")
    textbox(page, "Job name").fill(name)
    page.locator("input[value=BoundingBox]").click(force=True)
    page.get_by_role("link", name="Members").click()
    expect(page.get_by_text(f"kept as the draft {name}")).to_be_visible()
    page.get_by_role("link", name="Go on with it").click()
    expect(textbox(page, "Job name")).to_have_value(name)
    expect(page.locator("input[value=BoundingBox]")).to_be_checked()

    path = f"/projects/demo/labeling-jobs/{name}"
    door.as_("collaborator").patch(path, {"workers_per_object": 2, "output_uri": "s3://theirs/"}).expect(200)
    textbox(page, "Output location").fill("s3://ours/")
    expect(page.get_by_text("Somebody else has changed this draft")).to_be_visible()
    page.get_by_role("button", name="Keep mine").click()
    expect(page.get_by_text("Draft saved")).to_be_visible()
    job = door.job(name)
    assert (job["output_uri"], job["workers_per_object"], job["task_type"]) == ("s3://ours/", 2, "BoundingBox")


def test_data_is_uploaded_chosen_and_shown_in_instructions(people: People, door: FrontDoor, tmp_path: Path) -> None:
    page = people.open("owner", WIZARD)
    name, folder = named("uploaded"), uuid.uuid4().hex[:8]
    for number, color in enumerate(("red", "green", "blue")):
        (tmp_path / f"{number}.png").write_bytes(_png(color))
    textbox(page, "Job name").fill(name)
    page.get_by_role("radio", name="All data in a folder").click()
    page.get_by_role("button", name="Browse: Input data location").click()
    dialog = page.get_by_role("dialog")
    textbox(page, "Into a folder of its own").fill(folder)
    dialog.locator("input[type=file]").set_input_files(sorted(tmp_path.iterdir()))
    expect(dialog.get_by_text(folder).first).to_be_visible()
    assert accessibility_faults(page) == []
    look_at(page, "wizard-data-browser", full=False)
    dialog.get_by_role("button", name="Choose this folder").click()
    expect(textbox(page, "Input data location")).to_have_value(re.compile(rf"^s3://.*/datasets/{folder}/$"))
    go_on(page, "Workers and labeling tool")
    fill_tool(page)

    page.get_by_role("button", name="Picture", exact=True).first.click()
    picture = f"{textbox_value(door, name)}1.png"
    textbox(page, "Address").fill(picture)
    textbox(page, "Alternative text").fill("A green square")
    page.get_by_role("button", name="Apply").click()
    shown = page.locator(".instructions-text img")
    expect(shown).to_have_attribute("src", re.compile("X-Amz-Signature|Signature="))
    page.wait_for_function("document.querySelector('.instructions-text img').naturalWidth === 8")
    go_on(page, "Review and create")
    assert f"{{{{ '{picture}' | grant_read_access }}}}" in door.job(name)["short_instructions"]
    expect(page.get_by_text("objects × 1 workers per object")).to_be_visible()
    estimate = page.locator("div", has=page.get_by_text("Objects to label", exact=True)).last
    expect(estimate).to_contain_text("3")
    worker = page.frame_locator("iframe[title=Preview]")
    expect(worker.get_by_alt_text("A green square").first).to_be_visible()
    page.get_by_role("button", name="Next object").click()
    expect(page.get_by_text("Object 2", exact=True)).to_be_visible()
    create(page, name)
    assert door.wait_for(name, *LAUNCHED)["counters"]["total"] in {0, 3}


def textbox_value(door: FrontDoor, name: str) -> str:
    prefix: str = door.job(name)["input_prefix_uri"]
    return prefix


def test_a_whole_job_is_made_by_keyboard_alone(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    page = people.open("owner", WIZARD)
    expect(textbox(page, "Job name")).to_be_visible()
    name = named("keys")

    def to(role: Any, called: str | re.Pattern[str], key: str = "Tab") -> None:
        """Presses the key until what is called so has the focus."""
        wanted = page.get_by_role(role, name=called, exact=isinstance(called, str)).first
        for _ in range(150):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            page.keyboard.press(key)
        raise AssertionError(f"{key} does not lead to {called}")

    to("textbox", "Job name")
    page.keyboard.type(name)
    to("textbox", "Input manifest location")
    page.keyboard.type(manifests["Image"])
    for _ in range(150):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.value") == "ImageMultiClass":
            break
    page.keyboard.press("ArrowRight")
    expect(page.locator("input[value=ImageMultiClassMultiLabel]")).to_be_checked()
    to("button", "Next")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Labeling team")).to_be_visible()
    to("button", re.compile("^Labeling team"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name=re.compile("^demo-team"))).to_be_visible()
    for _ in range(20):
        if page.locator("[role=option][class*=highlighted]").filter(has_text="demo-team").count():
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    to("textbox", "Task description")
    page.keyboard.type("Which animals?")
    to("textbox", "Label 1")
    page.keyboard.type("cat")
    page.keyboard.press("Enter")
    page.keyboard.type("dog")
    to("textbox", "Short instructions")
    page.keyboard.press("Control+a")
    page.keyboard.type("Look closely")
    page.keyboard.press("Control+a")
    page.keyboard.press("Shift+Tab")
    to("button", "Link", "ArrowRight")
    page.keyboard.press("Enter")
    expect(textbox(page, "Address")).to_be_focused()
    page.keyboard.press("Control+a")
    page.keyboard.type("https://example.com/cats")
    page.keyboard.press("Enter")
    expect(page.locator(".instructions-text a[href='https://example.com/cats']")).to_be_visible()
    to("button", "Next")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The definition keeps every rule")).to_be_visible()
    to("button", "Create labeling job")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"#/projects/demo/labeling-jobs/{name}"))

    job = door.wait_for(name, *LAUNCHED)
    assert (job["task_type"], job["labels"]) == ("ImageMultiClassMultiLabel", ["cat", "dog"])
    assert job["short_instructions"] == '<p><a href="https://example.com/cats">Look closely</a></p>'


def test_every_step_is_for_everybody_in_both_languages(people: People, manifests: dict[str, str]) -> None:
    page = people.open("owner", WIZARD)
    expect(textbox(page, "Job name")).to_be_visible()
    fill_overview(page, named("looked-at"), manifests["Image"])
    look_at_step(page, "wizard-overview")
    go_on(page, "Workers and labeling tool")
    fill_tool(page)
    page.get_by_role("button", name="Additional configuration").click()
    page.get_by_role("button", name="Advanced settings").click()
    expect(page.locator(".instructions-text").first).to_be_visible()
    look_at_step(page, "wizard-tool")
    go_on(page, "Review and create")
    expect(page.frame_locator("iframe[title=Preview]").get_by_text("cat").first).to_be_visible()
    look_at_step(page, "wizard-review")


def look_at_step(page: Page, name: str) -> None:
    assert accessibility_faults(page) == []
    look_at(page, name)
    speak(page, "English", "Deutsch")
    expect(page.get_by_role("button", name="Verlassen")).to_be_visible()
    assert accessibility_faults(page) == []
    look_at(page, f"{name}-de")
    speak(page, "Deutsch", "English")
    expect(page.get_by_role("button", name="Leave")).to_be_visible()
