"""Settings and folders."""

import subprocess
import sys

import pytest

from helpers.course import settings
from helpers.course.settings import setting


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("SMOKE", "TRAIN", "ITERATIONS", "LEARNING_RATE", "VOICE", "RUNS_DIR"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(word, True) for word in ("1", "true", "Yes", "ON", " 1 ")],
        *[(word, False) for word in ("0", "FALSE", "no", "off")],
    ],
)
def test_a_bool_setting_takes_the_usual_words(monkeypatch, text, value):
    monkeypatch.setenv("TRAIN", text)
    assert setting("TRAIN", not value) is value


@pytest.mark.parametrize(
    ("name", "text", "default", "value"),
    [
        ("ITERATIONS", "12", 3000, 12),
        ("ITERATIONS", "-1", 3000, -1),
        ("LEARNING_RATE", "1e-3", 0.5, 0.001),
        ("LEARNING_RATE", "2", 0.5, 2.0),
        ("VOICE", "12", "alto", "12"),
    ],
)
def test_a_setting_is_read_as_the_type_of_its_default(monkeypatch, name, text, default, value):
    monkeypatch.setenv(name, text)
    found = setting(name, default)
    assert found == value
    assert type(found) is type(default)


@pytest.mark.parametrize(
    ("name", "text", "default"),
    [
        ("TRAIN", "2", True),
        ("TRAIN", "maybe", False),
        ("ITERATIONS", "0.5", 3000),
        ("ITERATIONS", "many", 3000),
        ("LEARNING_RATE", "fast", 0.5),
        ("ITERATIONS", "12", None),
    ],
)
def test_a_wrong_setting_is_one_sentence_that_names_it(monkeypatch, name, text, default):
    monkeypatch.setenv(name, text)
    with pytest.raises(ValueError, match=rf"^[^\n]*{name}[^\n]*\.$"):
        setting(name, default)


def test_the_environment_goes_before_smoke_and_smoke_before_the_default(monkeypatch, capsys):
    assert setting("ITERATIONS", 3000, smoke=3) == 3000
    monkeypatch.setenv("SMOKE", "1")
    assert setting("ITERATIONS", 3000, smoke=3) == 3
    assert setting("ITERATIONS", 3000, smoke=0) == 0
    assert setting("ITERATIONS", 3000) == 3000
    assert setting("TRAIN", True, smoke=False) is False
    monkeypatch.setenv("ITERATIONS", "7")
    assert setting("ITERATIONS", 3000, smoke=3) == 7
    monkeypatch.setenv("SMOKE", "0")
    monkeypatch.setenv("ITERATIONS", "")
    assert setting("ITERATIONS", 3000, smoke=3) == 3000
    assert capsys.readouterr() == ("", "")


def test_folders(monkeypatch, tmp_path):
    assert (settings.ROOT / "helpers" / "course" / "settings.py").is_file()
    assert settings.runs_folder("04_x") == settings.ROOT / "runs" / "04_x"
    assert settings.checkpoint_folder("04_x") == settings.ROOT / "checkpoints" / "04_x"
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    assert settings.runs_folder("04_x") == tmp_path / "04_x"
    monkeypatch.setenv("RUNS_DIR", "elsewhere")
    assert settings.runs_folder("04_x") == settings.ROOT / "elsewhere" / "04_x"


def test_light_modules_stay_light():
    code = (
        "import sys, helpers.course.settings, helpers.training.checkpoints; "
        "print({'tensorflow', 'keras', 'music21', 'IPython', 'matplotlib'} & set(sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=settings.ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "set()"
