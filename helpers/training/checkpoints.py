"""What is worth keeping of a training: its folder written, read, verified and published.

``Training``, from state.py, writes everything a stopped training needs to go on, often and in
one file. Here ``write_checkpoint`` writes the trained networks, the history and the samples into a
folder that ``load_checkpoint`` reads; ``publish`` copies it to ``checkpoints/``, which is shared.
"""

from __future__ import annotations

import json
import platform
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..course.settings import checkpoint_folder, runs_folder
from ..course.storage import (
    recover_folder,
    sha256,
    whole_folder,
    write_npz,
    write_text,
    write_whole,
)
from .state import CheckpointError, shown, to_json, writing

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
    """A ``.keras`` file without the dates that Keras puts in."""
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


def _read_samples(path: Path) -> dict[str, np.ndarray | list[np.ndarray]]:
    with np.load(path) as file:
        arrays = dict(file)
    for name in [name for name in arrays if name + OFFSETS in arrays]:
        arrays[name] = np.split(arrays[name], arrays.pop(name + OFFSETS)[1:-1])
    return arrays


def pack_weights(network: keras.Model) -> np.ndarray:
    """All weights of a network end to end, ``(count,)`` float16, which keeps three digits and takes
    half the room. Raises CheckpointError where one is too large for that."""
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


class Checkpoint:
    """A checkpoint folder whose every file was found whole.

    ``history``: name -> list; ``samples``: name -> an array whose first axis counts the saved
    iterations, or a list of arrays where they are of unequal lengths; ``card``: a dict.
    """

    def __init__(self, folder: Path, way_out: str):
        self.folder = Path(folder)
        self._way_out = way_out
        self._networks: dict[str, keras.Model] = {}
        self.card = self._read_card()
        for name, facts in self.card["files"].items():
            path = self.folder / name
            if not path.is_file():
                raise self._error(name, "is missing")
            if sha256(path) != facts["sha256"]:
                raise self._error(name, "is damaged")
        self.history = json.loads((self.folder / "history.json").read_text(encoding="utf-8"))
        self.samples = _read_samples(self.folder / "samples.npz")

    def _error(self, name: str, what: str) -> CheckpointError:
        return CheckpointError(f"{shown(self.folder / name)} {what}: {self._way_out}.")

    def _read_card(self) -> dict:
        try:
            card = json.loads((self.folder / "card.json").read_text(encoding="utf-8"))
            hashed = {name for name, facts in card["files"].items() if facts["sha256"]}
        except FileNotFoundError:
            raise self._error("card.json", "is missing") from None
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
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
                f"{shown(self.folder)} has no network {name!r}, but: "
                f"{', '.join(self.network_names)}."
            )
        if name not in self._networks:
            import keras

            try:
                self._networks[name] = keras.models.load_model(
                    self.folder / f"{name}.keras", safe_mode=True, compile=False
                )
            except Exception as error:  # Keras raises all sorts
                saved_with = self.card.get("versions", {}).get("keras", "another version")
                raise CheckpointError(
                    f"{shown(self.folder / name)}.keras is whole, but Keras {keras.__version__} "
                    f"cannot load it (saved with {saved_with}): install requirements.txt afresh."
                ) from error
        return self._networks[name]


def load_checkpoint(chapter_or_folder: str | Path, trained_here: bool = False) -> Checkpoint:
    """The checkpoint of a chapter (its name) or in a folder (a Path).

    trained_here: the one that the chapter's own training wrote, not the published one.
    Raises CheckpointError where a file is missing or damaged.
    """
    if isinstance(chapter_or_folder, Path):
        folder = chapter_or_folder
    elif trained_here:
        folder = runs_folder(chapter_or_folder) / "checkpoint"
    else:
        folder = checkpoint_folder(chapter_or_folder)
    recover_folder(folder)
    if trained_here:
        way_out = "run the training cell again, or set TRAIN = False"
    else:
        way_out = f"restore it from the repository (git checkout -- {shown(folder)})"
    return Checkpoint(folder, way_out)


def publish(chapter: str) -> None:
    """Copies what the chapter's own training wrote to ``checkpoints/``, as a whole, once every
    file has proved whole and every network loads."""
    trained = load_checkpoint(chapter, trained_here=True)
    for name in trained.network_names:
        trained.network(name)
    folder = checkpoint_folder(chapter)
    with writing(folder), whole_folder(folder) as new:
        for name in [*trained.card["files"], "card.json"]:
            source = trained.folder / name
            write_whole(new / name, lambda path, source=source: shutil.copyfile(source, path))
