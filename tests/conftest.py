from pathlib import Path

import pytest
from hypothesis import settings

# A slow or busy computer is no reason to fail.
settings.register_profile("kit", deadline=None, print_blob=True)
settings.load_profile("kit")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of data sets for tests, which stands beside the project and is no part of it."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the data sets for tests are not on this computer")
    return folder
