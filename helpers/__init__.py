"""The course's plumbing, in ten rooms: README.md beside this file is their map."""

import os
import re
import sys
from importlib import import_module
from pathlib import Path


def hand_on(room: str, names: dict[str, str], modules: str = ""):
    """``__getattr__``, ``__dir__`` and ``__all__`` of a room whose modules load when they are used.

    names: module -> the names that the room hands on from it, with blanks between them, ``*`` for
    its public functions; modules: those that it hands on whole. Python's standard library alone,
    for the check of the machine runs where no package is installed.
    """
    home = {}
    for module, some in names.items():
        for name in some.split():
            found = _functions(room, module) if name == "*" else [name]
            if twice := home.keys() & set(found):
                raise ImportError(f"Two modules of {room} hand on {', '.join(sorted(twice))}.")
            home |= dict.fromkeys(found, module)

    def get(name: str):
        if name in modules.split():
            return import_module(f"{room}.{name}")
        if name not in home:
            raise AttributeError(f"{room} has no {name!r}; it has {', '.join(known)}.")
        return getattr(import_module(f"{room}.{home[name]}"), name)

    known = sorted([*home, *modules.split()])
    return get, lambda: known, known


def _functions(room: str, module: str) -> list[str]:
    """The public functions of a module, which is not imported for that."""
    path = Path(__file__).parent / room.rpartition(".")[2] / f"{module}.py"
    return re.findall(r"^def ([a-z]\w*)\(", path.read_text(encoding="utf-8"), re.MULTILINE)


# Keras takes its backend, its kind of numbers and more from KERAS_... variables and from a file
# keras.json, once, when anybody first imports it. Every way to the course's networks leads through
# this package first; so it is here that Keras is told, with a keras.json of the course's own.
KERAS = {
    "KERAS_BACKEND": "tensorflow",
    "KERAS_HOME": str(Path(__file__).parent / "course" / "keras"),
}
OVERRIDDEN = {}  # the variables that said otherwise: name -> what it was


def _pin_keras() -> None:
    for name, value in list(os.environ.items()):
        if name.startswith("KERAS_") and value != KERAS.get(name):
            OVERRIDDEN[name] = os.environ.pop(name)
    if config := sys.modules.get("keras.src.backend.config"):
        _check_keras(config)
    os.environ.update(KERAS)


def _check_keras(config) -> None:
    """Raises ImportError where Keras was loaded before, with other settings than the course's."""
    import json

    own = json.loads(Path(KERAS["KERAS_HOME"], "keras.json").read_text(encoding="utf-8"))
    found = {name: getattr(config, name)() for name in own}
    if wrong := [f"{name} {found[name]}" for name in own if found[name] != own[name]]:
        home = OVERRIDDEN.get("KERAS_HOME") or Path("~", ".keras")
        places = [name for name in ("KERAS_BACKEND",) if name in OVERRIDDEN]
        file = Path(home, "keras.json")
        places += [str(file)] if file.expanduser().is_file() else []
        raise ImportError(
            f"Keras was loaded before the course, with {' and '.join(wrong)}"
            f"{' from ' + ' or '.join(places) if places else ''}: "
            "restart Python (in Jupyter the kernel) and import helpers before keras."
        )


_pin_keras()
