"""Settings and fakes for every test: fake credentials, moto for AWS, the tables and bucket as the template defines them."""

import os

# moto before anything that makes a boto3 client, so that module-level clients obey mock_aws.
from moto import mock_aws  # isort: skip

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="us-east-1",
    AWS_REGION="us-east-1",
    POWERTOOLS_SERVICE_NAME="groundwork",
    POWERTOOLS_METRICS_NAMESPACE="Groundwork",
    POWERTOOLS_TRACE_DISABLED="true",
    ACCOUNT_ID="123456789012",
    PARTITION="aws",
    JOBS_TABLE="jobs",
    ENGINE_TABLE="engine",
    DATA_BUCKET="groundwork-data",
    USER_POOL_ID="us-east-1_test",
    USER_POOL_CLIENT_ID="client",
    EVENT_BUS="groundwork",
    ADMIN_TOPIC_ARN="arn:aws:sns:us-east-1:123456789012:admins",
    API_URL="https://api.example.com/v1",
    CONSOLE_ORIGIN="",
    WEB_SETTINGS="/groundwork/web",
    DATA_ORIGINS="https://*.s3.us-east-1.amazonaws.com",
    SIGN_IN_ORIGIN="https://groundwork-abc.auth.us-east-1.amazoncognito.com",
    STALLED_AFTER_HOURS="24",
    NOTIFICATIONS_QUEUE_URL="https://sqs.us-east-1.amazonaws.com/123456789012/notifications",
    MAIL_TOPICS="arn:aws:sns:us-east-1:123456789012:groundwork-mail-",
    ALLOW_LOOPBACK_WEBHOOKS="false",
    FIRST_PAUSE_SECONDS="10",
    LABELING_SERVICE="BuiltIn",
    SAGEMAKER_ENDPOINT_KEY_SECRET="",
    LABELING_ROLE_ARN="arn:aws:iam::123456789012:role/labeling",
    WORKER_VIEW_ROLE_ARN="arn:aws:iam::123456789012:role/worker-view",
    ACCESS_KEY_SECRETS_KEY="alias/access-key-secrets",
    API_PATH_PREFIX="",
    OBJECTS_PER_LABELING_JOB="100000",
    MERGE_MACHINE_ARN="arn:aws:states:us-east-1:123456789012:stateMachine:merge",
    SPLIT_CONSOLIDATION_MACHINE_ARN="arn:aws:states:us-east-1:123456789012:stateMachine:consolidate-split",
    PARTS_AT_ONCE="4",
    RUN_MACHINE_ARN="arn:aws:states:us-east-1:123456789012:stateMachine:run",
)

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import settings

from tests.builders import create_data_bucket, create_table
from tests.mocked_aws import ClientsMadeOnce, an_empty_aws, one_signing_key, small_transactions

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client

ROOT = Path(__file__).resolve().parent.parent

# No test asserts on wall-clock time, not even by default.
settings.register_profile("groundwork", deadline=None)
settings.load_profile("groundwork")


class TemplateLoader(yaml.SafeLoader):
    """Reads CloudFormation's short functions (`!Ref x`) as their long form (`{"Ref": "x"}`)."""


def _short_function(loader: TemplateLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".")
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", _short_function)


@pytest.fixture(scope="session")
def template() -> dict[str, Any]:
    """template.yaml, with short functions in their long form."""
    document: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), TemplateLoader)  # noqa: S506 - a SafeLoader
    return document


@pytest.fixture(scope="session")
def mocked_aws() -> Iterator[ClientsMadeOnce]:
    """moto, in place of AWS, for the whole run; and the session that makes its clients."""
    with mock_aws(), one_signing_key(), small_transactions():
        yield ClientsMadeOnce()


@pytest.fixture(autouse=True)
def aws(mocked_aws: ClientsMadeOnce) -> Iterator[None]:
    """An AWS with nothing in it: no test of this folder reaches a network, nor what another test left."""
    with an_empty_aws(mocked_aws):
        yield


@pytest.fixture
def jobs_table(template: dict[str, Any]) -> "DynamoDBClient":
    """The control plane's table, with the schema that is deployed."""
    return create_table(template, "JobsTable", "jobs")


@pytest.fixture
def engine_table(template: dict[str, Any]) -> "DynamoDBClient":
    """The engine's table, with the schema that is deployed."""
    return create_table(template, "EngineTable", "engine")


@pytest.fixture
def data_bucket() -> "S3Client":
    return create_data_bucket()
