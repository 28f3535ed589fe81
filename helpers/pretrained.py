"""The trained systems as plain functions: music in, music out.

Each loads its published network on first use and keeps it. ``generator`` or ``network`` takes
another network of the same kind instead, one's own for example. ``seed``: the same seed gives the
same music, None something new each time.
"""

from __future__ import annotations

import functools
import math
import os
from typing import TYPE_CHECKING

import numpy as np

from . import checkpoints
from .arguments import (
    MAX_STEPS,
    MELODY_RANGE,
    as_melody,
    as_seed,
    check_steps,
    check_temperature,
    fitting_shift,
    is_number,
    move,
)
from .events import (
    FIRST_VELOCITY,
    FIRST_WAIT,
    TICKS_PER_SECOND,
    events_to_notes,
    notes_to_events,
)
from .music import REST, STEPS_PER_BAR, bar_clock, bar_length, default_onsets
from .tokens import Vocabulary, read_word, voice_words, words_to_voice
from .tunes import KINDS, load_tunes, usual_signature

if TYPE_CHECKING:
    import pretty_midi

WINDOW = 2 * STEPS_PER_BAR
FIDDLE_MIDDLE = 74  # D5, about which the tunes of notebook 02 lie when their tonic is a D
METRES = ("2/2", "6/8", "3/4", "9/8")  # that a melody of no known style may be in
EVENTS_HEARD = 256  # of a longer melody the last ones
MAX_SECONDS = 600  # of composed music
EVENTS_A_SECOND = 32  # somewhat more than the composer writes
DRUM_VARIATION = 0.3  # of the noise: how much of it differs from one pair of bars to the next


def accompany(melody, seed: int | None = None, generator=None, pickup: int = 0) -> np.ndarray:
    """Alto, tenor and bass to a melody, by the accompaniment GAN of notebook 04.

    melody: ``(steps,)`` whole numbers, MIDI pitches on the sixteenth grid or ``REST``, of any
    length from one step. pickup: steps before the first downbeat, 0 where the melody begins on one.
    Returns voices ``(steps, 4)`` int16 with the melody, untouched, in column 0.

    A melody outside the trained range is moved, by octaves where that is enough, and the music
    moved back. Raises ValueError with one sentence where the melody is no melody.
    """

    def write(moved):
        network = generator or _published("04_accompaniment_gan", "generator")
        before = -pickup % STEPS_PER_BAR
        bars = max(2, -(-(before + len(moved)) // STEPS_PER_BAR))
        padded = np.full(bars * STEPS_PER_BAR, moved[-1])  # the last note held to the window's end
        padded[:before] = REST
        padded[before : before + len(moved)] = moved
        return join_windows(_windows(padded, seed, network))[before : before + len(moved)]

    return _in_range(melody, write)


def _in_range(melody, write) -> np.ndarray:
    """The voices that ``write`` adds to a melody moved into the trained range, moved back."""
    melody = as_melody(melody)
    shift = fitting_shift(melody)
    voices = move(write(move(melody, shift, *MELODY_RANGE)), -shift, 0, 127)
    voices[:, 0] = melody
    return voices


@functools.cache
def _checkpoint(chapter: str) -> checkpoints.Checkpoint:
    """The published checkpoint, verified once; it keeps the networks that it has read."""
    return checkpoints.load_checkpoint(chapter)


def _published(chapter: str, name: str):
    return _checkpoint(chapter).network(name)


@functools.cache
def _compiled(generator):
    """The network as one TensorFlow graph, some ten times faster than layer by layer."""
    import tensorflow as tf

    return tf.function(lambda melody, noise: generator([melody, noise], training=False))


def _windows(melody: np.ndarray, seed: int | None, generator) -> np.ndarray:
    """Accompanied two-bar windows, one beginning on each bar but the last: ``(windows, 32, 4)``.

    Windows that overlap share the noise of the bar that they share, so that they tend to agree.
    """
    import tensorflow as tf

    from .chapters import accompaniment_gan as gan

    seed = as_seed(seed)
    bars = len(melody) // STEPS_PER_BAR
    beats = gan.BEATS // 2
    noise = [gan.draw_noise(1, (seed, bar))[0, :beats] for bar in range(bars)]
    voices = []
    for bar in range(bars - 1):
        window = melody[bar * STEPS_PER_BAR :][:WINDOW]
        rolls = gan.to_rolls(window[None])
        both = tf.concat([noise[bar], noise[bar + 1]], axis=0)[None]
        voices.append(gan.to_voices(_compiled(generator)(rolls, both))[0])
    return np.stack(voices)


def join_windows(windows: np.ndarray) -> np.ndarray:
    """One piece from windows that overlap by half: ``(steps, voices)``.

    In each overlap the music passes from one window to the next where the two agree best over two
    steps, if possible on a beat and not at the overlap's edge, so that no seam is heard.
    """
    half = windows.shape[1] // 2
    joined = [windows[0, :half]]
    for before, after in zip(windows, windows[1:], strict=False):
        same = (before[half:] == after[:half]).sum(axis=1)
        agreement = same + np.concatenate([[0], same[:-1]])
        place = np.arange(half)
        central = np.where((place < 3) | (place > half - 3), -2.0, 0.0)
        seam = int(np.argmax(agreement + central + 0.5 * (place % 4 == 0)))
        joined.append(np.concatenate([before[half : half + seam], after[seam:half]]))
    return np.concatenate([*joined, windows[-1, half:]])


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
    from .chapters import next_note_rnn as rnn

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
    from .chapters import next_note_rnn as rnn

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
    from .chapters import next_note_rnn as rnn

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
    from .chapters import next_note_rnn as rnn

    return rnn.tune_vocabulary(load_tunes("train"))


# --- notebook 03 -------------------------------------------------------------------------------


def judge(music, network=None) -> float:
    """The probability, 0 to 1, that music is good, by the critic of notebook 03: of that mixture of
    good and bad on which it was trained, chorales and fiddle tunes among the good.

    music: the path of a MIDI, MusicXML or ABC file, or a ``pretty_midi.PrettyMIDI``; drums are left
    out. Longer music is judged segment by segment, and their logits are averaged. Raises ValueError
    with one sentence where there is nothing to judge or the file cannot be read.
    """
    from .chapters import critic_and_composer as chapter

    tokens = _as_events(music)
    logit = chapter.judge_music(network or _published("03_critic_and_composer", "critic"), tokens)
    return (1 + math.tanh(logit / 2)) / 2  # the logistic function, which never overflows


def _as_events(music) -> np.ndarray:
    """Music as performance events without the silence before its first note."""
    if isinstance(music, (str, os.PathLike)):
        from .music_files import read_events

        tokens = read_events(music)
    else:
        import pretty_midi

        from .midi import midi_to_notes

        if not isinstance(music, pretty_midi.PrettyMIDI):
            raise ValueError(
                "Music to be judged is the path of a file or a pretty_midi.PrettyMIDI, not "
                f"{type(music).__name__}."
            )
        tokens = notes_to_events(midi_to_notes(music))
    sounds = (tokens < FIRST_WAIT) | (tokens >= FIRST_VELOCITY)
    if not sounds.any():
        raise ValueError("There are no pitched notes in this music, so nothing to judge.")
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
    from .chapters import critic_and_composer as chapter
    from .midi import notes_to_midi

    if not isinstance(start_pitch, (int, np.integer)) or not 21 <= start_pitch <= 108:
        raise ValueError(f"A start pitch is a piano's, from 21 to 108, not {start_pitch!r}.")
    if not is_number(seconds) or not 0 < seconds <= MAX_SECONDS:
        raise ValueError(f"Music here lasts up to {MAX_SECONDS} seconds, not {seconds!r}.")
    check_temperature(temperature)
    composer = chapter.Composer(network or _published("03_critic_and_composer", "composer"))
    seed = as_seed(seed)
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


# --- notebook 05 -------------------------------------------------------------------------------


def drum_loop(
    bars: int = 2,
    temperature: float = 1.0,
    seed: int | None = None,
    style: str | None = None,
    generator=None,
) -> np.ndarray:
    """A drum beat in 4/4, by the long drum GAN of notebook 05: drums ``(16 * bars, 9, 3)`` float32.

    bars: any whole number; the generator makes two at a time, and all pairs are variations of one
    beat. temperature: how far the noise leads from the style's most usual beat; 0 is that beat.
    style: one of ``helpers.chapters.drum_gan.STYLES``; None draws one as often as it is played.
    Raises ValueError with one sentence where an argument is wrong.
    """
    from .chapters import drum_gan

    most = MAX_STEPS // STEPS_PER_BAR
    if not isinstance(bars, (int, np.integer)) or isinstance(bars, bool) or not 1 <= bars <= most:
        raise ValueError(f"A drum loop has from 1 to {most:,} bars, not {bars!r}.")
    check_temperature(temperature)
    if style is not None and style not in drum_gan.STYLES:
        raise ValueError(f"A style is one of {', '.join(drum_gan.STYLES)}, not {style!r}.")
    generator = generator or _published("05_drum_gan", "long_generator")
    seed = as_seed(seed)
    pairs = -(-bars // 2)
    if style is None:
        shares = _checkpoint("05_drum_gan").card["style shares"]
        asked = drum_gan.mix_styles(shares, 1, seed)
    else:
        asked = drum_gan.style_row(style)[None]
    styles = np.repeat(asked, pairs, axis=0)
    noise, *others = drum_gan.draw_inputs(generator, styles, (seed, 0), temperature)
    noise = np.array(noise)
    noise[1:] = math.sqrt(1 - DRUM_VARIATION**2) * noise[:1] + DRUM_VARIATION * noise[1:]
    drums = drum_gan.to_drums(drum_gan.run_network(generator, [noise, *others]))
    return np.concatenate(drums)[: bars * STEPS_PER_BAR]


# --- notebook 06 -------------------------------------------------------------------------------


def accompany_rl(
    melody,
    temperature: float = 1.0,
    seed: int | None = None,
    generator=None,
    pickup: int = 0,
) -> np.ndarray:
    """Alto, tenor and bass to a melody, by the generator of notebook 06, which was rewarded.

    melody and pickup: as in ``accompany``. temperature: below 1 more cautious, 0 without chance.
    Returns voices ``(steps, 4)`` int16 with the melody, untouched, in column 0.

    It writes note by note, some hundred steps a second. A melody outside the trained range is
    moved, by octaves where that is enough, and the music moved back. Raises ValueError with one
    sentence where an argument is wrong.
    """
    from .chapters import gan_with_rl as rl

    check_temperature(temperature)
    seed = as_seed(seed)

    def write(moved):
        network = generator or _published("06_gan_with_rl", "rewarded")
        return rl.accompany_melody(network, moved, temperature, seed, pickup)

    return _in_range(melody, write)
