"""Share what all tests of the jail share."""

from collections.abc import Iterator

import pytest

from processing.jail import pool


@pytest.fixture
def fresh_jail() -> Iterator[None]:
    """Begin without a child, and leave none to the tests that follow."""
    pool.children.close()
    yield
    pool.children.close()


@pytest.fixture
def hostile(fresh_jail: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have decoders in the jail that do what the file says."""
    monkeypatch.setattr(pool, "MODULE", "tests.jail.hostile")
