"""Documents from outside as models, with every fault of their shape at once."""

import json
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ValidationError

from groundwork.errors import InvalidRequestError
from groundwork.rules import Fault, fault

_UNION_MEMBERS = frozenset({"str", "NamedEntityLabel"})


def parse[M: BaseModel](model: type[M], value: Any) -> M:
    """`value` as `model`; every fault of its shape becomes a fault with a JSON pointer. Raises InvalidRequestError."""
    try:
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        raise InvalidRequestError([_shape_fault(dict(entry)) for entry in error.errors(include_url=False)]) from error


def _shape_fault(entry: dict[str, Any]) -> Fault:
    # Behind an index pydantic names the member of the union (`labels`) it tried; a pointer into the request must not have that.
    location = [part for before, part in pairwise((None, *entry["loc"])) if not (isinstance(before, int) and part in _UNION_MEMBERS)]
    pointer = "".join(f"/{escaped(str(part))}" for part in location)
    name = str(location[-1]) if location else "the body"
    if entry["type"] == "extra_forbidden":
        return fault("request.field-unknown", pointer=pointer, field=name)
    if entry["type"] == "missing":
        return fault("request.field-missing", pointer=pointer, field=name)
    return fault("request.field-invalid", pointer=pointer, field=name, problem=entry["msg"])


def escaped(name: str) -> str:
    """`name` as one segment of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
