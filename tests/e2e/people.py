"""People and their browsers: signing in at the hosted page, what browsers complain of, accessibility, pictures of pages."""

import io
import os
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, Page, Route, expect

from groundwork.web_files import WebFiles
from local.place import REPOSITORY
from local.web import BUILT
from tests.integration.front_door import PATIENCE_SECONDS, FrontDoor

#: Set, the web comes from the last build on the disk, and not from the stack.
BUILT_WEB = "GROUNDWORK_TEST_BUILT_WEB"
#: Where pictures of pages go when `GROUNDWORK_SCREENSHOTS` is set (`make screenshots`).
SCREENSHOTS = REPOSITORY / "docs" / "screenshots"
#: The widths that every page is looked at in: a desk and a phone.
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}

expect.set_options(timeout=PATIENCE_SECONDS * 1000)


class People:
    """The people of one test. Each has one browser profile, and as many tabs in it as the test opens."""

    def __init__(self, browser: Browser, door: FrontDoor) -> None:
        self._browser = browser
        self._door = door
        self._profiles: dict[str, BrowserContext] = {}
        self._complaints: list[str] = []
        self._expected: list[str] = []

    @property
    def console_url(self) -> str:
        url: str = self._door.addresses["console_url"]
        return url

    def profile(self, person: str, **settings: Any) -> BrowserContext:
        """The person's browser profile; `settings` are Playwright's, for the first use only."""
        if person not in self._profiles:
            context = self._browser.new_context(**({"viewport": DESK, "locale": "en-GB", "timezone_id": "UTC"} | settings))
            context.set_default_timeout(PATIENCE_SECONDS * 1000)
            if os.environ.get(BUILT_WEB):
                context.route(f"{self.console_url}/**", self._answer_from_the_build)
            context.on("console", self._hear)
            context.on("weberror", lambda told: self._complaints.append(f"uncaught: {told.error}"))
            self._profiles[person] = context
        return self._profiles[person]

    def open(self, person: str, address: str, **settings: Any) -> Page:
        """A new tab of this person at an address below the web's own folder (`work.html#/history`), signed in by the hosted page."""
        page = self.profile(person, **settings).new_page()
        page.goto(f"{self.console_url}/{address}")
        self.sign_in(page, person)
        return page

    def sign_in(self, page: Page, person: str) -> None:
        """Fills the hosted page that this tab is at, or is on its way to, and is back with a session."""
        self.fill_hosted_page(page, person)
        page.wait_for_url(re.compile(re.escape(self.console_url) + r"/(?!signed-in)[^?]*$"))

    def fill_hosted_page(self, page: Page, person: str) -> None:
        user = self._door.addresses["users"][person]
        page.get_by_label("Username").fill(user["username"])
        page.get_by_label("Password").fill(user["password"])
        page.get_by_role("button", name="Sign in").click()

    def expect_complaint(self, pattern: str) -> None:
        """From now on browsers may complain in words that match: a test of a refusal hears of a failed request."""
        self._expected.append(pattern)

    def leave(self) -> list[str]:
        """Closes every browser; what they complained of unexpectedly."""
        for context in self._profiles.values():
            context.close()
        return [told for told in self._complaints if not any(re.search(pattern, told) for pattern in self._expected)]

    def _answer_from_the_build(self, route: Route) -> None:
        """As `show_console` answers, out of the last build on the disk: a developer need not deploy each change of a page."""
        path = route.request.url.removeprefix(f"{self.console_url}/").partition("?")[0]
        endpoint: str = self._door.addresses["endpoint_url"]
        answer = WebFiles(BUILT, (endpoint,), endpoint).answer(path)
        if answer is None:
            route.continue_()
        else:
            route.fulfill(status=answer.status.value, headers=dict(answer.headers), body=answer.body)

    def _hear(self, message: ConsoleMessage) -> None:
        # Violations of a Content-Security-Policy are said as errors, too, whichever frame they happen in.
        where = message.location.get("url", "")
        # The sign-in page is not ours, and has no icon.
        if message.type in {"error", "warning"} and not where.endswith("/favicon.ico"):
            self._complaints.append(f"{message.type}: {message.text} ({where})")


# --- how pages look and read ---------------------------------------------------------------------------------------------


@cache
def _axe() -> str:
    return (REPOSITORY / "console" / "node_modules" / "axe-core" / "axe.min.js").read_text()


def accessibility_faults(page: Page, *, ignoring: Sequence[str] = ()) -> list[str]:
    """What axe-core finds serious or critical in the page and in each of its frames; `ignoring` are ids of rules."""
    return [fault for frame in page.frames for fault in _faults_of(frame, ignoring)]


def _faults_of(frame: Frame, ignoring: Sequence[str]) -> list[str]:
    if frame.evaluate("typeof axe === 'undefined'"):
        frame.evaluate(_axe())
    # Frames are looked at one by one, since those of worker pages are of no origin.
    found = frame.evaluate("axe.run(document, { iframes: false, resultTypes: ['violations'] })")
    return [
        f"{frame.url}: {violation['id']} ({violation['impact']}): {node['html'][:200]} {node.get('failureSummary', '')}"
        for violation in found["violations"]
        if violation["impact"] in {"serious", "critical"} and violation["id"] not in ignoring
        for node in violation["nodes"]
    ]


def in_each_language(page: Page) -> Iterator[str]:
    """Switches the page to one language after the other, and back."""
    chooser = page.locator("header select")
    before = chooser.input_value()
    for language in chooser.locator("option").evaluate_all("options => options.map(({ value }) => value)"):
        chooser.select_option(language)
        yield language
    chooser.select_option(before)


def is_mirrored_well(page: Page, name: str) -> None:
    """Written from right to left, the page is no wider than the window either."""
    page.evaluate("document.documentElement.dir = 'rtl'")
    look_at(page, f"{name}, mirrored,", keep=False)
    page.evaluate("document.documentElement.removeAttribute('dir')")


def look_at(page: Page, name: str, *, full: bool = True, keep: bool = True) -> None:
    """Looks at the page at both widths: nothing is wider than the window. Pictures are kept when somebody asks for them, and `keep`."""
    before = page.viewport_size
    for size in (DESK, PHONE):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.wait_for_timeout(150)  # layouts that follow their size by an observer
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], f"{name} is wider than {size['width']} pixels"
        if keep and os.environ.get("GROUNDWORK_SCREENSHOTS"):
            if full:
                # In a window as high as the page, so that frames below are drawn and what sticks to its edge is at its place.
                height = page.evaluate("document.documentElement.scrollHeight")
                page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
                page.wait_for_timeout(300)
            _keep(page.screenshot(full_page=full, animations="disabled", caret="hide"), SCREENSHOTS / f"{name}-{size['width']}.webp")
    if before is not None:
        page.set_viewport_size(before)


def _keep(png: bytes, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    Image.open(io.BytesIO(png)).convert("RGB").save(path, "WEBP", quality=80, method=6)
