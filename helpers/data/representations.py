"""What a piece becomes: the representations that ``load_folder`` offers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..files.formats import one_sentence, readings_of
from ..files.reading import MusicFileError, Reading
from ..music.drums import hits_to_drums, notes_to_hits
from ..music.events import notes_to_events
from ..music.matrices import to_matrices
from ..music.seconds import notes_in_seconds
from ..music.timeline import Timeline, timeline_to_roll, timeline_to_voices
from ..music.words import melody_words, voice_words
from .melodies import choose_part, melody_of


def read_events(path) -> np.ndarray:
    """A file that ``read_music`` takes as performance events ``(length,)`` int32: all its pitched
    parts, as long as the pedal holds them. Raises as ``read_music`` does."""
    with one_sentence(path) as path:
        return represent_events(list(readings_of(path))[0])


# --- representations ---------------------------------------------------------------------------


def represent_notes(reading: Reading) -> np.ndarray:
    """``(notes, 5)`` float32: part (from 0, drums -1), start, end (steps), pitch and velocity, in
    order of start."""
    parts = sorted(reading.timeline.parts, key=lambda part: part.is_drum)
    tables = [
        np.insert(part.notes, 0, -1 if part.is_drum else number, axis=1)
        for number, part in enumerate(parts)
    ]
    if not tables:
        raise MusicFileError("holds no notes.")
    notes = np.concatenate(tables)
    return notes[np.lexsort((notes[:, 3], notes[:, 0], notes[:, 1]))].astype(np.float32)


def represent_voices(reading: Reading, onsets: bool = False):
    """``(steps, voices)`` int16, a column for each pitched part; with ``onsets=True`` a dict of
    voices and onsets, the latter bool."""
    voices, struck = timeline_to_voices(pitched(reading))
    return {"voices": voices, "onsets": struck} if onsets else voices


def represent_roll(reading: Reading) -> np.ndarray:
    """``(steps, 128)`` bool, all pitched parts in one."""
    timeline = pitched(reading)
    notes = np.concatenate([part.notes for part in timeline.parts if not part.is_drum])
    together = timeline.parts[0]._replace(notes=notes, is_drum=False)
    return timeline_to_roll(timeline._replace(parts=[together]))[:, :, 0]


def represent_matrices(reading: Reading) -> dict[str, np.ndarray]:
    """A dict of play, replay (bool) and volume (float32), each ``(steps, 128)``."""
    return to_matrices(pitched(reading))._asdict()


def represent_words(reading: Reading) -> np.ndarray:
    """The melody's events as words such as "D5 2", text ``(length,)``. Which part it is, and what
    counts where notes sound together, is as in ``load_melody``; of notation triplets are kept,
    MIDI is rounded to sixteenths."""
    if reading.kind == "MIDI file":
        tune = melody_of(reading)
        return np.array(voice_words(tune.melody, tune.onsets))
    part, _ = choose_part(reading)
    return np.array(melody_words(part.notes[:, :3]))


def represent_tokens(reading: Reading, vocabulary=None, unknown: str = "error") -> np.ndarray:
    """The words as tokens of a ``helpers.music.Vocabulary``, ``(length,)`` int32; unknown: as in
    ``Vocabulary.encode``."""
    return vocabulary.encode(represent_words(reading).tolist(), unknown)


def represent_events(reading: Reading, pedal: bool = True) -> np.ndarray:
    """Performance events ``(length,)`` int32 of all pitched parts, through all changes of tempo;
    pedal: notes sound on under the sustain pedal."""
    return notes_to_events(notes_in_seconds(pitched(reading), pedal))


def represent_drums(reading: Reading) -> np.ndarray:
    """Drums ``(steps, 9, 3)`` float32, up to the last hit."""
    notes = [part.notes for part in reading.timeline.parts if part.is_drum]
    drums = hits_to_drums(notes_to_hits(np.concatenate(notes))) if notes else notes
    if not len(drums):
        raise MusicFileError("holds no drums.")
    return drums


def pitched(reading: Reading) -> Timeline:
    """The piece, which has a part that is no drums."""
    if not reading.timeline.parts:
        raise MusicFileError("holds no notes.")
    if all(part.is_drum for part in reading.timeline.parts):
        raise MusicFileError("holds only drums.")
    return reading.timeline


REPRESENTATIONS: dict[str, Callable] = {
    "notes": represent_notes,
    "voices": represent_voices,
    "roll": represent_roll,
    "matrices": represent_matrices,
    "words": represent_words,
    "tokens": represent_tokens,
    "events": represent_events,
    "drums": represent_drums,
}
