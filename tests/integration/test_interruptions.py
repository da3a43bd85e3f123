"""Whatever fails, repeats or stops on the way: one job, no double tasks, no lost answer, and a reason a person can act on."""

import json

import pytest

from local import stack as local_stack
from local.place import Place
from operations.redrive import redrive
from tests.integration.front_door import FrontDoor, eventually

# What to take from which function so that the launch cannot get past the state, and a word of the reason the owner then reads.
STEPS = {
    "TakeManifest": ("TakeManifestFunction", "s3:PutObject", "copied"),
    "ValidateManifest": ("ValidateManifestFunction", "s3:PutObject", "manifest"),
    "ComposeWorkerTaskTemplate": ("ComposeWorkerTaskTemplateFunction", "s3:PutObject", "template"),
    "PresignWorkerView": ("PresignWorkerViewFunction", "sts:AssumeRole", "presigned"),
    "BeginCreation": ("AdvanceLaunchFunction", "dynamodb:PutItem", "recorded"),
    "CreateLabelingJob": ("CreateLabelingJobFunction", "dynamodb:PutItem", "labeling service"),
}


@pytest.mark.parametrize("state", STEPS)
def test_a_step_that_fails_leaves_a_draft_with_a_reason_and_submitting_again_works(door: FrontDoor, state: str) -> None:
    function, action, word = STEPS[state]
    manifest = door.upload_manifest([{"source-ref": uri} for uri in door.upload_pictures(2)])

    with door.denied(function, action):
        name = door.create(door.definition(manifest))
        job = door.wait_for(name, "Draft")
    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/submit").expect(202)
    door.wait_for(name, "InProgress")

    assert word in job["failure_reason"]
    assert "submit the job again" in job["failure_reason"]
    assert len(door.engine_tasks(name)) == 2


@pytest.mark.parametrize("state", STEPS)
def test_a_launch_that_is_killed_at_a_step_leaves_a_draft_and_submitting_again_works(door: FrontDoor, state: str) -> None:
    function, action, _ = STEPS[state]
    manifest = door.upload_manifest([{"source-ref": uri} for uri in door.upload_pictures(2)])
    step_functions = door.operator("stepfunctions")

    with door.denied(function, action):
        name = door.create(door.definition(manifest))
        execution = eventually(lambda: door.launch_stuck_at(state, name), f"{name} to be stuck at {state}")
        step_functions.stop_execution(executionArn=execution)
    job = door.wait_for(name, "Draft")
    door.say_launch_ended(execution, name, "ABORTED")  # events repeat
    door.as_("owner").post(f"/projects/demo/labeling-jobs/{name}/submit").expect(202)
    door.wait_for(name, "InProgress")
    door.say_launch_ended(execution, name, "ABORTED")  # and come late
    door.label_everything("worker-1", name, "cat")
    finished = door.wait_for(name, "Completed")

    assert "it ended as ABORTED" in job["failure_reason"]
    assert finished["counters"]["human_labeled"] == 2
    assert len(door.engine_tasks(name)) == 2


def test_a_launch_that_died_without_a_word_is_settled_by_the_reconciler(door: FrontDoor) -> None:
    manifest = door.upload_manifest([{"source-ref": uri} for uri in door.upload_pictures(1)])
    with door.unheard("SettleLaunchFunctionLaunchInterrupted"), door.denied("ValidateManifestFunction", "s3:PutObject"):
        name = door.create(door.definition(manifest))
        execution = eventually(lambda: door.launch_stuck_at("ValidateManifest", name), f"{name} to be stuck")
        door.operator("stepfunctions").stop_execution(executionArn=execution)

        door.operator("lambda").invoke(FunctionName=door.resources["ReconcileLabelingJobsFunction"], Payload=b"{}")
        job = door.wait_for(name, "Draft")

    assert "its execution ended without a word" in job["failure_reason"]


def test_an_end_that_nobody_heard_of_is_found_by_the_reconciler(door: FrontDoor) -> None:
    name = door.running_job(objects=1)
    reconciler = door.resources["ReconcileLabelingJobsFunction"]

    def found() -> bool:
        door.operator("lambda").invoke(FunctionName=reconciler, Payload=b"{}")
        return bool(door.job(name)["status"] == "Completed")

    with door.unheard("RecordServiceStatusFunctionServiceStatusChanged"):
        door.label_everything("worker-1", name, "cat")
        assert eventually(found, f"{name} to be found completed")

    assert door.job(name)["counters"]["human_labeled"] == 1


def test_an_event_of_submission_that_comes_twice_launches_once(door: FrontDoor) -> None:
    name = door.running_job(objects=2)
    first = json.loads(door.launches(name)[0]["input"])

    for _ in range(3):
        door.put_event("groundwork", "Labeling Job Status Changed", first, bus=door.addresses["event_bus"])
    eventually(
        lambda: len(door.launches(name)) == 4 and all(run["status"] != "RUNNING" for run in door.launches(name)), "all launches to end"
    )

    assert door.job(name)["status"] == "InProgress"
    assert len(door.engine_tasks(name)) == 2
    assert all(launch["status"] == "SUCCEEDED" for launch in door.launches(name))


def test_repeated_late_and_reordered_service_events_change_nothing(door: FrontDoor) -> None:
    name = door.running_job(objects=1)
    arn = door.job(name)["labeling_job_arn"]
    kind = "SageMaker Ground Truth Labeling Job State Change"
    for status in ("Completed", "Failed", "Stopped", "Initializing"):  # none of it true
        door.put_event("groundwork.engine", kind, {"LabelingJobStatus": status}, resources=[arn])
    door.label_everything("worker-1", name, "cat")
    done = door.wait_for(name, "Completed")

    for status in ("InProgress", "Completed", "Initializing", "Completed"):
        door.put_event("groundwork.engine", kind, {"LabelingJobStatus": status}, resources=[arn])
    other = door.running_job(objects=1)  # gives the events time to be handled

    assert other
    assert door.job(name) == done
    assert door.statuses(name) == ["Validating", "Launching", "InProgress", "Completed"]


def test_an_answer_that_could_not_be_kept_is_not_accepted_and_counts_once_when_sent_again(door: FrontDoor) -> None:
    name = door.running_job(objects=1)
    lease = door.lease("worker-1", name)
    assert lease is not None
    path, body = f"/work/leases/{lease['lease_id']}/answer", {"answer": {"crowd-image-classifier": {"label": "cat"}}}

    with door.denied("ServeWorkFunction", "s3:PutObject"):
        refused = door.as_("worker-1").post(path, body)
    accepted = door.as_("worker-1").post(path, body)
    again = door.as_("worker-1").post(path, body)
    other = door.as_("worker-1").post(path, {"answer": {"crowd-image-classifier": {"label": "dog"}}})
    job = door.wait_for(name, "Completed")

    assert refused.status == 500
    assert accepted.body == again.body == {"accepted": True}
    assert other.status == 409
    assert job["counters"]["human_labeled"] == 1


def test_a_fact_that_nobody_could_be_told_waits_in_a_queue_until_it_is_sent_on(door: FrontDoor) -> None:
    sqs, queue = door.operator("sqs"), door.resources["UndeliveredEvents"]
    name = door.running_job(objects=1)
    fact = {"detail-type": "Labeling Job Status Changed", "detail": json.loads(door.launches(name)[0]["input"])}

    def kept() -> bool:
        messages = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10, VisibilityTimeout=0).get("Messages", [])
        return any(json.loads(message["Body"])["requestPayload"] == fact for message in messages)

    with door.denied("NotifyAdministratorsFunction", "sns:Publish"):
        # Handed to the rule's target as EventBridge on AWS does; the local stack's EventBridge neither retries nor keeps failures.
        function = door.resources["NotifyAdministratorsFunction"]
        door.operator("lambda").invoke(FunctionName=function, InvocationType="Event", Payload=json.dumps(fact).encode())

        assert eventually(kept, "the undelivered event")
    outcome = redrive(door.operator, queue)

    assert outcome.sent > 0
    assert not kept()


def test_a_run_of_the_engine_that_is_killed_goes_on(door: FrontDoor) -> None:
    name = door.running_job(objects=2)
    lease = door.lease("worker-1", name)
    assert lease is not None
    door.answer("worker-1", lease, "cat")
    step_functions = door.operator("stepfunctions")
    running = step_functions.list_executions(stateMachineArn=door.resources["RunMachine"], statusFilter="RUNNING")["executions"]
    mine = [run["executionArn"] for run in running if run["name"].startswith(name.lower())]

    for execution in mine:
        step_functions.stop_execution(executionArn=execution)
    tick = b'{"detail-type": "Scheduled Event"}'
    driven = door.operator("lambda").invoke(FunctionName=door.resources["DriveRunsFunction"], Payload=tick)
    door.label_everything("worker-2", name, "cat")
    job = door.wait_for(name, "Completed")

    assert "FunctionError" not in driven
    assert len(mine) == 1
    assert job["counters"]["human_labeled"] == 2


@pytest.mark.restarts_the_stack
def test_a_restarted_stack_has_everything_and_goes_on(door: FrontDoor, place: Place) -> None:
    name = door.running_job(objects=2)
    lease = door.lease("worker-1", name)
    assert lease is not None
    door.answer("worker-1", lease, "cat")

    local_stack.down(place)
    local_stack.up(place)
    local_stack.up(place)  # twice is harmless
    reopened = FrontDoor(place)
    reopened.label_everything("worker-2", name, "cat")
    job = reopened.wait_for(name, "Completed")

    assert job["counters"]["human_labeled"] == 2
    assert [line[name] for line in reopened.output(name)] == [0, 0]
