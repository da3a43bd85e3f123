"""The checks that every browser test leans on find what they are there to find."""

import pytest

from tests.e2e.people import People, accessibility_faults, look_at


def test_a_page_that_is_hard_to_use_is_found(people: People) -> None:
    page = people.profile("outsider").new_page()
    page.set_content('<!doctype html><html lang="en"><title>t</title><main><button></button><iframe srcdoc="<img src=x>"></iframe></main>')
    people.expect_complaint("")

    found = accessibility_faults(page)

    assert any("button-name (critical)" in fault for fault in found)
    assert any("image-alt (critical)" in fault for fault in found)


def test_a_page_that_is_too_wide_is_found(people: People) -> None:
    page = people.profile("outsider").new_page()
    page.set_content('<!doctype html><body><div style="inline-size: 2000px">wide</div>')

    with pytest.raises(AssertionError, match="wider than 1440"):
        look_at(page, "never-kept")


def test_what_a_browser_complains_of_is_heard(people: People) -> None:
    page = people.profile("outsider").new_page()
    page.set_content("<script>console.error('heard'); setTimeout(() => { throw new Error('thrown') })</script>")
    page.wait_for_timeout(200)

    complaints = people.leave()

    people.expect_complaint("heard|thrown")
    assert ["heard" in told or "thrown" in told for told in complaints] == [True, True]
