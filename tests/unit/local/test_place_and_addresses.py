import json
import socket
import stat
from pathlib import Path

import pytest

from local import address_file
from local.emulator import Emulator, forget_stream_positions, refuse_taken_port
from local.failures import StackError
from local.place import HOST, Place
from local.stack import check_tools, compose_addresses, down

OUTPUTS = {
    "ApiUrl": "http://127.0.0.1:4566/_aws/execute-api/abc123/v1",
    "DataBucketName": "data",
    "UserPoolId": "us-east-1_pool",
    "UserPoolClientId": "client",
    "AdminTopicArn": "arn:aws:sns:us-east-1:000000000000:admins",
    "EventBusName": "groundwork",
}


def test_the_address_file_says_what_the_contract_promises(tmp_path: Path) -> None:
    addresses = compose_addresses(Place(4567, tmp_path), OUTPUTS, "http://queue", None)

    assert {key: value for key, value in addresses.items() if key not in {"users", "inbox_queue_url"}} == {
        "endpoint_url": "http://127.0.0.1:4567",
        "region": "us-east-1",
        "stack_name": "groundwork",
        "api_url": "http://127.0.0.1:4567/_aws/execute-api/abc123/v1",
        "console_url": None,
        "sagemaker_endpoint_url": "http://127.0.0.1:4567/_aws/execute-api/abc123/v1/sagemaker",
        "data_bucket": "data",
        "user_pool_id": "us-east-1_pool",
        "user_pool_client_id": "client",
        "admin_topic_arn": "arn:aws:sns:us-east-1:000000000000:admins",
        "event_bus": "groundwork",
        "demo": {"project": "demo", "labeling_team": "demo-team", "labeling_job": None},
    }
    assert list(addresses["users"]) == ["admin", "owner", "collaborator", "outsider", "worker-1", "worker-2", "worker-3"]
    assert all(user["username"] == name and len(user["password"]) >= 20 for name, user in addresses["users"].items())


def test_the_address_file_says_where_the_console_is_when_the_web_was_built(tmp_path: Path) -> None:
    addresses = compose_addresses(Place(4567, tmp_path), OUTPUTS, "http://queue", None, has_web=True)

    assert addresses["console_url"] == f"{addresses['api_url']}/console"


def test_every_user_and_every_stack_gets_a_password_of_its_own(tmp_path: Path) -> None:
    one = compose_addresses(Place(4567, tmp_path), OUTPUTS, "http://queue", None)
    other = compose_addresses(Place(4567, tmp_path), OUTPUTS, "http://queue", None)

    given = [user["password"] for addresses in (one, other) for user in addresses["users"].values()]

    assert len(set(given)) == 14


def test_passwords_and_the_last_demo_job_outlive_a_restart_on_another_port(tmp_path: Path) -> None:
    before = compose_addresses(Place(4567, tmp_path), OUTPUTS, "http://queue", None)
    before["demo"]["labeling_job"] = "digits-1"

    after = compose_addresses(Place(4999, tmp_path), OUTPUTS, "http://queue", before)

    assert after["users"] == before["users"]
    assert after["demo"]["labeling_job"] == "digits-1"
    assert after["endpoint_url"] == "http://127.0.0.1:4999"


def test_the_address_file_can_be_read_by_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "stack.json"
    address_file.write(path, {"users": {}})
    address_file.write(path, {"users": {"a": 1}})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text()) == {"users": {"a": 1}}
    assert [entry.name for entry in path.parent.iterdir()] == ["stack.json"]


@pytest.mark.parametrize("content", [None, "", '{"half', "[]"])
def test_a_missing_or_damaged_address_file_counts_as_none(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "stack.json"
    if content is not None:
        path.write_text(content)

    assert address_file.read(path) is None
    with pytest.raises(StackError, match="make up"):
        address_file.require(path)


def test_a_port_that_another_program_has_is_refused_in_one_sentence() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StackError, match=f"Port {port} on 127.0.0.1 cannot be used .*make up PORT=") as refusal:
            refuse_taken_port(port)
    assert "\n" not in str(refusal.value)


def test_a_free_port_is_accepted() -> None:
    with socket.create_server((HOST, 0)) as once:
        port = once.getsockname()[1]

    refuse_taken_port(port)


def test_a_killed_emulator_counts_as_not_running_whoever_has_its_process_number_now(tmp_path: Path) -> None:
    emulator = Emulator(Place(4567, tmp_path))
    emulator.place.emulator_folder.mkdir()
    (emulator.place.emulator_folder / "running.json").write_text('{"pid": 1, "port": 4567}')

    assert emulator.running_pid() is None
    assert emulator.running_port() is None


def test_after_a_restart_functions_hear_of_the_first_change_of_a_table(tmp_path: Path) -> None:
    forget_stream_positions(tmp_path)  # a fresh stack has no state yet
    (tmp_path / "lambda.json").write_text(
        '{"__ministack_format__": 2, "payload": {"esms": {"a": 1}, "dynamodb_stream_positions": {"a": 9}}}'
    )

    forget_stream_positions(tmp_path)

    assert json.loads((tmp_path / "lambda.json").read_text()) == {"__ministack_format__": 2, "payload": {"esms": {"a": 1}}}


def test_stopping_a_stack_that_does_not_run_is_harmless(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    down(Place(4567, tmp_path))
    down(Place(4567, tmp_path))

    assert capsys.readouterr().out.splitlines() == ["Nothing is running."] * 2


def test_a_missing_tool_is_named(tmp_path: Path) -> None:
    for present in ("ministack", "python3.13", "pip"):
        (tmp_path / present).touch()

    with pytest.raises(StackError, match=r"^sam not found in .*make up"):
        check_tools(tmp_path)
