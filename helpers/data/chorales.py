"""The Bach chorales: those that are shipped, and a file of them as benchmarks split them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..course.errors import DamagedFileError, MissingFileError, check_choice, check_path
from ..course.settings import DATA_FOLDER
from ..course.splits import SPLITS, check_split
from ..course.storage import permitted, read_shipped
from ..music.arrays import check_array
from ..music.grid import REST, STEPS_PER_BAR, Piece, default_onsets

CHORALES_FILE = DATA_FOLDER / "chorales.npz"


def load_chorales(split: str | None = None, time_signature: str | None = None) -> list[Piece]:
    """The four-part Bach chorales as pieces: soprano, alto, tenor, bass.

    split: "train", "valid" or "test", or None for all: hymn tunes are never shared between them.
    time_signature: only these, such as "4/4".
    Raises ValueError on another split or a time signature that no chorale has, FileNotFoundError
    where the data file is missing.
    """
    check_split(split)
    arrays = read_shipped(CHORALES_FILE)
    signatures = sorted(set(arrays["time_signature"].tolist()))
    check_choice("A chorale's time signature", time_signature, signatures)
    pieces = []
    for i, name in enumerate(arrays["name"]):
        if split is not None and SPLITS[arrays["split"][i]] != split:
            continue
        if time_signature is not None and arrays["time_signature"][i] != time_signature:
            continue
        steps = slice(*arrays["step_offset"][i : i + 2])
        bars = slice(*arrays["bar_offset"][i : i + 2])
        pieces.append(
            Piece(
                name=str(name),
                voices=arrays["voices"][steps].astype(np.int16),
                onsets=arrays["onsets"][steps],
                bar_starts=arrays["bar_starts"][bars],
                time_signature=str(arrays["time_signature"][i]),
                key=str(arrays["key"][i]),
                fermatas=arrays["fermatas"][steps],
            )
        )
    return pieces


# --- the canonical JSB split, for benchmarks -----------------------------------------------------


def load_jsb(path, split: str | None = None) -> list[Piece]:
    """The JSB chorales as published benchmarks split them, 229 for training, 76 for validation and
    77 for the test, from a file such as ``Jsb16thSeparated.json``: soprano, alto, tenor, bass.

    The file has sixteenths and nothing else. Equal neighbours are therefore one held note; pieces
    are named by split and number; and since bar lines, pickups and metre are unknown, bars of 16
    steps are counted from the first, which is true of a part of the chorales only.
    This split shares hymn tunes between its sides; ``load_chorales`` has one that does not.

    Raises FileNotFoundError where there is no such file, PermissionError where it may not be read,
    ValueError where it holds something else.
    """
    check_split(split)
    check_path("path", path)
    path = Path(path)
    try:
        with permitted(path):
            text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        raise MissingFileError(f"There is no file {path.name} at that path: check it.") from None
    pieces = {}
    try:
        content = json.loads(text)
        for name in SPLITS:
            pieces[name] = []
            for number, frames in enumerate(content[name]):
                voices = check_array(frames, "Frames", ("steps", 4), True, (REST, 127))
                voices = voices.astype(np.int16)
                bars = np.arange(0, len(voices), STEPS_PER_BAR, dtype=np.int32)
                piece = Piece(f"jsb {name} {number}", voices, default_onsets(voices), bars)
                pieces[name].append(piece)
    except (ValueError, LookupError, TypeError, RecursionError):  # also where it is no JSON
        raise DamagedFileError(
            f"{path.name} does not hold the chorales in four voices: train, valid and test, in "
            "each a list of chorales, in each a list of steps, in each four MIDI pitches."
        ) from None
    return sum(pieces.values(), []) if split is None else pieces[split]
