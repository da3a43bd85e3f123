"""What the tests of the console do on its pages."""

from playwright.sync_api import Locator, Page, expect

from tests.e2e.people import People

LANGUAGES = ("English", "Deutsch")


def console(people: People, person: str, address: str = "/") -> Page:
    """A new tab of this person at a page of the console."""
    return people.open(person, f"index.html#{address}")


def go(page: Page, address: str) -> None:
    """Goes on to another page of the console, without loading it anew."""
    page.evaluate("address => { location.hash = address }", address)


def row(page: Page, name: str) -> Locator:
    """The row of a table that this name heads."""
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def choose(page: Page, field: Locator, option: str) -> None:
    field.click()
    page.get_by_role("option", name=option, exact=True).click()


def type_name(field: Locator, name: str) -> None:
    """A person's name without taking any suggestion; those are folded away again."""
    field.fill(name)
    field.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")


def speak(page: Page, language: str) -> None:
    """Switches the console to this language."""
    page.get_by_role("button", name=": English").or_(page.get_by_role("button", name=": Deutsch")).click()
    page.get_by_role("menuitem", name=language).click()
    expect(page.locator("html")).to_have_attribute("lang", "de" if language == "Deutsch" else "en")
