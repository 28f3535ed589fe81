"""What the package promises as a whole: it loads light, its imports go one way, no pickles."""

import ast
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import helpers

PACKAGE = Path(helpers.__file__).parent
ROOT = PACKAGE.parent
FILES = sorted(PACKAGE.rglob("*.py"))
WRITTEN = [path for path in FILES if "chapters" not in path.parts]  # the others are generated
HEAVY = ("tensorflow", "keras", "music21", "torch")
NETWORK = ("requests", "urllib", "urllib3", "http", "socket", "ftplib", "aiohttp", "httpx")
PICKLING = ("pickle", "cPickle", "dill", "cloudpickle", "shelve", "marshal")


def module_name(path):
    """``helpers.music.grid`` of ``helpers/music/grid.py``."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in FILES}


def imports(tree, name, is_package=False):
    """The full names of the modules that the nodes of a syntax tree import."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = name.split(".")[: -(node.level - is_package) or None]
                base = ".".join([*parents, base] if base else parents)
            found.add(base)
            found.update(f"{base}.{alias.name}" for alias in node.names)
    return found


def imported_at_once(path):
    """The modules imported when this one is: not those inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            node.body = []
    return imports(tree, module_name(path), path.name == "__init__.py")


def siblings(path):
    """The modules of this package that a module imports anywhere."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    name = module_name(path)
    found = imports(tree, name, path.name == "__init__.py") & MODULES.keys()
    packages = {name for name, path in MODULES.items() if path.name == "__init__.py"}
    return found - {name} - packages


def test_the_reading_of_imports():
    source = "import a.b\nfrom . import music\nfrom .music import REST\nfrom ..x import y"
    assert imports(ast.parse(source), "helpers.sub.own") == {
        *("a.b", "helpers.sub", "helpers.sub.music", "helpers.sub.music.REST"),
        *("helpers.x", "helpers.x.y"),
    }
    package = imports(ast.parse("from .music import REST"), "helpers", is_package=True)
    assert package == {"helpers.music", "helpers.music.REST"}
    chords = siblings(PACKAGE / "music" / "chords.py")
    rest = {f"helpers.music.{name}" for name in ("arrays", "grid", "keys")}
    assert chords == {"helpers.course.errors", *rest}


ROOMS = (  # from the ground up: a room imports only from rooms before it
    "course",
    "music",
    "files",
    "data",
    "metrics",
    "show",
    "training",
    "chapters",
    "pretrained",
    "exercises",
)
FLOOR = {room: number for number, room in enumerate(ROOMS)}
LIGHT = ("", ".course", ".music", ".files", ".data", ".metrics", ".training", ".pretrained")
LIGHT_CALLS = (
    "from helpers.data import load_chorales; load_chorales()",
    "from helpers.data import load_melody, melody_files; load_melody(melody_files()[0])",
    "from helpers.metrics import consonance",
    "from helpers.course import progress, setting",
    "import helpers.exercises.machine",
)


def room_of(module):
    """``music`` of ``helpers.music.grid``; nothing for the package itself."""
    return [*module.split("."), ""][1]


@pytest.mark.parametrize(
    "code", [*(f"import helpers{room}" for room in LIGHT), *LIGHT_CALLS], ids=str
)
def test_what_is_light_loads_nothing_heavy(code):
    code += "; import json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    loaded = {name.split(".")[0] for name in json.loads(run.stdout)}
    assert loaded.isdisjoint(HEAVY)
    assert loaded.isdisjoint({"matplotlib", "pretty_midi", "pypianoroll", "pandas", "requests"})


def test_the_rooms_are_the_ten():
    assert {room_of(name) for name in MODULES} - {""} == set(ROOMS)
    assert [path.name for path in PACKAGE.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_room_imports_from_rooms_before_it_only(path):
    name = module_name(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = imports(tree, name, path.name == "__init__.py")
    room = room_of(name)
    others = {room_of(other) for other in found if other.startswith("helpers.")} - {room, ""}
    others -= {"hand_on"}  # the package's own, and no room
    assert all(FLOOR[other] < FLOOR[room] for other in others), sorted(others)


def test_imports_go_one_way():
    """No module imports, directly or through others, a module that imports it."""
    above = {name: siblings(path) for name, path in MODULES.items()}
    while above:
        free = [name for name, needed in above.items() if not needed & above.keys()]
        assert free, f"these import each other: {sorted(above)}"
        for name in free:
            del above[name]


@pytest.mark.parametrize("room", [room for room in ROOMS if room != "chapters"])
def test_a_room_hands_on_what_it_says(room):
    """Every name that the room's ``__init__`` promises is there, and under one meaning only."""
    facade = importlib.import_module(f"helpers.{room}")
    assert facade.__all__ and all(getattr(facade, name) is not None for name in facade.__all__)


def test_one_name_has_one_meaning():
    """No two rooms hand on different things under one name."""
    found = {}
    for room in ROOMS:
        facade = importlib.import_module(f"helpers.{room}")
        for name in getattr(facade, "__all__", ()):
            thing = getattr(facade, name)
            assert found.setdefault(name, thing) is thing, name


def test_the_map_names_every_room_and_module():
    text = (PACKAGE / "README.md").read_text(encoding="utf-8")
    for name in MODULES:
        room, *module = name.split(".")[1:] or [""]
        of_a_chapter = f"helpers.chapters.{name.split('.')[-1]}" in MODULES
        of_a_format = name.endswith(("_reader", "_writer"))
        if room and room != "chapters" and not of_a_chapter and not of_a_format:
            assert f"`{module[0] if module else room}`" in text, name


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_pickles(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = imports(tree, module_name(path)) - {"joblib", "joblib.Parallel", "joblib.delayed"}
    assert {name.split(".")[0] for name in names}.isdisjoint(PICKLING)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant) and node.value.value is False
        if isinstance(node, ast.keyword) and node.arg == "safe_mode":
            assert isinstance(node.value, ast.Constant) and node.value.value is True


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_network_at_import(path):
    roots = {name.split(".")[0] for name in imported_at_once(path)}
    assert roots.isdisjoint(NETWORK)


@pytest.mark.parametrize("path", WRITTEN, ids=module_name)
def test_a_module_says_what_it_is_for(path):
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_no_helper_needs_a_notebook_or_a_test(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    roots = {name.split(".")[0] for name in imports(tree, module_name(path))}
    assert roots.isdisjoint({"notebooks", "tests", "benchmarks", "pytest", "nbval", "hypothesis"})
