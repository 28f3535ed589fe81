"""The course's plumbing, in ten rooms: README.md beside this file is their map."""

from importlib import import_module


def hand_on(room: str, names: dict[str, str], modules: str = ""):
    """``__getattr__``, ``__dir__`` and ``__all__`` of a room whose modules load when they are used.

    names: module -> the names that the room hands on from it, with blanks between them; modules:
    those that it hands on whole. Python's standard library alone, for the check of the machine runs
    where no package is installed.
    """
    home = {name: module for module, some in names.items() for name in some.split()}

    def get(name: str):
        if name in modules.split():
            return import_module(f"{room}.{name}")
        if name not in home:
            raise AttributeError(f"{room} has no {name!r}; it has {', '.join(known)}.")
        return getattr(import_module(f"{room}.{home[name]}"), name)

    known = sorted([*home, *modules.split()])
    return get, lambda: known, known
