"""Requests checked as SageMaker checks them: against its own service model, which botocore carries.

Errors are botocore ClientErrors with SageMaker's codes and words, so that callers need one code path for both labeling services.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import botocore.session
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator


def client_error(operation: str, code: str, message: str) -> ClientError:
    """The error boto3's SageMaker client would raise."""
    status = {"HTTPStatusCode": 400, "RequestId": "", "HostId": "", "HTTPHeaders": {}, "RetryAttempts": 0}
    return ClientError(cast("Any", {"Error": {"Code": code, "Message": message}, "ResponseMetadata": status}), operation)


def validation_error(operation: str, message: str) -> ClientError:
    return client_error(operation, "ValidationException", message)


def check(operation: str, request: Mapping[str, Any]) -> None:
    """Raise ValidationException, with all faults, for a request that is not of the operation's model."""
    shape = _sagemaker().operation_model(operation).input_shape
    if shape is None:
        return
    report = ParamValidator().validate(request, shape)
    if report.has_errors():
        raise validation_error(operation, report.generate_report())
    faults = list(_faults(shape, request, ""))
    if faults:
        plural = "s" if len(faults) > 1 else ""
        raise validation_error(operation, f"{len(faults)} validation error{plural} detected: {'; '.join(faults)}")


def parsed(operation: str, document: Mapping[str, Any]) -> dict[str, Any]:
    """A request as it came in JSON, with datetimes for its timestamps, as `check` and the operations take it."""
    shape = _sagemaker().operation_model(operation).input_shape
    parsed_document: dict[str, Any] = _with_datetimes(shape, dict(document)) if shape else dict(document)
    return parsed_document


def _with_datetimes(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        # A null stands for a member that was not sent, as in SageMaker's own parser.
        return {
            name: _with_datetimes(shape.members[name], given) if name in shape.members else given
            for name, given in value.items()
            if given is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [_with_datetimes(shape.member, entry) for entry in value]
    if shape.type_name == "timestamp" and isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return datetime.fromtimestamp(value, UTC)
        except (OverflowError, ValueError, OSError):
            return value  # no moment: `check` names it
    return value


@lru_cache(maxsize=1)
def _sagemaker() -> ServiceModel:
    # Some megabytes of JSON: read on the first request, not on every cold start.
    return botocore.session.get_session().get_service_model("sagemaker")


def _faults(shape: Shape, value: Any, path: str) -> Iterator[str]:
    """What ParamValidator leaves out: maxima, patterns and enumerations."""
    match shape:
        case StructureShape():
            for name, given in value.items():
                yield from _faults(shape.members[name], given, f"{path}.{_camel(name)}" if path else _camel(name))
        case ListShape():
            yield from _length_faults(shape, value, path, "length")
            for position, entry in enumerate(value, start=1):
                yield from _faults(shape.member, entry, f"{path}.{position}.member")
        case MapShape():
            for key, entry in value.items():
                yield from _faults(shape.value, entry, f"{path}.{key}")
        case _ if shape.type_name == "string":
            yield from _string_faults(shape, value, path)
        case _ if shape.type_name in {"integer", "long", "float", "double"}:
            maximum = shape.metadata.get("max")
            if maximum is not None and value > maximum:
                yield _fault(path, value, f"Member must have value less than or equal to {maximum}")


def _string_faults(shape: Shape, value: str, path: str) -> Iterator[str]:
    yield from _length_faults(shape, value, path, "length")
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield _fault(path, value, f"Member must satisfy enum value set: [{', '.join(allowed)}]")
    pattern = _pattern(shape.metadata.get("pattern"))
    if pattern is not None and not pattern.fullmatch(value):
        yield _fault(path, value, f"Member must satisfy regular expression pattern: {pattern.pattern}")


def _length_faults(shape: Shape, value: Any, path: str, measure: str) -> Iterator[str]:
    maximum = shape.metadata.get("max")
    if maximum is not None and len(value) > maximum:
        yield _fault(path, value, f"Member must have {measure} less than or equal to {maximum}")


@lru_cache
def _pattern(text: str | None) -> re.Pattern[str] | None:
    """The model's patterns are Java's. Those that Python does not know (`\\p{L}` in tags) are left to other checks."""
    if text is None:
        return None
    try:
        return re.compile(text)
    except re.error:
        return None


def _fault(path: str, value: Any, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: {constraint}"


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]
