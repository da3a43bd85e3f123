"""What the documents say of the repository holds."""

import re
from typing import Any

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text()
PACKAGE = ROOT / "layers/groundwork/groundwork"
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_everything_the_readme_points_to_exists() -> None:
    table = README.partition("## Where to find what")[2].partition("\n## ")[0]
    named = re.findall(r"`([\w/.]+\.(?:py|json))`", table)

    assert len(named) > 8
    assert [path for path in named if not (ROOT / path).exists() and not (PACKAGE / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_between_documents_lead_somewhere(document: Any) -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", document.read_text()) if "://" not in link]

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_every_make_target_in_the_documents_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {target for document in DOCUMENTS for target in re.findall(r"\bmake ([a-z]+)`", document.read_text())}
    commands = set(re.findall(r"^make ([a-z]+)", README, re.MULTILINE))

    assert {"demo", "test"} <= commands
    assert (named | commands) - targets == set()


def test_the_readme_explains_every_parameter(template: dict[str, Any]) -> None:
    assert [name for name in template["Parameters"] if f"`{name}`" not in README] == []


def test_the_states_of_the_launch_are_told_in_their_order() -> None:
    machine = (ROOT / "statemachines/launch_labeling_job.asl.json").read_text()
    told = re.search(r"`(ClaimLaunch → .+)`", (ROOT / "docs/architecture.md").read_text())
    assert told is not None
    positions = [machine.index(f'"{state}": {{') for state in told[1].split(" → ")]

    assert positions == sorted(positions)


def test_continuous_integration_runs_the_test_command_of_the_readme() -> None:
    assert "make test" in (ROOT / ".ci/run").read_text()
