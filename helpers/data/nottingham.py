"""The Nottingham Music Database: dance tunes with chord symbols, as a folder of ABC books."""

from __future__ import annotations

import re

import numpy as np

from ..course.errors import check_choice
from ..files.abc_reader import read_tune
from ..files.abc_text import decode_abc, split_tunes
from ..files.formats import one_sentence, read_bytes
from ..files.reading import Reading
from ..music.words import note_events
from .sources import DataSet, data_set_folder
from .tunes import Tune, event_notes, without_first_endings

NOTTINGHAM = DataSet(
    name="nottingham",
    variable="NOTTINGHAM_DIR",
    marker="*.abc",
    licence="Nottingham Music Database by Eric Foxley and others, GPL",
    missing="The Nottingham Music Database is not on this computer: get it from "
    "https://ifdo.ca/~seymour/nottingham/nottingham.html or "
    "https://github.com/jukedeck/nottingham-dataset, and set NOTTINGHAM_DIR to its folder.",
)
# The kinds of tunes by the beginning of the books' names; the other books' are "other".
BOOKS = {"jigs": "jig", "hpps": "hornpipe", "reels": "reel", "slip": "slip jig", "waltz": "waltz"}
# Root, kind, diminished or augmented, bass: "D/f+" is D with F# in the bass, "Ed" E diminished.
CHORD = re.compile(r"([A-G][#b]?)(m?)([da]?)([679]?(?:b9)?)(?:/([a-g])([+b]?))?")


def load_nottingham(kind: str | None = None, folder=None) -> list[Tune]:
    """The Nottingham Music Database as ``load_tunes`` gives tunes, 1,034 of 14 books, each with its
    ``chords``. Of notes that sound together the highest is kept.

    kind: "jig", "hornpipe", "reel", "slip jig", "waltz" or "other", by the book; None for all.
    folder: where a copy is; None takes the one that the environment variable NOTTINGHAM_DIR names
    (a relative path counts from the project's root). It has no split, and some of its tunes are
    near copies of each other, or of those of ``load_tunes``: do not hold out single tunes.

    Raises ValueError on another kind, FileNotFoundError where there is no copy, MusicFileError
    where a book cannot be read.
    """
    check_choice("A kind of tune", kind, [*BOOKS.values(), "other"])
    tunes = []
    for path in sorted(data_set_folder(NOTTINGHAM, folder=folder).glob("*.abc")):
        own = next((BOOKS[name] for name in BOOKS if path.name.startswith(name)), "other")
        if kind in (None, own):
            with one_sentence(path):
                for text in split_tunes(decode_abc(read_bytes(path))):
                    # Without the backslashes that join lines, which an ending may stand beside.
                    reading = read_tune(without_first_endings(text.replace("\\\n", "\n")))
                    if reading:
                        tunes.append(make_tune(reading, own))
    return tunes


def make_tune(reading: Reading, kind: str) -> Tune:
    music = reading.timeline
    return Tune(
        name=music.name,
        collection="Nottingham Music Database",
        kind=kind,
        key=music.key,
        time_signature=music.time_signature,
        notes=event_notes(*np.array(note_events(music.parts[0].notes)).T),
        bar_starts=music.bar_starts,
        chords=[(step, chord_name(text)) for step, text in reading.chords if chord_name(text)],
    )


def chord_name(text: str) -> str:
    """ "D/f+" -> "D/F#", "Ed" -> "Edim", "(E7)" -> "E7"; "" for what is no chord."""
    match = CHORD.fullmatch(re.sub("[() ]", "", text))
    if match is None:
        return ""
    root, minor, altered, added, bass, sign = match.groups()
    altered = {"d": "dim", "a": "aug"}.get(altered, "")
    over = f"/{bass.upper()}{sign.replace('+', '#')}" if bass else ""
    return f"{root}{minor}{altered}{added}{over}"
