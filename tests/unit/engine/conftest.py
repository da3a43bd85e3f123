"""The engine on moto's DynamoDB and S3."""

import boto3
import pytest

from groundwork.engine.store import EngineStore
from groundwork.engine.work import Work
from tests.unit.engine.builders import Engine


@pytest.fixture
def engine(engine_table: object, data_bucket: object) -> Engine:
    store, s3 = EngineStore.from_env(), boto3.client("s3")
    return Engine(store, s3, Work(store, s3, region="us-east-1"))
