"""Most of the generated requests ask for things that there are, so that they come past the 404.

Schemathesis loads this file (SCHEMATHESIS_HOOKS). Which values are replaced follows from the values, so that a failure can be repeated.
"""

import json
import os
import zlib
from typing import Any

import schemathesis

#: Path parameter -> what it is on this stack.
KNOWN: dict[str, str] = json.loads(os.environ["FUZZ_KNOWN"])


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> dict[str, Any] | None:
    is_for_good = context.operation.method.upper() == "DELETE"  # what a DELETE finds is gone for all requests after it
    return path_parameters and {
        name: KNOWN[name] if name in KNOWN and not is_for_good and zlib.crc32(str(value).encode()) % 4 else value
        for name, value in path_parameters.items()
    }
