"""The opaque tokens by which lists are read page by page: where the next page begins, as one text that the client hands back."""

import base64
import json
from typing import Any

from pydantic import BaseModel, ValidationError

from groundwork.errors import InvalidRequestError
from groundwork.rules import fault


def page_token(place: Any) -> str:
    """The token of a place, which is anything that JSON can say."""
    return base64.urlsafe_b64encode(json.dumps(place, separators=(",", ":")).encode()).decode().rstrip("=")


def place_of(token: str) -> Any:
    """The place that `page_token` made a token of, or anything else that the client put there. Raises InvalidRequestError."""
    try:
        return json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    except (ValueError, RecursionError):
        raise not_of_this_list() from None


def place_as[M: BaseModel](model: type[M], token: str) -> M:
    """The place as `model`. Raises InvalidRequestError."""
    try:
        return model.model_validate(place_of(token))
    except ValidationError:
        raise not_of_this_list() from None


def not_of_this_list() -> InvalidRequestError:
    """The refusal of a token that is none, or another list's."""
    problem = "it is not a token of this list"
    return InvalidRequestError([fault("request.field-invalid", pointer="/next_token", field="next_token", problem=problem)])
