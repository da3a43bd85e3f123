"""Browser tests: Debian's Chromium against a local stack for each process of the run, with people who sign in at the hosted page."""

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.browser import FLAGS, chromium
from local.place import Place
from tests.e2e.people import BUILT_WEB, People
from tests.integration.front_door import FrontDoor
from tests.local_stacks import running_stack


@pytest.fixture(autouse=True)
def aws() -> None:
    """Nothing is faked here: the browser goes to the local stack."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running local stack."""
    with running_stack(tmp_path_factory.mktemp("stack")) as place:
        yield place


@pytest.fixture(scope="session")
def door(place: Place) -> FrontDoor:
    """The HTTP API, with everybody signed in: what a test needs around the pages it looks at is made there."""
    return FrontDoor(place)


@pytest.fixture(scope="session")
def chromium_browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        # A page that was answered without a connection is of no address space, and may not ask this machine for pictures.
        more = ["--disable-features=LocalNetworkAccessChecks"] if os.environ.get(BUILT_WEB) else []
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS, *more], headless=True)
        yield browser
        browser.close()


@pytest.fixture
def people(chromium_browser: Browser, door: FrontDoor) -> Iterator[People]:
    """Everybody with a browser of their own. A test fails on whatever a browser complained of that it did not expect."""
    people = People(chromium_browser, door)
    yield people
    complaints = people.leave()
    assert complaints == []
