"""Piano performances as notes in seconds: the MAESTRO data set, or a folder of one's own."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..course.settings import ROOT
from ..course.splits import PUBLISHED_SPLITS, check_split
from ..files.midi_reader import notes_in_seconds, read_midi_file
from ..files.reading import MusicFileError
from .sources import MAESTRO, data_set_folder

COLUMNS = ("canonical_composer", "canonical_title", "split", "year", "midi_filename")


class Performance(NamedTuple):
    """One recording, to the millisecond.

    notes: ``(notes, 4)`` float, the columns start and end (seconds), pitch and velocity (1 to
    127), in order of start, then pitch. split: "train", "valid" or "test", or "" where the folder
    has none. composer and year are "" and 0 where they are not known. file: its path in the data
    set's folder, with "/".

    What such notes cannot hold: how far down a pedal is (it lengthens notes, or not), the soft and
    the middle pedal, and beats and bars, which nobody wrote down.
    """

    name: str
    composer: str
    split: str
    notes: np.ndarray
    year: int
    file: str


class Performances(Sequence):
    """Performances that are read when they are asked for, one at a time, so that 1,276 of them
    need the memory of one: goes through ``for``, ``len``, an index and a slice like a list.

    Raises MusicFileError, a ValueError of one sentence that names the file, when one is asked for
    that cannot be read.
    """

    def __init__(self, folder: Path, entries: list[Performance], pedal: bool = True):
        self.folder, self.entries, self.pedal = Path(folder), entries, pedal

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Performances(self.folder, self.entries[index], self.pedal)
        entry = self.entries[index]
        return entry._replace(notes=_read_notes(self.folder / entry.file, self.pedal))

    def __repr__(self) -> str:
        return f"<{len(self)} performances, read when asked for>"


def load_maestro(
    split: str | None = None, download: bool = False, folder=None, pedal: bool = True
) -> Performances:
    """The MAESTRO data set 3.0.0 (Hawthorne et al. 2019): 1,276 piano performances, some 200 hours
    by contestants of the International Piano-e-Competition; CC BY-NC-SA 4.0.

    split: "train", "valid" or "test" of the data set's own split, in which no composition stands
    on two sides; None for all. download: fetch it (58 MB) where there is no copy. folder: where a
    copy is; None takes the one that the environment variable MAESTRO_DIR names (a relative path
    counts from the project's root), else an earlier download. A folder of plain MIDI files is
    taken too, in order of name and without a split. pedal: notes sound on under the pedal.

    Raises FileNotFoundError where there is no copy or a file of it is missing, ValueError on
    another split or a damaged table, DownloadError where the download fails.
    """
    check_split(split)
    folder = _find_folder(folder, download)
    tables = sorted([*folder.glob("maestro-v*.csv"), *folder.glob("*/maestro-v*.csv")])
    if tables:
        folder = tables[-1].parent
        entries = _read_table(tables[-1])
    else:
        entries = _plain_entries(folder)
        if split is not None:
            raise ValueError(
                "This folder has no maestro-v3.0.0.csv, which says what belongs to which split: "
                "leave the split out, or take the whole data set."
            )
    entries = [entry for entry in entries if split in (None, entry.split)]
    missing = [entry.file for entry in entries if not (folder / entry.file).is_file()]
    if missing:
        raise FileNotFoundError(
            f"Of the recordings in MAESTRO's table {len(missing):,} are missing, such as "
            f"{missing[0]}: unpack the zip file again."
        )
    return Performances(folder, entries, pedal)


def _find_folder(folder, download: bool) -> Path:
    named = os.environ.get(MAESTRO.variable, "").strip()
    hint = "check its path"
    if folder is not None:
        path = Path(folder)
    elif named:
        path, hint = ROOT / Path(named).expanduser(), f"correct or unset {MAESTRO.variable}"
    else:
        path = data_set_folder(MAESTRO, download)
    if path is None:
        raise FileNotFoundError(
            "MAESTRO is not on this computer: load_maestro(download=True) fetches it (58 MB, "
            "CC BY-NC-SA 4.0), or set MAESTRO_DIR to the folder of a copy."
        )
    if not path.is_dir():
        raise FileNotFoundError(f"There is no folder {str(folder or named)!r}: {hint}.")
    return path


def _read_table(path: Path) -> list[Performance]:
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
    except (UnicodeDecodeError, csv.Error):
        rows = []
    if not rows or any(row.get(column) is None for row in rows for column in COLUMNS):
        raise ValueError(
            f"{path.name} is no table with the columns {', '.join(COLUMNS)}: unpack the zip file "
            "again."
        )
    unknown = {row["split"] for row in rows} - set(PUBLISHED_SPLITS)
    if unknown:
        raise ValueError(f"{path.name} has a split named {min(unknown)!r}: unpack the file again.")
    return [
        Performance(
            name=row["canonical_title"],
            composer=row["canonical_composer"],
            split=PUBLISHED_SPLITS[row["split"]],
            notes=np.zeros((0, 4)),
            year=int(row["year"]) if row["year"].isdecimal() else 0,
            file=row["midi_filename"],
        )
        for row in rows
    ]


def _plain_entries(folder: Path) -> list[Performance]:
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi"))
    if not paths:
        raise FileNotFoundError(f"The folder {folder.name} holds no MIDI files: check its path.")
    return [
        Performance(path.stem, "", "", np.zeros((0, 4)), 0, path.relative_to(folder).as_posix())
        for path in paths
    ]


def _read_notes(path: Path, pedal: bool) -> np.ndarray:
    try:
        return notes_in_seconds(read_midi_file(path.read_bytes()), pedal)
    except MusicFileError as error:
        raise MusicFileError(f"{path.name} {error}") from None
