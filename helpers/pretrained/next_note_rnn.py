"""The next-note RNN of notebook 02 as functions: a melody goes on, a whole tune is composed."""

from __future__ import annotations

import functools
import math

import numpy as np

from ..course.errors import SettingError, check_choice, check_kind, check_number
from ..data.tunes import KINDS, Tune, usual_signature
from ..metrics.form import bars_of, ends_on_tonic
from ..music.grid import (
    REST,
    Piece,
    as_onsets,
    bar_clock,
    bar_length,
    nearest_steps,
)
from ..music.keys import guess_tonic, is_minor, key_tonic
from ..music.words import (
    SIXTHS_PER_STEP,
    Vocabulary,
    is_timeless,
    read_word,
    voice_words,
    word_ticks,
    words_to_notes,
    words_to_voice,
)
from .arguments import (
    as_seed,
    check_network,
    check_steps,
    check_temperature,
    move,
    take_melody,
)
from .published import published, say_first_call

CHAPTER = "02_next_note_rnn"
FIDDLE_MIDDLE = 74  # D5, about which the tunes of notebook 02 lie when their tonic is a D
OPEN_G, TOP_B = 55, 83  # G3 and B5: what a fiddler plays without leaving the first position
METRES = ("2/2", "6/8", "3/4", "9/8")  # that a melody of no known style may be in
HEARD = 64  # bars of a longer melody, the last ones
TEMPERATURE, CADENCE = 0.95, 0.7  # as in the notebook's last row
MOST_BARS = 64
DRAFTS, ROUNDS = 16, 4  # tunes of which the best is taken, and how often as many more are tried


def continue_melody(
    melody,
    steps: int,
    temperature: float = TEMPERATURE,
    top_k: int | None = None,
    top_p: float | None = None,
    style: str | None = None,
    key: str | None = None,
    onsets=None,
    seed: int | None = None,
    network=None,
    vocabulary: Vocabulary | None = None,
):
    """How a melody goes on, by the RNN of notebook 02 that looks back on fiddle tunes.

    melody: music, such as ``load_melody`` gives or a ``Piece`` (its first voice counts); or bare
    pitches ``(length,)``, whole numbers on the sixteenth grid, beginning on a downbeat, with their
    ``onsets`` ``(length,)`` bool where a repeated note must be told from a held one. temperature
    0 is greedy; in every eighth bar, where parts end, it is lower by the notebook's proportion.
    top_k and top_p restrict the draw to the most probable events. style: a kind of tune, one of
    ``data.KINDS``; None leaves it open. key: such as "G major"; None takes the music's own, or
    guesses (``music.guess_tonic``). network, vocabulary: a network of one's own and the words that
    it learned with; None are the published ones.
    Returns for music a ``Piece``, the melody and the ``steps`` steps that follow; for pitches what
    follows alone: pitches ``(steps,)`` int16, onsets ``(steps,)`` bool. What is new lies between
    the fiddle's open G (G3) and B5, or within the melody's own bounds where those are wider.

    The metre is the music's; for pitches the style's, or that in which the network finds the melody
    most probable. Raises ValueError with one sentence where an argument is wrong.
    """
    melody, _, piece = take_melody(melody)
    check_steps(steps)
    check_temperature(temperature)
    check_number("top_k", top_k, least=1, none=True)
    check_number("top_p", top_p, above=0, most=1, whole=False, none=True)
    check_choice("A style", style, KINDS)
    tonic = None if key is None else key_tonic(key)
    check_network(network)
    check_kind("vocabulary", vocabulary, Vocabulary, "the network's Vocabulary", none=True)
    seed = as_seed(seed)
    if piece is not None and onsets is not None:
        raise SettingError("This music brings its onsets: onsets= goes with bare pitches alone.")
    struck = as_onsets(melody, onsets if piece is None else piece.onsets[:, 0])[:, 0]
    say_first_call("continue_melody")
    from ..chapters import next_note_rnn as rnn

    network, vocabulary = _network_and_words(network, vocabulary)
    starts = [0] if piece is None or not len(piece.bar_starts) else piece.bar_starts
    metres = _metres(style, piece)
    if tonic is None and piece is not None and piece.key:
        tonic = key_tonic(piece.key)
    if tonic is None:
        bar_steps = bar_length(metres[0]) if len(metres) == 1 else None
        tonic = guess_tonic(melody, struck, starts, bar_steps)
    shift = _shift(melody, tonic)
    metre, sequence = _as_fiddle_tune(
        melody, struck, starts, shift, metres, style, network, vocabulary
    )
    lowest = min([OPEN_G, *melody[melody != REST]]) + shift
    highest = max([TOP_B, *melody[melody != REST]]) + shift
    banned = [rnn.END, *_outside(vocabulary.words, lowest, highest)]
    choice = _heats(temperature) | {"top_k": top_k, "top_p": top_p or 1.0, "banned": banned}
    given, lasting, count = sequence.tokens[1:-1], 0, steps // 2 + 8
    while lasting < steps:  # the same seed gives the same beginning
        first, total = sequence.places[:1], len(given) + count
        drawn = rnn.compose(network, vocabulary.words, first, total, seed, given, **choice)
        words = vocabulary.decode(drawn[0, len(given) :])
        lasting, count = sum(read_word(word)[1] for word in words), 2 * count
    ends = np.cumsum([float(read_word(word)[1]) for word in words])
    more, onsets = words_to_voice(words[: np.searchsorted(ends, steps) + 1])
    more, onsets = move(more[:steps], -shift, 0, 127), onsets[:steps]
    return (more, onsets) if piece is None else _longer(piece, more, onsets)


def compose_tune(
    style: str = "reel",
    key: str = "D major",
    bars: int | None = 16,
    seed: int | None = None,
    temperature: float = TEMPERATURE,
    network=None,
    vocabulary: Vocabulary | None = None,
) -> Tune:
    """A whole tune, by the RNN of notebook 02 that looks back: a ``data.Tune``, which plays, draws
    and is written as music.

    style: one of ``data.KINDS``. key: such as "G major" or "E dorian". bars: how many, 64 at most;
    None: until it ends. temperature: 0 is greedy; in every eighth bar it is lower, by the
    notebook's proportion. network, vocabulary: a network of one's own and the words that it learned
    with; None are the published ones.

    Of several drafts that one is taken which lasts so long, has the third of the key, and comes to
    rest on its tonic, as far as there is one. Raises ValueError with one sentence where an argument
    is wrong.
    """
    check_choice("A style", style, KINDS, none=False)
    tonic = key_tonic(key)
    check_number("bars", bars, 1, MOST_BARS, none=True)
    check_temperature(temperature)
    check_network(network)
    check_kind("vocabulary", vocabulary, Vocabulary, "the network's Vocabulary", none=True)
    seed = as_seed(seed)
    say_first_call("compose_tune")
    from ..chapters import next_note_rnn as rnn

    network, vocabulary = _network_and_words(network, vocabulary)
    metre = usual_signature(style)
    first = np.repeat(rnn.as_places(np.zeros((1, 2)), metre, style), DRAFTS, axis=0)
    shift = rnn.shift_home(tonic)
    banned = _outside(vocabulary.words, OPEN_G + shift, TOP_B + shift)
    heats = _heats(temperature)
    count = math.ceil((bars or 48) * bar_length(metre))  # words: an event lasts a step or so
    best, mark = None, (False,)
    rounds = ROUNDS if temperature else 2
    for attempt in range(rounds):
        if bars is not None and attempt == rounds // 2:  # few tunes last as long by themselves
            banned = [*banned, rnn.END]
        draw = (ROUNDS * seed + attempt) % 2**31
        drafts = rnn.compose(network, vocabulary.words, first, count, draw, (), banned, **heats)
        for tokens in drafts:
            tune = _as_tune(vocabulary.decode(tokens), shift, style, key, metre)
            ended = rnn.END_TOKEN in tokens and (bars is None or len(bars_of(tune)) == bars)
            tune = _cut(tune, bars)
            found = _merits(tune, ended, bars)
            if found > mark or best is None:
                best, mark = tune, found
        if all(mark):
            break
    return best


def _heats(temperature: float) -> dict[str, float]:
    """The temperature, and that in every eighth bar, in the notebook's proportion."""
    return {"temperature": temperature, "cadence": temperature * CADENCE / TEMPERATURE}


def _merits(tune: Tune, ended: bool, bars: int | None) -> tuple[bool, ...]:
    """What is good about a draft, the most important first. (Of nothing nothing is.)"""
    found = len(bars_of(tune))
    pitches = tune.notes[:, 2].astype(int)
    thirds = [np.isin((pitches - tune.tonic) % 12, third).sum() for third in (3, 4)]
    minor = is_minor(tune.key)
    return (
        found > 0 if bars is None else found == bars,
        ended or bars is not None,
        bool(thirds[not minor] > thirds[minor]),
        ends_on_tonic(tune) == 1,
        ended,
    )


def _as_tune(words, shift: int, style: str, key: str, metre: str) -> Tune:
    notes, length = words_to_notes(words) - [0, 0, shift], bar_length(metre)
    starts = np.arange(0, notes[:, 1].max(initial=0), length)
    name = {"air": "An air", "other": "A tune"}.get(style, f"A {style}")
    return Tune(f"{name} in {key}", "", style, key, metre, notes, starts)


def _cut(tune: Tune, bars: int | None) -> Tune:
    """At most so many bars of it."""
    end = math.inf if bars is None else bars * bar_length(tune.time_signature)
    notes = tune.notes[tune.notes[:, 0] < end]
    notes[:, 1] = np.minimum(notes[:, 1], end)
    return tune._replace(notes=notes, bar_starts=tune.bar_starts[:bars])


def _outside(words, low: int, high: int) -> list[str]:
    """The words of notes below or above."""
    pitches = [(word, read_word(word)[0]) for word in words if word and not is_timeless(word)]
    return [word for word, pitch in pitches if pitch != REST and not low <= pitch <= high]


def _shift(melody: np.ndarray, tonic: int) -> int:
    """Semitones that bring the tonic to a D, and the melody to where fiddle tunes lie."""
    from ..chapters import next_note_rnn as rnn

    notes = melody[melody != REST]
    home = rnn.shift_home(tonic)
    middle = notes.mean() if len(notes) else FIDDLE_MIDDLE - home
    return home + 12 * math.floor((FIDDLE_MIDDLE - middle - home) / 12 + 0.5)


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
    """The metres that a melody may be in: of those that the network knows."""
    from ..chapters import next_note_rnn as rnn

    if piece is None:
        return list(METRES) if style is None else [usual_signature(style)]
    if piece.time_signature in rnn.SIGNATURES:
        return [piece.time_signature]
    bar = bar_length(piece.time_signature)
    return [metre for metre in METRES if bar_length(metre) == bar] or list(METRES)


def _as_fiddle_tune(melody, struck, starts, shift, metres, style, network, vocabulary):
    """The metre and the sequence of a melody, a ``rnn.Looking`` without an end: of these metres the
    one in which the network finds it most probable."""
    from ..chapters import next_note_rnn as rnn

    # Notes that the move brings to one pitch, an octave apart before, stay two notes.
    words = voice_words(move(melody, shift, 0, 127), struck)
    times = np.cumsum([0, *(float(read_word(word)[1]) for word in words)])
    ticks, readings = word_ticks(vocabulary.words), []
    for metre in metres:
        length = bar_length(metre)
        # Where the melody ends is told by its own bars, and where it began as if all were full.
        place, bar = bar_clock(times[-1:], starts, length)[0]
        end = bar * length + place
        late = (times - times[-1] + end) // length > bar - HEARD
        last = words[len(words) + 1 - late.sum() :]
        heard = vocabulary.encode([rnn.START, *last], unknown="nearest")
        # The nearest known word may be shorter: times are those of the words that are read.
        steps = ticks[heard[:0:-1]] / SIXTHS_PER_STEP
        since = end - np.append(0, np.cumsum(steps))[::-1]
        clock = np.stack([since % length, since // length], axis=1)
        places = rnn.as_places(clock, metre, style)
        readings.append((metre, rnn.look_back(rnn.Sequence(np.append(heard, 0), places))))
    if len(readings) == 1:
        return readings[0]
    inputs, targets = rnn.pad([sequence for _, sequence in readings])
    losses, _ = rnn.judge_batch(network, inputs[: len(network.inputs) - 1], targets)
    return readings[int(np.argmin(np.sum(losses, axis=1) / np.sum(targets != 0, axis=1)))]


def _network_and_words(network, vocabulary: Vocabulary | None):
    """Those that are given, which must fit each other, or the published ones."""
    network = network or published(CHAPTER).network("looking")
    vocabulary = vocabulary or _vocabulary()
    if not any(tensor.name == "state" for tensor in network.inputs):
        raise SettingError(
            "This network has no state to go on from: take one of notebook 02's RNNs."
        )
    if (said := network.outputs[0].shape[-1]) != len(vocabulary):
        raise SettingError(
            f"This network knows {said} words, and the vocabulary has {len(vocabulary)}: "
            "give vocabulary= the one that it learned with."
        )
    return network, vocabulary


@functools.cache
def _vocabulary() -> Vocabulary:
    """The published network's own, whatever tunes ``data/`` holds today: which number a word has is
    part of what the network learned."""
    return Vocabulary(special=published(CHAPTER).card["vocabulary"][1:])
