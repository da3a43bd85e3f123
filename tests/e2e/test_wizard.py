"""The wizard: labeling jobs made, from nothing to their launch, in the console."""

import base64
import re
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import FrameLocator, Locator, Page, Route, expect

from tests.e2e.console import speak
from tests.e2e.people import People, accessibility_faults, look_at
from tests.e2e.pictures import WIDTH, drawn, png
from tests.e2e.portal import Task
from tests.e2e.wizard import REVIEW, TOOL, Wizard
from tests.integration.front_door import FrontDoor

TEAM = "demo-team"
ADA, OSLO = "Ada Lovelace was born in London.", "The parcel came to Oslo."


@pytest.fixture(scope="module")
def manifests(door: FrontDoor) -> dict[str, str]:
    """A manifest for each kind of data: pictures, texts, and pictures with labels of an earlier job."""
    picture = uploaded(door, "picture.png", png(drawn()))
    mask = uploaded(door, "mask.png", png(Image.new("RGB", drawn().size, "#2ca02c")))
    box = {"class_id": 0, "left": 80, "top": 60, "width": 120, "height": 100}
    boxes = {
        "boxes": {"image_size": [{"width": WIDTH, "height": 240, "depth": 3}], "annotations": [box]},
        "boxes-metadata": {"type": "groundtruth/object-detection", "class-map": {"0": "cat"}, "objects": [{"confidence": 0.9}]},
    }
    colors = {"0": {"class-name": "BACKGROUND", "hex-color": "#ffffff"}, "1": {"class-name": "cat", "hex-color": "#2ca02c"}}
    masks = {"masks-ref": mask, "masks-ref-metadata": {"type": "groundtruth/semantic-segmentation", "internal-color-map": colors}}
    return {
        "pictures": door.upload_manifest([{"source-ref": picture}]),
        "texts": door.upload_manifest([{"source": ADA}, {"source": OSLO}]),
        "boxes": door.upload_manifest([{"source-ref": picture, **boxes}]),
        "masks": door.upload_manifest([{"source-ref": picture, **masks}]),
    }


def uploaded(door: FrontDoor, name: str, content: bytes, content_type: str = "image/png") -> str:
    return door.as_("owner").upload("demo", f"datasets/wizard-{uuid.uuid4().hex[:8]}/{name}", content, content_type)


def named(prefix: str) -> str:
    return f"{prefix}-{uuid.uuid4().hex[:8]}"


def drafted(door: FrontDoor, manifest: str, **changes: Any) -> str:
    """A draft that another page, or another person, made; its name."""
    definition = {**door.definition(manifest), "name": named("draft"), **changes, "draft": True}
    definition = {field: value for field, value in definition.items() if value is not None}
    name: str = door.as_("owner").post("/projects/demo/labeling-jobs", definition).expect(201)["name"]
    return name


def agrees(door: FrontDoor, definition: Mapping[str, Any], status: str = "InProgress") -> None:
    """The job of the definition is what was typed, and has come that far."""
    job = door.wait_for(definition["name"], status)
    assert {field: job[field] for field in definition} == definition


# --- from nothing to a launch ----------------------------------------------------------------------------------------------

CAT, CAT_AND_DOG = {"labels": ["cat"]}, {"labels": ["cat", "dog"]}
ENTITIES = {"labels": [{"label": "Person", "short_display_name": "per"}, {"label": "City", "short_display_name": "cty"}]}
TASK_TYPES: dict[str, tuple[str, dict[str, Any]]] = {
    "ImageMultiClass": ("pictures", CAT_AND_DOG),
    "ImageMultiClassMultiLabel": ("pictures", CAT_AND_DOG),
    "BoundingBox": ("pictures", CAT),
    "SemanticSegmentation": ("pictures", CAT_AND_DOG),
    "VerificationBoundingBox": ("boxes", {"labels": ["good", "bad"], "existing_label_attribute": "boxes"}),
    "VerificationSemanticSegmentation": ("masks", {"labels": ["good", "bad"], "existing_label_attribute": "masks-ref"}),
    "AdjustmentBoundingBox": ("boxes", {**CAT, "existing_label_attribute": "boxes"}),
    "AdjustmentSemanticSegmentation": ("masks", {**CAT, "existing_label_attribute": "masks-ref"}),
    "TextMultiClass": ("texts", CAT_AND_DOG),
    "TextMultiClassMultiLabel": ("texts", CAT_AND_DOG),
    "NamedEntityRecognition": ("texts", ENTITIES),
}


@pytest.mark.parametrize("task_type", TASK_TYPES)
def test_a_labeling_job_of_each_task_type_is_made(people: People, door: FrontDoor, manifests: dict[str, str], task_type: str) -> None:
    data, of_the_type = TASK_TYPES[task_type]
    typed = {
        "name": named("wizard"),
        "task_type": task_type,
        "input_manifest_uri": manifests[data],
        "labeling_team": TEAM,
        "workers_per_object": 2,
        "description": "What is there?",
        "short_instructions": "<p>Look twice.</p>",
        **of_the_type,
    }
    wizard = Wizard.of(people)

    wizard.fill_overview(typed)
    wizard.go_on(TOOL)
    wizard.fill_tool(typed)
    wizard.go_on(REVIEW)
    wizard.create()

    agrees(door, typed)


def test_a_labeling_job_of_ones_own_page_is_made(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    script = "<script src='https://assets.crowd.aws/crowd-html-elements.js'></script>"
    page = f"{script}<crowd-form><crowd-input name='what'></crowd-input></crowd-form>"
    typed = {
        "name": named("wizard"),
        "task_type": "Custom",
        "task_category": "Text",
        "input_manifest_uri": manifests["texts"],
        "labeling_team": TEAM,
        "description": "What is there?",
        "template_uri": uploaded(door, "page.liquid.html", page.encode(), "text/html"),
        "labels": [],
    }
    wizard = Wizard.of(people)

    wizard.fill_overview(typed)
    wizard.page.get_by_role("radio", name="Text", exact=True).click()
    wizard.go_on(TOOL)
    wizard.fill_tool(typed)
    wizard.go_on(REVIEW)
    expect(wizard.preview.get_by_role("textbox")).to_be_visible()
    wizard.create()

    agrees(door, typed)


def test_labels_of_a_finished_job_are_verified_and_adjusted_and_its_definition_is_cloned(people: People, door: FrontDoor) -> None:
    source = door.running_job(1, task_type="BoundingBox", labels=["cat"], full_instructions="<p>All cats.</p>")
    lease = door.lease("worker-1", source)
    assert lease is not None
    box = {"label": "cat", "left": 1, "top": 1, "width": 4, "height": 4}
    drawing = {"boundingBoxes": [box], "inputImageProperties": {"width": 8, "height": 8}}
    door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/answer", {"answer": {"boundingBox": drawing}}).expect(200)
    finished = door.wait_for(source, "Completed")
    of_source = {"input_manifest_uri": finished["output_manifest_uri"], "existing_label_attribute": source, "labeling_team": TEAM}
    verification = {"name": named("verify"), "task_type": "VerificationBoundingBox", "labels": ["good", "bad"], **of_source}
    adjustment = {"name": named("adjust"), "task_type": "AdjustmentBoundingBox", "labels": ["cat"], **of_source}
    same = ("task_type", "input_manifest_uri", "labels", "description", "full_instructions")
    clone = {"name": named("clone"), **{field: finished[field] for field in same}}
    page = people.open("owner", f"index.html#/projects/demo/labeling-jobs/{source}")
    wizard = Wizard(page)

    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name="Have the labels verified").click()
    expect(wizard.task_type("VerificationBoundingBox")).to_be_checked()
    wizard.text("Job name").fill(verification["name"])
    wizard.go_on(TOOL)
    wizard.text("Task description").fill("Do the boxes fit?")
    wizard.fill_labels(["good", "bad"])
    wizard.go_on(REVIEW)
    wizard.create()

    page.goto(f"{people.console_url}/index.html#/projects/demo/new-labeling-job/adjust/{source}")
    expect(wizard.task_type("AdjustmentBoundingBox")).to_be_checked()
    wizard.text("Job name").fill(adjustment["name"])
    wizard.go_on(TOOL)
    wizard.text("Task description").fill("Let the boxes fit.")
    wizard.go_on(REVIEW)
    wizard.create()

    page.goto(f"{people.console_url}/index.html#/projects/demo/new-labeling-job/clone/{source}")
    wizard.text("Job name").fill(clone["name"])
    wizard.go_on(TOOL)
    wizard.go_on(REVIEW)
    wizard.create()

    for made in (verification, adjustment, clone):
        agrees(door, made)
    assert door.job(clone["name"])["source"] == {"kind": "clone", "detail": source}


# --- faults and drafts -----------------------------------------------------------------------------------------------------


def test_what_the_api_finds_wrong_is_said_at_its_field(people: People, manifests: dict[str, str]) -> None:
    people.expect_complaint("422")
    wizard = Wizard.of(people)

    wizard.text("Job name").fill("not a name")
    wizard.text("Input manifest location").fill("s3://elsewhere/a.manifest")
    expect(wizard.at("/name").get_by_text("Rename the job")).to_be_visible()
    wizard.text("Job name").fill(named("faulty"))
    wizard.page.get_by_role("button", name="Next", exact=True).click()
    expect(wizard.at("/input_manifest_uri").get_by_text("outside the data locations")).to_be_visible()
    expect(wizard.text("Input manifest location")).to_be_focused()

    wizard.text("Input manifest location").fill(manifests["pictures"])
    wizard.go_on(TOOL)
    wizard.page.get_by_role("button", name="Next", exact=True).click()
    expect(wizard.at("/labeling_team").get_by_text("has no labeling team")).to_be_visible()
    expect(wizard.at("/description").get_by_text("has no description")).to_be_visible()
    wizard.choose("Labeling team", TEAM)
    wizard.text("Task description").fill("What is there?")
    wizard.fill_labels(["cat", "cat"])
    expect(wizard.at("/labels/1").get_by_text("is there twice")).to_be_visible()
    wizard.text("Label 2").fill("dog")
    timeout = wizard.page.get_by_role("group", name="Task timeout")
    timeout.get_by_role("spinbutton", name="Minutes").fill("0")
    timeout.get_by_role("spinbutton", name="Seconds").fill("5")
    expect(wizard.at("/task_timeout_seconds").get_by_text("must be 30 to 28,800 seconds")).to_be_visible()
    speak(wizard.page, "Deutsch")
    expect(wizard.at("/task_timeout_seconds").get_by_text("muss 30 bis 28.800 Sekunden betragen; sie beträgt 5.")).to_be_visible()
    speak(wizard.page, "English")
    timeout.get_by_role("spinbutton", name="Minutes").fill("5")
    # What is folded away is unfolded when it is at fault.
    wizard.open("Additional configuration")
    wizard.number("Workers per object").fill("10")
    wizard.open("Additional configuration")
    wizard.page.get_by_role("button", name="Next", exact=True).click()
    expect(wizard.at("/labeling_team").get_by_text("has 3 members")).to_be_visible()
    expect(wizard.at("/workers_per_object").get_by_text("labeled by 1 to 9 workers")).to_be_visible()
    wizard.number("Workers per object").fill("1")
    wizard.go_on(REVIEW)
    expect(wizard.page.get_by_text("The definition keeps every rule")).to_be_visible()


def test_what_is_found_at_the_review_leads_to_its_field(people: People, door: FrontDoor) -> None:
    of_texts = {"task_category": "Text", "task_type": "TextMultiClass"}
    faulty = drafted(door, door.upload_manifest([{"source": ADA}, "no JSON"]), **of_texts)
    door.as_("owner").post(f"/projects/demo/labeling-jobs/{faulty}/submit").expect(202)
    odd = drafted(door, door.upload_manifest([{"source": ADA}]), labels=["cat", "Cat"], max_concurrent_objects=2_000, **of_texts)
    wizard = Wizard.of(people, odd, at=REVIEW)

    def follow(field: str) -> Locator:
        return wizard.page.get_by_role("link", name=f"Go to the field: {field}")

    expect(wizard.page.get_by_text("Worth a look: 2")).to_be_visible()
    follow("Labels").click()
    expect(wizard.text("Label 2")).to_be_focused()
    expect(wizard.at("/labels/1").get_by_text("differ in case only")).to_be_visible()
    wizard.page.get_by_role("button", name="Next", exact=True).click()
    follow("Objects in work at a time").click()
    expect(wizard.number("Objects in work at a time – optional")).to_be_focused()

    door.wait_for(faulty, "Draft")
    wizard.page.goto(f"{people.console_url}/index.html#/projects/demo/new-labeling-job/{faulty}")
    expect(wizard.page.get_by_text("To mend before the job can be created: 1")).to_be_visible()
    expect(wizard.page.get_by_text(re.compile(r"Lines 1 \(.*\), counted from 0\."))).to_be_visible()
    speak(wizard.page, "Deutsch")
    expect(wizard.page.get_by_text("Die Zeile ist kein JSON. Schreiben Sie jedes Datenobjekt als")).to_be_visible()
    speak(wizard.page, "English")
    follow("Input manifest").click()
    expect(wizard.text("Input manifest location")).to_be_focused()

    wizard.text("Input manifest location").fill(door.upload_manifest([{"source": ADA}]))
    wizard.go_on(TOOL)
    wizard.go_on(REVIEW)
    wizard.create()
    door.wait_for(faulty, "InProgress")


def test_leaving_keeps_a_draft_that_two_people_can_work_on(people: People, door: FrontDoor) -> None:
    people.expect_complaint("412")
    wizard = Wizard.of(people)
    page, name = wizard.page, named("kept")

    wizard.text("Job name").fill(name)
    wizard.task_type("BoundingBox").click(force=True)
    page.get_by_role("link", name="Members").click()
    expect(page.get_by_text(f"kept as the draft {name}")).to_be_visible()
    page.get_by_role("link", name="Go on with it").click()
    expect(wizard.text("Job name")).to_have_value(name)
    expect(wizard.task_type("BoundingBox")).to_be_checked()

    theirs = {"workers_per_object": 2, "output_uri": "s3://theirs/"}
    door.as_("collaborator").patch(f"/projects/demo/labeling-jobs/{name}", theirs).expect(200)
    page.get_by_role("textbox", name="Output location").fill("s3://ours/")
    expect(page.get_by_text("Somebody else has changed this draft")).to_be_visible()
    page.get_by_role("button", name="Keep mine").click()
    wizard.is_saved()
    agrees(door, {"name": name, "output_uri": "s3://ours/", "workers_per_object": 2, "task_type": "BoundingBox"}, "Draft")

    # Without a name, it gets one.
    page.goto(f"{people.console_url}/index.html#/projects/demo/new-labeling-job")
    expect(wizard.text("Job name")).to_have_value("")
    wizard.task_type("SemanticSegmentation").click(force=True)
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_text("kept as the draft unnamed-")).to_be_visible()


# --- hostile words ---------------------------------------------------------------------------------------------------------

HOSTILE = '"><img src=x onerror="hacked()"> {{ 7 | times: 6 }} <script>hacked()</script>'
HOSTILE_HTML = f"""<p onclick="hacked()">Look <b>twice</b></p>{HOSTILE}<iframe src="https://elsewhere.example"></iframe>
<a href="javascript:hacked()">there</a><style>body {{ display: none }}</style>"""


def is_inert(page: Page, worker_page: FrameLocator) -> None:
    """The worker page shows hostile words as words, and nothing in them has run."""
    expect(worker_page.get_by_role("heading", name=HOSTILE)).to_be_visible()
    expect(worker_page.get_by_text(HOSTILE, exact=True).last).to_be_visible()
    expect(worker_page.locator("short-instructions b")).to_have_text("twice")
    expect(worker_page.locator("short-instructions")).to_contain_text("{{ 7 | times: 6 }}")
    for tag in ("script", "iframe", "style", "[onclick]", "[onerror]", "[href^=javascript]"):
        assert worker_page.locator(f"short-instructions {tag}").count() == 0
    assert [frame.evaluate("typeof hacked") for frame in page.frames] == ["undefined"] * len(page.frames)
    assert page.locator("img[src=x]").count() == 0


def test_hostile_words_are_nothing_but_words(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    people.expect_complaint("422|Executing inline event handler")
    asked: list[str] = []
    for person in ("owner", "worker-2"):
        people.profile(person).on("request", lambda request: asked.append(request.url))
        people.profile(person).on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))
    name = named("hostile")
    wizard = Wizard.of(people)

    wizard.text("Job name").fill(HOSTILE)
    wizard.text("Input manifest location").fill(manifests["pictures"])
    expect(wizard.at("/name").get_by_text("<img src=x").first).to_be_visible()
    wizard.text("Job name").fill(name)
    wizard.go_on(TOOL)
    wizard.fill_tool({"labeling_team": TEAM, "description": HOSTILE, "labels": [HOSTILE, "dog"]})
    wizard.page.get_by_role("button", name="Edit as HTML").first.click()
    wizard.text("Short instructions").fill(HOSTILE_HTML)
    wizard.page.get_by_role("button", name="Edit as HTML").first.click()
    expect(wizard.text("Short instructions").locator("strong")).to_have_text("twice")
    wizard.open("Advanced settings")
    wizard.page.get_by_role("textbox", name="Task title").fill(HOSTILE)
    wizard.go_on(REVIEW)
    expect(wizard.page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    is_inert(wizard.page, wizard.preview)

    wizard.create()
    expect(wizard.page.get_by_text(HOSTILE, exact=True).first).to_be_visible()
    door.wait_for(name, "InProgress")
    task = Task.of(people, "worker-2", name)
    is_inert(task.page, task.frame)
    assert [url for url in asked if not url.startswith((door.addresses["endpoint_url"], "data:", "blob:"))] == []


PASTE = """(element, html) => {
    const data = new DataTransfer();
    data.setData("text/html", html);
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_what_is_pasted_into_instructions_is_cleaned(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    # Whatever parses HTML is told of handlers that are not run.
    people.expect_complaint("Executing inline event handler")
    name = drafted(door, manifests["pictures"], labeling_team=None)
    wizard = Wizard.of(people, name, at=TOOL)
    editor = wizard.text("Short instructions")
    word = """<style>p { color: red }</style><p class="MsoNormal" style="color: red" onclick="hacked()">A <b>bold</b>
        <font color="red">claim</font><script>hacked()</script></p><img src="file:///C:/a.png"><a href="javascript:hacked()">there</a>"""

    editor.press("Control+a")
    editor.evaluate(PASTE, word)
    expect(editor.locator("strong")).to_have_text("bold")
    expect(wizard.page.get_by_text("Pictures left out of what you pasted: 1")).to_be_visible()
    wizard.is_saved()

    assert door.job(name)["short_instructions"] == "<p>A <strong>bold</strong> claim</p><p>there</p>"


PASTE_FILE = """(element, base64) => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    data.items.add(new File([bytes], "My screenshot.png", { type: "image/png" }));
    element.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
}"""


def test_a_pasted_picture_is_uploaded_into_the_project(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    name = drafted(door, manifests["texts"], labeling_team=None)
    wizard = Wizard.of(people, name, at=TOOL)
    editor = wizard.text("Short instructions")

    editor.evaluate(PASTE_FILE, base64.b64encode(png(drawn())).decode())

    expect(editor.locator("img[data-s3-uri]")).to_have_js_property("naturalWidth", WIDTH)
    wizard.is_saved()
    found = re.search(r"{{ 's3://([^/']*)/([^']*)' \| grant_read_access }}", door.job(name)["short_instructions"])
    assert found
    assert found[2].startswith("projects/demo/datasets/instructions/")
    assert door.operator("s3").get_object(Bucket=found[1], Key=found[2])["Body"].read() == png(drawn())


# --- data ------------------------------------------------------------------------------------------------------------------


def test_a_manifest_is_found_by_browsing(people: People, manifests: dict[str, str]) -> None:
    manifest = manifests["pictures"]
    wizard = Wizard.of(people)

    wizard.page.get_by_role("button", name="Browse or upload: Input manifest location").click()
    wizard.dialog.get_by_role("link", name="manifests").click()
    file = manifest.rpartition("/")[2]
    wizard.dialog.get_by_role("searchbox", name="Begins with").fill(file[:6])
    wizard.dialog.get_by_role("radio", name=file).click()
    assert accessibility_faults(wizard.page) == []
    look_at(wizard.page, "wizard-data-browser", full=False)
    wizard.choose_in_browser()

    expect(wizard.text("Input manifest location")).to_have_value(manifest)
    speak(wizard.page, "Deutsch")
    wizard.page.get_by_role("button", name="Durchsuchen oder hochladen: Ort des Eingabe-Manifests").click()
    expect(wizard.dialog.get_by_role("heading", name="Wählen: Ort des Eingabe-Manifests")).to_be_visible()
    assert accessibility_faults(wizard.page) == []


def test_a_manifest_is_uploaded_with_progress(people: People, door: FrontDoor, tmp_path: Path) -> None:
    manifest, folder = tmp_path / "mine.jsonl", named("folder")
    manifest.write_text(f'{{"source": "{ADA}"}}\n')
    wizard = Wizard.of(people)
    on_their_way: list[Route] = []
    wizard.page.route(re.compile(door.addresses["data_bucket"]), lambda route: on_their_way.append(route), times=1)

    wizard.page.get_by_role("button", name="Browse or upload: Input manifest location").click()
    wizard.text("Into a folder of its own").fill(folder)
    wizard.upload(manifest)
    expect(wizard.dialog.get_by_text("0 of 1 uploaded")).to_be_visible()
    expect(wizard.dialog.get_by_role("progressbar")).to_be_visible()
    on_their_way[0].continue_()
    expect(wizard.dialog.get_by_role("radio", name="mine.jsonl")).to_be_checked()
    wizard.choose_in_browser()

    expect(wizard.text("Input manifest location")).to_have_value(re.compile(rf"^s3://.*/datasets/{folder}/mine\.jsonl$"))
    uri = wizard.text("Input manifest location").input_value()
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    assert door.operator("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == manifest.read_bytes()


def test_pictures_from_s3_are_seen_in_the_instructions(people: People, door: FrontDoor, manifests: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "example.png").write_bytes(png(drawn()))
    name, folder = drafted(door, manifests["texts"], labeling_team=None), named("folder")
    wizard = Wizard.of(people, name, at=TOOL)
    editor = wizard.text("Short instructions")

    wizard.page.get_by_role("button", name="Picture", exact=True).first.click()
    wizard.dialog.get_by_role("button", name="Browse or upload").click()
    wizard.text("Into a folder of its own").fill(folder)
    wizard.upload(tmp_path / "example.png")
    expect(wizard.dialog.get_by_role("radio", name="example.png")).to_be_checked()
    wizard.choose_in_browser()
    expect(wizard.text("Address")).to_have_value(re.compile(f"{folder}/example.png$"))
    wizard.text("Alternative text").fill("A red rectangle")
    wizard.dialog.get_by_role("button", name="Apply").click()

    expect(editor.get_by_alt_text("A red rectangle")).to_have_js_property("naturalWidth", WIDTH)
    wizard.is_saved()
    assert re.search(rf"{{{{ 's3://[^']*/{folder}/example.png' \| grant_read_access }}}}", door.job(name)["short_instructions"])


def test_the_review_shows_real_objects_and_how_much_work_they_are(people: People, door: FrontDoor) -> None:
    pictures = [{"source-ref": uploaded(door, f"{n}.png", png(drawn(n)))} for n in range(3)]
    metadata = {"class-name": "cat", "confidence": 0.9, "type": "groundtruth/image-classification"}
    labeled = {**pictures[2], "animal": 0, "animal-metadata": metadata}
    manifest = door.upload_manifest([*pictures[:2], labeled])
    name = drafted(door, manifest, label_attribute_name="animal", workers_per_object=3)
    wizard = Wizard.of(people, name, at=REVIEW)

    expect(wizard.estimated("Objects to label")).to_contain_text("2without 1 that have this label already")
    expect(wizard.estimated("Answers")).to_contain_text("6objects × 3 workers per object")
    wizard.number("Assumed seconds per answer").fill("1800")
    expect(wizard.estimated("Worker hours")).to_contain_text("3answers × 1,800 seconds")
    expect(wizard.estimated("Hours, if all work at once")).to_contain_text("1worker hours ÷ 3 members")

    expect(wizard.number("Object (0 to 2)")).to_have_value("0")
    expect(wizard.preview.locator("img").first).to_have_js_property("naturalWidth", WIDTH)
    wizard.page.get_by_role("button", name="Next", exact=True).first.click()
    expect(wizard.number("Object (0 to 2)")).to_have_value("1")
    expect(wizard.preview.locator("img").first).to_have_attribute("src", re.compile(r"/1\.png"))
    wizard.preview.get_by_role("group", name="Labels").get_by_text("cat", exact=True).click()
    wizard.preview.get_by_role("button", name="Submit").click()
    expect(wizard.page.get_by_text("This is a preview: nothing was submitted.")).to_be_visible()


# --- for everybody ---------------------------------------------------------------------------------------------------------


def to(wanted: Locator, key: str = "Tab") -> None:
    """Presses the key until the wanted element has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(150):
        if wanted.evaluate("element => element.matches(':focus')"):
            return
        wanted.page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {wanted}")


def sign_in_by_keys(people: People, door: FrontDoor, person: str, address: str) -> Page:
    page = people.profile(person).new_page()
    page.goto(f"{people.console_url}/{address}")
    user = door.addresses["users"][person]
    to(page.get_by_label("Username"))
    page.keyboard.type(user["username"])
    page.keyboard.press("Tab")
    page.keyboard.type(user["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(re.escape(people.console_url) + r"/(?!signed-in)[^?]*$"))
    return page


def test_a_job_is_made_and_labeled_by_keyboard_alone(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    page = sign_in_by_keys(people, door, "owner", "index.html#/projects/demo/new-labeling-job")
    wizard, keys, name = Wizard(page), page.keyboard, named("keys")

    to(wizard.text("Job name"))
    keys.type(name)
    to(wizard.text("Input manifest location"))
    keys.type(manifests["pictures"])
    to(wizard.task_type("ImageMultiClass"))
    keys.press("ArrowRight")
    expect(wizard.task_type("ImageMultiClassMultiLabel")).to_be_checked()
    to(page.get_by_role("button", name="Next", exact=True))
    keys.press("Enter")
    expect(page.get_by_role("heading", name=TOOL, exact=True, level=1)).to_be_focused()
    team = page.get_by_role("button", name=re.compile("^Labeling team"))
    to(team)
    keys.press("Enter")
    expect(page.get_by_role("option", name=re.compile(f"^{TEAM}"))).to_be_visible()
    keys.type(TEAM)
    keys.press("Enter")
    expect(team).to_contain_text(TEAM)
    to(wizard.text("Task description"))
    keys.type("Which animals?")
    to(wizard.text("Label 1"))
    keys.type("cat")
    keys.press("Enter")
    expect(wizard.text("Label 2")).to_be_focused()
    keys.type("dog")

    editor = wizard.text("Short instructions")
    to(editor)
    keys.press("Control+a")
    keys.type("Look closely")
    keys.press("Control+a")
    to(page.get_by_role("toolbar", name="Formatting: Short instructions").get_by_role("button").first, "Shift+Tab")
    to(page.get_by_role("button", name="Link", exact=True).first, "ArrowRight")
    keys.press("Enter")
    expect(wizard.text("Address")).to_be_focused()
    keys.press("Control+a")
    keys.type("https://example.com/cats")
    keys.press("Enter")
    expect(editor.locator("a[href='https://example.com/cats']")).to_have_text("Look closely")
    to(page.get_by_role("button", name="Next", exact=True))
    keys.press("Enter")
    expect(page.get_by_role("heading", name=REVIEW, exact=True, level=1)).to_be_focused()
    to(page.get_by_role("button", name="Create labeling job"))
    keys.press("Enter")
    page.wait_for_url(re.compile(rf"#/projects/demo/labeling-jobs/{name}"))
    agrees(
        door,
        {
            "name": name,
            "task_type": "ImageMultiClassMultiLabel",
            "labels": ["cat", "dog"],
            "labeling_team": TEAM,
            "short_instructions": '<p><a href="https://example.com/cats">Look closely</a></p>',
        },
    )

    worker = sign_in_by_keys(people, door, "worker-3", "work.html")
    to(worker.locator(f"a[href='#/jobs/{name}']"))
    worker.keyboard.press("Enter")
    task = Task(worker)
    task.settle()
    to(task.frame.get_by_role("checkbox", name="dog"))
    worker.keyboard.press("Space")
    to(task.submit_button)
    worker.keyboard.press("Enter")
    expect(worker.get_by_role("heading", name="Nothing for you now")).to_be_visible()
    door.wait_for(name, "Completed")
    assert [line[name] for line in door.output(name)] == [[1]]


def look_at_step(page: Page, name: str) -> None:
    assert accessibility_faults(page) == []
    look_at(page, name)
    speak(page, "Deutsch")
    expect(page.get_by_role("button", name="Verlassen")).to_be_visible()
    assert accessibility_faults(page) == []
    look_at(page, f"{name}-de")
    speak(page, "English")
    expect(page.get_by_role("button", name="Leave")).to_be_visible()


def test_every_step_is_for_everybody_in_both_languages(people: People, door: FrontDoor, manifests: dict[str, str]) -> None:
    name = drafted(door, manifests["pictures"], labeling_team=None)
    wizard = Wizard.of(people, name, at=TOOL)

    wizard.open("Additional configuration")
    wizard.open("Additional instructions")
    wizard.open("Advanced settings")
    expect(wizard.text("Full instructions")).to_be_visible()
    look_at_step(wizard.page, "wizard-tool")
    wizard.page.get_by_role("button", name="Previous").click()
    look_at_step(wizard.page, "wizard-overview")
    wizard.go_on(TOOL)
    wizard.choose("Labeling team", TEAM)
    wizard.go_on(REVIEW)
    expect(wizard.preview.get_by_role("group", name="Labels")).to_be_visible()
    look_at_step(wizard.page, "wizard-review")
