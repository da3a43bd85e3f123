"""A local stack for each process of the run."""

from collections.abc import Iterator

import pytest

from local.place import Place
from tests.integration.front_door import FrontDoor
from tests.local_stacks import running_stack


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A restart comes first: what is served from then on starts anew, and the table's stream is read again from its beginning."""
    items.sort(key=lambda item: item.get_closest_marker("restarts_the_stack") is None)


@pytest.fixture(autouse=True)
def aws() -> None:
    """Nothing is faked here: requests go to the local stack."""


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A running local stack."""
    with running_stack(tmp_path_factory.mktemp("stack")) as place:
        yield place


@pytest.fixture(scope="session")
def door(place: Place) -> FrontDoor:
    """The way in that clients have: the HTTP API, with everybody signed in; and behind it, AWS as an operator sees it."""
    return FrontDoor(place)
