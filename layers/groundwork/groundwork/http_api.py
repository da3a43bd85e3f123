"""The HTTP side of the API functions: one route table per function, with the access rule of every route in it.

A route is declared with its access rule, and the rule is asked before the route's function runs, with the caller's role in
the project (one table read) and the labeling job (one more) where the path names them. The function gets a `Request` and
gives an `Answer`; errors of the domain become problem details (RFC 9457). Conventions: api.md.
"""

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer, IdempotencyConfig, idempotent_function
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyAlreadyInProgressError, IdempotencyValidationError
from botocore.exceptions import ClientError
from pydantic import BaseModel
from pydantic_core import from_json

from groundwork import labeling_service
from groundwork.access import Caller, Decision, Resource, Role, Rule
from groundwork.errors import (
    ConflictError,
    ForbiddenError,
    GroundworkError,
    InvalidRequestError,
    LabelingServiceError,
    NotFoundError,
    PreconditionFailedError,
    TemplateError,
)
from groundwork.labeling_jobs.job import LabelingJob
from groundwork.labeling_jobs.lifecycle import Status
from groundwork.routes import allowed_methods
from groundwork.rules import Fault, fault
from groundwork.shapes import parse
from groundwork.store import JobStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEvent
    from aws_lambda_powertools.utilities.idempotency.persistence.datarecord import DataRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

MAX_BODY_BYTES = 1024 * 1024
_MAX_LISTED_FAULTS = 1_000  # so that the answer stays below the 6 MB that Lambda lets through
_IDEMPOTENCY_KEY = re.compile(r"[\x20-\x7e]{1,255}")
_JSON = "application/json"
_A_DAY = 24 * 60 * 60
_THROTTLED = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "SlowDown",
    }
)
_CONTENDED = frozenset({"TransactionConflictException", "TransactionInProgressException", "TransactionCanceledException"})


class HttpError(GroundworkError):
    """A fault of the HTTP request itself, which no domain error names: 400, 413, 415."""

    def __init__(self, status: HTTPStatus, problem: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route answers: a JSON body (None: no body), a status, headers, and the ETag of a single resource.

    With another content type than JSON, the body is text and goes out as it is.
    """

    body: Any = None
    status: HTTPStatus = HTTPStatus.OK
    headers: Mapping[str, str] = field(default_factory=dict)
    etag: str | None = None
    content_type: str = _JSON


@dataclass(frozen=True, slots=True)
class Request:
    """What a route's function gets, after its access rule said ALLOW."""

    caller: Caller
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]  # names in lower case
    raw_body: str | None
    role: Role | None
    found_job: LabelingJob | None

    @property
    def project(self) -> str:
        return self.path["project"]

    @property
    def labeling_job(self) -> LabelingJob:
        """The labeling job the path names; the route table has made sure that it exists and is of this project."""
        if self.found_job is None:
            raise NotFoundError("There is no such labeling job.")
        return self.found_job

    @property
    def idempotency_key(self) -> str | None:
        return self.headers.get("idempotency-key")

    def checked_idempotency_key(self) -> str | None:
        """The Idempotency-Key, if there is one. Raises HttpError 400 when it is none of the contract's."""
        key = self.idempotency_key
        if key is not None and not _IDEMPOTENCY_KEY.fullmatch(key):
            raise HttpError(HTTPStatus.BAD_REQUEST, "malformed", "Idempotency-Key is 1 to 255 printable ASCII characters.")
        return key

    def json(self) -> Any:
        """The body as JSON. Raises HttpError 400, 413 or 415."""
        body = self.raw_body or ""
        if len(body.encode()) > MAX_BODY_BYTES:
            raise HttpError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large", f"The body is larger than {MAX_BODY_BYTES:,} bytes.")
        content_type = self.headers.get("content-type", "application/json").split(";")[0].strip().lower()
        if content_type not in {"application/json", "application/merge-patch+json"}:
            raise HttpError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Send the body as application/json.")
        try:
            # Not json.loads: it takes NaN, and documents too deep for what comes after.
            return from_json(body, allow_inf_nan=False)
        except ValueError as error:
            raise HttpError(HTTPStatus.BAD_REQUEST, "malformed", f"The body is not JSON: {error}.") from error

    def body[M: BaseModel](self, model: type[M]) -> M:
        """The body as `model`, with every fault of its shape at once. Raises HttpError or InvalidRequestError."""
        return parse(model, self.json())

    def page_limit(self) -> int:
        """`?limit=` (1..200, default 50). Raises InvalidRequestError."""
        text = self.query.get("limit", "50")
        if not text.isascii() or not text.isdigit() or len(text) > 3 or not 1 <= int(text) <= 200:
            raise InvalidRequestError(
                [fault("request.field-invalid", pointer="/limit", field="limit", problem="it is not a number from 1 to 200")]
            )
        return int(text)

    def status_filter(self) -> Status | None:
        """`?status=`, when it is one of a labeling job's statuses. Raises InvalidRequestError."""
        text = self.query.get("status")
        if text is None:
            return None
        if text not in Status:
            problem = f"it is none of {', '.join(Status)}"
            raise InvalidRequestError([fault("request.field-invalid", pointer="/status", field="status", problem=problem)])
        return Status(text)

    def require_match(self, etag: str) -> None:
        """Honour If-Match: raises PreconditionFailedError when the client's copy is not the present one."""
        wanted = self.headers.get("if-match")
        if wanted is None or wanted.strip() == "*":
            return
        if etag not in {tag.strip().removeprefix("W/") for tag in wanted.split(",")}:
            raise PreconditionFailedError(f"The present ETag is {etag}; read the resource again.")


type RouteFunction = Callable[[Request], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """One row of a route table. `path` is in API Gateway's form: `/projects/{project}`.

    The first answer of an idempotent route is kept and replayed, unless `keeps_answers` is False: then the route's function sees to it.
    """

    method: str
    path: str
    rule: Rule
    function: RouteFunction
    is_idempotent: bool = False
    keeps_answers: bool = True


class HttpApi:
    """The route table of one API function and the way from an API Gateway event to an answer."""

    def __init__(self, store: JobStore, *, logger: Logger, tracer: Tracer, metrics: Metrics) -> None:
        self.routes: list[Route] = []
        self._store = store
        self._logger, self._tracer, self._metrics = logger, tracer, metrics
        self._resolver = APIGatewayRestResolver(strip_prefixes=[])
        self._resolver.not_found(self._no_route)
        self._context: LambdaContext | None = None

    def route(
        self, method: str, path: str, rule: Rule, *, idempotent: bool = False, keep_answers: bool = True
    ) -> Callable[[RouteFunction], RouteFunction]:
        """Declare a route. `idempotent` routes honour `Idempotency-Key`: the same key and body replay the first answer for 24 h.

        An answer that must not be kept (`keep_answers=False`) is made again by the route's function.
        """

        def declare(function: RouteFunction) -> RouteFunction:
            row = Route(method, path, rule, function, is_idempotent=idempotent, keeps_answers=keep_answers)
            self.routes.append(row)
            powertools_path = re.sub(r"\{(\w+)\}", r"<\1>", path)
            self._resolver.route(powertools_path, method=method)(self._entry(row))
            return function

        return declare

    def handle(self, event: dict[str, Any], context: "LambdaContext") -> dict[str, Any]:
        """Answer one API Gateway (REST, proxy) event."""
        self._context = context
        return self._resolver.resolve(event, context)

    def _entry(self, row: Route) -> Callable[..., Response[str]]:
        def entry(**_: str) -> Response[str]:
            event = self._resolver.current_event
            path = {name: value for name, value in (event.path_parameters or {}).items() if value is not None}
            instance = event.path
            try:
                request = self._admit(row, path)
                answer = self._answer(row, request)
                return _response(answer)
            except GroundworkError as error:
                return self._refusal(error, instance)
            except ClientError as error:
                return self._aws_refusal(error, instance)
            except Exception:
                self._logger.exception("request failed", method=row.method, route=row.path)
                return self._problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.", instance)

        return entry

    def _admit(self, row: Route, path: Mapping[str, str]) -> Request:
        """The request, once its access rule allows it. Raises NotFoundError or ForbiddenError."""
        event = self._resolver.current_event
        caller = _caller(event.raw_event)
        self._logger.append_keys(
            username=caller.username if caller else None,
            route=f"{row.method} {row.path}",
            project=path.get("project"),
            labeling_job=path.get("name"),
        )
        role = self._store.role(path["project"], caller.username) if caller and "project" in path else None
        job: LabelingJob | None = None
        if "project" in path and "name" in path and (role or (caller and caller.is_admin)):
            job = self._store.job(path["name"])
            if job is None or job.project != path["project"]:
                raise NotFoundError(f"There is no labeling job {path['name']!r} in project {path['project']!r}.")
        resource = Resource(role, job.created_by if job else None, is_draft=job is not None and job.status is Status.DRAFT)
        decision = row.rule(caller, resource)
        if decision is Decision.HIDE:
            raise NotFoundError("There is nothing here for you.")
        if decision is Decision.FORBID:
            raise ForbiddenError("You are not allowed to do this.")
        return Request(
            caller=caller or Caller(""),
            path=path,
            query={name: value for name, value in (event.query_string_parameters or {}).items() if value is not None},
            headers={name.lower(): value for name, value in (event.headers or {}).items()},
            raw_body=_text_body(event),
            role=role,
            found_job=job,
        )

    def _answer(self, row: Route, request: Request) -> Answer:
        key = request.checked_idempotency_key() if row.is_idempotent and row.keeps_answers else None
        return row.function(request) if key is None else self._once(row, request, key)

    def _once(self, row: Route, request: Request, key: str) -> Answer:
        """The first answer to this caller, route and key; a repetition gets it again, marked as replayed."""
        replayed = False

        def mark(response: Any, idempotent_data: "DataRecord") -> Any:  # noqa: ARG001
            nonlocal replayed
            replayed = True
            return response

        @idempotent_function(  # type: ignore[untyped-decorator]
            data_keyword_argument="claim",
            persistence_store=DynamoDBPersistenceLayer(
                table_name=self._store.table,
                key_attr="pk",
                sort_key_attr="sk",
                static_pk_value="IDEMPOTENCY",
                expiry_attr="ttl",
                boto3_client=self._store.client,
            ),
            config=IdempotencyConfig(
                event_key_jmespath="key",
                payload_validation_jmespath="body",
                expires_after_seconds=_A_DAY,
                response_hook=mark,
                lambda_context=self._context,
            ),
        )
        def first(*, claim: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
            answer = row.function(request)
            return {"body": answer.body, "status": answer.status.value, "headers": dict(answer.headers), "etag": answer.etag}

        path = row.path.format(**request.path)
        claim = {
            "key": [request.caller.username, row.method, path, key],
            "body": hashlib.sha256((request.raw_body or "").encode()).hexdigest(),
        }
        try:
            stored = first(claim=claim)
        except IdempotencyValidationError as error:
            raise ConflictError("This Idempotency-Key was used before with another body.") from error
        except IdempotencyAlreadyInProgressError as error:
            raise ConflictError("The first request with this Idempotency-Key is still being answered; repeat it shortly.") from error
        headers = {**stored["headers"], **({"Idempotent-Replayed": "true"} if replayed else {})}
        return Answer(stored["body"], HTTPStatus(int(stored["status"])), headers, stored["etag"])

    # --- problem details -----------------------------------------------------------------------------------------

    def _no_route(self, _: NoRouteError) -> Response[str]:
        path = self._resolver.current_event.path
        methods = allowed_methods(path)
        # A name of control characters and the like fits no route, though the gateway found one: nothing has such a name.
        if methods and self._resolver.current_event.http_method not in methods:
            detail = f"This resource has {', '.join(methods)}."
            return self._problem(HTTPStatus.METHOD_NOT_ALLOWED, "method-not-allowed", detail, path, headers={"Allow": ", ".join(methods)})
        return self._problem(HTTPStatus.NOT_FOUND, "not-found", "There is no such route.", path)

    def _refusal(self, error: GroundworkError, instance: str) -> Response[str]:
        """The problem that a domain error is. Expected answers are logged at info: they are nobody's alarm."""
        faults: tuple[Fault, ...] = ()
        detail = str(error)
        match error:
            case InvalidRequestError():
                status, problem, faults = HTTPStatus.UNPROCESSABLE_ENTITY, "validation", error.faults
                detail = f"The request has {len(faults):,} fault{'s' * (len(faults) != 1)}."
                if len(faults) > _MAX_LISTED_FAULTS:
                    detail += f" The first {_MAX_LISTED_FAULTS:,} are listed."
                    faults = faults[:_MAX_LISTED_FAULTS]
            case NotFoundError():
                status, problem = HTTPStatus.NOT_FOUND, "not-found"
            case ForbiddenError():
                status, problem = HTTPStatus.FORBIDDEN, "forbidden"
            case PreconditionFailedError() if self._names_a_version():
                status, problem = HTTPStatus.PRECONDITION_FAILED, "precondition-failed"
            case ConflictError():
                status, problem, faults = HTTPStatus.CONFLICT, "conflict", error.faults
            # Without If-Match a write that lost a race failed no condition of the client's.
            case PreconditionFailedError():
                status, problem = HTTPStatus.CONFLICT, "conflict"
            case HttpError():
                status, problem = error.status, error.problem
            case TemplateError():
                status, problem, faults = HTTPStatus.UNPROCESSABLE_ENTITY, "validation", (fault("template.unrenderable", problem=detail),)
            case LabelingServiceError():
                status, problem = HTTPStatus.BAD_GATEWAY, "labeling-service"
            case _:
                self._logger.exception("an error of the domain has no status", error=type(error).__name__)
                status, problem, detail = HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side."
        self._logger.info("request refused", status=status.value, problem=problem)
        return self._problem(status, problem, detail, instance, faults)

    def _names_a_version(self) -> bool:
        return any(name.lower() == "if-match" for name in self._resolver.current_event.headers or {})

    def _aws_refusal(self, error: ClientError, instance: str) -> Response[str]:
        code = error.response.get("Error", {}).get("Code", "")
        if code in _THROTTLED or code in _CONTENDED:
            self._logger.info("request put off", code=code)
            detail = "Too many requests at once; repeat it shortly."
            return self._problem(HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", detail, instance, headers={"Retry-After": "1"})
        if error.operation_name in labeling_service.OPERATIONS and (refused := labeling_service.refusal(error)):
            return self._refusal(refused, instance)
        self._logger.exception("an AWS service refused", code=code, operation=error.operation_name)
        return self._problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "Something went wrong on our side.", instance)

    def _problem(
        self,
        status: HTTPStatus,
        problem: str,
        detail: str,
        instance: str,
        faults: tuple[Fault, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> Response[str]:
        body = {
            "type": f"/problems/{problem}",
            "title": status.phrase,
            "status": status.value,
            "detail": detail,
            "instance": quote(instance, safe="/:@!$&'()*+,;=~", errors="replace"),
            "request_id": self._context.aws_request_id if self._context else None,
            "errors": [{"pointer": f.pointer, "code": f.code, "message": f.message, "remedy": f.remedy} for f in faults],
        }
        return _json_response(status, body, headers or {}, "application/problem+json")


def _text_body(event: "APIGatewayProxyEvent") -> str | None:
    """The body as text; API Gateway may hand it over in base64. Raises HttpError 400 for bytes that are no UTF-8."""
    try:
        return event.decoded_body if event.body else None
    except ValueError as error:
        raise HttpError(HTTPStatus.BAD_REQUEST, "malformed", "The body is not UTF-8 text.") from error


def _response(answer: Answer) -> Response[str]:
    headers = {**answer.headers, **({"ETag": answer.etag} if answer.etag else {})}
    if answer.content_type != _JSON:
        return _text_response(answer.status, answer.body, headers, answer.content_type)
    return _json_response(answer.status, answer.body, headers, _JSON)


def _json_response(status: HTTPStatus, body: Any, headers: Mapping[str, str], content_type: str) -> Response[str]:
    text = None if body is None else json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return _text_response(status, text, headers, content_type)


def _text_response(status: HTTPStatus, body: str | None, headers: Mapping[str, str], content_type: str) -> Response[str]:
    return Response(
        status_code=status.value,
        content_type=content_type,
        body=body,
        headers={**headers, **_cors(), "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
    )


def _cors() -> dict[str, str]:
    origin = os.environ.get("CONSOLE_ORIGIN", "")
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "ETag, Location, Retry-After, Idempotent-Replayed, Groundwork-With-Others",
        "Vary": "Origin",
    }


def _caller(event: Mapping[str, Any]) -> Caller | None:
    """Who the verified token names. API Gateway's Cognito authorizer puts the claims here and lets nothing else through."""
    claims = ((event.get("requestContext") or {}).get("authorizer") or {}).get("claims")
    if not claims or not claims.get("cognito:username"):
        return None
    return Caller(claims["cognito:username"], frozenset(_groups(claims.get("cognito:groups"))), claims["iss"], claims["sub"])


def _groups(claim: Any) -> list[str]:
    """The groups claim: a list, or as API Gateway flattens it, `a,b` (also seen: `[a b]`)."""
    if isinstance(claim, list):
        return [str(group) for group in claim]
    if not isinstance(claim, str):
        return []
    return [group for group in re.split(r"[,\s]+", claim.strip("[] ")) if group]
