"""The fiddle tunes: dance tunes and airs of two printed collections, one voice each.

Times are in steps, four to a quarter note, and multiples of a sixth of a step, so that triplets
are exact: an eighth of a triplet lasts 4/3.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..course.errors import check_choice, check_kind
from ..course.settings import DATA_FOLDER
from ..course.splits import SPLITS, check_split
from ..course.storage import read_shipped
from ..music.grid import REST, Piece, bar_clock, bar_length, nearest_steps, notes_to_voice
from ..music.keys import key_tonic
from ..music.words import SIXTHS_PER_STEP, note_events

if TYPE_CHECKING:
    from ..music.timeline import Timeline


TUNES_FILE = DATA_FOLDER / "tunes.npz"
COLLECTIONS = ("Ryan's Mammoth Collection", "O'Neill's Music of Ireland")
# The kinds of tunes, and the tempo (quarter notes a minute) at which each is played here: the
# books print none, and these are what dancers and players commonly take.
TEMPOS = {
    "reel": 200,
    "jig": 170,
    "slip jig": 170,
    "straight jig": 180,
    "hornpipe": 160,
    "clog": 150,
    "strathspey": 120,
    "fling": 150,
    "long dance": 150,
    "march": 130,
    "air": 80,
    "harp tune": 100,
    "other": 160,
}
KINDS = tuple(TEMPOS)
FIRST_ENDING = re.compile(
    r"(?:\[|\|\s*)1(?![\d/])(?:(?!(?:\[|\|\s*)1).){1,300}?(?=(?::\|?|\|)\s*\[?2)", re.S
)


class Tune(NamedTuple):
    """One tune, its repeats played once.

    notes: ``(notes, 3)`` float, the columns start and end (steps) and MIDI pitch; one after the
    other, with gaps where the tune rests. ``music.melody_words(tune.notes)`` are its words.
    bar_starts: ``(bars,)`` float, the steps of the downbeats; what comes before the first is a
    pickup.
    kind: one of ``KINDS``. key: such as "D major" or "E dorian". time_signature: such as "6/8".
    number: O'Neill's; 0 in the other collection, which has none. chords: (start in steps, name) of
    the symbols over the tune, such as ``(16.0, "Am7")``, where its collection has any.
    """

    name: str
    collection: str
    kind: str
    key: str
    time_signature: str
    notes: np.ndarray
    bar_starts: np.ndarray
    number: int = 0
    chords: Sequence[tuple[float, str]] = ()

    @property
    def tonic(self) -> int:
        """The pitch class of the key's tonic, 0 (C) to 11."""
        return key_tonic(self.key)

    @property
    def tempo(self) -> float:
        """Quarter notes a minute: what is common for the kind; the books print none."""
        return float(TEMPOS.get(self.kind, TEMPOS["other"]))

    def to_piece(self) -> Piece:
        """The tune on the sixteenth grid, one voice. What falls between two sixteenths (a triplet's
        notes, thirty-seconds) moves to the nearer one; a note that is left no length is lost."""
        notes = np.column_stack([nearest_steps(self.notes[:, :2]), self.notes[:, 2].astype(int)])
        melody, onsets = notes_to_voice(notes.tolist(), notes[:, 1].max(initial=0))
        return Piece(
            name=self.name,
            voices=melody[:, None],
            onsets=onsets[:, None],
            bar_starts=nearest_steps(self.bar_starts).astype(np.int32),
            time_signature=self.time_signature,
            key=self.key,
            tempo=self.tempo,
        )

    def to_timeline(self) -> Timeline:
        """The tune as notes in time, triplets exact: what is played, drawn and written as MIDI."""
        from ..music.timeline import VELOCITY, Part, Timeline

        velocity = np.full((len(self.notes), 1), float(VELOCITY))
        return Timeline(
            parts=[Part("melody", np.hstack([self.notes, velocity]))],
            steps=float(self.notes[:, 1].max(initial=0)),
            bar_starts=self.bar_starts,
            tempo=self.tempo,
            name=self.name,
            time_signature=self.time_signature,
            key=self.key,
        )

    @property
    def bar_steps(self) -> float:
        """The length of a full bar."""
        return bar_length(self.time_signature)


def load_tunes(split: str | None = None, kind: str | None = None) -> list[Tune]:
    """The fiddle tunes of Ryan's Mammoth Collection (1883) and O'Neill's Music of Ireland (1903).

    split: "train", "valid" or "test", or None for all: no tune and no near copy of one is in two
    of them. kind: only these, such as "reel" (see ``KINDS``).
    Raises ValueError on another split or kind, FileNotFoundError where the data file is missing.
    """
    check_split(split)
    check_choice("A kind of tune", kind, KINDS)
    arrays = read_shipped(TUNES_FILE)
    chosen = np.ones(len(arrays["name"]), bool)
    if split is not None:
        chosen &= arrays["split"] == SPLITS.index(split)
    if kind is not None:
        chosen &= arrays["kind"] == kind
    return [unpack_tune(arrays, i) for i in np.flatnonzero(chosen)]


def unpack_tune(arrays: dict[str, np.ndarray], i: int) -> Tune:
    """Tune ``i`` of the file's arrays."""
    events = slice(*arrays["event_offset"][i : i + 2])
    bars = slice(*arrays["bar_offset"][i : i + 2])
    return Tune(
        name=str(arrays["name"][i]),
        collection=str(arrays["collection"][i]),
        kind=str(arrays["kind"][i]),
        key=str(arrays["key"][i]),
        time_signature=str(arrays["time_signature"][i]),
        notes=event_notes(arrays["pitch"][events], arrays["ticks"][events]),
        bar_starts=arrays["bar_ticks"][bars] / SIXTHS_PER_STEP,
        number=int(arrays["number"][i]),
    )


def without_first_endings(text: str) -> str:
    """ABC whose repeats, played once, go on to the second ending."""
    return FIRST_ENDING.sub("|", text)


def event_notes(pitches: np.ndarray, ticks: np.ndarray) -> np.ndarray:
    """``(notes, 3)``: the notes of a tune's events, of which each follows on the one before."""
    edges = np.cumsum(np.append(0, ticks.astype(int))) / SIXTHS_PER_STEP
    return np.stack([edges[:-1], edges[1:], pitches], axis=1)[pitches != REST]


def event_clock(tune: Tune) -> np.ndarray:
    """When each event of the tune (note or rest, as in ``music.melody_words``) begins, and the
    last one ends, as ``music.bar_clock`` tells it: ``(events + 1, 2)`` float."""
    check_kind("tune", tune, Tune, "a Tune, such as data.load_tunes() gives")
    lengths = [ticks for _, ticks in note_events(tune.notes)]
    times = np.cumsum([0, *lengths]) / SIXTHS_PER_STEP
    return bar_clock(times, tune.bar_starts, tune.bar_steps)


def usual_signature(kind: str) -> str:
    """The time signature that most of the training tunes of a kind have, such as "6/8" for jigs.
    Raises ValueError on what is none of ``KINDS``."""
    check_choice("A kind of tune", kind, KINDS, none=False)
    return _usual_signature(kind)


@lru_cache(maxsize=len(KINDS))
def _usual_signature(kind: str) -> str:
    found = Counter(tune.time_signature for tune in load_tunes("train", kind))
    return found.most_common(1)[0][0]
