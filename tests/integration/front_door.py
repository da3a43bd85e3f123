"""What integration tests do and look at: requests as clients send them, and AWS as an operator sees it."""

import io
import json
import os
import re
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from PIL import Image

from local import address_file
from local.client import ApiClient, sign_in
from local.place import REGION, Place

# A limit for a stuck stack, not an expectation of speed.
PATIENCE_SECONDS = float(os.environ.get("GROUNDWORK_TEST_PATIENCE_SECONDS", "120"))
PEOPLE = ("admin", "owner", "collaborator", "outsider", "worker-1", "worker-2", "worker-3")


class FrontDoor:
    """The demo project of a running stack, and its people."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.addresses = address_file.require(place.address_file)
        with ThreadPoolExecutor(4) as pool:
            self._clients = dict(zip(PEOPLE, pool.map(self._sign_in, PEOPLE), strict=True))
        self.nobody = ApiClient(self.addresses["api_url"])
        self._launched_by: dict[str, str] = {}
        self._operators: dict[str, Any] = {}

    def _sign_in(self, person: str) -> ApiClient:
        user = self.addresses["users"][person]
        token = sign_in(self.addresses["endpoint_url"], REGION, self.addresses["user_pool_client_id"], user["username"], user["password"])
        return ApiClient(self.addresses["api_url"], token)

    def as_(self, person: str) -> ApiClient:
        return self._clients[person]

    # --- data and jobs -------------------------------------------------------------------------------------------

    def upload_pictures(self, count: int) -> list[str]:
        """Upload small pictures into the demo project; their S3 URIs."""
        folder = f"datasets/{uuid.uuid4().hex[:8]}"
        return [self.as_("owner").upload("demo", f"{folder}/{n}.png", picture(n), "image/png") for n in range(count)]

    def upload_manifest(self, lines: Sequence[dict[str, Any] | str]) -> str:
        body = "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)
        return self.as_("owner").upload("demo", f"manifests/{uuid.uuid4().hex[:8]}.txt", body.encode(), "text/plain")

    def definition(self, manifest: str, **changes: Any) -> dict[str, Any]:
        """A legal definition of a labeling job over that manifest."""
        return {
            "name": f"Job-{uuid.uuid4().hex[:10]}",
            "task_category": "Image",
            "task_type": "ImageMultiClass",
            "input_manifest_uri": manifest,
            "labeling_team": self.addresses["demo"]["labeling_team"],
            "workers_per_object": 1,
            "description": "Choose what you see",
            "labels": ["cat", "dog"],
            **changes,
        }

    def create(self, definition: dict[str, Any], person: str = "owner") -> str:
        """Create and submit; the job's name."""
        name: str = self.as_(person).post("/projects/demo/labeling-jobs", definition).expect(202)["name"]
        return name

    def running_job(self, objects: int = 2, **changes: Any) -> str:
        """A labeling job over fresh pictures, with work to be had."""
        manifest = self.upload_manifest([{"source-ref": uri} for uri in self.upload_pictures(objects)])
        name = self.create(self.definition(manifest, **changes))
        self.wait_for(name, "InProgress")
        return name

    def job(self, name: str, person: str = "owner") -> dict[str, Any]:
        job: dict[str, Any] = self.as_(person).get(f"/projects/demo/labeling-jobs/{name}").expect(200)
        return job

    def wait_for(self, name: str, *statuses: str) -> dict[str, Any]:
        """The job once it has one of the statuses. A job that comes to rest in another one fails at once."""
        at_rest = {"Draft", "Completed", "Failed", "Stopped"}

        def arrived() -> dict[str, Any] | None:
            job = self.job(name)
            if job["status"] in statuses:
                return job
            assert job["status"] not in at_rest, f"{name} is {job['status']}: {job['failure_reason']} {job['validation']}"
            return None

        return eventually(arrived, f"{name} to be {' or '.join(statuses)}")

    def events(self, name: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = self.as_("owner").get(f"/projects/demo/labeling-jobs/{name}/events").expect(200)["items"]
        return items

    def statuses(self, name: str) -> list[str]:
        """The statuses the job had, in order, without Initializing: the service may report InProgress before the launch is recorded."""
        moves = [event["detail"].get("to") or event["detail"]["status"] for event in self.events(name) if event["type"] != "Edited"]
        return [status for status in moves if status != "Initializing"]

    def output(self, name: str) -> list[dict[str, Any]]:
        """The lines of the job's output manifest."""
        output = self.as_("owner").get(f"/projects/demo/labeling-jobs/{name}/output").expect(200)
        return [json.loads(line) for line in self.nobody.download(output["url"]).decode().splitlines()]

    # --- work ----------------------------------------------------------------------------------------------------

    def lease(self, worker: str, name: str) -> dict[str, Any] | None:
        """A lease on work in that job, or None when there is nothing for this worker now."""
        answer = self.as_(worker).post(f"/work/labeling-jobs/{name}/leases")
        if answer.status == 204:
            return None
        lease: dict[str, Any] = answer.expect(201)
        return lease

    def answer(self, worker: str, lease: dict[str, Any], label: str) -> None:
        body = {"answer": {"crowd-image-classifier": {"label": label}}}
        assert self.as_(worker).post(f"/work/leases/{lease['lease_id']}/answer", body).expect(200) == {"accepted": True}

    def label_everything(self, worker: str, name: str, label: str | Callable[[dict[str, Any]], str]) -> int:
        """Answer until there is nothing left for this worker; how many answers that took."""
        answered = 0
        while lease := self.lease(worker, name):
            self.answer(worker, lease, label if isinstance(label, str) else label(lease))
            answered += 1
        return answered

    # --- behind the door -----------------------------------------------------------------------------------------

    def operator(self, service: str) -> Any:
        """A client with an operator's rights."""
        if service not in self._operators:
            self._operators[service] = boto3.client(
                service,
                region_name=REGION,
                endpoint_url=self.addresses["endpoint_url"],
                aws_access_key_id="test",
                aws_secret_access_key="test",
            )
        return self._operators[service]

    @cached_property
    def resources(self) -> dict[str, str]:
        """Physical ids of the stack's resources by logical id."""
        pages = self.operator("cloudformation").get_paginator("list_stack_resources").paginate(StackName=self.addresses["stack_name"])
        return {found["LogicalResourceId"]: found["PhysicalResourceId"] for page in pages for found in page["StackResourceSummaries"]}

    def deploy_labeling_function(self, code: Path, name: str, *rights: tuple[str, str], **variables: str) -> str:
        """As `sam deploy` in an example's folder does; the function's ARN. `rights` are actions and keys in the data bucket."""
        functions, iam = self.operator("lambda"), self.operator("iam")
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            packed.write(code, "app.py")
        with suppress(functions.exceptions.ResourceNotFoundException):
            return str(functions.update_function_code(FunctionName=name, ZipFile=archive.getvalue())["FunctionArn"])
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}
        bucket = f"arn:aws:s3:::{self.addresses['data_bucket']}"
        allowed = [{"Effect": "Allow", "Action": action, "Resource": f"{bucket}/{keys}"} for action, keys in rights]
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy(trust))["Role"]["Arn"]
        if allowed:
            iam.put_role_policy(RoleName=name, PolicyName="data", PolicyDocument=_policy(*allowed))
        made = functions.create_function(
            FunctionName=name,
            Runtime="python3.13",
            Handler="app.lambda_handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
            Timeout=120,
            Environment={"Variables": variables},
        )
        return str(made["FunctionArn"])

    def role_of(self, function: str) -> str:
        """The name of a function's role."""
        configuration = self.operator("lambda").get_function_configuration(FunctionName=self.resources[function])
        role: str = configuration["Role"].rpartition("/")[2]
        return role

    @contextmanager
    def denied(self, function: str, *actions: str) -> Iterator[None]:
        """While this lasts, the function's role lacks the right to these actions, as if an outage or an operator had taken it."""
        with self._policy([function], {"Effect": "Deny", "Action": list(actions), "Resource": "*"}):
            yield

    @contextmanager
    def allowed(self, *functions: str, action: str, resource: str) -> Iterator[None]:
        """While this lasts, the functions' roles have this right too, as in a stack that was deployed with other parameters."""
        with self._policy(functions, {"Effect": "Allow", "Action": action, "Resource": resource}):
            yield

    @contextmanager
    def _policy(self, functions: Sequence[str], statement: dict[str, Any]) -> Iterator[None]:
        iam, roles = self.operator("iam"), [self.role_of(function) for function in functions]
        document, name = json.dumps({"Version": "2012-10-17", "Statement": [statement]}), f"for-a-test-{statement['Effect']}"
        for role in roles:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=document)
        try:
            yield
        finally:
            for role in roles:
                iam.delete_role_policy(RoleName=role, PolicyName=name)

    @contextmanager
    def configured(self, *functions: str, **variables: str) -> Iterator[None]:
        """While this lasts, the functions run with these settings, as if an operator had deployed the stack with other parameters."""
        client = self.operator("lambda")
        before: dict[str, dict[str, str]] = {}
        for name in (self.resources[function] for function in functions):
            before[name] = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
            client.update_function_configuration(FunctionName=name, Environment={"Variables": before[name] | variables})
        try:
            yield
        finally:
            for name, given in before.items():
                client.update_function_configuration(FunctionName=name, Environment={"Variables": given})

    def launches(self, name: str) -> list[dict[str, Any]]:
        """The executions of the launch machine for that job, newest first."""
        machine = self.operator("stepfunctions")
        found = machine.list_executions(stateMachineArn=self.resources["LaunchMachine"], maxResults=1000)["executions"]
        arns = [execution["executionArn"] for execution in found]
        for arn in arns:
            if arn not in self._launched_by:
                self._launched_by[arn] = json.loads(machine.describe_execution(executionArn=arn)["input"])["name"]
        return [machine.describe_execution(executionArn=arn) for arn in arns if self._launched_by[arn] == name]

    def launch_stuck_at(self, state: str, name: str) -> str | None:
        """The ARN of the job's launch execution that has failed at this state and is about to try again, or does, if there is one."""
        step_functions = self.operator("stepfunctions")
        for launch in self.launches(name):
            history = step_functions.get_execution_history(executionArn=launch["executionArn"], maxResults=1000)["events"]
            since_entered: list[str] = []
            for event in history:
                entered = event.get("stateEnteredEventDetails")
                since_entered = [entered["name"]] if entered else [*since_entered, event["type"]]
            if (
                since_entered[:1] == [state]
                and "TaskFailed" in since_entered
                and not any(kind.endswith("Exited") for kind in since_entered)
            ):
                return str(launch["executionArn"])
        return None

    @contextmanager
    def unheard(self, rule: str) -> Iterator[None]:
        """While this lasts, the rule's events are lost."""
        # The name is the part after the bus, if any, of the rule's physical id.
        events, name = self.operator("events"), self.resources[rule].rpartition("|")[2]
        events.disable_rule(Name=name)
        try:
            yield
        finally:
            events.enable_rule(Name=name)

    def say_launch_ended(self, execution_arn: str, name: str, status: str) -> None:
        """Deliver once more the event that Step Functions sends when an execution ends before its time.

        Nobody but Step Functions may put it on the bus, so it is handed to the rule's target, as EventBridge does.
        """
        event = {
            "source": "aws.states",
            "detail-type": "Step Functions Execution Status Change",
            "detail": {
                "executionArn": execution_arn,
                "stateMachineArn": self.resources["LaunchMachine"],
                "status": status,
                "input": json.dumps({"name": name}),
            },
        }
        function = self.resources["SettleLaunchFunction"]
        self.operator("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(event).encode())

    def put_event(
        self, source: str, detail_type: str, detail: dict[str, Any], *, bus: str = "default", resources: Sequence[str] = ()
    ) -> None:
        entry = {
            "Source": source,
            "DetailType": detail_type,
            "Detail": json.dumps(detail),
            "EventBusName": bus,
            "Resources": list(resources),
        }
        assert self.operator("events").put_events(Entries=[entry])["FailedEntryCount"] == 0

    def engine_tasks(self, name: str) -> list[dict[str, Any]]:
        """Every task item of the job in the engine's table."""
        pages = self.operator("dynamodb").get_paginator("scan").paginate(TableName=self.resources["EngineTable"])
        shard = re.compile(rf"JOB#{re.escape(name.lower())}#SHARD#\d+")
        return [item for page in pages for item in page["Items"] if shard.fullmatch(item["pk"]["S"])]

    def lose_engine_items(self, name: str) -> None:
        """Delete every item of the job from the engine's table, as a mistake or a disaster would."""
        client, table = self.operator("dynamodb"), self.resources["EngineTable"]
        mine = re.compile(rf"JOB#{re.escape(name.lower())}(#.*)?")
        for page in client.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                if mine.fullmatch(item["pk"]["S"]) or item["sk"]["S"].endswith(f"#{name.lower()}"):
                    client.delete_item(TableName=table, Key={"pk": item["pk"], "sk": item["sk"]})


def _policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def eventually[T](probe: Callable[[], T | None], what: str) -> T:
    """What the probe finds, once it finds something. Fails when patience is at its end."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = probe()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {PATIENCE_SECONDS:.0f} s in vain for {what}")


def picture(number: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (8, 8), color=number % 256).save(buffer, "PNG")
    return buffer.getvalue()
