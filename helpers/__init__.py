"""The course's plumbing, in ten rooms: README.md beside this file is their map."""

import re
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
