#!/usr/bin/env bash
# Makes a Python 3.13 environment with exactly the packages of a pinned, hashed requirements file:
#     local/environment.sh FOLDER REQUIREMENTS
# and, for `make requirements`, runs uv:
#     local/environment.sh uv ARGUMENTS...
# uv is taken from the machine when it works there, and otherwise installed with pip into .local/uv.
set -euo pipefail

fail() { echo "$*" >&2; exit 1; }

# Being on the path says little: pyenv leaves commands there that only work for other versions of Python. So each is tried.
python=""
for candidate in python3.13 python3 python; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' >/dev/null 2>&1; then
        python=$(command -v "$candidate")
        break
    fi
done

if uv --version >/dev/null 2>&1; then
    uv=uv
else
    uv=.local/uv/bin/uv
    if ! "$uv" --version >/dev/null 2>&1; then
        [ -n "$python" ] || fail "Groundwork needs Python 3.13, and there is none on the path: install it (or uv, which brings it) and try again."
        echo "Installing uv into .local/uv"
        "$python" -m venv --clear .local/uv
        .local/uv/bin/python -m pip install -qq --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
    fi
fi

if [ "$1" = uv ]; then
    shift
    exec "$uv" "$@"
fi

folder=$1 requirements=$2
echo "Installing $requirements into $folder"
# With pip, which the SAM CLI needs to build functions.
"$uv" venv --quiet --clear --seed --python "${python:-3.13}" "$folder" ||
    fail "Groundwork needs Python 3.13, and none could be found or fetched: install it and try again."
# The file is complete: a package that it leaves out is left out on purpose (requirements/dev-overrides.in).
VIRTUAL_ENV="$folder" "$uv" pip install --quiet --no-deps --require-hashes --requirement "$requirements"
