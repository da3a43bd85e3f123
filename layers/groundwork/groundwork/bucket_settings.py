"""Settings of a bucket that decide whether a labeling job can work with what is in it."""

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# S3's own names for the places it had before it named them by region (API GetBucketLocation).
_OLD_NAMES = {None: "us-east-1", "": "us-east-1", "EU": "eu-west-1"}
# A listing has said so already, or nobody can say more.
_SILENT = frozenset({"NoSuchBucket", "AccessDenied", "AllAccessDisabled"})


def is_elsewhere(s3: "S3Client", bucket: str, region: str) -> bool:
    """Whether the bucket certainly lies in another region (facts on Ground Truth, section 3.3)."""
    try:
        location: str | None = s3.get_bucket_location(Bucket=bucket)["LocationConstraint"]
    except ClientError as error:
        if error.response["Error"]["Code"] in _SILENT:
            return False
        raise
    return _OLD_NAMES.get(location, location) != region


# What the rule of sms-cors-update lets pages read of an answer.
_EXPOSED = "access-control-allow-origin"


def cors_problem(s3: "S3Client", bucket: str) -> str | None:
    """The rule that the bucket's CORS settings break, if any: pages of any origin may GET its images (sms-cors-update).

    None too when the settings may not be known.
    """
    try:
        rules = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _SILENT:
            return None
        if code == "NoSuchCORSConfiguration":
            return "bucket.cors-missing"
        raise
    open_rules = [rule for rule in rules if "GET" in rule["AllowedMethods"] and "*" in rule["AllowedOrigins"]]
    if not open_rules:
        return "bucket.cors-missing"
    exposes = any(name.lower() in {_EXPOSED, "*"} for rule in open_rules for name in rule.get("ExposeHeaders", []))
    return None if exposes else "bucket.cors-exposes-too-little"
