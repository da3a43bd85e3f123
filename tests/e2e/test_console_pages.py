"""The console's pages around labeling jobs: projects and who belongs to them, lists of jobs, teams, people, notifications, access keys."""

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.console import LANGUAGES, choose, console, dialog, go, row, speak, type_name
from tests.e2e.people import People, accessibility_faults, is_mirrored_well, look_at
from tests.integration.front_door import FrontDoor, eventually, picture
from tests.integration.test_notifications import FAULTY, Receiver

HOSTILE = '<img src=x onerror="window.pwned=1"><b>bold</b>'
OF_A_PROJECT = ("labeling-jobs", "manifests", "members", "data-locations", "labeling-teams", "notifications")
OF_ADMINISTRATORS = ("labeling-jobs", "labeling-teams", "people")
REFUSED = r"status of (4\d\d)"


@pytest.fixture
def project(door: FrontDoor) -> str:
    """A project of its own for a test, whose owner is `owner`; with a hostile description."""
    name = f"pages-{uuid.uuid4().hex[:8]}"
    door.as_("admin").post("/projects", {"name": name, "owner": "owner", "description": HOSTILE}).expect(201)
    return name


def test_an_administrator_makes_a_project_and_deletes_it(people: People) -> None:
    people.expect_complaint(REFUSED)
    name = f"made-{uuid.uuid4().hex[:8]}"
    page = console(people, "admin")

    page.get_by_role("button", name="Create project").first.click()
    dialog(page).get_by_label("Project name").fill("No Such Name")
    dialog(page).get_by_label("Description").fill(HOSTILE)
    owner = dialog(page).get_by_role("combobox", name="Owner")
    type_name(owner, "nobody-at-all")
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(dialog(page)).to_contain_text("The name is not 1 to 40 of the characters")
    expect(dialog(page)).to_contain_text("There is no user 'nobody-at-all'")
    assert accessibility_faults(page) == []

    dialog(page).get_by_label("Project name").fill(name)
    owner.fill("own")
    page.get_by_role("option", name="owner").click()
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_text(f"Project {name} was created.")).to_be_visible()
    page.get_by_label("Find projects by name or description").fill(name)
    expect(row(page, name)).to_contain_text(HOSTILE)
    assert page.evaluate("window.pwned") is None

    page.get_by_role("button", name=f"Delete {name}").click()
    expect(dialog(page).get_by_role("button", name="Delete")).to_be_disabled()
    dialog(page).get_by_role("textbox").fill(name)
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"Project {name} was deleted.")).to_be_visible()
    expect(row(page, name)).to_have_count(0)


def test_an_owner_describes_the_project_and_decides_who_is_a_member(people: People, project: str) -> None:
    people.expect_complaint(REFUSED)
    page = console(people, "owner")

    page.get_by_role("button", name=f"Edit {project}").click()
    dialog(page).get_by_label("Description").fill("Pets only")
    dialog(page).get_by_role("button", name="Save").click()
    expect(row(page, project)).to_contain_text("Pets only")

    go(page, f"/projects/{project}/members")
    # The only owner can neither go nor become something else.
    expect(page.get_by_role("button", name="Remove owner")).to_be_disabled()
    page.get_by_role("button", name="Add member").click()
    who = dialog(page).get_by_role("combobox", name="User name")
    type_name(who, "nobody-at-all")
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(dialog(page)).to_contain_text("Name a user who exists, exactly as they sign in.")
    type_name(who, "owner")
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(dialog(page)).to_contain_text("This person is a member already.")
    type_name(who, "collaborator")
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(row(page, "collaborator")).to_contain_text("Collaborator")

    page.get_by_role("button", name="Change role collaborator").click()
    dialog(page).get_by_role("radio", name="Owner").click()
    dialog(page).get_by_role("button", name="Save").click()
    expect(row(page, "collaborator")).to_contain_text("Owner")
    expect(page.get_by_role("button", name="Remove owner")).to_be_enabled()
    page.get_by_role("button", name="Remove collaborator").click()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(row(page, "collaborator")).to_have_count(0)


def test_an_administrator_grants_a_data_location_in_another_bucket(people: People, project: str) -> None:
    people.expect_complaint(REFUSED)
    page = console(people, "admin", f"/projects/{project}/data-locations")
    expect(row(page, "default")).to_contain_text(f"/projects/{project}/")

    page.get_by_role("button", name="Add data location").click()
    dialog(page).get_by_label("Name", exact=True).fill("archive")
    dialog(page).get_by_label("S3 prefix").fill("s3://another-bucket/pictures/")
    # What that bucket's owner has to set is said at once.
    expect(dialog(page).get_by_role("region", name="Bucket policy")).to_contain_text("arn:aws:s3:::another-bucket/pictures/*")
    expect(dialog(page).get_by_role("region", name="CORS rule")).to_contain_text("Access-Control-Allow-Origin")
    assert accessibility_faults(page) == []
    dialog(page).get_by_role("radio", name="Read and write").click()
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(dialog(page)).to_contain_text("Grant a prefix of another bucket with the access `read`.")
    dialog(page).get_by_role("radio", name="Read", exact=True).click()
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(row(page, "archive")).to_contain_text("s3://another-bucket/pictures/")

    page.get_by_role("button", name="Remove archive").click()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(row(page, "archive")).to_have_count(0)


def test_the_list_of_labeling_jobs_follows_them_and_is_filtered_and_paged(people: People, door: FrontDoor) -> None:
    manifest = door.upload_manifest([{"source-ref": uri} for uri in door.upload_pictures(2)])
    mark = f"L{uuid.uuid4().hex[:6]}"
    running = door.create(door.definition(manifest, name=f"{mark}-running"))
    drafts = [f"{mark}-{n}" for n in range(3)]
    for name in drafts:
        door.as_("owner").post("/projects/demo/labeling-jobs", door.definition(manifest, name=name, draft=True)).expect(201)
    # So that a few drafts are several pages of the API.
    people.profile("owner").route(
        re.compile(r"/labeling-jobs\?limit=100&.*status=Draft"),
        lambda route: route.continue_(url=route.request.url.replace("limit=100", "limit=2")),
    )
    page = console(people, "owner", "/projects/demo/labeling-jobs")
    expect(page.get_by_role("link", name="Create new labeling job").first).to_be_visible()

    # While something moves, the list is read again by itself.
    search = page.get_by_label("Find by name, team or task type")
    search.fill(mark)
    expect(row(page, running)).to_contain_text("In progress")
    expect(row(page, running)).to_contain_text("0 of 2 labeled")
    door.label_everything("worker-1", running, "cat")
    expect(row(page, running)).to_contain_text("2 of 2 labeled")
    expect(page.get_by_role("link", name=running)).to_have_attribute("href", f"#/projects/demo/labeling-jobs/{running}")

    choose(page, page.get_by_role("button", name="Filter by status"), "Draft")
    expect(page.get_by_role("heading", name="Labeling jobs (2+)")).to_be_visible()
    search.fill(drafts[0])
    expect(page.get_by_text("Nothing among the first 2 matches the search")).to_be_visible()
    page.get_by_role("button", name="Load more").click()
    expect(row(page, drafts[0])).to_contain_text("Image classification")
    # A draft is gone on with where it was made.
    draft = page.get_by_role("link", name=drafts[0], exact=True)
    expect(draft).to_have_attribute("href", f"#/projects/demo/new-labeling-job/{drafts[0]}")


def test_a_manifest_is_built_from_a_prefix(people: People, door: FrontDoor) -> None:
    people.expect_complaint(REFUSED)
    name = f"built-{uuid.uuid4().hex[:8]}"
    folder = door.upload_pictures(2)[0].rpartition("/")[0]
    page = console(people, "collaborator", "/projects/demo/manifests")

    page.get_by_role("button", name="Build a manifest").first.click()
    dialog(page).get_by_label("Manifest name").fill(name)
    prefix = dialog(page).get_by_role("textbox", name="Prefix")
    prefix.fill("s3://nowhere-of-ours/pictures/")
    dialog(page).get_by_role("button", name="Build").click()
    expect(prefix).to_have_attribute("aria-invalid", "true")
    prefix.fill(f"{folder.rpartition('/')[0]}/")
    dialog(page).get_by_role("button", name="Browse or upload: Prefix").click()
    dialog(page).get_by_role("searchbox", name="Begins with").fill(folder.rpartition("/")[2])
    dialog(page).get_by_role("link", name=folder.rpartition("/")[2]).click()
    dialog(page).get_by_role("button", name="Choose this folder").click()
    expect(prefix).to_have_value(f"{folder}/")
    expect(dialog(page).get_by_label("Manifest name")).to_have_value(name)
    dialog(page).get_by_role("button", name="Build").click()

    expect(row(page, name)).to_contain_text("Objects: 2, files: 2")
    expect(row(page, name)).to_contain_text("Built")
    page.get_by_role("button", name=f"Details {name}").click()
    expect(dialog(page)).to_contain_text(f"manifests/{name}.manifest")


def test_an_administrator_invites_people_and_puts_them_into_teams(people: People) -> None:
    people.expect_complaint(REFUSED)
    mark = uuid.uuid4().hex[:8]
    person, team = f"ann-{mark}", f"team-{mark}"
    page = console(people, "admin", "/people")

    page.get_by_role("button", name="Invite person").click()
    dialog(page).get_by_label("User name").fill(person)
    dialog(page).get_by_label("Mail address").fill("no address")
    dialog(page).get_by_role("button", name="Invite", exact=True).click()
    expect(dialog(page).get_by_label("Mail address")).to_have_attribute("aria-invalid", "true")
    dialog(page).get_by_label("Mail address").fill(f"{person}@example.com")
    dialog(page).get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_text(f"{person} was invited.")).to_be_visible()
    page.get_by_label("Find people whose user name begins with").fill(person)
    expect(row(page, person)).to_contain_text("Invited")
    page.get_by_role("button", name=f"Invite again {person}").click()
    expect(page.get_by_text(f"A new invitation is on its way to {person}.")).to_be_visible()

    go(page, "/labeling-teams")
    page.get_by_role("button", name="Create labeling team").first.click()
    dialog(page).get_by_label("Team name").fill(team)
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(dialog(page)).to_contain_text("Say in a sentence who is in the team.")
    dialog(page).get_by_label("Description").fill(HOSTILE)
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(page.get_by_role("heading", name=team, level=1)).to_be_visible()
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    page.get_by_role("button", name="Add member").click()
    dialog(page).get_by_role("combobox", name="User name").fill(person[:-2])
    page.get_by_role("option", name=person).click()
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("link", name=person).click()
    expect(page.get_by_role("link", name=team)).to_be_visible()

    page.get_by_role("button", name=f"Disable {person}").click()
    dialog(page).get_by_role("button", name="Disable").click()
    expect(page.get_by_text("Disabled", exact=True)).to_be_visible()
    page.get_by_role("button", name=f"Enable {person}").click()
    expect(page.get_by_text("Invited", exact=True)).to_be_visible()

    page.get_by_role("link", name=team).click()
    page.get_by_role("button", name=f"Remove {person}").click()
    dialog(page).get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Nobody is in this team yet.")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text(f"The labeling team {team} was deleted.")).to_be_visible()
    assert page.evaluate("window.pwned") is None


def test_a_webhook_is_set_up_shows_its_secret_once_and_sends_again(people: People, door: FrontDoor, project: str) -> None:
    people.expect_complaint(REFUSED)
    job = f"Job-{uuid.uuid4().hex[:8]}"
    page = console(people, "owner", f"/projects/{project}/notifications")

    page.get_by_role("button", name="Add notification").first.click()
    dialog(page).get_by_label("Name", exact=True).fill("ops")
    dialog(page).get_by_label("URL").fill("ftp://example.com")
    dialog(page).get_by_role("button", name="Add", exact=True).click()
    expect(dialog(page)).to_contain_text("Send a URL like https://hooks.example.com/groundwork.")
    receiver = Receiver()
    with receiver.listening():
        dialog(page).get_by_label("URL").fill(receiver.url)
        choose(page, dialog(page).get_by_role("button", name="Choose events"), "Validation failed")
        # Closes the choices and leaves the dialog.
        page.keyboard.press("Escape")
        dialog(page).get_by_role("button", name="Add", exact=True).click()
        expect(dialog(page)).to_contain_text("whsec_")
        dialog(page).get_by_role("button", name="Close").last.click()
        expect(page.get_by_text("whsec_")).to_have_count(0)
        expect(row(page, "ops")).to_contain_text("Active")

        manifest = door.as_("owner").upload(project, "manifests/none.txt", b"this is no JSON\n", "text/plain")
        door.as_("owner").post(f"/projects/{project}/labeling-jobs", door.definition(manifest, name=job)).expect(202)
        eventually(lambda: receiver.about(job, FAULTY), "the webhook")
        path = f"/projects/{project}/notifications/ops/deliveries"
        eventually(lambda: door.as_("owner").get(path).expect(200)["items"], "the record of it")
        page.get_by_role("link", name="ops", exact=True).click()
        expect(page.get_by_text("Delivered: answered 204")).to_be_visible()
        page.get_by_role("button", name=f"Send again {job}").click()
        eventually(lambda: len(receiver.requests) == 2, "the same webhook again")
        assert len({headers["webhook-id"] for headers, _ in receiver.requests}) == 1

    page.get_by_role("button", name="Replace secret").click()
    dialog(page).get_by_role("button", name="Replace secret").click()
    expect(dialog(page)).to_contain_text("whsec_")
    dialog(page).get_by_role("button", name="Close").last.click()
    expect(page.get_by_text("signed by the former secret, too")).to_be_visible()
    page.get_by_role("button", name="Delete", exact=True).click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("Nobody is told yet.")).to_be_visible()


def test_a_mail_waits_for_the_consent_of_its_addressee(people: People, project: str) -> None:
    page = console(people, "owner", f"/projects/{project}/notifications")
    # The local stack asks nobody and takes consent for granted.
    page.route(re.compile(f"/projects/{project}/notifications"), without_consent)

    page.get_by_role("button", name="Add notification").first.click()
    dialog(page).get_by_label("Name", exact=True).fill("desk")
    dialog(page).get_by_role("radio", name="Mail").click()
    dialog(page).get_by_label("Mail address").fill("desk@example.com")
    dialog(page).get_by_role("button", name="Add", exact=True).click()

    expect(row(page, "desk")).to_contain_text("Waits for consent")
    page.get_by_role("link", name="desk", exact=True).click()
    page.get_by_role("button", name="Ask for consent again").click()
    expect(page.get_by_text("The addressee of desk was asked again.")).to_be_visible()


def without_consent(route: Route) -> None:
    """What the API answers of notifications while their addressees have not consented."""
    answer = route.fetch()
    route.fulfill(response=answer, body=answer.text().replace('"confirmation":"confirmed"', '"confirmation":"pending"'))


def test_an_access_key_shows_its_secret_once(people: People) -> None:
    page = console(people, "owner", "/access-keys")

    page.get_by_role("button", name="Create access key").first.click()
    choose(page, dialog(page).get_by_role("button", name="Project"), "demo")
    dialog(page).get_by_role("button", name="Create", exact=True).click()
    expect(dialog(page)).to_contain_text("it cannot be shown again")
    expect(dialog(page).get_by_role("button", name=re.compile("Copy: "))).to_have_count(2)
    key = re.search(r"AKGW[A-Z2-7]{16}", dialog(page).inner_text())
    assert key is not None
    dialog(page).get_by_role("button", name="Close").last.click()
    expect(row(page, key[0])).to_contain_text("demo")

    page.get_by_role("button", name=f"Delete {key[0]}").click()
    dialog(page).get_by_role("button", name="Delete").click()
    expect(row(page, key[0])).to_have_count(0)


def test_an_outsider_sees_nothing_of_a_project(people: People, project: str) -> None:
    people.expect_complaint(REFUSED)
    page = console(people, "outsider")
    expect(page.get_by_text("You do not belong to a project yet.")).to_be_visible()
    expect(page.get_by_role("button", name="Create project")).to_have_count(0)

    for address in [f"/projects/{project}/{each}" for each in OF_A_PROJECT] + [f"/{each}" for each in OF_ADMINISTRATORS]:
        go(page, address)
        expect(page.get_by_text("That did not work")).to_be_visible()
        expect(page.get_by_role("link", name="Create new labeling job")).to_have_count(0)
        expect(page.get_by_text("s3://")).to_have_count(0)
        go(page, "/")
        expect(page.get_by_text("You do not belong to a project yet.")).to_be_visible()


@pytest.fixture
def furnished(door: FrontDoor) -> Iterator[str]:
    """The name of a project that has something on each of its pages; the administrator belongs to it, and has an access key."""
    name = f"street-cats-{uuid.uuid4().hex[:4]}"
    admin = door.as_("admin")
    admin.post("/projects", {"name": name, "owner": "admin", "description": "Cats that live in our street"}).expect(201)
    admin.put(f"/projects/{name}/members/collaborator", {"role": "collaborator"}).expect(200, 201)
    admin.put(f"/projects/{name}/data-locations/archive", {"s3_prefix": "s3://cats-archive/pictures/", "access": "read"}).expect(200, 201)
    admin.put(f"/projects/{name}/notifications/ops", {"kind": "mail", "address": "cats@example.com"}).expect(201)
    folder = admin.upload(name, "datasets/cats/1.png", picture(1), "image/png").rpartition("/")[0]
    admin.post(f"/projects/{name}/manifests", {"name": "cats", "input_prefix_uri": f"{folder}/", "task_category": "Image"}).expect(202)
    draft = {"name": f"{name}-colours", "draft": True, "task_category": "Image", "task_type": "ImageMultiClass", "labels": ["red", "black"]}
    admin.post(f"/projects/{name}/labeling-jobs", draft).expect(201)
    key = admin.post("/access-keys", {"project": name}).expect(201)["access_key_id"]
    yield name
    admin.delete(f"/access-keys/{key}").expect(204)


def test_every_page_can_be_read_by_everybody(people: People, furnished: str) -> None:
    project = f"/projects/{furnished}"
    # Each page with words that are seen once it is there.
    pages = {
        "projects": ("/", "Cats that live in our street"),
        "all-labeling-jobs": ("/labeling-jobs", f"{furnished}-colours"),
        "labeling-teams": ("/labeling-teams", "Three workers for trying things out"),
        "labeling-team": ("/labeling-teams/demo-team", "worker-3"),
        "people": ("/people", "outsider@example.com"),
        "person": ("/people/worker-1", "worker-1@example.com"),
        "access-keys": ("/access-keys", "AKGW"),
        "labeling-jobs": (f"{project}/labeling-jobs", f"{furnished}-colours"),
        "manifests": (f"{project}/manifests", "datasets/cats/"),
        "members": (f"{project}/members", "collaborator"),
        "data-locations": (f"{project}/data-locations", "s3://cats-archive/pictures/"),
        "project-labeling-teams": (f"{project}/labeling-teams", "Three workers for trying things out"),
        "notifications": (f"{project}/notifications", "cats@example.com"),
        "notification": (f"{project}/notifications/ops", "cats@example.com"),
    }
    page = console(people, "admin")

    for language in LANGUAGES:
        speak(page, language)
        for name, (address, words) in pages.items():
            go(page, address)
            expect(page.get_by_role("main").get_by_text(words).first).to_be_visible()
            assert accessibility_faults(page) == []
            look_at(page, f"console-{name}", keep=language == "English")
            if language == "English":
                is_mirrored_well(page, name)
