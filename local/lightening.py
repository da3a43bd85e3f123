"""Makes built functions light enough for a laptop: less to unpack, nothing to compile when a function starts.

The local AWS unpacks a function's layers when it is first served, and each process that serves it then compiles what it imports. Most of
that is for nothing: descriptions of four hundred AWS services of which a handful are called, and the calendars of the world. What is taken
away is data that no code of ours reads; the code itself, and what is deployed to AWS, stays whole.
"""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

# Language data of which Babel needs only the root of all languages, and English, to be imported and used by python-liquid.
_LANGUAGES = frozenset({"root.dat", "en.dat", "en_US.dat"})


def lighten(build: Path, sources: Iterable[Path], python: Path) -> None:
    """Strips and compiles everything under `build`, the folder that `sam build` filled.

    Args:
        build: the build folder, one folder per function and layer.
        sources: folders with the application's own code, searched for the AWS services that it names.
        python: an interpreter of the functions' version.
    """
    code = "".join(path.read_text() for source in sources for path in source.rglob("*.py"))
    for descriptions in build.glob("*/python/botocore/data"):
        for service in descriptions.iterdir():
            if service.is_dir() and f'"{service.name}"' not in code:
                shutil.rmtree(service)
    for languages in build.glob("*/python/babel/locale-data"):
        for language in languages.iterdir():
            if language.name not in _LANGUAGES:
                language.unlink()
    # Compiled files are trusted as they are, since unpacking gives their sources new times.
    compilation = [str(python), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash", str(build)]
    subprocess.run(compilation, check=True, stdout=subprocess.DEVNULL)
