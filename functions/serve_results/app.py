"""What became of a labeling job's data objects.

Trigger: API Gateway. Effect: none; the output is read, and addresses are presigned, with the workers' own read-only right.
Repeats: harmless, addresses are fresh each time.
"""

from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging import correlation_paths
from aws_lambda_powertools.utilities.typing import LambdaContext

from groundwork import access
from groundwork.engine.disagreements import Disagreements
from groundwork.engine.store import EngineStore
from groundwork.errors import InvalidRequestError
from groundwork.http_api import Answer, HttpApi, Request
from groundwork.labeling_jobs.job import rfc3339
from groundwork.labeling_jobs.results import State, Wanted, read_results
from groundwork.presigning import WorkerView
from groundwork.rules import Fault, fault
from groundwork.store import JobStore

logger = Logger()
tracer = Tracer()
metrics = Metrics()
store = JobStore.from_env()
engine_store = EngineStore.from_env()
view = WorkerView.from_env()
api = HttpApi(store, logger=logger, tracer=tracer, metrics=metrics)


@api.route("GET", "/projects/{project}/labeling-jobs/{name}/results", access.read_project)
def list_results(request: Request) -> Answer:
    job = request.labeling_job
    page = read_results(
        view,
        job,
        store.parts(job),
        Disagreements(engine_store).of,
        locations=store.data_locations(request.project),
        wanted=_wanted(request),
        limit=request.page_limit(),
        next_token=request.query.get("next_token"),
    )
    return Answer({"items": page.items, "next_token": page.next_token, "urls_expire_at": rfc3339(page.urls_expire_at)})


def _wanted(request: Request) -> Wanted:
    """Raises InvalidRequestError with all faults of the query at once."""
    faults: list[Fault] = []

    def refuse(name: str, problem: str) -> None:
        faults.append(fault("request.field-invalid", pointer=f"/{name}", field=name, problem=problem))

    def share(name: str) -> float | None:
        text = request.query.get(name)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value <= 1:
            refuse(name, "it is not a number from 0 to 1")
        return value

    state, only_disagreement = request.query.get("state"), request.query.get("disagreement", "false")
    if state is not None and state not in State:
        refuse("state", f"it is none of {', '.join(State)}")
    if only_disagreement not in {"true", "false"}:
        refuse("disagreement", "it is neither true nor false")
    shares: dict[str, Any] = {name: share(name) for name in ("min_confidence", "max_confidence", "min_disagreement")}
    if faults:
        raise InvalidRequestError(faults)
    return Wanted(
        state=State(state) if state is not None else None,
        label=request.query.get("label"),
        only_disagreement=only_disagreement == "true",
        **shares,
    )


@logger.inject_lambda_context(clear_state=True, correlation_id_path=correlation_paths.API_GATEWAY_REST)
@tracer.capture_lambda_handler(capture_response=False)
@metrics.log_metrics
def lambda_handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.handle(event, context)
