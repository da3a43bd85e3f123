"""What people do in the console's wizard that makes labeling jobs."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import FrameLocator, Locator, Page, expect

from tests.e2e.people import People

OVERVIEW, TOOL, REVIEW = "Job overview", "Workers and labeling tool", "Review and create"


@dataclass(frozen=True, slots=True)
class Wizard:
    """The wizard in a tab. Fields are called as the API calls them."""

    page: Page

    @classmethod
    def of(cls, people: People, address: str = "", *, at: str = OVERVIEW) -> "Wizard":
        """A new tab of the project's owner at the wizard, or at a draft in it; `at` is the step that it begins with."""
        wizard = cls(people.open("owner", f"index.html#/projects/demo/new-labeling-job{address and f'/{address}'}"))
        wizard.is_at(at)
        return wizard

    def is_at(self, step: str) -> None:
        expect(self.page.get_by_role("heading", name=step, exact=True, level=1)).to_be_visible()

    def go_on(self, to: str) -> None:
        self.page.get_by_role("button", name="Next", exact=True).click()
        self.is_at(to)

    def create(self) -> None:
        """Submits what is reviewed; the job's page follows."""
        expect(self.page.get_by_text("The definition keeps every rule")).to_be_visible()
        self.page.get_by_role("button", name="Create labeling job").click()
        self.page.wait_for_url(re.compile("#/projects/demo/labeling-jobs/"))

    def is_saved(self) -> None:
        expect(self.page.get_by_text("Draft saved")).to_be_visible()

    # --- fields --------------------------------------------------------------------------------------------------------

    def text(self, label: str) -> Locator:
        return self.page.get_by_role("textbox", name=label, exact=True)

    def number(self, label: str) -> Locator:
        return self.page.get_by_role("spinbutton", name=label, exact=True)

    def task_type(self, key: str) -> Locator:
        return self.page.locator(f"input[type=radio][value={key}]")

    def at(self, pointer: str) -> Locator:
        """The field that a fault with this pointer belongs to."""
        return self.page.locator(f"#field{pointer.replace('/', '-')}")

    def choose(self, field: str, option: str) -> None:
        self.page.get_by_role("button", name=re.compile(f"^{field}")).click()
        self.page.get_by_role("option", name=re.compile(f"^{option}")).click()

    def open(self, section: str) -> None:
        self.page.get_by_role("button", name=section).click()

    def fill_overview(self, definition: Mapping[str, Any]) -> None:
        """What of the definition belongs to the first step."""
        self.text("Job name").fill(definition["name"])
        self.text("Input manifest location").fill(definition["input_manifest_uri"])
        task_type = definition["task_type"]
        category = "Text" if task_type.startswith(("Text", "Named")) else "Custom" if task_type == "Custom" else "Image"
        if category != "Image":
            self.choose("Task category", category)
        self.task_type(task_type).click(force=True)
        if "existing_label_attribute" in definition:
            self.page.get_by_role("combobox", name="Label attribute of the existing labels").fill(definition["existing_label_attribute"])
            self.page.keyboard.press("Tab")

    def fill_tool(self, definition: Mapping[str, Any]) -> None:
        """What of the definition belongs to the second step."""
        self.choose("Labeling team", definition["labeling_team"])
        if "workers_per_object" in definition:
            self.open("Additional configuration")
            self.number("Workers per object").fill(str(definition["workers_per_object"]))
        self.text("Task description").fill(definition["description"])
        if "template_uri" in definition:
            self.text("Worker task template").fill(definition["template_uri"])
        self.fill_labels(definition.get("labels", ()))
        if "short_instructions" in definition:
            self.text("Short instructions").fill(re.sub("<[^>]*>", "", definition["short_instructions"]))

    def fill_labels(self, labels: Sequence[str | Mapping[str, str]]) -> None:
        for number, label in enumerate(labels, 1):
            if number > 1:
                self.text(f"Label {number - 1}").press("Enter")
            if isinstance(label, str):
                self.text(f"Label {number}").fill(label)
            else:
                self.text(f"Label {number}").fill(label["label"])
                self.text(f"Short display name of label {number}").fill(label["short_display_name"])

    # --- parts -----------------------------------------------------------------------------------------------------------

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    @property
    def preview(self) -> FrameLocator:
        """The worker page in the review."""
        return self.page.frame_locator("iframe[title=Preview]")

    def estimated(self, figure: str) -> Locator:
        """A figure of the estimate, with what it was made of."""
        return self.page.get_by_text(figure, exact=True).locator("xpath=..")

    def upload(self, *files: Any) -> None:
        """Hands files to the data browser that is open."""
        self.dialog.locator("input[type=file]").set_input_files(list(files))

    def choose_in_browser(self) -> None:
        self.dialog.get_by_role("button", name="Choose", exact=True).click()
