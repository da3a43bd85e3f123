"""The table of rules: what is made from it is current, and no rule is without a test."""

import re

import pytest

from groundwork.rules import RULES
from local.rules_page import PAGE, WORDS, page, words
from tests.builders import ROOT

TESTS = "\n".join(path.read_text() for path in ROOT.glob("tests/unit/**/*.py"))


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text() == page(), "run: make docs"


def test_the_web_knows_the_words_of_every_rule() -> None:
    assert WORDS.read_text() == words(), "run: make docs, and say it in German in console/src/languages/rules.de.ts"


# Rules of the data have their own table of examples, tests/unit/test_data_rules.py.
@pytest.mark.parametrize("code", [code for code in RULES if not code.startswith(("manifest.", "bucket."))])
def test_every_rule_is_named_by_a_test(code: str) -> None:
    assert re.search(rf'"{re.escape(code)}"', TESTS)


@pytest.mark.parametrize("code", RULES)
def test_every_rule_says_what_to_do_and_where_it_comes_from(code: str) -> None:
    rule = RULES[code]

    assert re.fullmatch(r"[a-z][a-z0-9-]*\.[a-z0-9][a-z0-9-]*", code)
    assert rule.remedy.endswith(".")
    assert not rule.message.endswith(".")
    assert rule.source
