"""Critic and composer of notebook 03 as functions."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

import numpy as np

from ..course.errors import SettingError, check_number
from ..files.midi_writer import midi_to_notes, notes_to_midi
from ..music.conversion import to_timeline
from ..music.events import (
    FIRST_VELOCITY,
    FIRST_WAIT,
    TICKS_PER_SECOND,
    events_to_notes,
    notes_to_events,
)
from ..music.seconds import notes_in_seconds
from .arguments import as_seed, check_network, check_temperature
from .published import published, say_first_call

if TYPE_CHECKING:
    import pretty_midi


MAX_SECONDS = 600  # of composed music
EVENTS_A_SECOND = 32  # somewhat more than the composer writes


def judge(music, network=None) -> float:
    """The probability, 0 to 1, that music is good, by the critic of notebook 03: of that mixture of
    good and bad on which it was trained, chorales and fiddle tunes among the good.

    music: the path of a MIDI, MusicXML or ABC file, or any music of the course; drums are left
    out. Longer music is judged segment by segment, and their logits are averaged. Raises ValueError
    with one sentence where there is nothing to judge or the file cannot be read.
    """
    check_network(network)
    tokens = _as_events(music)
    say_first_call("judge")
    from ..chapters import critic_and_composer as chapter

    network = network or published("03_critic_and_composer").network("critic")
    logit = chapter.judge_music(network, tokens)
    return (1 + math.tanh(logit / 2)) / 2  # the logistic function, which never overflows


def _as_events(music) -> np.ndarray:
    """Music as performance events without the silence before its first note."""
    if isinstance(music, (str, os.PathLike)):
        from ..data.representations import read_events

        tokens = read_events(music)
    elif hasattr(music, "instruments"):  # a PrettyMIDI, whose own seconds are the finest
        tokens = notes_to_events(midi_to_notes(music))
    else:
        tokens = notes_to_events(notes_in_seconds(to_timeline(music)))
    sounds = (tokens < FIRST_WAIT) | (tokens >= FIRST_VELOCITY)
    if not sounds.any():
        raise SettingError("There are no pitched notes in this music, so nothing to judge.")
    return tokens[np.argmax(sounds) :]


def compose(
    start_pitch: int,
    seconds: float,
    temperature: float = 1.0,
    seed: int | None = None,
    network=None,
) -> pretty_midi.PrettyMIDI:
    """Piano music by the composer of notebook 03, which has read chorales and fiddle tunes.

    start_pitch: the MIDI number of the first note, 21 to 108, the keys of a piano. seconds: how
    long the music is, up to ten minutes; notes that would sound on are cut. temperature: below 1
    more cautious, 0 without chance. Raises ValueError with one sentence where an argument is wrong.
    """
    check_number("start_pitch", start_pitch, 21, 108)
    check_number("seconds", seconds, above=0, most=MAX_SECONDS, whole=False)
    check_temperature(temperature)
    check_network(network)
    seed = as_seed(seed)
    say_first_call("compose")
    from ..chapters import critic_and_composer as chapter

    composer = chapter.Composer(network or published("03_critic_and_composer").network("composer"))
    for tries in range(5):  # a network may also go round in circles in which no time passes
        # The same seed composes the same beginning, so what is too short is composed again.
        length = math.ceil(EVENTS_A_SECOND * seconds * 2**tries) + 8
        (tokens,) = composer.compose([start_pitch], length, temperature, seed=seed)
        if _lasting(tokens) >= seconds:
            break
    notes = events_to_notes(tokens)
    notes = notes[notes[:, 0] < seconds]
    notes[:, 1] = np.minimum(notes[:, 1], seconds)
    return notes_to_midi(notes)


def _lasting(tokens: np.ndarray) -> float:
    """How many seconds pass in events."""
    waits = tokens[(tokens >= FIRST_WAIT) & (tokens < FIRST_VELOCITY)]
    return float((waits - FIRST_WAIT + 1).sum()) / TICKS_PER_SECOND
