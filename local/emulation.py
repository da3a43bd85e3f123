"""Starts the local AWS, with ministack's own settings: `python local/emulation.py [RECORD]`. What is asked of it is written to RECORD.

ministack (1.5.33) is mended first where it differs from AWS in what labeling jobs are made of.
"""

import sys
from pathlib import Path
from typing import Any

# Instead of this script's own folder, whose modules have names that others may mean something else by.
sys.path[:1] = []
sys.path.append(str(Path(__file__).resolve().parent.parent))

from ministack import app  # type: ignore[import-not-found]  # noqa: E402
from ministack.services import s3  # type: ignore[import-not-found]  # noqa: E402

from local import recording  # noqa: E402


def give_ranges_of_versions() -> None:
    """Have GetObject honour `Range` beside a version's id too, as S3 does; ministack gives the whole object then."""
    get_object = s3._get_object

    def get_part(bucket: str, key: str, headers: dict[str, str], query: dict[str, Any] | None = None) -> tuple[int, dict[str, str], bytes]:
        status, answered, body = get_object(bucket, key, headers, query)
        if status != 200 or "Content-Range" in answered or not (part := s3._parse_range(headers.get("range", ""), len(body))):
            return status, answered, body
        first, last = part
        # S3 gives no checksum of the whole with a part.
        kept = {name: value for name, value in answered.items() if not name.lower().startswith("x-amz-checksum-")}
        part_headers = {"Content-Length": str(last - first + 1), "Content-Range": f"bytes {first}-{last}/{len(body)}"}
        return 206, {**kept, **part_headers}, body[first : last + 1]

    s3._get_object = get_part


def main() -> None:
    give_ranges_of_versions()
    if sys.argv[1:]:
        recording.start(sys.argv.pop(1))
    app.main()


if __name__ == "__main__":
    main()
