"""The next-note networks of notebook 02 as functions."""

from __future__ import annotations

import functools
import math

import numpy as np

from ..course.errors import SettingError, check_choice, check_kind, check_number
from ..data.tunes import KINDS, usual_signature
from ..music.grid import (
    REST,
    STEPS_PER_BAR,
    Piece,
    as_onsets,
    bar_clock,
    bar_length,
    nearest_steps,
)
from ..music.words import Vocabulary, read_word, voice_words, words_to_voice
from .arguments import (
    as_seed,
    check_network,
    check_steps,
    check_temperature,
    harmonise,
    move,
    take_melody,
)
from .published import published, say_first_call

FIDDLE_MIDDLE = 74  # D5, about which the tunes of notebook 02 lie when their tonic is a D
METRES = ("2/2", "6/8", "3/4", "9/8")  # that a melody of no known style may be in
EVENTS_HEARD = 256  # of a longer melody the last ones


def continue_melody(
    melody,
    steps: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    style: str | None = None,
    seed: int | None = None,
    network=None,
    vocabulary: Vocabulary | None = None,
):
    """How a melody goes on, by the next-note RNN of notebook 02, which has read fiddle tunes.

    melody: music, such as ``load_melody`` gives or a ``Piece`` (its first voice counts); or bare
    pitches ``(length,)``, whole numbers on the sixteenth grid, beginning on a downbeat. temperature
    0 is greedy; top_k and top_p restrict the draw to the most probable events. style: a kind of
    tune, one of ``data.KINDS``; None leaves it open. network, vocabulary: a network of one's own
    and the words that it learned with; None are the published ones.
    Returns for music a ``Piece``, the melody and the ``steps`` steps that follow; for pitches what
    follows alone: pitches ``(steps,)`` int16, onsets ``(steps,)`` bool.

    The key, and for pitches without a style the metre, are those in which the network finds the
    melody most probable. Raises ValueError with one sentence where an argument is wrong.
    """
    melody, pickup, piece = take_melody(melody)
    check_steps(steps)
    check_temperature(temperature)
    check_number("top_k", top_k, least=1, none=True)
    check_number("top_p", top_p, above=0, most=1, whole=False, none=True)
    check_choice("A style", style, KINDS)
    check_network(network)
    check_kind("vocabulary", vocabulary, Vocabulary, "the network's Vocabulary", none=True)
    seed = as_seed(seed)
    say_first_call("continue_melody")
    from ..chapters import next_note_rnn as rnn

    network = network or published("02_next_note_rnn").network("tunes")
    vocabulary = vocabulary or _tune_vocabulary()
    struck = as_onsets(melody, None if piece is None else piece.onsets[:, 0])[:, 0]
    metres = _metres(style, piece)
    tokens, places, shift = _as_fiddle_tune(
        melody, struck, pickup, metres, style, network, vocabulary
    )
    choice = {"temperature": temperature, "top_k": top_k, "top_p": top_p, "end": False}
    words, lasting = [], 0
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
    more, onsets = words_to_voice(words)
    more, onsets = move(more[:steps], -shift, 0, 127), onsets[:steps]
    return (more, onsets) if piece is None else _longer(piece, more, onsets)


def _longer(piece: Piece, more: np.ndarray, onsets: np.ndarray) -> Piece:
    """The first voice of a piece and what follows on it, in the same metre."""
    voice = np.concatenate([piece.voices[:, 0], more])[:, None]
    struck = np.concatenate([piece.onsets[:, 0], onsets])[:, None]
    bars, length = np.asarray(piece.bar_starts), bar_length(piece.time_signature)
    last = bars[-1] if len(bars) else -length
    bars = np.append(bars, nearest_steps(np.arange(last + length, len(voice), length)))
    return piece._replace(
        voices=voice,
        onsets=as_onsets(voice, struck),
        bar_starts=bars.astype(np.int32),
        fermatas=None,
    )


def _metres(style: str | None, piece: Piece | None) -> list[str]:
    """The metres that a melody may be in."""
    if style is not None:
        return [usual_signature(style)]
    if piece is None:
        return list(METRES)
    bar = bar_length(piece.time_signature)
    return [metre for metre in METRES if bar_length(metre) == bar] or list(METRES)


def _as_fiddle_tune(
    melody, struck, pickup, metres, style, network, vocabulary
) -> tuple[np.ndarray, np.ndarray, int]:
    """A melody's tokens and places, and the semitones it was moved by: of all keys and these metres
    those in which the network finds it most probable."""
    from ..chapters import next_note_rnn as rnn

    notes = melody[melody != REST]
    middle = notes.mean() if len(notes) else FIDDLE_MIDDLE
    lowest = math.floor(FIDDLE_MIDDLE - middle + 0.5) - 6
    shifts = range(lowest, lowest + 12) if len(notes) else [0]
    readings = []
    for shift in shifts:
        # Notes that the move brings to one pitch, an octave apart before, stay two notes.
        words = voice_words(move(melody, shift, 0, 127), struck)
        tokens = vocabulary.encode([rnn.START, *words], unknown="nearest")
        times = np.cumsum([0, *(float(read_word(word)[1]) for word in words)])
        for metre in metres:
            clock = bar_clock(times, [pickup], bar_length(metre))
            places = rnn.as_places(clock, metre, style)
            readings.append((tokens[-EVENTS_HEARD:], places[-EVENTS_HEARD:], shift))
    inputs, places = (np.stack([reading[i] for reading in readings]) for i in (0, 1))
    losses = rnn.batch_losses(network, inputs[:, :-1], places[:, :-1], inputs[:, 1:])
    return readings[int(np.argmin(np.sum(losses, axis=1)))]


def compose_chorale(
    steps: int | None = None,
    soprano=None,
    temperature: float = 1.0,
    seed: int | None = None,
    network=None,
    pickup: int | None = None,
):
    """A chorale in four voices, by the chorale network of notebook 02: soprano first.

    steps: how long; None is the soprano's length. soprano: a melody to be harmonised, which stays
    as it is; None composes one too. temperature: below 1 more cautious, 0 without chance. pickup:
    steps before the first downbeat. soprano, pickup and what is returned are otherwise as in
    ``accompany``. Raises ValueError with one sentence where an argument is wrong.
    """
    count = steps if soprano is None else len(take_melody(soprano, pickup)[0])
    steps = count if steps is None else steps
    check_steps(steps)
    check_number("pickup", pickup, 0, STEPS_PER_BAR, none=True)
    check_temperature(temperature)
    check_network(network)
    seed = as_seed(seed)

    def write(moved, pickup):
        say_first_call("compose_chorale")
        from ..chapters import next_note_rnn as rnn

        return rnn.compose_voices(
            network or published("02_next_note_rnn").network("chorales"),
            steps,
            sopranos=None if moved is None else moved[None],
            places=(np.arange(steps) - pickup) % STEPS_PER_BAR,
            temperature=temperature,
            seed=seed,
        )[0]

    if soprano is None:
        return move(write(None, pickup or 0), 0, 0, 127)
    if count != steps:
        raise SettingError(f"This soprano has {count} steps, not the {steps} asked for.")
    return harmonise(soprano, pickup, write)


@functools.cache
def _tune_vocabulary() -> Vocabulary:
    """The published network's own, whatever tunes ``data/`` holds today: which number a word has is
    part of what the network learned."""
    return Vocabulary(special=published("02_next_note_rnn").card["vocabularies"]["tunes"][1:])
