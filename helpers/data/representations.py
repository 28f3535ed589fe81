"""What a piece becomes: the representations that ``load_folder`` offers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..files.formats import checked_path, one_sentence
from ..files.midi_reader import notes_in_seconds
from ..files.pieces import Source, make_parts, make_timeline, sources_of
from ..files.reading import MusicFileError
from ..music.grid import DEFAULT_TEMPO, STEPS_PER_QUARTER
from .melodies import choose_part, melody_of

if TYPE_CHECKING:
    from ..music.timeline import Timeline


def read_events(path) -> np.ndarray:
    """A file that ``read_music`` takes as performance events ``(length,)`` int32: all its pitched
    parts, as long as the pedal holds them. Raises as ``read_music`` does."""
    path = checked_path(path)
    with one_sentence(path):
        return represent_events(sources_of(path, None)[0])


# --- representations ---------------------------------------------------------------------------


def represent_notes(source: Source) -> np.ndarray:
    """``(notes, 5)`` float32: part (from 0, drums -1), start, end (steps), pitch and velocity, in
    order of start."""
    parts = make_parts(source)
    pitched_parts = [part for part in parts if not part.is_drum]
    tables = [(number, part.notes) for number, part in enumerate(pitched_parts)]
    tables += [(-1, part.notes) for part in parts if part.is_drum]
    if not tables:
        raise MusicFileError("holds no notes.")
    notes = np.concatenate([np.insert(table, 0, number, axis=1) for number, table in tables])
    return notes[np.lexsort((notes[:, 3], notes[:, 0], notes[:, 1]))].astype(np.float32)


def represent_voices(source: Source, onsets: bool = False):
    """``(steps, voices)`` int16, a column for each pitched part; with ``onsets=True`` a dict of
    voices and onsets, the latter bool."""
    from ..music.timeline import timeline_to_voices

    voices, struck = timeline_to_voices(pitched(source))
    return {"voices": voices, "onsets": struck} if onsets else voices


def represent_roll(source: Source) -> np.ndarray:
    """``(steps, 128)`` bool, all pitched parts in one."""
    from ..music.timeline import timeline_to_roll

    timeline = pitched(source)
    notes = np.concatenate([part.notes for part in timeline.parts if not part.is_drum])
    together = timeline.parts[0]._replace(notes=notes, is_drum=False)
    return timeline_to_roll(timeline._replace(parts=[together]))[:, :, 0]


def represent_matrices(source: Source) -> dict[str, np.ndarray]:
    """A dict of play, replay (bool) and volume (float32), each ``(steps, 128)``."""
    from ..music.matrices import to_matrices

    return to_matrices(pitched(source))._asdict()


def represent_words(source: Source) -> np.ndarray:
    """The melody's events as words such as "D5 2", text ``(length,)``. Which part it is, and what
    counts where notes sound together, is as in ``load_melody``; of notation triplets are kept,
    MIDI is rounded to sixteenths."""
    from ..music.words import melody_words, voice_words

    if source.midi:
        tune = melody_of(source.reading(), source.name)
        return np.array(voice_words(tune.melody, tune.onsets))
    part, _ = choose_part(source.notation)
    return np.array(melody_words(np.array(part.notes) * (STEPS_PER_QUARTER, STEPS_PER_QUARTER, 1)))


def represent_tokens(source: Source, vocabulary=None, unknown: str = "error") -> np.ndarray:
    """The words as tokens of a ``helpers.music.Vocabulary``, ``(length,)`` int32; unknown: as in
    ``Vocabulary.encode``."""
    return vocabulary.encode(represent_words(source).tolist(), unknown)


def represent_events(source: Source, pedal: bool = True) -> np.ndarray:
    """Performance events ``(length,)`` int32 of all pitched parts, through all changes of tempo;
    pedal: notes sound on under the sustain pedal."""
    from ..music.events import notes_to_events

    timeline = pitched(source)
    if source.midi:
        return notes_to_events(notes_in_seconds(source.midi, pedal))
    notes = np.concatenate([part.notes for part in timeline.parts if not part.is_drum])
    notes[:, :2] *= 60 / (timeline.tempo or DEFAULT_TEMPO) / STEPS_PER_QUARTER
    return notes_to_events(notes)


def represent_drums(source: Source) -> np.ndarray:
    """Drums ``(steps, 9, 3)`` float32, up to the last hit."""
    from ..music.drums import hits_to_drums, notes_to_hits

    notes = [part.notes for part in make_parts(source) if part.is_drum]
    drums = hits_to_drums(notes_to_hits(np.concatenate(notes))) if notes else notes
    if not len(drums):
        raise MusicFileError("holds no drums.")
    return drums


def pitched(source: Source) -> Timeline:
    """The piece, which has a part that is no drums."""
    timeline = make_timeline(source)
    if not timeline.parts:
        raise MusicFileError("holds no notes.")
    if all(part.is_drum for part in timeline.parts):
        raise MusicFileError("holds only drums.")
    return timeline


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
