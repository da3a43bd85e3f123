"""The console's pages about one labeling job: results of every kind of annotation, what can be done with a job, and who sees what."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e import finished_jobs as jobs
from tests.e2e.console import LANGUAGES, choose, console, dialog, speak
from tests.e2e.console import go as go_to
from tests.e2e.people import People, accessibility_faults, is_mirrored_well, look_at
from tests.integration.front_door import FrontDoor, eventually

#: A label that does harm wherever somebody takes it for HTML.
HOSTILE = "<img src=x onerror=document.title='harmed'>"

LOADING = re.compile("^(Loading|Wird geladen)")

#: A heading of each of a job's tabs, in English and in German.
TABS = {
    "": ("History", "Verlauf"),
    "results": ("Results", "Ergebnisse"),
    "quality": ("Agreement per label", "Übereinstimmung je Label"),
    "preview": ("Preview", "Vorschau"),
    "put-aside": ("Objects put aside", "Zurückgestellte Objekte"),
    "exports": ("Exports", "Exporte"),
}


@pytest.fixture(scope="session")
def finished(door: FrontDoor) -> Mapping[str, str]:
    """The names of finished jobs by their kind of annotation."""
    cat, dog = ("cat", 20, 60, 60, 60), ("dog", 90, 60, 60, 60)
    kinds = {
        "class": lambda: jobs.finished(
            door,
            "ImageMultiClass",
            [[jobs.one_class("cat")] * 3, [jobs.one_class("cat"), jobs.one_class(HOSTILE), jobs.one_class(HOSTILE)]],
            labels=["cat", HOSTILE],
        ),
        "boxes": lambda: jobs.finished(
            door, "BoundingBox", [[jobs.boxes(cat, dog)], [jobs.boxes(cat)], [jobs.boxes()]], labels=["cat", "dog"]
        ),
        "mask": lambda: jobs.finished(
            door, "SemanticSegmentation", [[jobs.mask(cat=(20, 60, 80, 120), dog=(90, 60, 150, 120))]], labels=["cat", "dog"]
        ),
        "spans": lambda: jobs.finished(
            door,
            "NamedEntityRecognition",
            [[jobs.entities(("City", "𝒪slo"), ("Trip", "𝒪slo to Rome"), ("Person", "Ana"))]],
            labels=["City", "Person", "Trip"],
        ),
    }
    with ThreadPoolExecutor(3) as pool:
        return dict(zip(kinds, pool.map(lambda make: make(), kinds.values()), strict=True))


def address(name: str, tab: str = "") -> str:
    return f"/projects/demo/labeling-jobs/{name}{tab and f'/{tab}'}"


def go(page: Page, name: str, tab: str = "") -> None:
    go_to(page, address(name, tab))
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def card(page: Page, number: int) -> Locator:
    return page.locator(f".result-card[data-object='{number}']")


def act(page: Page, action: str) -> Locator:
    """The dialog that an action of the menu opens."""
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name=action, exact=True).click()
    return dialog(page)


def test_results_show_every_kind_of_annotation(people: People, finished: Mapping[str, str]) -> None:
    page = console(people, "owner", address(finished["boxes"], "results"))

    expect(page.locator(".result-card")).to_have_count(3)
    drawn = card(page, 0).locator("svg g")
    expect(drawn).to_have_count(2)
    assert drawn.evaluate_all("groups => groups.map(group => group.dataset.label)") == ["cat", "dog"]
    rectangle = drawn.first.locator("rect").first
    assert [rectangle.get_attribute(name) for name in ("x", "y", "width", "height")] == ["20", "60", "60", "60"]
    expect(card(page, 2)).to_contain_text("Nothing marked")
    look_at(page, "results-boxes")

    go(page, finished["mask"], "results")
    canvas = card(page, 0).locator("canvas[data-painted='true']")
    expect(canvas).to_be_attached()
    assert opacities(canvas, (50, 90), (120, 90), (5, 5), (85, 90)) == [153, 153, 0, 0]
    expect(card(page, 0)).to_contain_text("cat")
    look_at(page, "results-mask")

    go(page, finished["spans"], "results")
    marks = card(page, 0).locator("mark")
    expect(marks).to_have_text(["Ana", "𝒪slo", " to Rome"])
    assert marks.evaluate_all("marks => marks.map(mark => mark.dataset.labels)") == ["Person", "Trip City", "Trip"]
    look_at(page, "results-spans")

    # A label from outside is text, whatever it says.
    go(page, finished["class"], "results")
    expect(card(page, 1).locator(".label-chip")).to_contain_text([HOSTILE])
    assert page.title() != "harmed"


def opacities(canvas: Locator, *places: tuple[int, int]) -> list[int]:
    """How much is seen of what was painted at these places, 0 to 255."""
    found: list[int] = canvas.evaluate(
        """(canvas, places) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return places.map(([x, y]) => data[4 * (y * canvas.width + x) + 3]);
        }""",
        places,
    )
    return found


def test_results_are_looked_through_by_keys_and_by_filters(people: People, finished: Mapping[str, str]) -> None:
    page = console(people, "collaborator", address(finished["boxes"], "results"))

    card(page, 0).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Object 0")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("heading", name="Object 1")).to_be_focused()
    expect(page.locator(".result-single .labeled-picture > svg g")).to_have_count(1)
    assert page.locator(".result-single .labeled-picture > svg").bounding_box() == page.locator(".result-single img").bounding_box()
    look_at(page, "result")
    assert accessibility_faults(page) == []
    page.keyboard.press("Escape")
    expect(card(page, 0)).to_be_visible()

    choose(page, page.get_by_role("button", name="Label Any label"), "dog")
    expect(page.locator(".result-card")).to_have_count(1)
    page.get_by_role("button", name="Clear filters").click()
    expect(page.locator(".result-card")).to_have_count(3)

    go(page, finished["class"], "results")
    choose(page, page.get_by_role("button", name="Disagreement Any"), "Workers disagree")
    expect(card(page, 0)).to_be_hidden()
    expect(card(page, 1)).to_contain_text("Disagreement 33.3%")


def test_an_adjustment_is_shown_beside_what_was_there_before(door: FrontDoor, people: People, finished: Mapping[str, str]) -> None:
    source = door.job(finished["boxes"])
    wider = jobs.changed(jobs.boxes(("cat", 20, 60, 80, 60)))
    name = jobs.finished(
        door,
        "AdjustmentBoundingBox",
        [[wider], [wider], [wider]],
        input_manifest_uri=source["output_manifest_uri"],
        existing_label_attribute=source["name"],
        labels=["cat", "dog"],
    )

    page = console(people, "owner", address(name, "results"))
    card(page, 1).click()

    sides = page.locator(".result-single figure")
    expect(sides).to_contain_text(["Before", "After"])
    expect(sides.locator("svg g")).to_have_count(2)
    widths = sides.locator("svg g rect:first-child").evaluate_all("shapes => shapes.map(shape => shape.getAttribute('width'))")
    assert widths == ["60", "80"]
    expect(page.get_by_text("Changed by workers")).to_be_visible()
    look_at(page, "result-adjusted")


def test_overview_quality_preview_and_output_of_a_finished_job(door: FrontDoor, people: People, finished: Mapping[str, str]) -> None:
    name = finished["class"]
    page = console(people, "owner", address(name))

    expect(page.get_by_text("2 of 2")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("In progress → Completed"))).to_be_visible()
    expect(page.get_by_text(HOSTILE).first).to_be_visible()

    page.get_by_role("tab", name="Quality").click()
    expect(page.get_by_text("Two workers who look at the same object give the same answer in 66.7% of cases.")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("worker-1"))).to_be_visible()

    page.get_by_role("tab", name="Preview").click()
    page.get_by_role("button", name="Next", exact=True).click()
    expect(page.get_by_label("Object (0 to 1)")).to_have_value("1")
    frame = page.frame_locator("iframe")
    frame.get_by_role("group", name="Labels").get_by_text("cat", exact=True).click()
    frame.get_by_role("button", name="Submit").click()
    expect(page.get_by_text("This is a preview: nothing was submitted.")).to_be_visible()

    page.get_by_role("tab", name="Output").click()
    page.get_by_role("button", name="Export", exact=True).click()
    expect(page.get_by_text("Finished", exact=True)).to_be_visible()
    url = page.get_by_role("link", name="Download CSV").get_attribute("href")
    assert url is not None
    assert door.nobody.download(url).decode().count("\n") == 3  # a header, two objects
    expect(page.get_by_text(door.job(name)["output_manifest_uri"])).to_be_visible()


def test_every_side_of_a_job_can_be_read_by_everybody(people: People, finished: Mapping[str, str]) -> None:
    name = finished["class"]
    page = console(people, "owner", address(name))

    for number, language in enumerate(LANGUAGES):
        speak(page, language)
        for tab, headings in TABS.items():
            go(page, name, tab)
            expect(page.get_by_role("heading", name=headings[number])).to_be_visible()
            expect(page.get_by_text(LOADING)).to_have_count(0)
            if tab == "preview":
                expect(page.frame_locator("iframe").get_by_role("group", name="Labels")).to_be_visible()
            assert accessibility_faults(page) == []
            look_at(page, f"labeling-job-{tab or 'overview'}", keep=language == "English")
            if language == "English":
                is_mirrored_well(page, tab)


def test_a_running_job_is_steered_by_its_owner(door: FrontDoor, people: People) -> None:
    name = door.running_job(objects=3)
    page = console(people, "owner", address(name))

    act(page, "Pause").get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Workers get no new tasks. The time until")).to_be_visible()
    assert door.job(name)["paused"]
    act(page, "Resume").get_by_role("button", name="Resume").click()
    expect(page.get_by_text("The work goes on.")).to_be_visible()
    assert not door.job(name)["paused"]

    extend = act(page, "Extend the expiration")
    extend.get_by_label("Days after the start").fill("5")
    expect(extend.get_by_role("button", name="Extend the expiration")).to_be_disabled()
    extend.get_by_label("Days after the start").fill("20")
    extend.get_by_role("button", name="Extend the expiration").click()
    expect(page.get_by_text("20 days", exact=True)).to_be_visible()
    assert door.job(name)["task_expiration_seconds"] == 20 * 86_400

    change = act(page, "Change the instructions")
    change.get_by_role("textbox", name="Short instructions").fill("Look at the ears.")
    assert accessibility_faults(page) == []
    change.get_by_role("button", name="Change the instructions").click()
    expect(page.get_by_text("Instructions changed (version 2)")).to_be_visible()
    assert door.job(name)["short_instructions"] == "<p>Look at the ears.</p>"

    lease = door.lease("worker-1", name)
    assert lease is not None
    door.as_("worker-1").post(f"/work/leases/{lease['lease_id']}/decline", {"reason": "The picture is <b>dark</b>"}).expect(200, 204)
    page.get_by_role("tab", name="Objects put aside").click()
    expect(page.get_by_text("The picture is <b>dark</b>")).to_be_visible()
    page.get_by_role("button", name=f"Offer again {lease['task_id']}").click()
    expect(page.get_by_text("No object was put aside.")).to_be_visible()

    # Somebody else is quicker: what the API refuses is said, and nothing is lost.
    stop = act(page, "Pause")
    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/stop").expect(202)
    door.wait_for(name, "Stopped")
    people.expect_complaint("409")
    stop.get_by_role("button", name="Pause").click()
    expect(stop.get_by_text("That did not work")).to_be_visible()
    expect(stop.get_by_text("it is Stopped")).to_be_visible()
    stop.get_by_role("button", name="Cancel").click()

    delete = act(page, "Delete")
    confirm = delete.get_by_role("button", name="Delete")
    expect(confirm).to_be_disabled()
    delete.get_by_role("textbox").fill(name)
    confirm.click()
    expect(page.get_by_text(f"{name} is deleted.")).to_be_visible()
    assert door.as_("owner").get(f"/projects/demo/labeling-jobs/{name}").status == 404


def test_a_collaborator_is_offered_what_the_api_would_grant(door: FrontDoor, people: People, finished: Mapping[str, str]) -> None:
    page = console(people, "collaborator", address(finished["class"], "quality"))

    expect(page.get_by_text("Who they are is told to owners and administrators only.")).to_be_visible()
    page.get_by_role("button", name="Actions", exact=True).click()
    expect(page.get_by_role("menuitem")).to_have_text(["Clone"])
    expect(page.get_by_role("tab", name="Objects put aside")).to_be_hidden()

    page.get_by_role("menuitem", name="Clone").click()
    copy = f"{finished['class']}-copy"
    clone = page.get_by_role("dialog")
    clone.get_by_label("Name").fill("not a name")
    expect(clone.get_by_role("button", name="Clone")).to_be_disabled()
    clone.get_by_label("Name").fill(copy)
    clone.get_by_role("button", name="Clone").click()
    eventually(lambda: door.as_("owner").get(f"/projects/demo/labeling-jobs/{copy}").status == 200, "the clone")
    expect(page).to_have_url(re.compile(f"new-labeling-job/{copy}$"))


def test_an_outsider_sees_nothing_of_a_job(people: People, finished: Mapping[str, str]) -> None:
    people.expect_complaint("404")
    page = console(people, "outsider", address(finished["boxes"], "results"))

    expect(page.get_by_text("That did not work")).to_be_visible()
    expect(page.get_by_role("tab")).to_have_count(0)
    expect(page.locator("img, svg g[data-label]")).to_have_count(0)
    expect(page.get_by_role("button", name="Actions", exact=True)).to_be_hidden()
