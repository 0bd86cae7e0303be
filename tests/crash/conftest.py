from collections.abc import Iterator

import pytest

from tests.tracing import untraced


@pytest.fixture(scope="module", autouse=True)
def _untraced() -> Iterator[None]:
    """Leave proof that every branch is tested to the tests of its own room."""
    with untraced():
        yield
