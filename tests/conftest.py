import os
import shutil
import tempfile
from contextlib import contextmanager
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


@pytest.fixture
def open_folder():
    """A folder that every user of the computer may enter, as ``tmp_path`` is not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def stranger():
    """``with stranger():`` does what is in it as a user whom permissions bind: another one where
    the tests run as root, else oneself."""
    if os.name != "posix":
        pytest.skip("permission bits are POSIX's")

    @contextmanager
    def become():
        me = os.geteuid()
        if me == 0:
            os.seteuid(65534)
        try:
            yield
        finally:
            os.seteuid(me)

    return become
