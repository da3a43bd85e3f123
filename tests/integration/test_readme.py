"""The README's first request does what the README says."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.integration.front_door import FrontDoor


@pytest.mark.skipif(shutil.which("curl") is None, reason="the README's request is made with curl")
def test_the_first_request_by_curl_is_answered(door: FrontDoor, tmp_path: Path) -> None:
    section = (ROOT / "README.md").read_text().partition("## First request")[2].partition("\n## ")[0]
    commands = "\n".join(re.findall(r"```sh\n(.*?)```", section, re.DOTALL))
    door.as_("owner").delete("/projects/demo/labeling-jobs/animals-1")  # left by a run that failed
    (tmp_path / ".local").mkdir()
    shutil.copy(door.place.address_file, tmp_path / ".local/stack.json")

    answered = subprocess.run(["bash", "-euc", commands], cwd=tmp_path, capture_output=True, text=True, check=True)  # noqa: S603, S607

    assert '"username":"owner"' in answered.stdout
    assert '"status":"Validating"' in answered.stdout
    assert '"secret":"whsec_' in answered.stdout
    assert door.wait_for("animals-1", "Draft")["validation"]["errors"] == 1  # nobody uploaded that manifest
    door.as_("owner").delete("/projects/demo/labeling-jobs/animals-1").expect(204)
    door.as_("owner").delete("/projects/demo/notifications/ops").expect(204)
