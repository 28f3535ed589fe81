"""The Bach chorales: those that are shipped, and a file of them as benchmarks split them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from ..course.settings import DATA_FOLDER
from ..course.splits import SPLITS, check_split
from ..course.storage import read_shipped
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
    if time_signature is not None and time_signature not in signatures:
        raise ValueError(
            f"The chorales are in {', '.join(signatures)}; none is in {time_signature!r}."
        )
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

    Raises FileNotFoundError where there is no such file, ValueError where it holds something else.
    """
    pieces = []
    for name, number, frames in _jsb_chorales(path, split):
        if any(len(frame) != 4 for frame in frames):
            raise ValueError(
                f"{Path(path).name} does not hold four voices on every step; load_jsb_frames "
                "reads files of sets of pitches."
            )
        voices = np.array(frames, np.int16).reshape(-1, 4)
        bars = np.arange(0, len(voices), STEPS_PER_BAR, dtype=np.int32)
        pieces.append(Piece(f"jsb {name} {number}", voices, default_onsets(voices), bars))
    return pieces


def load_jsb_frames(path, split: str | None = None) -> list[np.ndarray]:
    """The same split as sets of pitches, from a file such as ``jsb-chorales-quarter.json``, whose
    frames are quarter notes: one piano roll ``(frames, 128)`` bool a chorale.

    Frames tell neither voices nor repeated notes. The quarter file has the chorales in another
    order and other keys than the sixteenth file, which is read here too. Errors as in ``load_jsb``.
    """
    rolls = []
    for _, _, frames in _jsb_chorales(path, split):
        roll = np.zeros((len(frames), 128), bool)
        for step, frame in enumerate(frames):
            roll[step, [pitch for pitch in frame if pitch != REST]] = True
        rolls.append(roll)
    return rolls


def _jsb_chorales(path, split: str | None) -> list[tuple[str, int, list]]:
    """``(split, number, frames)`` of each chorale: frames are lists of pitches."""
    check_split(split)
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path.name} at that path: check it.")
    try:
        content = json.loads(path.read_bytes())
    except (ValueError, RecursionError):  # broken JSON, or no text at all
        raise ValueError(f"{path.name} is no JSON file: take another copy.") from None
    if not isinstance(content, dict) or not all(_are_chorales(content.get(s)) for s in SPLITS):
        raise ValueError(
            f"{path.name} does not hold the chorales: train, valid and test, in each a list of "
            "chorales, in each a list of frames, in each a list of MIDI pitches."
        )
    chosen = SPLITS if split is None else (split,)
    return [(s, number, frames) for s in chosen for number, frames in enumerate(content[s])]


def _are_chorales(content) -> bool:
    """Whether this is a list of lists of lists of MIDI pitches or -1."""
    return isinstance(content, list) and all(
        isinstance(frames, list)
        and all(
            isinstance(frame, list) and all(type(p) is int and -1 <= p <= 127 for p in frame)
            for frame in frames
        )
        for frames in content
    )
