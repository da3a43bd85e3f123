"""AWS clients that talk to one local stack with the emulator's root key pair, for what an operator does: deploy, seed, look after."""

from typing import TYPE_CHECKING

import boto3

from local.place import REGION, Place

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient


class Aws:
    """The clients for the stack at `place`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        # The root key pair is fixed, public and worth nothing anywhere else.
        session = boto3.Session(region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test")  # noqa: S106
        self.api_gateway = session.client("apigateway", endpoint_url=place.endpoint_url)
        self.cloudformation: CloudFormationClient = session.client("cloudformation", endpoint_url=place.endpoint_url)
        self.cognito: CognitoIdentityProviderClient = session.client("cognito-idp", endpoint_url=place.endpoint_url)
        self.functions: LambdaClient = session.client("lambda", endpoint_url=place.endpoint_url)
        self.sns: SNSClient = session.client("sns", endpoint_url=place.endpoint_url)
        self.sqs: SQSClient = session.client("sqs", endpoint_url=place.endpoint_url)
        self.step_functions: SFNClient = session.client("stepfunctions", endpoint_url=place.endpoint_url)
