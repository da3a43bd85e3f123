from collections.abc import Callable
from pathlib import Path

import pytest

from local.deployment import content_hash, local_parameters

SOURCES = ("template.yaml", "functions", "console")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "functions" / "serve").mkdir(parents=True)
    (tmp_path / "functions" / "serve" / "app.py").write_text("one")
    (tmp_path / "template.yaml").write_text("two")
    return tmp_path


@pytest.mark.parametrize(
    "change",
    [
        lambda root: (root / "template.yaml").write_text("three"),
        lambda root: (root / "functions" / "serve" / "app.py").write_text("one "),
        lambda root: (root / "functions" / "serve" / "more.py").touch(),
        lambda root: (root / "functions" / "serve" / "app.py").rename(root / "functions" / "serve" / "main.py"),
        lambda root: (root / "template.yaml").unlink(),
    ],
    ids=["template", "content", "new file", "renamed file", "removed file"],
)
def test_every_change_of_the_sources_calls_for_a_deployment(checkout: Path, change: Callable[[Path], object]) -> None:
    before = content_hash(checkout, SOURCES)

    change(checkout)

    assert content_hash(checkout, SOURCES) != before


def test_what_python_and_editors_leave_behind_calls_for_none(checkout: Path) -> None:
    before = content_hash(checkout, SOURCES)

    (checkout / "functions" / "serve" / "__pycache__").mkdir()
    (checkout / "functions" / "serve" / "__pycache__" / "app.cpython-313.pyc").touch()
    (checkout / "functions" / ".DS_Store").touch()
    (checkout / "functions" / "serve" / "app.py~").touch()
    (checkout / "README.md").touch()

    assert content_hash(checkout, SOURCES) == before


def test_moving_text_from_one_file_to_the_next_is_a_change(tmp_path: Path) -> None:
    (tmp_path / "functions").mkdir()
    (tmp_path / "functions" / "a").write_text("xy")
    (tmp_path / "functions" / "b").write_text("z")
    before = content_hash(tmp_path, SOURCES)

    (tmp_path / "functions" / "a").write_text("x")
    (tmp_path / "functions" / "b").write_text("yz")

    assert content_hash(tmp_path, SOURCES) != before


@pytest.mark.parametrize(("machine", "architecture"), [("x86_64", "x86_64"), ("aarch64", "arm64"), ("arm64", "arm64")])
def test_functions_are_built_for_the_processor_that_runs_them(tmp_path: Path, machine: str, architecture: str) -> None:
    settings = tmp_path / "samconfig.toml"
    settings.write_text('[local.deploy.parameters]\nparameter_overrides = "LabelingService=BuiltIn Architecture=x86_64"\n')

    parameters = local_parameters(settings, machine, "http://127.0.0.1:4566")

    assert parameters == ["LabelingService=BuiltIn", f"Architecture={architecture}", "LocalAws=http://127.0.0.1:4566"]
