"""Settings and folders."""

import ast
import json
import subprocess
import sys

import numpy as np
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


# --- what makes no sense -----------------------------------------------------------------------

COUNT, RATE = {"default": 10, "least": 1}, {"default": 0.01, "above": 0}
SHARE = {"default": 0.5, "least": 0.0, "most": 1.0}
CELL = {"default": "lstm", "choices": ("lstm", "gru")}
DEPTH = {"default": 2, "choices": (1, 2, 3)}
FINE = [
    *[(COUNT, "1", 1), (COUNT, " 3000 ", 3000), (COUNT, "+7", 7)],
    *[(RATE, "1e-3", 0.001), (RATE, "2", 2.0), ({"default": 1, "above": 0}, "0.8", 0.8)],
    *[(SHARE, "0", 0.0), (SHARE, "1", 1.0), (CELL, "GRU", "gru"), (DEPTH, "3", 3)],
]
SENSELESS = [
    *[(COUNT, text, "1 or more") for text in ("0", "-1", "2.5", "1e3", "ten", "nan", "inf")],
    *[(COUNT, "9" * 12, "not above 2,147,483,647"), (COUNT, "9" * 5000, "1 or more")],
    *[(RATE, text, "above 0") for text in ("0", "-0.1", "nan", "inf", "-inf", "1e999", "fast")],
    *[(SHARE, text, "from 0.0 to 1.0") for text in ("1.1", "-0.1", "nan")],
    *[({"default": 0.5}, text, "a number, such as 0.5") for text in ("nan", "inf")],
    *[(CELL, "rnn", "one of lstm, gru"), (DEPTH, "4", "one of 1, 2, 3")],
]


@pytest.mark.parametrize(("rule", "text", "value"), FINE)
def test_what_is_inside_the_bounds_is_taken(monkeypatch, rule, text, value):
    monkeypatch.setenv("ITERATIONS", text)
    found = setting("ITERATIONS", **rule)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(("rule", "text", "wanted"), SENSELESS)
def test_the_environments_nonsense_is_one_sentence(monkeypatch, rule, text, wanted):
    monkeypatch.setenv("ITERATIONS", text)
    with pytest.raises(SettingError) as error:
        setting("ITERATIONS", **rule)
    said = str(error.value)
    assert said.startswith(f"The environment sets ITERATIONS to '{text[:59]}")
    assert wanted in said and said.endswith(".") and "\n" not in said and len(said) < 200
    assert error.value._render_traceback_() == [f"SettingError: {said}"]


@pytest.mark.parametrize(
    ("rule", "typed"),
    [
        *[(COUNT, typed) for typed in (0, -1, 2.5, float("nan"), "10", True, None, [10], 10**400)],
        *[(RATE, typed) for typed in (0, -0.1, float("nan"), float("inf"), "0.1", None)],
        *[(SHARE, typed) for typed in (2, float("nan"))],
        *[({}, typed) for typed in (float("nan"), float("-inf"), 10**12)],
        *[(CELL, "lstn"), (CELL, None), (DEPTH, 2.5), (DEPTH, 0)],
    ],
)
def test_what_a_student_typed_is_checked_too(rule, typed):
    with pytest.raises(SettingError, match=r"^LEARNING_RATE is [^\n]{1,200}, but it must be .*\.$"):
        setting("LEARNING_RATE", **rule | {"default": typed})


def test_what_smoke_would_set_is_checked_too(monkeypatch):
    monkeypatch.setenv("SMOKE", "1")
    assert setting("ITERATIONS", 10, smoke=2, least=1) == 2
    with pytest.raises(SettingError, match="ITERATIONS is 0"):
        setting("ITERATIONS", 10, smoke=0, least=1)


def test_numpys_numbers_are_numbers():
    assert setting("TUNES", np.int64(5), least=1) == 5
    assert setting("LEARNING_RATE", np.float32(0.5), above=0) == 0.5


def test_every_number_that_a_chapter_sets_has_bounds():
    """And every choice its choices: whatever the environment or a student may set."""
    found = []
    for path in sorted((settings.ROOT / "notebooks").glob("0[2-7]_*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        for source in ("".join(c["source"]) for c in cells if c["cell_type"] == "code"):
            calls = [
                node
                for node in ast.walk(ast.parse(source) if "setting(" in source else ast.Module())
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "course.setting"
            ]
            for call in calls:
                is_bool = isinstance(getattr(call.args[1], "value", None), bool)
                bounded = {"least", "most", "above", "choices"} & {k.arg for k in call.keywords}
                assert is_bool or bounded, ast.unparse(call)
                found.append(call.args[0].value)
    names = "ITERATIONS", "EPOCHS", "MORE_EPOCHS", "PRETRAINING", "TICK_EPOCHS", "PIECES"
    assert set(names) <= set(found)


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
