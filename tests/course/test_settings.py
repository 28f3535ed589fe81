"""Settings and folders."""

import subprocess
import sys

import pytest

from helpers.course import settings
from helpers.course.errors import SettingError
from helpers.course.settings import setting


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch):
    for name in ("SMOKE", "TRAIN", "ITERATIONS", "LEARNING_RATE", "VOICE", "RUNS_DIR", "CACHE_DIR"):
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


# --- paths from variables --------------------------------------------------------------------

PATHS = {
    "RUNS_DIR": lambda: settings.runs_folder("04_x").parent,
    "CACHE_DIR": settings.cache_folder,
}


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("~/mine", "HOME/mine"),
        ("~", "HOME"),
        (" ~/mine \n", "HOME/mine"),
        ("$HOME/mine", "HOME/mine"),
        ('"~/mine"', "HOME/mine"),
        ("'my runs'", "ROOT/my runs"),
        ("my runs\t", "ROOT/my runs"),
        ("../mine~", "ROOT/../mine~"),
    ],
)
def test_one_rule_for_all_paths_from_variables(monkeypatch, tmp_path, name, text, path):
    for home in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(home, str(tmp_path / "home"))
    monkeypatch.setattr(settings, "ROOT", tmp_path / "root")
    monkeypatch.setenv(name, text)
    found = PATHS[name]().as_posix()
    assert (
        found.replace((tmp_path / "home").as_posix(), "HOME") == path
        or found.replace((tmp_path / "root").as_posix(), "ROOT") == path
    )


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("text", ["~nouser", "~nouser/runs", " '~nouser/runs' "])
def test_an_unknown_home_is_one_sentence(monkeypatch, name, text):
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=rf"^{name} is '~nouser[^\n]*~nouser[^\n]*\.$"):
        PATHS[name]()


@pytest.mark.parametrize("text", ["", " ", '""', "''", " '' "])
def test_an_empty_path_is_none(monkeypatch, text):
    for name in PATHS:
        monkeypatch.setenv(name, text)
    assert settings.runs_folder("04_x") == settings.ROOT / "runs" / "04_x"
    assert settings.cache_folder() == settings.ROOT / "runs" / "cache"


def test_the_cache_is_where_the_environment_says(monkeypatch, tmp_path):
    monkeypatch.setenv("RUNS_DIR", str(tmp_path / "runs"))
    assert settings.cache_folder() == tmp_path / "runs" / "cache"
    monkeypatch.setenv("CACHE_DIR", str(tmp_path / "cache"))
    assert settings.cache_folder() == tmp_path / "cache"
