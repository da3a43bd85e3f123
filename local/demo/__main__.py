"""`python -m local.demo`: runs the demo against the stack that is up."""

import argparse
import sys
from pathlib import Path

import botocore.exceptions
import urllib3
from rich.console import Console

from local.demo.demo import run
from local.failures import StackError
from local.place import DEFAULT_PORT, Place


def main() -> int:
    """The command line. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m local.demo", description="A labeling job from nothing to labels.")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--folder", type=Path, default=Place().folder, help="where the stack keeps its state")
    chosen = parser.parse_args()
    try:
        run(Place(chosen.port, chosen.folder.resolve()), Console())
    except StackError as failure:
        print(failure, file=sys.stderr)
        return 1
    except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError, urllib3.exceptions.HTTPError) as failure:
        print(f"The demo could not reach the stack: {failure}. `make up` starts it.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted. The stack keeps running; the next `make demo` cleans up what this one left.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
