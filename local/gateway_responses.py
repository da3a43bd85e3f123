"""What API Gateway answers by itself: the local AWS imports an API without these answers of the template, so they are put here.

On AWS they come with the API. Whatever of them only AWS can work out is left out: headers with conditions, and the path that was asked for,
which the local AWS does not know here. In its place stands the empty reference, which RFC 3986 reads as "what was asked for".
"""

from typing import Any

from local.aws import Aws
from local.place import STACK_NAME

_API, _STAGE = "Api", "v1"
_EXTENSION = "x-amazon-apigateway-gateway-responses"


def put_gateway_responses(aws: Aws) -> None:
    """Give the deployed API the gateway's answers that the template says, and make them effective."""
    template: Any = aws.cloudformation.get_template(StackName=STACK_NAME, TemplateStage="Processed")["TemplateBody"]
    resource = aws.cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId=_API)
    api_id: str = resource["StackResourceDetail"]["PhysicalResourceId"]
    for kind, response in template["Resources"][_API]["Properties"]["Body"][_EXTENSION].items():
        headers = {name: value for name, value in response["responseParameters"].items() if isinstance(value, str)}
        bodies = {kind: body.replace("$context.path", "") for kind, body in response["responseTemplates"].items()}
        aws.api_gateway.put_gateway_response(
            restApiId=api_id,
            responseType=kind,
            statusCode=str(response["statusCode"]),
            responseParameters=headers,
            responseTemplates=bodies,
        )
    aws.api_gateway.create_deployment(restApiId=api_id, stageName=_STAGE)
