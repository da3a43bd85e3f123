"""Uploads: a presigned POST for exactly one object of a project, of exactly the announced size and type."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import boto3
from botocore.config import Config

from groundwork.data_locations import S3Uri, project_prefix
from groundwork.errors import InvalidRequestError
from groundwork.rules import Fault, fault

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# The rest of a project's prefix (labeling-jobs/) is written by Groundwork alone.
UPLOAD_FOLDERS = ("manifests/", "datasets/")
# The object's metadata that names, percent-encoded, who uploaded it: the draft of an uploaded manifest is theirs.
UPLOADER = "groundwork-uploader"
MAX_KEY_LENGTH = 900
MAX_SIZE = 5 * 1024**3  # S3: largest object of a single upload
LIFETIME = timedelta(minutes=15)

_S3_MAX_KEY_BYTES = 1024
# RFC 9110, section 8.3.1; a parameter is a token or a quoted string.
_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,127}"  # noqa: S105 - the grammar's word, no secret
_CONTENT_TYPE = re.compile(rf'{_TOKEN}/{_TOKEN}(?:; ?{_TOKEN}=(?:{_TOKEN}|"[ !#-\[\]-~]{{0,127}}"))?')


@dataclass(frozen=True, slots=True)
class Upload:
    """Where the object will be, and the form that puts it there: send `fields`, then the file, as multipart/form-data to `url`."""

    uri: S3Uri
    url: str
    fields: dict[str, str]
    expires_at: datetime


def signing_client() -> "S3Client":
    """An S3 client that signs with version 4, which every region takes (botocore would still choose version 2 in some)."""
    client: S3Client = boto3.client("s3", config=Config(signature_version="s3v4"))
    return client


def create_upload(
    s3: "S3Client", *, data_bucket: str, project: str, key: str, content_type: str, size: int, by: str, now: datetime
) -> Upload:
    """A form that uploads `key` (relative to the project's prefix), `size` bytes, within 15 minutes. Raises InvalidRequestError."""
    uri = project_prefix(data_bucket, project).child(key)
    faults: list[Fault] = []
    problem = _key_problem(key, uri)
    if problem:
        faults.append(fault("upload.key-invalid", pointer="/key", problem=problem))
    if not _CONTENT_TYPE.fullmatch(content_type):
        faults.append(fault("upload.content-type-invalid", pointer="/content_type"))
    if not 1 <= size <= MAX_SIZE:
        faults.append(fault("upload.size-invalid", pointer="/size", maximum=f"{MAX_SIZE:,}"))
    if faults:
        raise InvalidRequestError(faults)
    uploader = {f"x-amz-meta-{UPLOADER}": quote(by)}
    post = s3.generate_presigned_post(
        Bucket=uri.bucket,
        Key=uri.key,
        Fields={"Content-Type": content_type, **uploader},
        Conditions=[{"Content-Type": content_type}, uploader, ["content-length-range", size, size]],
        ExpiresIn=int(LIFETIME.total_seconds()),
    )
    return Upload(uri, post["url"], post["fields"], now + LIFETIME)


def _key_problem(key: str, uri: S3Uri) -> str | None:
    """Why `key` cannot be uploaded, None when it can."""
    if not 1 <= len(key) <= MAX_KEY_LENGTH:
        return f"it has {len(key):,} characters, not 1 to {MAX_KEY_LENGTH}"
    if not key.isprintable():
        return "it holds characters that cannot be printed"
    # S3 replaces this by the name of the uploaded file, and the object would not be the one we signed for.
    if "${filename}" in key:
        return "it holds ${filename}"
    if any(segment in {"", ".", ".."} for segment in key.split("/")):
        return "it has a segment that is empty, '.' or '..'"
    if not key.startswith(UPLOAD_FOLDERS):
        return f"it does not begin with {' or '.join(UPLOAD_FOLDERS)}"
    if len(uri.key.encode()) > _S3_MAX_KEY_BYTES:
        return f"the object's whole key is longer than {_S3_MAX_KEY_BYTES:,} bytes"
    return None
