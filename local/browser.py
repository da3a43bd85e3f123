"""The browser of the tests: Debian's Chromium. `python -m local.browser` installs it where it is missing.

Playwright's own browsers are not fetched: the system's package comes from where everything else of the system comes from.
"""

import os
import shutil
import subprocess
import sys

from local.failures import StackError

#: The second and third are for what the pages show: scripts of many languages, and emoji.
PACKAGES = ("chromium", "fonts-noto-core", "fonts-noto-color-emoji")
#: What Chromium is started with, by root as well, and so that it speaks to nobody but the stack.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The path of Chromium's program.

    Raises:
        StackError: there is none.
    """
    found = shutil.which("chromium")
    if found is None:
        raise StackError(f"The browser tests need Chromium, and there is none here: `apt-get install {' '.join(PACKAGES)}` and try again.")
    return found


def install() -> None:
    """Installs Chromium by the system's package manager, unless it is there.

    Raises:
        StackError: there is none and it cannot be installed from here.
    """
    apt = shutil.which("apt-get")
    if shutil.which("chromium") is None and apt is not None and os.geteuid() == 0:
        print("Installing Chromium", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
            ended = subprocess.run([apt, "-qq", *command], env=environment, capture_output=True, text=True, check=False)
            if ended.returncode != 0:
                raise StackError(f"Chromium could not be installed: `apt-get {' '.join(command)}` says {ended.stderr.strip()[-500:]}")
    chromium()


if __name__ == "__main__":
    try:
        install()
    except StackError as failure:
        sys.exit(str(failure))
