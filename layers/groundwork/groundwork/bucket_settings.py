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


def shows_images(s3: "S3Client", bucket: str) -> bool:
    """Whether pages of any origin may GET the bucket's images (sms-cors-update). True too when that may not be known."""
    try:
        rules = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in _SILENT:
            return True
        if code == "NoSuchCORSConfiguration":
            return False
        raise
    return any("GET" in rule["AllowedMethods"] and "*" in rule["AllowedOrigins"] for rule in rules)
