"""A training that can be stopped at any moment and goes on as if it had never stopped."""

from __future__ import annotations

import errno
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np
from filelock import Timeout

from ..course.errors import (
    OneSentence,
    SettingError,
    check_kind,
    check_number,
    check_path,
    shortened,
)
from ..course.settings import runs_folder
from ..course.storage import (
    IN_THE_WAY,
    check_writable,
    is_damage,
    locked,
    no_access,
    owner_of,
    remove_leftovers,
    shown,
    write_npz,
)

STATE = "state"  # the array in training.npz that holds, as JSON, all that is not an array
MAY_CHANGE = ("iterations", "epochs", "every")  # of a training's settings
COUNTS = ("iterations", "epochs", "every", "batch_size", "batches", "patience", "critic_steps")
RATES = ("learning_rate", "rate", "rates", "temperature")
KEPT = {"iteration", "history", "settings", "data", "samples", "wall_seconds", "cpu_seconds"}
OWN_FOLDER = "let RUNS_DIR name a folder of your own before Jupyter starts"


class CheckpointError(OneSentence, RuntimeError):
    """A training or a checkpoint cannot be written, read or used. The message is one sentence that
    names the file and the way out."""


def to_json(value, indent: int | None = None) -> str:
    """JSON text, numpy's and TensorFlow's numbers included; ``nan`` is Python's ``NaN``."""
    return json.dumps(value, indent=indent, default=_plain)


def _plain(value):
    """The numbers of numpy and TensorFlow as Python's own."""
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise SettingError(
            "A history, settings or a card hold numbers, text, and lists and dicts of them, "
            f"not {shortened(value)}."
        )
    return array.tolist()


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """A full disk or a read-only folder as one sentence."""
    try:
        yield
    except OSError as error:
        way_out, reason = "make room or allow writing", error.strerror or error
        if error.errno in IN_THE_WAY:
            way_out += ", or end what has it open"
        if owner := owner_of(path):
            reason = f"{reason}; it belongs to {owner}"
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            if Path(path).is_relative_to(runs_folder("")):
                way_out += f", or {OWN_FOLDER}"
        raise CheckpointError(
            f"{shown(path)} could not be written ({reason}), and what was there "
            f"is untouched: {way_out}, then run this again."
        ) from None


def fingerprint(data) -> str:
    """A hash of what is learned from, arrays in lists, tuples and dicts as they may be; a text
    stands for itself, None for nothing."""
    if data is None or isinstance(data, str):
        return data or ""
    digest = hashlib.sha256()

    def add(some) -> None:
        if isinstance(some, dict):
            add([part for name in sorted(some) for part in (name, some[name])])
        elif isinstance(some, (list, tuple)):
            digest.update(f"{len(some)} things".encode())
            for one in some:
                add(one)
        elif some is None or isinstance(some, str):
            digest.update(repr(some).encode())
        else:
            array = np.ascontiguousarray(some)
            if array.dtype.hasobject:  # its bytes are addresses, others in each process
                raise SettingError(f"What is learned from is arrays, not {type(some).__name__}.")
            digest.update(f"{array.dtype.str} {array.shape}".encode() + array.tobytes())

    add(data)
    return digest.hexdigest()[:16]


def check_settings(settings: dict) -> None:
    """Raises SettingError where a training's settings hold no number where one should be, a number
    that makes no sense, or nan."""
    check_kind("settings", settings, dict, "a dict with a name for each")
    for name, value in settings.items():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if name in COUNTS and one is not None:
                check_number(name, one, least=1)
            elif name in RATES:
                check_number(name, one, above=0, whole=False)
            elif isinstance(one, (float, np.floating)):
                check_number(name, one, whole=False)
    to_json(settings)


class Training:
    """A training's state: what it needs to go on after a stop as if it had never stopped.

    networks, optimizers: by name, and built. All their variables are kept, among them the random
    state of a network's Dropout. settings: what must not change in the middle, but for the names in
    ``MAY_CHANGE``: more iterations or epochs than before are welcome, and a learning rate that is
    planned over all of them follows the new plan. data: the arrays that are learned from, or a text
    such as a file's SHA-256; it must not change either. folder: by default
    ``runs_folder(chapter)``.

    The loop itself counts ``iteration`` and fills ``history`` (name -> numbers, an entry a saved
    iteration: ``record``) and ``samples`` (name -> arrays). Its randomness must come from
    ``iteration`` (``tf.random.stateless_normal(shape, seed=[seed, iteration])``), for a
    generator's own state is not kept. ``wall_seconds`` and ``cpu_seconds`` add up what passes from
    ``resume`` to the last ``save``, over all runs, so call ``resume`` in the cell that trains.
    """

    def __init__(self, chapter, networks, optimizers, settings, data=None, folder=None):
        for name, owners in (("networks", networks), ("optimizers", optimizers)):
            check_kind(name, owners, dict, "a dict with a name for each")
        check_path("folder", folder, none=True)
        if folder is None:
            check_kind("chapter", chapter, str, "the chapter's name")
        for name, owner in (*networks.items(), *optimizers.items()):
            if not getattr(owner, "built", False):
                raise CheckpointError(
                    f"{name!r} has no variables yet, so build it before the training is set up: "
                    "network.build(input_shape), optimizer.build(network.trainable_variables)."
                )
        check_settings(settings)
        self.networks, self.optimizers, self.settings = networks, optimizers, settings
        self.folder = Path(folder) if folder is not None else runs_folder(chapter)
        self.file = self.folder / "training.npz"
        self.data = fingerprint(data)
        self.iteration = self.saved_iteration = 0
        self.history: dict[str, list] = {}
        self.samples: dict[str, list[np.ndarray]] = {}
        self.wall_seconds = self.cpu_seconds = 0.0
        self._start_clock()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Holds the folder while a training runs in it. Raises CheckpointError at once where
        another one does, in this notebook or in any other; the lock ends with its process."""
        lock = self.folder / "training.lock"
        with writing(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
            check_writable(self.folder)
        with ExitStack() as stack:
            try:
                held = stack.enter_context(locked(lock, seconds=0))
            except Timeout:
                raise CheckpointError(
                    f"Another notebook is training in {shown(self.folder)}: wait until it has "
                    "ended, or stop it there; or let RUNS_DIR name another folder before Jupyter "
                    "starts."
                ) from None
            if not held:  # a file system without locks is no reason not to train
                print(
                    f"{shown(self.folder)} cannot be locked: see to it yourself that no other "
                    "notebook trains in it."
                )
            yield

    def _start_clock(self) -> None:
        self._clock = time.monotonic(), time.process_time()

    def record(self, figures: dict) -> None:
        """Adds an entry to the history of each figure."""
        check_kind("figures", figures, dict, "a dict with a name for each")
        for name in figures:
            check_kind("The name of a figure", name, str, "a text")
        to_json(figures)  # what cannot be saved is refused here, not half a minute later
        for name, figure in figures.items():
            self.history.setdefault(name, []).append(figure)

    def _variables(self) -> dict:
        """All variables to keep. They are told apart by place: Keras numbers names afresh."""
        return {
            f"{kind}/{name}/{i}": variable
            for kind, owners in (("network", self.networks), ("optimizer", self.optimizers))
            for name, owner in owners.items()
            for i, variable in enumerate(owner.variables)
        }

    def save(self) -> None:
        """Writes everything to ``file``; a reader finds the last save or this one, never half."""
        self.wall_seconds += time.monotonic() - self._clock[0]
        self.cpu_seconds += time.process_time() - self._clock[1]
        self._start_clock()
        arrays = {name: variable.numpy() for name, variable in self._variables().items()}
        for name, samples in self.samples.items():
            for i, sample in enumerate(samples):
                arrays[f"samples/{name}/{i}"] = np.asarray(sample)
        state = {
            "iteration": self.iteration,
            "history": self.history,
            "settings": self.settings,
            "data": self.data,
            "samples": {name: len(samples) for name, samples in self.samples.items()},
            "wall_seconds": self.wall_seconds,
            "cpu_seconds": self.cpu_seconds,
        }
        arrays[STATE] = np.frombuffer(to_json(state).encode(), np.uint8)
        with writing(self.file):
            write_npz(self.file, arrays, compressed=False)
        self.saved_iteration = self.iteration

    def save_if_due(self, seconds: float = 30) -> bool:
        """Saves when the last save, or the start, is so many seconds ago, and says if it did."""
        due = time.monotonic() - self._clock[0] >= seconds
        if due:
            self.save()
        return due

    def resume(self) -> int:
        """Goes back to the last save where there is one. Returns the number of iterations done.

        Raises CheckpointError where that save is another user's, may not be read, is damaged, or
        was made with other settings or networks; then nothing is changed.
        """
        remove_leftovers(self.file)
        if found := self._read():
            self._restore(*found)
        self._start_clock()
        return self.iteration

    def _read(self) -> tuple[dict, dict] | None:
        """The state and the arrays of ``file``; None where there is none."""
        try:
            with open(self.file, "rb") as file:
                self._refuse_anothers()
                with np.load(file) as content:
                    arrays = dict(content)
            state = json.loads(arrays.pop(STATE).tobytes())
            if not KEPT <= state.keys():
                raise ValueError
        except (FileNotFoundError, NotADirectoryError):
            return None
        except CheckpointError:
            raise
        except PermissionError:
            way_out = f"{OWN_FOLDER}, or ask for the right to read it"
            raise CheckpointError(no_access(self.file, way_out)) from None
        except Exception as error:  # a damaged zip file makes zipfile and numpy raise all sorts
            reason, way_out = type(error).__name__, "delete it to start anew, and run the notebook"
            if not is_damage(error):
                reason = getattr(error, "strerror", None) or reason
                way_out = "that is no damage, so restart the kernel, and run the notebook"
            raise CheckpointError(
                f"{shown(self.file)} cannot be read ({reason}): {way_out} from its top."
            ) from None
        return state, arrays

    def _refuse_anothers(self) -> None:
        """What another user has trained is not gone on with by mistake. (CIFS and FUSE say of all
        files that they are one user's, of those that one writes oneself, too.)"""
        if not (owner := owner_of(self.file)):
            return
        with suppress(OSError):
            if self.file.stat().st_uid != check_writable(self.folder):
                raise CheckpointError(
                    f"{shown(self.file)} belongs to {owner}, whose training is not yours to go on "
                    f"with: {OWN_FOLDER}, or delete the folder {shown(self.folder)} to train anew."
                )

    def _restore(self, state: dict, arrays: dict) -> None:
        self._compare_settings(state["settings"])
        if self.data != state["data"]:
            raise self._mismatch("data of the hash", state["data"], self.data)
        variables = self._variables()
        there = {name: a.shape for name, a in arrays.items() if not name.startswith("samples/")}
        here = {name: tuple(variable.shape) for name, variable in variables.items()}
        for name in sorted(there.keys() | here.keys()):
            then, now = there.get(name, "none"), here.get(name, "none")
            if then != now:
                kind, owner, number = name.split("/")
                raise self._mismatch(f"{kind} {owner!r}, variable {number}: shape", then, now)
        for name, variable in variables.items():
            variable.assign(arrays[name])
        # The dicts stay the same objects, for a cell may hold on to `training.history`.
        self.history.clear()
        self.history.update(state["history"])
        self.samples.clear()
        for name, count in state["samples"].items():
            self.samples[name] = [arrays[f"samples/{name}/{i}"] for i in range(count)]
        self.iteration = self.saved_iteration = state["iteration"]
        self.wall_seconds, self.cpu_seconds = state["wall_seconds"], state["cpu_seconds"]

    def _compare_settings(self, there: dict) -> None:
        here = json.loads(to_json(self.settings))
        for name in sorted((there.keys() | here.keys()) - set(MAY_CHANGE)):
            then, now = there.get(name, "not set"), here.get(name, "not set")
            if then != now:
                raise self._mismatch(f"{name} =", then, now)

    def _mismatch(self, what: str, then, now) -> CheckpointError:
        return CheckpointError(
            f"{shown(self.file)} was trained with {what} {then!r}, and here it is {now!r}: go "
            f"back to that, or delete the folder {shown(self.folder)} and run the notebook from "
            "its top to train anew."
        )
