"""The console's pages about one labeling job: steering one that runs."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import People, accessibility_faults
from tests.integration.front_door import FrontDoor


def address(name: str, tab: str = "") -> str:
    return f"index.html#/projects/demo/labeling-jobs/{name}{tab and f'/{tab}'}"


def act(page: Page, action: str) -> Locator:
    """The dialog that an action of the menu opens."""
    page.get_by_role("button", name="Actions", exact=True).click()
    page.get_by_role("menuitem", name=action, exact=True).click()
    return page.get_by_role("dialog")


def test_a_running_job_is_steered_by_its_owner(door: FrontDoor, people: People) -> None:
    name = door.running_job(objects=3)
    page = people.open("owner", address(name))

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
