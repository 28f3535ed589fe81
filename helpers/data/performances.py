"""Piano performances as notes in seconds: the MAESTRO data set, or a folder of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ..course.errors import MissingFileError, SettingError
from ..course.splits import check_split
from ..course.storage import permitted
from ..files.formats import one_sentence
from ..files.midi_reader import read_midi
from ..music.seconds import notes_in_seconds
from .sources import DataSet, data_set_folder, read_recording, read_table

MAESTRO = DataSet(
    name="maestro",
    variable="MAESTRO_DIR",
    marker="",  # plain MIDI files will do too
    licence="MAESTRO 3.0.0 by Google LLC, CC BY-NC-SA 4.0: not for commercial use",
    missing="MAESTRO is not on this computer: load_maestro(download=True) fetches it (58 MB, "
    "CC BY-NC-SA 4.0), or set MAESTRO_DIR to the folder of a copy.",
    url="https://storage.googleapis.com/magentadata/datasets/maestro/v3.0.0/"
    "maestro-v3.0.0-midi.zip",
    size=58_416_533,
    sha256="70470ee253295c8d2c71e6d9d4a815189e35c89624b76d22fce5a019d5dde12c",
)
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
    composer: str = ""
    split: str = ""
    notes: np.ndarray = np.zeros((0, 4))
    year: int = 0
    file: str = ""


class Performances(Sequence):
    """Performances that are read when they are asked for, one at a time, so that 1,276 of them
    need the memory of one: goes through ``for``, ``len``, an index and a slice like a list.

    Raises MusicFileError, a ValueError of one sentence that names the file, when one is asked for
    that cannot be read, FileNotFoundError where it has gone, PermissionError where it may not be
    read.
    """

    def __init__(self, folder: Path, entries: list[Performance]):
        self.folder, self.entries = Path(folder), entries

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, index):
        if isinstance(index, slice):
            return Performances(self.folder, self.entries[index])
        entry = self.entries[index]
        path = self.folder / entry.file
        data = read_recording(self.folder, entry.file, "MAESTRO")
        with one_sentence(path):
            return entry._replace(notes=notes_in_seconds(read_midi(data).timeline))

    def __repr__(self) -> str:
        return f"<{len(self)} performances, read when asked for>"


def load_maestro(split: str | None = None, download: bool = False, folder=None) -> Performances:
    """The MAESTRO data set 3.0.0 (Hawthorne et al. 2019): 1,276 piano performances, some 200 hours
    by contestants of the International Piano-e-Competition; CC BY-NC-SA 4.0.

    split: "train", "valid" or "test" of the data set's own split, in which no composition stands
    on two sides; None for all. download: fetch it (58 MB) where there is no copy. folder: where a
    copy is; None takes the one that the environment variable MAESTRO_DIR names (a relative path
    counts from the project's root), else an earlier download. A folder of plain MIDI files is
    taken too, in order of name and without a split. Notes sound on under the pedal.

    Raises FileNotFoundError where there is no copy or a file of it is missing, ValueError on
    another split or a damaged table, DownloadError where the download fails.
    """
    check_split(split)
    folder = data_set_folder(MAESTRO, download, folder)
    with permitted(folder):
        tables = sorted([*folder.glob("maestro-v*.csv"), *folder.glob("*/maestro-v*.csv")])
    if tables:
        folder = tables[-1].parent
        entries = [_entry(row) for row in read_table(tables[-1], COLUMNS, "MAESTRO")]
    else:
        paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".mid", ".midi"))
        entries = [Performance(p.stem, file=p.relative_to(folder).as_posix()) for p in paths]
        if not entries:
            raise MissingFileError(f"The folder {folder.name} holds no MIDI files: check its path.")
        if split is not None:
            raise SettingError(
                "This folder has no maestro-v3.0.0.csv, which says what belongs to which split: "
                "leave the split out, or take the whole data set."
            )
    entries = [entry for entry in entries if split in (None, entry.split)]
    with permitted(folder):
        missing = [entry.file for entry in entries if not (folder / entry.file).is_file()]
    if missing:
        raise MissingFileError(
            f"Of the recordings in MAESTRO's table {len(missing):,} are missing, such as "
            f"{missing[0]}: unpack the zip file again."
        )
    return Performances(folder, entries)


def _entry(row: dict[str, str]) -> Performance:
    year = int(row["year"]) if row["year"].isdecimal() else 0
    title, composer = row["canonical_title"], row["canonical_composer"]
    return Performance(title, composer, row["split"], year=year, file=row["midi_filename"])
