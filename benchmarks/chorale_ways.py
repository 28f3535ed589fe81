"""Ways to choose notes from what the harmoniser of notebook 07 says, and what each rule does.

    python benchmarks/chorale_ways.py [--write]

Harmonises validation melodies in 4/4 in each way, three draws each, and prints their chorale
figures; with --write the published card gets them, and the notebook shows them.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import data, metrics, music, training
from helpers.course import device

device.set_seed(0)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

from helpers.chapters import four_voices as chapter  # noqa: E402
from helpers.chapters import next_note_rnn as rnn  # noqa: E402
from helpers.pretrained.four_voices import DRAFTS, TEMPERATURE, TOP_P  # noqa: E402
from tools.train_seeds import add_to_card, spread  # noqa: E402

CHAPTER, SEEDS, PIECES, TRIES = "07_four_voices", (1, 2, 3), 16, 16
CAUTIOUS = {"temperature": TEMPERATURE, "top_p": TOP_P}
STRICT = CAUTIOUS | {"particles": DRAFTS, "rules": chapter.RULES}
NO_CHANCE = ("greedy", "beam of 16")
ENDINGS = (
    chapter.strange_openings,
    chapter.unrooted_ends,
    chapter.strange_closes,
    chapter.ends_without_dominant,
)
LEFT_OUT = {
    "parallels": (chapter.parallels,),
    "semitones": (chapter.struck_semitones,),
    "leaps": (chapter.wide_leaps,),
    "leading tones": (chapter.doubled_leading_tones,),
    "sevenths": (chapter.sevenths_that_do_not_fall,),
    "held notes": (chapter.held_notes,),
    "nameless chords": (chapter.nameless_chords,),
    "openings and ends": ENDINGS,
}
ROWS = {
    "parallel fifths, per 100 steps": "fifths",
    "parallel octaves, per 100 steps": "octaves",
    "struck semitones, per 100 steps": "semitones",
    "triad or seventh chord, % of beats": "chords, %",
    "bass: leaps over a fifth, % of moves": "bass leaps, %",
    "leading tone doubled, % of its steps": "leading tones doubled, %",
    "dominant's seventh falls by step, %": "sevenths fall, %",
    "phrase end: V-I in any key, %": "V-I, %",
    "last chord is I in root position, %": "ends on I, %",
    "chord trigram, nats a beat": "surprise, nats",
    "alto changes, % of steps": "alto moves, %",
    "bass changes, % of steps": "bass moves, %",
    "grade": "grade",
}


def sampled(**how):
    """A way: draws by the notebook's function."""
    return lambda network, pieces, ranges, seed: chapter.harmonise(
        network, pieces, seed=seed, ranges=ranges, **how
    )


def best_by_probability(network, pieces, ranges, seed: int) -> list[np.ndarray]:
    """Of several draws the one that the network finds most probable."""
    drawn = chapter.harmonise(
        network, [p for p in pieces for _ in range(TRIES)], seed=seed, ranges=ranges
    )
    best = []
    for i, piece in enumerate(pieces):
        some = drawn[i * TRIES : (i + 1) * TRIES]
        made = chapter.prepare([music.with_voices(piece, voices) for voices in some], *ranges)
        nats = [losses.mean() for losses in chapter.chorale_losses(network, made)]
        best.append(some[int(np.argmin(nats))])
    return best


def beam_search(network, pieces, ranges, seed: int) -> list[np.ndarray]:
    """The most probable piece, as far as keeping the best few beginnings finds it: note by note,
    no chance in it."""
    return [_beam(network, piece, chapter.allowed_in(ranges).numpy()) for piece in pieces]


def _beam(network, piece, allowed) -> np.ndarray:
    melody = np.repeat(chapter.read_melody(piece)[None], TRIES, axis=0)
    places = np.repeat(chapter.places_in_bars(piece)[None], TRIES, axis=0)
    places = np.minimum(places, chapter.BAR - 1)
    to_come = chapter.read_ahead(network, melody, places)
    classes = np.zeros((*places.shape, 4), np.int32)
    agreement, state = np.zeros_like(classes), rnn.empty_state(network, TRIES)
    score = np.where(np.arange(TRIES) == 0, 0.0, -np.inf)  # all begin as one
    for step in range(len(piece.voices)):
        seen = chapter.observe(classes, agreement, step, places[:, step])[:, None]
        told = melody[:, step][:, None]
        memory, state = _listen(
            network, *map(tf.constant, (seen, told, to_come[:, step][:, None])), state
        )
        memory, chosen = memory.numpy(), np.zeros((TRIES, 1, 4), np.int32)
        chosen[..., 0], of = melody[:, step, None, chapter.NOTE], np.arange(TRIES)
        for voice in ("bass", "alto", "tenor"):
            column = chapter.VOICES[voice]
            heard = [tf.constant(array) for array in (memory[of], seen[of], chosen, told[of])]
            logits = np.where(allowed[column], _say(network, voice, *heard)[:, 0], -np.inf)
            likely = score[:, None] + logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            best = np.argsort(-likely, axis=None)[:TRIES]
            row, note = np.unravel_index(best, likely.shape)
            score, of, chosen = likely[row, note], of[row], chosen[row]
            chosen[:, 0, column] = note
        classes, agreement, state = classes[of], agreement[of], tf.gather(state, of)
        classes[:, step] = chosen[:, 0]
    return chapter.to_pitches(classes[0])


@tf.function(reduce_retracing=True)
def _listen(network, *heard):
    return network.get_layer("listener")(list(heard), training=False)


@tf.function(reduce_retracing=True)
def _say(network, voice: str, *heard):
    return network.get_layer(voice)(list(heard), training=False)


def ways():
    """``{name: function of network, pieces, ranges and seed}``."""
    rules = {
        f"without {name}": {rule: by for rule, by in chapter.RULES.items() if rule not in out}
        for name, out in LEFT_OUT.items()
    }
    rules["thrice as strict"] = {rule: 3 * by for rule, by in chapter.RULES.items()}
    return {
        "temperature 1": sampled(),
        "temperature 0.7": sampled(temperature=0.7),
        "greedy": sampled(temperature=0.0),
        "beam of 16": beam_search,
        "most probable of 16": best_by_probability,
        f"temperature {TEMPERATURE}, top-p {TOP_P}": sampled(**CAUTIOUS),
        "with rules": sampled(**STRICT),
    } | {name: sampled(**STRICT | {"rules": some}) for name, some in rules.items()}


def melodies() -> list:
    return data.load_chorales("valid", time_signature="4/4")[:PIECES]


def measure(pieces, voices) -> dict[str, float]:
    """The chorale figures of what was written below the melodies."""
    made = [music.with_voices(*pair) for pair in zip(pieces, voices, strict=True)]
    return metrics.chorale_figures(made, pieces)


def summary(draws: list[dict]) -> dict[str, list[float]]:
    """The table's figures: mean and standard deviation."""
    rows = [{new: draw[old] for old, new in ROWS.items()} for draw in draws]
    return spread(rows) if len(rows) > 1 else {name: [v, 0.0] for name, v in rows[0].items()}


def say(name: str, row) -> None:
    cells = (f"{figure} {mean:.2f} ± {spread:.2f}" for figure, (mean, spread) in row.items())
    print(f"{name:28}", ", ".join(cells), flush=True)


def keep(rows: dict) -> None:
    """Gives the published card these rows."""
    card = training.load_checkpoint(CHAPTER).card
    add_to_card(CHAPTER, ways=card.get("ways", {}) | rows)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="give the card the figures")
    write = parser.parse_args().write
    network = training.load_checkpoint(CHAPTER).network("harmoniser")
    ranges = data.voice_ranges(data.load_chorales("train"))
    pieces = melodies()
    table = {"Bach": summary([metrics.chorale_figures(pieces, pieces)])}
    say("Bach", table["Bach"])
    for name, way in ways().items():
        seeds = SEEDS[:1] if name in NO_CHANCE else SEEDS
        draws = [measure(pieces, way(network, pieces, ranges, seed)) for seed in seeds]
        table[name] = summary(draws)
        say(name, table[name])
    if write:
        keep(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
