"""What a worker does in the portal, with a mouse and with keys."""

import re
from dataclasses import dataclass

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.people import People


@dataclass(frozen=True, slots=True)
class Task:
    """The portal at a labeling job, and the worker page that it shows."""

    page: Page

    @classmethod
    def of(cls, people: People, worker: str, job: str) -> "Task":
        """A new tab of the worker at the job; the first task, or word that there is none, is there."""
        task = cls(people.open(worker, f"work.html#/jobs/{job}"))
        task.settle()
        return task

    @property
    def frame(self) -> FrameLocator:
        """The worker page itself."""
        return self.page.frame_locator("task-page iframe.shown")

    @property
    def nothing_left(self) -> bool:
        return self.page.get_by_role("heading", name="Nothing for you now").is_visible()

    def settle(self) -> None:
        """Waits until there is a task, or nothing to do."""
        shown = self.page.locator(".frames:not([hidden]):not([inert]) iframe.shown")
        expect(shown.or_(self.page.locator("task-page .empty"))).to_be_visible()

    @property
    def submit_button(self) -> Locator:
        return self.frame.get_by_role("button", name="Submit")

    def submit(self) -> None:
        """Hands the answer in, and waits for what comes next."""
        before = self.page.locator("iframe.shown").element_handle()
        self.submit_button.click()
        before.wait_for_element_state("hidden")
        self.settle()

    # --- choosing ----------------------------------------------------------------------------------------------------

    def choose(self, *labels: str) -> None:
        for label in labels:
            self.frame.get_by_role("group", name="Labels").get_by_text(label, exact=True).click()

    # --- drawing -----------------------------------------------------------------------------------------------------

    @property
    def surface(self) -> Locator:
        return self.frame.locator("drawing-stage .surface")

    def picture_is_loaded(self) -> None:
        expect(self.frame.locator(".below .hint")).not_to_have_text(re.compile("loading"))

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where in the window a point of the picture is seen."""
        box = self.surface.bounding_box()
        assert box is not None
        view = self.frame.locator("drawing-stage").evaluate("stage => stage.view")
        return box["x"] + view["x"] + x * view["scale"], box["y"] + view["y"] + y * view["scale"]

    def click(self, x: float, y: float) -> None:
        self.page.mouse.click(*self.place(x, y))

    def drag(self, *points: tuple[float, float]) -> None:
        """Presses at the first point of the picture, goes along the others and lets go at the last."""
        self.picture_is_loaded()
        first, *others = [self.place(*point) for point in points]
        self.page.mouse.move(*first)
        self.page.mouse.down()
        for place in others:
            self.page.mouse.move(*place, steps=5)
        self.page.mouse.up()

    def has_drawn(self, count: int) -> None:
        expect(self.frame.get_by_role("heading", name=f"Drawn: {count}")).to_be_visible()

    def tool(self, name: str) -> None:
        self.frame.get_by_role("toolbar").get_by_role("button", name=name, exact=True).click()

    # --- marking text ------------------------------------------------------------------------------------------------

    def mark(self, words: str) -> None:
        """Selects these words of the text with the mouse, which marks them with the chosen label."""
        start, end = self.frame.locator(".groundwork-text").evaluate(
            """(page, words) => {
                const walker = document.createTreeWalker(page, NodeFilter.SHOW_TEXT);
                for (let node = walker.nextNode(); node; node = walker.nextNode()) {
                    const at = node.parentElement.closest("[data-start]") ? node.data.indexOf(words) : -1;
                    if (at < 0) continue;
                    const range = document.createRange();
                    range.setStart(node, at);
                    range.setEnd(node, at + words.length);
                    const boxes = range.getClientRects();
                    const [first, last] = [boxes[0], boxes[boxes.length - 1]];
                    const isRight = getComputedStyle(page).direction === "rtl";
                    const middle = (box) => box.top + box.height / 2;
                    const [from, to] = [{ x: first.left + 0.5, y: middle(first) }, { x: last.right - 0.5, y: middle(last) }];
                    return isRight ? [{ x: first.right - 0.5, y: middle(first) }, { x: last.left + 0.5, y: middle(last) }] : [from, to];
                }
                throw new Error(`no segment has ${words}`);
            }""",
            words,
        )
        around = self.page.locator("iframe.shown").bounding_box()
        assert around is not None
        self.page.mouse.move(around["x"] + start["x"], around["y"] + start["y"])
        self.page.mouse.down()
        self.page.mouse.move(around["x"] + end["x"], around["y"] + end["y"], steps=8)
        self.page.mouse.up()
