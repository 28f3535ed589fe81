"""What all tests of trainings share."""

import pytest

from helpers.course import storage


@pytest.fixture(autouse=True)
def no_waits(monkeypatch):
    """A rename that fails is tried again at once."""
    monkeypatch.setattr(storage, "WAITS", (0, 0))
