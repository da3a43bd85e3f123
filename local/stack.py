"""The local stack: `python -m local.stack up | down | reset | inbox | rebuild`.

`up` starts AWS on this machine, deploys the application to it, fills it and writes down its addresses; it can be said again at any time
and does what is missing. `down` stops and keeps everything for the next `up`; `reset` stops and forgets. Whatever fails is said in one
sentence.
"""

import argparse
import json
import shutil
import sys
import time
import urllib.parse
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.exceptions

from local import address_file, inbox, web
from local.aws import Aws
from local.deployment import Deployment
from local.emulator import Emulator
from local.failures import StackError
from local.gateway_responses import put_gateway_responses
from local.locks import exclusively
from local.place import DEFAULT_PORT, REGION, STACK_NAME, TOOLS, Place
from local.seed import LABELING_TEAM, PROJECT, passwords, seed

if TYPE_CHECKING:
    from local.address_file import Addresses

# Functions that a schedule would call to take up work that a restart interrupted, by the output that names them.
_RESUMING = ("DriveRunsFunctionName", "ReconcileLabelingJobsFunctionName")


def up(place: Place) -> "Addresses":
    """Brings the stack at `place` up, or up to date, and returns what its address file says.

    Raises:
        StackError: why it could not be done; nothing of the stack is left running then.
    """
    check_tools(TOOLS)
    with exclusively(place.busy_lock):
        emulator = Emulator(place)
        running_on = emulator.running_port()
        if running_on not in {None, place.port}:
            raise StackError(
                f"The stack already runs on port {running_on}: stop it with `make down` before starting it on port {place.port}."
            )
        try:
            if running_on is None:
                _say(f"Starting AWS on {place.endpoint_url}")
                emulator.start()
            addresses = _bring_up_to_date(place, resume=running_on is None)
        except BaseException:
            emulator.stop()
            raise
    return addresses


def down(place: Place) -> None:
    """Stops the stack at `place` and keeps its state. Harmless when nothing runs."""
    with exclusively(place.busy_lock):
        if Emulator(place).running_pid() is None:
            _say("Nothing is running.")
        elif Emulator(place).stop():
            _say("Stopped. `make up` brings everything back.")
        else:
            _say("Stopped by force: what happened since the last `make up` may be lost.")


def reset(place: Place) -> None:
    """Stops the stack at `place` and forgets everything: jobs, users, objects, messages."""
    with exclusively(place.busy_lock):
        Emulator(place).stop()
        shutil.rmtree(place.emulator_folder, ignore_errors=True)
        for path in (place.address_file, place.inbox_journal, place.emulator_log, place.deploy_log):
            path.unlink(missing_ok=True)
        _say("Nothing runs and nothing is kept. `make up` starts afresh.")


def check_tools(tools: Path) -> None:
    """Makes sure that the tools' environment is complete.

    Raises:
        StackError: a tool is missing.
    """
    missing = [name for name in ("ministack", "sam", "python3.13", "pip") if not (tools / name).exists()]
    if missing:
        raise StackError(f"{', '.join(missing)} not found in {tools}: run `make up`, which installs the tools first.")


def compose_addresses(
    place: Place, outputs: dict[str, str], inbox_queue_url: str, before: "Addresses | None", *, has_web: bool = False
) -> "Addresses":
    """The address file's content out of the stack's outputs, keeping passwords and the demo's last job from the file `before`."""
    before = before or {}
    # A stack is reached at its place, whatever address it was deployed with.
    api_path = urllib.parse.urlsplit(outputs["ApiUrl"]).path
    return {
        "endpoint_url": place.endpoint_url,
        "region": REGION,
        "stack_name": STACK_NAME,
        "api_url": f"{place.endpoint_url}{api_path}",
        "console_url": f"{place.endpoint_url}{api_path}/console" if has_web else None,
        "sagemaker_endpoint_url": f"{place.endpoint_url}{api_path}/sagemaker",
        "data_bucket": outputs["DataBucketName"],
        "user_pool_id": outputs["UserPoolId"],
        "user_pool_client_id": outputs["UserPoolClientId"],
        "admin_topic_arn": outputs["AdminTopicArn"],
        "event_bus": outputs["EventBusName"],
        "inbox_queue_url": inbox_queue_url,
        "users": passwords(before.get("users", {})),
        "demo": {"project": PROJECT, "labeling_team": LABELING_TEAM, "labeling_job": before.get("demo", {}).get("labeling_job")},
    }


def _bring_up_to_date(place: Place, *, resume: bool) -> "Addresses":
    deployment = Deployment(place)
    aws = Aws(place)
    if not deployment.is_current():
        _say("Building and deploying the application (the first time takes a minute)")
        deployment.deploy()
    outputs = deployment.outputs()
    if outputs is None:
        raise StackError(f"The application is not deployed, though the tool said so; see {place.deploy_log}.")
    # Even for what was deployed before: an `up` may have been interrupted in between.
    put_gateway_responses(aws)

    inbox_queue_url = inbox.subscribe(aws, outputs["AdminTopicArn"])
    addresses = compose_addresses(place, outputs, inbox_queue_url, address_file.read(place.address_file), has_web=web.is_built())
    # Written before the users get their passwords: an interruption in between must not lock anybody out.
    address_file.write(place.address_file, addresses)
    _say("Making sure of users, project and labeling team")
    seed(aws, addresses)
    if resume:
        _resume_interrupted_work(aws, [outputs[name] for name in _RESUMING if name in outputs])
    return addresses


def _resume_interrupted_work(aws: Aws, function_names: list[str]) -> None:
    """Has the scheduled functions run at once, since executions that were under way when the stack stopped are gone."""
    for name in function_names:
        tick = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": "000000000000",
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": REGION,
            "resources": [],
            "detail": {},
        }
        answer = aws.functions.invoke(FunctionName=name, Payload=json.dumps(tick).encode())
        if "FunctionError" in answer:
            _say(f"Note: {name} could not take up interrupted work; its schedule will try again. See {aws.place.emulator_log}.")


def rebuild(place: Place) -> int:
    """Makes the engine's table anew from S3, as an operator on AWS does with the same state machine.

    Returns: how many labeling jobs were put back; their runs may still be loading.

    Raises:
        StackError: there is no stack, or the rebuild failed.
    """
    aws = Aws(place)
    outputs = Deployment(place).outputs()
    if outputs is None:
        raise StackError("There is no stack to rebuild. `make up` starts one.")
    execution = aws.step_functions.start_execution(stateMachineArn=outputs["RebuildMachineArn"])["executionArn"]
    while (found := aws.step_functions.describe_execution(executionArn=execution))["status"] == "RUNNING":
        time.sleep(0.2)
    if found["status"] != "SUCCEEDED":
        raise StackError(f"The rebuild ended as {found['status']}: {found.get('cause', '')}")
    return int(json.loads(found["output"])["labeling_jobs"])


def _say(sentence: str) -> None:
    print(sentence, flush=True)


def main(arguments: list[str] | None = None) -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.stack", description="Groundwork on this machine.")
    parser.add_argument("command", choices=["up", "down", "reset", "inbox", "rebuild"])
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--folder", type=Path, default=Place().folder, help="where the stack keeps its state")
    chosen = parser.parse_args(arguments)
    place = Place(chosen.port, chosen.folder.resolve())
    try:
        match chosen.command:
            case "up":
                web.build(say=_say)
                addresses = up(place)
                _say(f"Groundwork answers at {addresses['api_url']}, its web console at {addresses['console_url']}")
                _say(f"Addresses and passwords: {place.address_file}   Stop: make down")
            case "down":
                down(place)
            case "reset":
                reset(place)
            case "rebuild":
                _say(f"{rebuild(Place(Emulator(place).running_port() or place.port, place.folder))} labeling jobs were put back.")
            case "inbox":
                inbox.show(Place(Emulator(place).running_port() or place.port, place.folder))
    except StackError as failure:
        print(failure, file=sys.stderr)
        return 1
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as failure:
        print(f"The local AWS refused: {failure}. Its log is {place.emulator_log}; `make reset` starts afresh.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; nothing is left running.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
