from unittest.mock import patch

import boto3

from groundwork.lazy_client import client_on_first_use


def test_a_client_is_made_once_when_it_is_first_asked() -> None:
    boto3.client("s3").create_bucket(Bucket="pets")
    with patch("boto3.client", wraps=boto3.client) as make:
        s3 = client_on_first_use("s3", region_name="us-east-1")
        assert make.call_count == 0

        names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
        s3.exceptions.NoSuchKey  # noqa: B018 - what code catches

    assert names == ["pets"]
    make.assert_called_once_with("s3", region_name="us-east-1")
