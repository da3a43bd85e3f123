"""Working in the portal: nothing is lost whatever happens in the middle of a drawing, and nobody sees or reaches what is not theirs."""

import io
import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.e2e.people import People, accessibility_faults, in_each_language, look_at
from tests.e2e.pictures import HEIGHT, RED, WIDTH, drawn, png, turned_jpeg
from tests.e2e.portal import Task
from tests.integration.front_door import FrontDoor, eventually

ONE, OTHER = {"left": 20, "top": 20, "width": 40, "height": 40}, {"left": 210, "top": 100, "width": 50, "height": 60}


@pytest.fixture(scope="module")
def boxes(door: FrontDoor) -> str:
    """A labeling job with enough pictures to draw boxes on for every test here; each test ends by handing in what it drew."""
    uris = [uploaded(door, png(drawn(n))) for n in range(10)]
    return launched(
        door, [{"source-ref": uri} for uri in uris], task_type="BoundingBox", description="Draw a box", task_timeout_seconds=3600
    )


def uploaded(door: FrontDoor, content: bytes, ending: str = "png", folder: str = "for-browsers") -> str:
    key = f"datasets/{folder}/{uuid.uuid4().hex[:8]}.{ending}"
    return door.as_("owner").upload("demo", key, content, "image/jpeg" if ending == "jpg" else "image/png")


def launched(door: FrontDoor, lines: list[dict[str, Any]], **changes: Any) -> str:
    name = door.create(door.definition(door.upload_manifest(lines), **changes))
    door.wait_for(name, "InProgress")
    return name


def draw(task: Task, box: dict[str, int]) -> None:
    task.drag((box["left"], box["top"]), (box["left"] + box["width"], box["top"] + box["height"]))


def last_answer(door: FrontDoor, worker: str) -> dict[str, Any]:
    """What the worker answered last."""
    answer: dict[str, Any] = door.as_(worker).get("/work/history?limit=1").expect(200)["items"][0]["answer"]
    return answer


def boxes_of(answer: dict[str, Any]) -> list[dict[str, int]]:
    return [{side: box[side] for side in ONE} for box in answer["boundingBox"]["boundingBoxes"]]


def status(page: Page, words: str) -> None:
    expect(page.locator(".bar .status")).to_have_text(words)


# --- nothing is lost -----------------------------------------------------------------------------------------------------


def test_a_reload_and_a_crash_lose_no_stroke(people: People, door: FrontDoor, boxes: str) -> None:
    task = Task.of(people, "worker-1", boxes)
    draw(task, ONE)
    task.has_drawn(1)
    status(task.page, "Saved")

    task.page.reload()
    people.sign_in(task.page, "worker-1")
    task.settle()
    task.has_drawn(1)
    draw(task, OTHER)
    task.has_drawn(2)
    # As when a browser dies: no page hears that it ends.
    task.page.close(run_before_unload=False)
    task = Task.of(people, "worker-1", boxes)
    task.has_drawn(2)
    task.submit()

    assert boxes_of(last_answer(door, "worker-1")) == [ONE, OTHER]


def test_without_a_connection_work_goes_on_and_is_handed_in_later(people: People, door: FrontDoor, boxes: str) -> None:
    people.expect_complaint("ERR_INTERNET_DISCONNECTED")
    task = Task.of(people, "worker-1", boxes)
    task.picture_is_loaded()

    task.page.context.set_offline(True)
    draw(task, ONE)
    task.has_drawn(1)
    status(task.page, "Kept on this device")
    task.submit_button.click()
    status(task.page, "Handing in …")
    expect(task.page.get_by_role("alert")).to_contain_text("No connection")
    task.page.context.set_offline(False)

    expect(task.page.get_by_text("Handed in. Next task.")).to_be_visible()
    task.settle()
    assert boxes_of(last_answer(door, "worker-1")) == [ONE]


def test_who_signs_in_again_finds_the_drawing_as_it_was(people: People, door: FrontDoor, boxes: str) -> None:
    people.expect_complaint("status of 40[01]")
    task = Task.of(people, "worker-2", boxes)
    draw(task, ONE)
    status(task.page, "Saved")

    def refused(status: int, body: dict[str, Any]) -> Callable[[Route], None]:
        return lambda route: route.fulfill(status=status, json=body)

    # The session is over at the user pool and at the API.
    profile = task.page.context
    profile.route("**/oauth2/token", refused(400, {"error": "invalid_grant"}))
    profile.route("**/work/leases/**", refused(401, {"type": "/problems/unauthorized", "title": "Unauthorized", "status": 401}))
    draw(task, OTHER)
    dialog = task.page.get_by_role("dialog", name="Your session has ended")
    expect(dialog).to_be_visible()
    assert accessibility_faults(task.page) == []
    look_at(task.page, "portal-session-ended")
    profile.unroute("**/oauth2/token")
    profile.unroute("**/work/leases/**")
    with task.page.expect_popup() as opened:
        dialog.get_by_role("button", name="Sign in again").click()
    people.fill_hosted_page(opened.value, "worker-2")

    expect(dialog).to_be_hidden()
    task.has_drawn(2)
    status(task.page, "Saved")
    task.submit()
    assert boxes_of(last_answer(door, "worker-2")) == [ONE, OTHER]


def test_of_two_tabs_one_works_and_the_other_says_so(people: People, door: FrontDoor, boxes: str) -> None:
    first = Task.of(people, "worker-2", boxes)
    draw(first, ONE)
    first.has_drawn(1)

    second = Task(people.open("worker-2", f"work.html#/jobs/{boxes}"))
    elsewhere = "This job is open in another window."
    expect(second.page.get_by_text(elsewhere)).to_be_visible()
    second.page.get_by_role("button", name="Work here instead").click()
    second.settle()
    second.has_drawn(1)
    expect(first.page.get_by_text(elsewhere)).to_be_visible()
    second.submit()

    assert boxes_of(last_answer(door, "worker-2")) == [ONE]


def test_a_task_is_given_back_and_one_that_is_declined_is_not_offered_again(people: People, door: FrontDoor, boxes: str) -> None:
    def taken(does: Callable[[], None]) -> dict[str, Any]:
        with page.expect_response(lambda answer: answer.url.endswith(f"/{boxes}/leases") and answer.status == 201) as told:
            does()
        task.settle()
        lease: dict[str, Any] = told.value.json()
        return lease

    page = people.open("worker-3", "work.html")
    task = Task(page)
    start = page.locator(f"a[href='#/jobs/{boxes}']")

    returned = taken(start.click)
    draw(task, ONE)
    status(page, "Saved")
    page.get_by_role("button", name="Give back").click()
    expect(start).to_be_visible()
    renewal = door.as_("worker-3").post(f"/work/leases/{returned['lease_id']}/renew")
    declined = taken(start.click)
    page.get_by_role("button", name="Decline").click()
    dialog = page.get_by_role("dialog", name="Decline this task")
    dialog.get_by_label("Reason").fill("Nothing can be seen in it")
    look_at(page, "portal-decline")
    following = taken(dialog.get_by_role("button", name="Decline").click)
    page.get_by_role("button", name="Give back").click()
    expect(start).to_be_visible()

    assert renewal.status != 200
    assert following["task_id"] != declined["task_id"]


# --- who sees what -------------------------------------------------------------------------------------------------------


def test_an_outsider_sees_nothing(people: People, boxes: str) -> None:
    people.expect_complaint("status of 404")
    page = people.open("outsider", "work.html")
    expect(page.get_by_text("There is nothing to label for you at the moment.")).to_be_visible()

    page.goto(f"{people.console_url}/work.html#/jobs/{boxes}")

    expect(page.get_by_role("alert")).to_contain_text("That did not work")
    assert page.locator("iframe.shown").count() == 0
    assert "Draw a box" not in page.content()


def test_hostile_words_are_shown_as_words(people: People, door: FrontDoor) -> None:
    words = '"><img src=x onerror="hacked()"> {{ 7 | times: 7 }} {% raw %}'
    labels = ["<script>parent.hacked()</script>", "{{ task.input | to_json }}"]
    instructions = (
        '<script>hacked()</script><img src="x" onerror="hacked()"><a href="javascript:hacked()">look</a>'
        '<iframe src="https://elsewhere.example"></iframe><b>bold</b> {{ 7 | times: 6 }}<style>body { display: none }</style>'
    )
    line = {"source-ref": uploaded(door, png(drawn())), "<b>key</b>": "<script>hacked()</script>"}
    name = launched(
        door, [line], labels=labels, description=words, short_instructions=instructions, full_instructions=instructions, task_title=words
    )
    asked: list[str] = []
    people.profile("worker-1").on("request", lambda request: asked.append(request.url))
    people.profile("worker-1").on("dialog", lambda dialog: asked.append(f"dialog: {dialog.message}"))

    page = people.open("worker-1", "work.html")
    expect(page.get_by_text(words).first).to_be_visible()
    task = Task(page)
    page.locator(f"a[href='#/jobs/{name}']").click()
    task.settle()

    expect(task.frame.get_by_role("heading", name=words)).to_be_visible()
    for label in labels:
        expect(task.frame.get_by_text(label, exact=True)).to_be_visible()
    expect(task.frame.locator("short-instructions b")).to_have_text("bold")
    expect(task.frame.locator("short-instructions")).to_contain_text("{{ 7 | times: 6 }}")
    for tag in ("script", "iframe", "style", "[onerror]", "[href^=javascript]"):
        assert task.frame.locator(f"short-instructions {tag}, full-instructions {tag}").count() == 0
    assert [frame.evaluate("typeof hacked") for frame in page.frames] == ["undefined"] * len(page.frames)
    task.frame.get_by_text(labels[1], exact=True).click()
    task.submit()
    assert last_answer(door, "worker-1") == {"crowd-image-classifier": {"label": labels[1]}}
    assert [url for url in asked if not url.startswith((door.addresses["endpoint_url"], "data:", "blob:"))] == []


PAGE_WITH_A_SCRIPT = """<crowd-form>
  <h1 id="text">{{ task.input.source }}</h1>
  <crowd-input name="note" label="Note"></crowd-input>
  <input type="hidden" name="reached">
</crowd-form>
<script>
  const attempts = {
    page: () => parent.document.title,
    address: () => String(parent.location.href),
    storage: () => localStorage.length,
    session: () => sessionStorage.length,
    cookies: () => document.cookie,
    database: () => indexedDB.open("groundwork-work").name,
    api: () => fetch("API/me"),
    settings: () => fetch("API/console/config.json"),
    elsewhere: () => fetch("https://elsewhere.example/"),
    window: () => { parent.location = "https://elsewhere.example/"; },
  };
  document.addEventListener("all-crowd-elements-ready", async () => {
    const reached = [];
    for (const [name, attempt] of Object.entries(attempts)) {
      try { await attempt(); reached.push(name); } catch {}
    }
    document.querySelector("[name=reached]").value = reached.join();
    document.querySelector("#text").append(" (checked)");
  });
</script>"""


def test_a_templates_own_script_runs_and_reaches_nothing(people: People, door: FrontDoor) -> None:
    people.expect_complaint("Content Security Policy|Unsafe attempt|sandbox|Refused|Failed to load resource|has been blocked by CORS")
    content = PAGE_WITH_A_SCRIPT.replace("API", door.addresses["api_url"]).encode()
    template = door.as_("owner").upload("demo", f"datasets/{uuid.uuid4().hex[:8]}.liquid", content, "text/html")
    name = launched(door, [{"source": "A text"}], task_type="Custom", task_category="Text", labels=[], template_uri=template)

    task = Task.of(people, "worker-1", name)
    expect(task.frame.get_by_role("heading")).to_have_text("A text (checked)")
    assert task.page.url.startswith(people.console_url)
    task.frame.get_by_role("textbox", name="Note").fill("seen")
    task.submit()

    assert last_answer(door, "worker-1") == {"note": "seen", "reached": ""}


EVERY_PART = """<script src="https://assets.crowd.aws/crowd-html-elements.js"></script>
<crowd-form>
  <crowd-instructions link-text="Rules" link-type="button">
    <short-summary>Say how the parcel came.</short-summary>
    <detailed-instructions><h2>In detail</h2><p>Read all of it.</p></detailed-instructions>
    <positive-example><p>Late: three days.</p></positive-example>
    <negative-example><p>Late: an hour.</p></negative-example>
  </crowd-instructions>
  <crowd-alert type="info" dismissible>The text is <strong>real</strong>.</crowd-alert>
  <crowd-tabs>
    <crowd-tab header="Text"><crowd-card heading="Message"><p style="padding: 1rem">{{ task.input.source }}</p></crowd-card></crowd-tab>
    <crowd-tab header="Notes"><p>None.</p></crowd-tab>
  </crowd-tabs>
  <crowd-input name="place" label="Place" required></crowd-input>
  <crowd-text-area name="remark" label="Remark" rows="2"></crowd-text-area>
  <crowd-checkbox name="flags" value="late">Late</crowd-checkbox>
  <crowd-radio-group>
    <crowd-radio-button name="mood" value="glad">Glad</crowd-radio-button>
    <crowd-radio-button name="mood" value="cross">Cross</crowd-radio-button>
  </crowd-radio-group>
  <label>Sure? <crowd-slider name="sure" min="0" max="10" step="1" value="5" aria-label="Sure?" pin></crowd-slider></label>
  <crowd-toggle-button name="urgent">Urgent</crowd-toggle-button>
  <crowd-icon-button icon="search" label="Search"></crowd-icon-button>
  <crowd-button id="more" variant="link">More</crowd-button>
  <crowd-badge icon="star" for="more"></crowd-badge>
  <crowd-fab icon="help" title="Help" label="?"></crowd-fab>
  <crowd-modal link-text="Open"><p>Inside.</p></crowd-modal>
  <crowd-toast duration="600000">Welcome</crowd-toast>
  <crowd-button form-action="submit" variant="primary">Hand in</crowd-button>
</crowd-form>"""


def test_a_template_of_every_part_is_filled_in_and_is_for_everybody(people: People, door: FrontDoor) -> None:
    template = door.as_("owner").upload("demo", f"datasets/{uuid.uuid4().hex[:8]}.liquid", EVERY_PART.encode(), "text/html")
    line = {"source": "The parcel arrived late."}
    name = launched(door, [line], task_type="Custom", task_category="Text", labels=[], template_uri=template)
    task = Task.of(people, "worker-1", name)
    frame, page = task.frame, task.page

    for _language in in_each_language(page):
        assert accessibility_faults(page) == []
    look_at(page, "task-every-part")
    frame.get_by_role("button", name="Hand in").click()
    expect(frame.get_by_role("alert").filter(has_text="Place")).to_be_visible()
    frame.get_by_role("textbox", name="Place").fill("Oslo")
    frame.get_by_role("textbox", name="Remark").fill("three days")
    frame.get_by_role("checkbox", name="Late").check()
    frame.get_by_role("radio", name="Cross").check()
    frame.get_by_role("slider").press("ArrowRight")
    frame.get_by_text("Urgent").click()
    frame.get_by_role("tab", name="Notes").click()
    expect(frame.get_by_text("None.")).to_be_visible()
    frame.get_by_role("button", name="Hand in").click()
    expect(page.get_by_text("Nothing for you now")).to_be_visible()

    assert last_answer(door, "worker-1") == {
        "place": "Oslo",
        "remark": "three days",
        "flags": {"late": True},
        "mood": {"glad": False, "cross": True},
        "sure": 6,
        "urgent": {"on": True},
    }


# --- how it is seen and used ---------------------------------------------------------------------------------------------


def test_the_portals_pages_are_for_everybody(people: People, door: FrontDoor, boxes: str) -> None:
    task = Task.of(people, "worker-3", boxes)
    draw(task, ONE)
    task.submit()
    page = task.page

    for name, address, heading in (("jobs", "#/", "h1"), ("history", "#/history", "table")):
        page.goto(f"{people.console_url}/work.html{address}")
        expect(page.locator(f"main {heading}")).to_be_visible()
        for _language in in_each_language(page):
            assert accessibility_faults(page) == []
        look_at(page, f"portal-{name}", full=False)
    page.goto(f"{people.console_url}/work.html#/jobs/{boxes}")
    task.settle()
    page.get_by_role("button", name="Give back").click()
    expect(page.locator(".jobs")).to_be_visible()


def test_boxes_are_exact_on_a_dense_screen_and_pictures_are_turned(people: People, door: FrontDoor) -> None:
    name = launched(door, [{"source-ref": uploaded(door, turned_jpeg(drawn()), "jpg")}], task_type="BoundingBox")
    page = people.open("worker-1", f"work.html#/jobs/{name}", device_scale_factor=2)
    task = Task(page)
    task.settle()
    task.picture_is_loaded()

    # Where the red rectangle is seen, whatever the element says about it.
    left, top, right, bottom = eventually(lambda: red_in(page), "the picture to be drawn")
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(right, bottom, steps=4)
    page.mouse.up()
    task.has_drawn(1)
    task.submit()

    answer = last_answer(door, "worker-1")["boundingBox"]
    assert answer["inputImageProperties"] == {"width": WIDTH, "height": HEIGHT}
    [box] = answer["boundingBoxes"]
    assert (box["left"], box["top"], box["left"] + box["width"], box["top"] + box["height"]) == RED


def red_in(page: Page) -> tuple[float, float, float, float] | None:
    """The edges of the red rectangle in the window, in CSS pixels at two device pixels each."""
    seen = np.asarray(Image.open(io.BytesIO(page.screenshot())).convert("RGB")).astype(int)
    red = (seen[..., 0] > 150) & (seen[..., 1] < 80) & (seen[..., 2] < 80)
    if not red.any():
        return None
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    return columns[0] / 2, rows[0] / 2, (columns[-1] + 1) / 2, (rows[-1] + 1) / 2


def test_a_whole_job_is_labeled_by_keyboard_alone(people: People, door: FrontDoor) -> None:
    name = launched(door, [{"source-ref": uploaded(door, png(drawn()))}], task_type="BoundingBox")
    page = people.open("worker-1", "work.html")
    keys = page.keyboard
    task = Task(page)
    expect(page.locator(f"a[href='#/jobs/{name}']")).to_be_visible()

    tab_to(page, f"a[href='#/jobs/{name}']")
    keys.press("Enter")
    task.settle()
    task.picture_is_loaded()
    tab_to(page, ".surface")
    keys.press("2")
    keys.press("Space")
    for _ in range(3):
        keys.press("Shift+ArrowRight")
    for _ in range(2):
        keys.press("Shift+ArrowDown")
    keys.press("ArrowDown")
    keys.press("Space")
    task.has_drawn(1)
    tab_to(page, ".submit")
    keys.press("Enter")

    assert door.wait_for(name, "Completed")["counters"]["human_labeled"] == 1
    [line] = door.output(name)
    assert line[name]["annotations"] == [{"class_id": 1, "left": WIDTH // 2, "top": HEIGHT // 2, "width": 30, "height": 21}]


FOCUSED = """selector => {
    let focused = document.activeElement;
    while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
    return focused?.matches(selector) ?? false;
}"""


def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until what matches has the focus, in the page or in a frame of it."""
    for _ in range(60):
        if any(frame.evaluate(FOCUSED, selector) for frame in page.frames):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab does not lead to {selector}")


def test_text_from_right_to_left_is_marked_by_mouse_and_by_keys(people: People, door: FrontDoor) -> None:
    text = "ذهبت آنا 🙂 إلى أوسلو"
    name = launched(door, [{"source": text}], task_type="NamedEntityRecognition", task_category="Text", labels=["Person", "City"])
    task = Task.of(people, "worker-1", name)

    task.choose("City")
    task.mark("أوسلو")
    expect(task.frame.locator(".marked")).to_have_count(1)
    task.choose("Person")
    marked = task.frame.locator(".groundwork-text")
    marked.focus()
    # By keys: from the beginning over the first word and the space behind it, then the second word.
    task.page.keyboard.press("Control+Home")
    for _ in range(len("ذهبت ")):
        task.page.keyboard.press("ArrowLeft")
    for _ in range(len("آنا")):
        task.page.keyboard.press("Shift+ArrowLeft")
    task.page.keyboard.press("Enter")
    expect(task.frame.locator(".marked")).to_have_count(2)
    look_at(task.page, "task-right-to-left")
    task.submit()

    entities = last_answer(door, "worker-1")["crowd-entity-annotation"]["entities"]
    assert sorted((entity["label"], text[entity["startOffset"] : entity["endOffset"]]) for entity in entities) == [
        ("City", "أوسلو"),
        ("Person", "آنا"),
    ]
