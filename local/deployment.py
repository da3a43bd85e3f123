"""Builds the application with the SAM CLI and deploys it to a local stack: the same template, by the same tool, as on AWS."""

import hashlib
import os
import platform
import subprocess
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import botocore.exceptions

from local.aws import Aws
from local.failures import StackError
from local.lightening import lighten
from local.locks import exclusively, together
from local.place import REGION, REPOSITORY, STACK_NAME, TOOLS, Place

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.type_defs import StackTypeDef

# Everything that a deployment is made of.
SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "statemachines")
_SETTINGS = REPOSITORY / "samconfig.toml"
# Beside the folder for AWS, so that nothing built for this machine is ever deployed there.
_BUILD_FOLDER = REPOSITORY / ".aws-sam" / "local"
_CACHE_FOLDER = REPOSITORY / ".aws-sam" / "local-cache"
_BUILT = _BUILD_FOLDER / "groundwork-sources"

_SOURCES_TAG = "groundwork-sources"
_DEPLOYED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
# A stack whose creation failed cannot be updated, only deleted.
_STILLBORN = frozenset({"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "DELETE_FAILED", "REVIEW_IN_PROGRESS"})


@dataclass(frozen=True, slots=True)
class Deployment:
    """The application as deployed to one place."""

    place: Place

    def outputs(self) -> dict[str, str] | None:
        """The outputs of the deployed stack by name, or None when there is no complete stack."""
        stack = self._stack()
        if stack is None or stack["StackStatus"] not in _DEPLOYED:
            return None
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    def is_current(self) -> bool:
        """Whether what is deployed was made from the sources as they are now, and for the port that it is served on."""
        stack = self._stack()
        if stack is None or stack["StackStatus"] not in _DEPLOYED:
            return False
        # Kept with the stack itself: what is deployed may be older than a file here would say, after the emulator was killed.
        return {"Key": _SOURCES_TAG, "Value": self._tag(content_hash(REPOSITORY, SOURCES))} in stack.get("Tags", [])

    def deploy(self) -> None:
        """Builds what has changed and deploys it.

        Raises:
            StackError: a build or a deployment failed; the log holds what the tools said.
        """
        # The build folder is one for all local stacks of a checkout: they may all be deployed from it at a time, while nobody builds.
        build_lock = REPOSITORY / ".aws-sam" / "build.lock"
        with self.place.deploy_log.open("wb") as log:
            while True:
                with together(build_lock):
                    if (current := content_hash(REPOSITORY, SOURCES)) == _read(_BUILT):
                        self._deploy_build(current, log.fileno())
                        return
                with exclusively(build_lock):
                    self._build(log.fileno())

    def _build(self, log: int) -> None:
        current = content_hash(REPOSITORY, SOURCES)
        if _read(_BUILT) == current:  # another stack's deployment came first
            return
        folders = ["--build-dir", str(_BUILD_FOLDER), "--cache-dir", str(_CACHE_FOLDER)]
        self._run(["build", *folders], log, "Building the application failed")
        lighten(_BUILD_FOLDER, [REPOSITORY / "functions", REPOSITORY / "layers" / "groundwork"], TOOLS / "python3.13")
        _BUILT.write_text(current)

    def _deploy_build(self, sources: str, log: int) -> None:
        self._delete_stillborn()
        arguments = ["deploy", "--stack-name", STACK_NAME, "--region", REGION]
        arguments += ["--template-file", str(_BUILD_FOLDER / "template.yaml"), "--tags", f"{_SOURCES_TAG}={self._tag(sources)}"]
        self._run(arguments, log, "Deploying the application to the local AWS failed")

    def _tag(self, sources: str) -> str:
        # Addresses of the stack are part of it: where people return to after they signed in, for one.
        return f"{sources}-{self.place.port}"

    def _stack(self) -> "StackTypeDef | None":
        try:
            return Aws(self.place).cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        except botocore.exceptions.ClientError:
            return None

    def _delete_stillborn(self) -> None:
        stack = self._stack()
        if stack is not None and stack["StackStatus"] in _STILLBORN:
            cloudformation = Aws(self.place).cloudformation
            cloudformation.delete_stack(StackName=STACK_NAME)
            cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60})

    def _run(self, arguments: list[str], log: int, failure: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("AWS_") or name == "AWS_CA_BUNDLE"}
        environment = inherited | {
            "AWS_ENDPOINT_URL": self.place.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "SAM_CLI_TELEMETRY": "0",
            # The build wants an interpreter of the functions' runtime, with pip, on the path: the tools' own.
            "PATH": os.pathsep.join([str(TOOLS), os.environ.get("PATH", "")]),
        }
        tool = [str(TOOLS / "sam"), *arguments, "--config-file", str(_SETTINGS), "--config-env", "local"]
        tool += ["--parameter-overrides", *local_parameters(_SETTINGS, platform.machine(), self.place.endpoint_url)]
        ended = subprocess.run(tool, cwd=REPOSITORY, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=False)
        if ended.returncode != 0:
            raise StackError(f"{failure}: {_last_words(self.place.deploy_log)} (all of it: {self.place.deploy_log})")


def local_parameters(settings: Path, machine: str, endpoint_url: str) -> list[str]:
    """The stack's parameters, `Name=value` each: those of samconfig.toml's `local` environment, for this machine's processor and AWS.

    Args:
        settings: samconfig.toml.
        machine: the processor as the operating system calls it. Functions run on it directly, so their packages have to be made for it.
        endpoint_url: where AWS's APIs are served.
    """
    parameters = tomllib.loads(settings.read_text())["local"]["deploy"]["parameters"]["parameter_overrides"].split()
    architecture = "arm64" if machine in {"aarch64", "arm64"} else "x86_64"
    return [
        *(parameter for parameter in parameters if not parameter.startswith("Architecture=")),
        f"Architecture={architecture}",
        f"LocalAws={endpoint_url}",
    ]


def content_hash(root: Path, sources: Iterable[str]) -> str:
    """A hash over names and contents of all files under `sources` (files or folders below `root`).

    What Python or an editor leaves beside the sources does not count, nor does a source that does not exist.
    """
    digest = hashlib.sha256()
    for path in sorted(path for source in sources for path in _files(root / source)):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _files(source: Path) -> Iterator[Path]:
    for path in [source, *source.rglob("*")]:
        parts = path.parts[len(source.parts) :]
        if path.is_file() and not any(part.startswith(".") or part.endswith(("~", ".pyc")) or part == "__pycache__" for part in parts):
            yield path


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except FileNotFoundError:
        return None


def _last_words(log: Path) -> str:
    """What a tool's output names as the reason: the resource that failed, or else the error with which it ends."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    failed = [line for line in lines if "CREATE_FAILED" in line or "UPDATE_FAILED" in line]
    errors = [number for number, line in enumerate(lines) if line.startswith(("Error:", "Build Failed"))]
    return " ".join(failed[:1] or (lines[errors[-1] :] if errors else lines[-1:]))[:400]
