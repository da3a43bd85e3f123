"""Exports through the front door: asked for, waited for, downloaded."""

import csv
import io
from typing import Any

from tests.integration.front_door import FrontDoor, eventually


def test_a_finished_job_is_exported_and_downloaded_by_any_member(door: FrontDoor) -> None:
    name = door.running_job(objects=2)
    early = door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/exports", {"format": "parquet"})
    door.label_everything("worker-1", name, "dog")
    door.wait_for(name, "Completed")
    exports = f"/projects/demo/labeling-jobs/{name}/exports"

    asked = {form: door.as_("collaborator").post(exports, {"format": form}).expect(202)["export_id"] for form in ("csv", "parquet")}

    def finished(export_id: str) -> Any:
        export = door.as_("owner").get(f"{exports}/{export_id}").expect(200)
        assert export["state"] != "failed", export
        return export if export["state"] == "finished" else None

    table, parquet = (eventually(lambda wanted=wanted: finished(wanted), "the export to be written") for wanted in asked.values())  # type: ignore[misc]
    assert early.status == 409
    assert table["report"] == {"objects": 2, "shapes": 2, "skipped": []}
    rows = list(csv.DictReader(io.StringIO(door.nobody.download(table["url"]).decode())))
    assert [row["label"] for row in rows] == ["dog", "dog"]
    assert door.nobody.download(parquet["url"]).startswith(b"PAR1")
    assert door.as_("outsider").get(exports).status == 404
