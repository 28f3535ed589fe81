"""Drum grooves: the Groove MIDI Dataset, and starter grooves for where it is not at hand.

The Groove MIDI Dataset (Gillick et al. 2019, CC BY 4.0) holds 1,150 recordings of ten drummers on
an electronic kit. The starter grooves are patterns written for this kit, text in
``data/grooves/``, which ``parse_groove`` reads.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ..course.errors import check_choice
from ..course.settings import DATA_FOLDER
from ..course.splits import check_split
from ..course.storage import permitted
from ..files.groove_text import BEAT_TYPES, Groove, read_groove_file
from ..files.midi_reader import read_midi
from ..files.reading import MusicFileError
from ..music.drums import TICKS_PER_QUARTER, as_hits
from ..music.grid import STEPS_PER_QUARTER, read_signature
from .sources import (
    DataSet,
    NoCopyError,
    UnreachableError,
    data_set_folder,
    read_recording,
    read_table,
)

GROOVE = DataSet(
    name="groove",
    variable="GROOVE_DIR",
    marker="info.csv",
    licence="Groove MIDI Dataset 1.0.0 by Google LLC, CC BY 4.0",
    missing="The Groove MIDI Dataset is not here: set GROOVE_DIR to a copy, or call "
    "load_groove(download=True) to fetch it (3 MB).",
    url="https://storage.googleapis.com/magentadata/datasets/groove/groove-v1.0.0-midionly.zip",
    size=3_260_318,
    sha256="651cbc524ffb891be1a3e46d89dc82a1cecb09a57c748c7b45b844c4841dcc1e",
)
STARTER_FOLDER = DATA_FOLDER / "grooves"
COLUMNS = ("drummer", "id", "style", "bpm", "beat_type", "time_signature", "midi_filename", "split")


# --- the Groove MIDI Dataset ---------------------------------------------------------------------


def load_groove(
    split: str | None = None,
    beat_type: str | None = None,
    time_signature: str | None = None,
    download: bool = False,
) -> list[Groove]:
    """The Groove MIDI Dataset with its own split, styles and tempi, in its own order: 1,150
    grooves, 503 beats and 647 fills.

    split: "train", "valid" or "test"; beat_type: "beat" or "fill"; time_signature: such as
    "4/4"; None for all. The data set is the copy that the environment's GROOVE_DIR names or that
    was fetched before; download: fetch it (3 MB) where there is none. Without a copy, or with no
    way to the server, the starter grooves come instead, and a printed sentence says so.

    Raises ValueError on another split or beat type, DownloadError where a download fails or
    GROOVE_DIR is wrong, FileNotFoundError, PermissionError or MusicFileError where a file of the
    copy is missing, may not be read or is damaged.
    """
    check_split(split)
    check_choice("A beat type", beat_type, BEAT_TYPES)
    if time_signature is not None:
        read_signature(time_signature)
    choice = {"split": split, "beat_type": beat_type, "time_signature": time_signature}

    def wanted(groove: dict) -> bool:
        return all(value in (None, groove[key]) for key, value in choice.items())

    try:
        folder = data_set_folder(GROOVE, download)
    except (NoCopyError, UnreachableError) as error:
        grooves = [groove for groove in load_starter_grooves() if wanted(groove._asdict())]
        reason, _, way = str(error).rpartition(": ")
        print(f"{reason}, so here are {len(grooves)} starter grooves instead: {way}")
        return grooves
    rows = read_table(folder / GROOVE.marker, COLUMNS, "the Groove MIDI Dataset")
    for row in rows:
        row["time_signature"] = row["time_signature"].replace("-", "/")
    return [_read_groove(folder, row) for row in rows if wanted(row)]


def _read_groove(folder: Path, row: dict[str, str]) -> Groove:
    name = row["midi_filename"]
    data = read_recording(folder, name, "the Groove MIDI Dataset")
    try:
        hits = hits_from_midi(data)
    except MusicFileError as error:
        raise MusicFileError(f"{name} {error}") from None
    return Groove(
        name=row["id"],
        drummer=row["drummer"],
        style=row["style"],
        tempo=float(row["bpm"]),
        beat_type=row["beat_type"],
        time_signature=row["time_signature"],
        split=row["split"],
        hits=hits,
        ticks=int(hits[:, 0].max(initial=-1)) + 1,
    )


def hits_from_midi(data: bytes) -> np.ndarray:
    """The hits of a MIDI file's drum tracks (channel 10), ``(hits, 3)`` int32; times become ticks
    of 480 a quarter. Raises MusicFileError as ``read_midi`` does."""
    drums = [part.notes for part in read_midi(data).timeline.parts if part.is_drum]
    notes = np.concatenate([np.zeros((0, 4)), *drums])
    ticks = np.round(notes[:, 0] * (TICKS_PER_QUARTER / STEPS_PER_QUARTER))
    return as_hits(np.stack([ticks, notes[:, 2], notes[:, 3]], axis=1))


# --- starter grooves -----------------------------------------------------------------------------


def load_starter_grooves() -> list[Groove]:
    """The patterns in ``data/grooves``, in order of their files' names.

    They are written, not played: what few velocities and timings they have is in
    ``helpers/files/groove_text.py``. The second pattern of some families is in "valid" or "test",
    all else in "train". Raises GrooveError where a file breaks the notation, PermissionError where
    one may not be read.
    """
    with permitted(STARTER_FOLDER):
        os.listdir(STARTER_FOLDER)  # a glob would be silent about a closed folder
        return [read_groove_file(path) for path in sorted(STARTER_FOLDER.glob("*.txt"))]
