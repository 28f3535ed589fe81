"""What is worth keeping of a training: its folder written, read, verified and published.

``Training``, from state.py, writes everything a stopped training needs to go on, often and in
one file. Here ``write_checkpoint`` writes the trained networks, the history and the samples into a
folder that ``load_checkpoint`` reads; ``publish`` copies it to ``checkpoints/``, which is shared.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import textwrap
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..course.errors import check_kind, check_path, shortened
from ..course.settings import checkpoint_folder, runs_folder
from ..course.storage import (
    no_access,
    settled,
    sha256,
    shown,
    whole_folder,
    write_npz,
    write_text,
    write_whole,
)
from ..music.arrays import check_array
from .state import OWN_FOLDER, CheckpointError, to_json, writing

if TYPE_CHECKING:
    import keras


OFFSETS = "_offsets"  # added to the name of samples of unequal lengths, which lie end to end
ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the earliest date a zip file knows


def write_checkpoint(
    folder: Path, networks: dict[str, keras.Model], history: dict, samples: dict, card: dict
) -> None:
    """Writes NAME.keras for each network, history.json, samples.npz and card.json, to which
    versions and each file's size and SHA-256 are added.

    The folder appears as a whole, in place of an older one; the same networks, history and samples
    give the same bytes. Samples of one name and unequal shapes may differ in the first axis only.
    """
    check_path("folder", folder)
    for name, some in (("networks", networks), ("history", history), ("samples", samples)):
        check_kind(name, some, dict, "a dict with a name for each")
    check_kind("card", card, dict, "a dict with a name for each")
    to_json([history, card])  # what cannot be written is refused before anything is
    for name, network in networks.items():
        _check_weights(name, network)
    import keras
    import tensorflow as tf

    versions = {
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }
    with writing(folder), whole_folder(Path(folder)) as new:
        for name, network in networks.items():
            write_whole(new / f"{name}.keras", lambda path, net=network: _save_network(net, path))
        write_text(new / "history.json", to_json(history) + "\n")
        write_npz(new / "samples.npz", _flat_samples(samples))
        files = {
            path.name: {"sha256": sha256(path), "bytes": path.stat().st_size}
            for path in sorted(new.iterdir())
        }
        card = {**card, "versions": versions, "files": files}
        write_text(new / "card.json", to_json(card, indent=2) + "\n")


def _save_network(network: keras.Model, path: Path) -> None:
    """A ``.keras`` file without the dates that Keras puts in, and without an optimizer."""
    if network.compiled:
        bare = type(network).from_config(network.get_config())
        bare.set_weights(network.get_weights())
        network = bare
    network.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    metadata = json.loads(members["metadata.json"])
    metadata.pop("date_saved", None)
    members["metadata.json"] = json.dumps(metadata).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, ZIP_DATE), content, zipfile.ZIP_DEFLATED)


def _flat_samples(samples: dict) -> dict[str, np.ndarray]:
    """One array a name, with its ``_offsets`` (n + 1) where the n samples are of unequal length."""
    arrays = {}
    for name, values in samples.items():
        values = [np.asarray(value) for value in values]
        if len({value.shape for value in values}) <= 1:
            arrays[name] = np.asarray(values)
        else:
            arrays[name] = np.concatenate(values)
            arrays[name + OFFSETS] = np.cumsum([0] + [len(value) for value in values])
    return arrays


def _read_samples(content: bytes) -> dict[str, np.ndarray | list[np.ndarray]]:
    with np.load(io.BytesIO(content)) as file:
        arrays = dict(file)
    for name in [name for name in arrays if name + OFFSETS in arrays]:
        arrays[name] = np.split(arrays[name], arrays.pop(name + OFFSETS)[1:-1])
    return arrays


def pack_weights(network: keras.Model) -> np.ndarray:
    """All weights of a network end to end, ``(count,)`` float16, which keeps three digits and takes
    half the room. Raises CheckpointError where one is too large for that."""
    _check_weights("network", network)
    packed = np.concatenate([np.ravel(weight) for weight in network.get_weights()])
    if not (np.abs(packed) <= np.finfo(np.float16).max).all():
        raise CheckpointError(
            f"{network.name!r} has weights that float16 cannot hold: its training has run away, "
            "so train anew with a lower learning rate."
        )
    return packed.astype(np.float16)


def unpack_weights(network: keras.Model, packed: np.ndarray) -> keras.Model:
    """Sets the weights of a network to those that ``pack_weights`` made of one of the same shape,
    and returns it. Raises CheckpointError where they do not fit."""
    _check_weights("network", network)
    packed = check_array(packed, "Packed weights", ("count",))
    shapes = [weight.shape for weight in network.get_weights()]
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes])
    if len(packed) != ends[-1]:
        raise CheckpointError(
            f"These are {len(packed)} weights, but {network.name!r} has {ends[-1]}: build the "
            "network with the settings that they were trained with."
        )
    parts = np.split(np.asarray(packed, np.float32), ends[:-1])
    network.set_weights([np.reshape(*pair) for pair in zip(parts, shapes, strict=True)])
    return network


def _check_weights(name: str, network) -> None:
    """Raises SettingError on what has no weights to be kept."""
    kind = object if hasattr(network, "get_weights") else ()
    check_kind(name, network, kind, "a network of Keras")


class Named(dict):
    """A dict that says which names it has to whoever asks for another."""

    def __init__(self, content: dict, what: str):
        super().__init__(content)
        self.what = what

    def __missing__(self, name):
        names = textwrap.shorten(", ".join(self) or "nothing", 150, placeholder=" ...")
        raise CheckpointError(f"The {self.what} have no {shortened(name)}, but: {names}.")

    def __reduce__(self):
        return Named, (dict(self), self.what)


class Checkpoint:
    """A checkpoint folder whose every file was found whole.

    ``history``: name -> list; ``samples``: name -> an array whose first axis counts the saved
    iterations, or a list of arrays where they are of unequal lengths; ``card``: a dict.
    """

    def __init__(self, folder: Path, way_out: str, way_in: str):
        self.folder = Path(folder)
        self._way_out, self._way_in = way_out, way_in
        self._networks: dict[str, keras.Model] = {}
        self.card = self._read_card()
        contents = {name: self.content(name) for name in self.card["files"]}
        folder = shown(self.folder)
        self.history = Named(json.loads(contents["history.json"]), f"curves in {folder}")
        self.samples = Named(_read_samples(contents["samples.npz"]), f"samples in {folder}")

    def _error(self, name: str, what: str) -> CheckpointError:
        return CheckpointError(f"{shown(self.folder / name)} {what}: {self._way_out}.")

    def _read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except PermissionError:
            raise CheckpointError(no_access(self.folder / name, self._way_in)) from None
        except (FileNotFoundError, NotADirectoryError):
            raise self._error(name, "is missing") from None
        except IsADirectoryError:
            raise self._error(name, "is damaged") from None
        except OSError as error:
            raise self._error(name, f"cannot be read ({error.strerror or error})") from None

    def content(self, name: str) -> bytes:
        """The bytes of a file, as they were when the checkpoint was read."""
        names = ["card.json", *self.card["files"]]
        if name not in names:
            raise CheckpointError(
                f"{shown(self.folder)} has no file {shortened(name)}, but: {', '.join(names)}."
            )
        content = self._read(name)
        if name == "card.json":
            same = json.loads(content) == self.card
        else:
            same = hashlib.sha256(content).hexdigest() == self.card["files"][name]["sha256"]
        if not same:
            raise self._error(name, "is damaged")
        return content

    def _read_card(self) -> dict:
        try:
            card = json.loads(self._read("card.json"))
            hashed = {name for name, facts in card["files"].items() if facts["sha256"]}
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            hashed = set()
        if not {"history.json", "samples.npz"} <= hashed:
            raise self._error("card.json", "is damaged")
        return card

    @property
    def network_names(self) -> list[str]:
        return [Path(name).stem for name in self.card["files"] if name.endswith(".keras")]

    def network(self, name: str) -> keras.Model:
        """The trained network of this name, read once."""
        if name not in self.network_names:
            raise CheckpointError(
                f"{shown(self.folder)} has no network {shortened(name)}, but: "
                f"{', '.join(self.network_names)}."
            )
        if name not in self._networks:
            import keras

            file = f"{name}.keras"
            try:
                network = keras.models.load_model(self.folder / file, safe_mode=True, compile=False)
            except Exception as error:  # Keras raises all sorts
                self._see_that_it_is_still(file)
                saved_with = self.card.get("versions", {}).get("keras", "another version")
                raise CheckpointError(
                    f"{shown(self.folder / file)} is whole, but Keras {keras.__version__} "
                    f"cannot load it (saved with {saved_with}): install requirements.txt afresh."
                ) from error
            self._see_that_it_is_still(file)
            self._networks[name] = network
        return self._networks[name]

    def _see_that_it_is_still(self, name: str) -> None:
        """A network is read when it is asked for: another training may have ended since."""
        try:
            self.content(name)
        except CheckpointError:
            with settled(self.folder):
                Checkpoint(self.folder, self._way_out, self._way_in)  # its own sentence
            raise CheckpointError(
                f"{shown(self.folder)} has been replaced since it was read: load it again."
            ) from None


def load_checkpoint(chapter_or_folder: str | Path, trained_here: bool = False) -> Checkpoint:
    """The checkpoint of a chapter (its name) or in a folder (a Path).

    trained_here: the one that the chapter's own training wrote, not the published one.
    Raises CheckpointError where a file is missing, damaged or may not be read.
    """
    check_path("chapter_or_folder", chapter_or_folder)
    if isinstance(chapter_or_folder, Path):
        folder = chapter_or_folder
    elif trained_here:
        folder = runs_folder(chapter_or_folder) / "checkpoint"
    else:
        folder = checkpoint_folder(chapter_or_folder)
    allow = f"ask its owner to allow that (chmod -R a+rX {shown(folder)})"
    if trained_here:
        ways = "run the training cell again, or set TRAIN = False", f"{OWN_FOLDER}, or {allow}"
    else:
        ways = f"restore it from the repository (git checkout -- {shown(folder)})", allow
    with suppress(CheckpointError):
        return Checkpoint(folder, *ways)
    with settled(folder):  # it was just being replaced, perhaps, which nobody does meanwhile
        return Checkpoint(folder, *ways)


def publish(chapter: str) -> None:
    """Copies what the chapter's own training wrote to ``checkpoints/``, as a whole, once every
    file has proved whole and every network loads."""
    trained = load_checkpoint(chapter, trained_here=True)
    for name in trained.network_names:
        trained.network(name)
    folder = checkpoint_folder(chapter)
    with writing(folder), whole_folder(folder) as new:
        for name in [*trained.card["files"], "card.json"]:
            content = trained.content(name)
            write_whole(new / name, lambda path, content=content: path.write_bytes(content))
