"""The next-note networks of notebook 02 as functions."""

from __future__ import annotations

import functools
import math

import numpy as np

from ..data.tunes import KINDS, load_tunes, usual_signature
from ..music.grid import REST, STEPS_PER_BAR, bar_clock, bar_length, default_onsets
from ..music.words import Vocabulary, read_word, voice_words, words_to_voice
from .arguments import (
    _in_range,
    as_melody,
    as_seed,
    check_steps,
    check_temperature,
    is_number,
    move,
)
from .published import _published

FIDDLE_MIDDLE = 74  # D5, about which the tunes of notebook 02 lie when their tonic is a D
METRES = ("2/2", "6/8", "3/4", "9/8")  # that a melody of no known style may be in
EVENTS_HEARD = 256  # of a longer melody the last ones


# --- notebook 02 -------------------------------------------------------------------------------


def continue_melody(
    pitches,
    steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    style: str | None = None,
    seed: int | None = None,
    network=None,
) -> tuple[np.ndarray, np.ndarray]:
    """How a melody goes on, by the next-note RNN of notebook 02, which has read fiddle tunes.

    pitches: ``(length,)`` whole numbers, MIDI pitches on the sixteenth grid or ``REST``, beginning
    on a downbeat. temperature 0 is greedy; top_k and top_p restrict the draw to the most probable
    events. style: a kind of tune, one of ``tunes.KINDS``; None leaves it open.
    Returns the ``steps`` steps that follow: pitches ``(steps,)`` int16, onsets ``(steps,)`` bool.

    The key, and without a style the metre, are those in which the network finds the melody most
    probable. Raises ValueError with one sentence where an argument is wrong.
    """
    from ..chapters import next_note_rnn as rnn

    melody = as_melody(pitches)
    check_steps(steps)
    check_temperature(temperature)
    if top_k is not None and not (isinstance(top_k, (int, np.integer)) and top_k >= 1):
        raise ValueError(f"top_k is a whole number from 1 up, not {top_k!r}.")
    if top_p is not None and not (is_number(top_p) and 0 < top_p <= 1):
        raise ValueError(f"top_p is a share above 0 and up to 1, not {top_p!r}.")
    if style is not None and style not in KINDS:
        raise ValueError(f"A style is one of {', '.join(KINDS)}, not {style!r}.")
    network = network or _published("02_next_note_rnn", "tunes")
    vocabulary = _tune_vocabulary()
    tokens, places, shift = _as_fiddle_tune(melody, style, network, vocabulary)
    choice = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "end": False}
    words, lasting, seed = [], 0, as_seed(seed)
    for draw in range(1 + 6 * steps):  # an event lasts at least a sixth of a step
        count = int(steps - lasting) // 2 + 8
        draw_seed = (seed + draw) % 2**31
        new = rnn.continue_tokens(
            network, vocabulary.words, tokens[None], places[None], count, draw_seed, **choice
        )[0]
        drawn = vocabulary.decode(new)
        words += drawn
        lasting += sum(read_word(word)[1] for word in drawn)
        if lasting >= steps:
            break
        after = rnn.places_of(np.append(new, 0), places[-1], vocabulary.words)
        tokens = np.concatenate([tokens, new])[-EVENTS_HEARD:]
        places = np.concatenate([places, after[1:]])[-EVENTS_HEARD:]
    melody, onsets = words_to_voice(words)
    return move(melody[:steps], -shift, 0, 127), onsets[:steps]


def _as_fiddle_tune(melody, style, network, vocabulary) -> tuple[np.ndarray, np.ndarray, int]:
    """A melody's tokens and places, and the semitones it was moved by: of all keys (and metres, if
    there is no style) those in which the network finds it most probable."""
    from ..chapters import next_note_rnn as rnn

    notes = melody[melody != REST]
    middle = notes.mean() if len(notes) else FIDDLE_MIDDLE
    lowest = math.floor(FIDDLE_MIDDLE - middle + 0.5) - 6
    shifts = range(lowest, lowest + 12) if len(notes) else [0]
    readings = []
    for shift in shifts:
        # Notes that the move brings to one pitch, an octave apart before, stay two notes.
        words = voice_words(move(melody, shift, 0, 127), default_onsets(melody)[:, 0])
        tokens = vocabulary.encode([rnn.START, *words], unknown="nearest")
        times = np.cumsum([0, *(float(read_word(word)[1]) for word in words)])
        for metre in METRES if style is None else [usual_signature(style)]:
            clock = bar_clock(times, [0], bar_length(metre))
            places = rnn.as_places(clock, metre, style)
            readings.append((tokens[-EVENTS_HEARD:], places[-EVENTS_HEARD:], shift))
    inputs, places = (np.stack([reading[i] for reading in readings]) for i in (0, 1))
    losses = rnn.batch_losses(network, inputs[:, :-1], places[:, :-1], inputs[:, 1:])
    return readings[int(np.argmin(np.sum(losses, axis=1)))]


def compose_chorale(
    steps: int,
    soprano=None,
    temperature: float = 1.0,
    seed: int | None = None,
    network=None,
    pickup: int = 0,
) -> np.ndarray:
    """A chorale in four voices, by the chorale network of notebook 02: ``(steps, 4)`` int16 of MIDI
    pitches and ``REST``, soprano first.

    soprano: ``(steps,)``, a melody to be harmonised; it stands untouched in column 0. None composes
    a melody too. temperature: below 1 more cautious, 0 without chance. pickup: steps before the
    first downbeat. A soprano outside the trained range is moved, and the music moved back. Raises
    ValueError with one sentence where an argument is wrong.
    """
    from ..chapters import next_note_rnn as rnn

    check_steps(steps)
    check_temperature(temperature)
    seed = as_seed(seed)

    def write(moved):
        return rnn.compose_voices(
            network or _published("02_next_note_rnn", "chorales"),
            steps,
            sopranos=None if moved is None else moved[None],
            places=(np.arange(steps) - pickup) % STEPS_PER_BAR,
            temperature=temperature,
            seed=seed,
        )[0]

    if soprano is None:
        return move(write(None), 0, 0, 127)
    soprano = as_melody(soprano)
    if len(soprano) != steps:
        raise ValueError(f"This soprano has {len(soprano)} steps, not the {steps} asked for.")
    return _in_range(soprano, write)


@functools.cache
def _tune_vocabulary() -> Vocabulary:
    from ..chapters import next_note_rnn as rnn

    return rnn.tune_vocabulary(load_tunes("train"))
