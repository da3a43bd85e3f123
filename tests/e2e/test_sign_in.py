"""Signing in and out, by the user pool's hosted page."""

import re
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.e2e.people import People


def test_a_worker_signs_in_by_authorization_code_with_a_proof_key(people: People) -> None:
    asked: list[str] = []
    profile = people.profile("worker-1")
    profile.on("request", lambda request: asked.append(request.url))

    page = people.open("worker-1", "work.html#/history")

    expect(page.locator("header .who")).to_have_text("worker-1")
    expect(page.get_by_role("heading", name="History")).to_be_visible()
    sent = parse_qs(urlsplit(next(url for url in asked if "/oauth2/authorize?" in url)).query)
    assert sent["response_type"] == ["code"]
    assert sent["code_challenge_method"] == ["S256"]
    assert not re.search(r"[?&](code|state)=", page.url)
    # Tokens are in memory only.
    assert page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])").count("eyJ") == 0
