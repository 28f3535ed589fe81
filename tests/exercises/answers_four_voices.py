"""Answers to the exercises of notebook 07."""

from collections import namedtuple

import numpy as np
from exercise import Answers

Prepared = namedtuple("Prepared", "classes seen room")
HINT, LENGTH, NOTHING = slice(8, 12), slice(12, 16), 47


def repeated(voices, size=16):
    chords = [tuple(map(int, chord)) for chord in voices]
    found = [tuple(chords[i : i + size]) for i in range(len(chords) - size + 1)]
    return 1 - len(set(found)) / len(found)


def if_the_halves_are_equal(voices):
    half = len(voices) // 2
    return 9 / 33 if np.array_equal(voices[:half], voices[half:]) else 0.0


def without_held_chords(voices):
    moves = np.append(True, (voices[1:] != voices[:-1]).any(axis=1))
    return repeated(voices[moves]) if moves.sum() >= 16 else 0.0


# A small network whose loss grows where hints are away, or are rests, and where lengths are 0.
COSTS = np.array([0.2, 0.07, 0.05])
RNG = np.random.default_rng(1)
PIECES = [Prepared(None, RNG.integers(1, 7, (9 + i, 17)).astype(np.int32), None) for i in range(5)]


def mean_nats(costs, pieces):
    seen = [(piece.seen[:, HINT], piece.seen[:, LENGTH]) for piece in pieces]
    changed = [((hint == NOTHING).all(), (hint == 0).all(), (of == 0).all()) for hint, of in seen]
    return 0.413 + float(costs @ np.mean(changed, axis=0))


def in_each(piece):
    seen = piece.seen.copy()
    seen[:, HINT], seen[:, LENGTH] = NOTHING, 0
    return mean_nats(COSTS, [piece._replace(seen=seen)])


FORGETFUL = 0.413 + 0.25
CHORD, EACH = 1 / 128, 7 * float(np.log(2)) / 4
ANSWERS = {
    "chord_in_turn": Answers(
        right=[
            (CHORD, EACH),
            (0.0078, 1.213),
            (np.float32(CHORD), [EACH]),
        ],
        wrong=[
            ((1.375, EACH), "the sum"),
            ((0.34375, EACH), "the mean"),
            ((0.125, EACH), "the tenor's alone"),  # the last number of the text
            ((128, EACH), "upside down"),
            ((0.5, EACH), "the product"),
            ((0.78125, EACH), "not in percent"),
            (([1, 2, 3], EACH), "the product"),
            (("1/128", EACH), "without quotation marks"),
            ((CHORD, 4.852), "four notes share it"),
            ((CHORD, 1.75), "in bits"),
            ((CHORD, 7), "in bits"),
            ((CHORD, -1.213), "minus the logarithm"),
            ((CHORD, 1.0678), "logarithms first"),
            ((CHORD, CHORD), "minus its logarithm"),
            ((CHORD, 1), "minus its logarithm"),
        ],
    ),
    "memory_taken_away": Answers(
        given=(COSTS, PIECES, mean_nats),
        names={
            **{"HINT": HINT, "LENGTH": LENGTH, "NOTHING": NOTHING},
            **{"chorale_network": COSTS, "prepared": {"test": PIECES}},
            "nats_per_note": lambda losses: losses,
            "chorale_losses": mean_nats,
        },
        right=[(FORGETFUL,), (round(FORGETFUL, 3),), (np.float32(FORGETFUL),), ([FORGETFUL],)],
        wrong=[
            ((0.413,), "with the memory"),  # the number in the table
            ((0.416,), "a copy"),  # a little more than it
            ((0.871,), "a copy"),  # the table's other number
            ((1,), "a copy"),
            ((0.25,), "how much it loses"),
            ((4 * FORGETFUL,), "of a chord"),
            ((FORGETFUL / np.log(2),), "in bits"),
            ((np.exp(FORGETFUL),), "the perplexity"),
            ((0.413 + 0.2,), "LENGTH to 0"),
            ((0.413 + 0.05,), "HINT to NOTHING"),
            ((0.413 + 0.07 + 0.05,), "Class 0 is a rest"),
            (([in_each(piece) for piece in PIECES],), "a number for each piece"),
            (("high",), "without quotation marks"),
            ((100 * FORGETFUL,), "not in percent"),
        ],
    ),
    "chord_repetition": Answers(
        right=[
            (repeated,),
            (lambda voices: np.float32(repeated(voices)),),
            (lambda voices: [repeated(voices)],),
        ],
        wrong=[
            ((0.08,), "Write a function"),
            ((lambda voices: 0,), "twice"),
            ((lambda voices: 9 / 33,), "repeat nothing"),
            ((lambda voices: 1 - repeated(voices),), "repeat nothing"),
            ((lambda voices: repeated(voices, 4),), "twice"),
            ((lambda voices: 1 - len(np.unique(voices, axis=0)) / len(voices),), "twice"),
            ((lambda voices: repeated(voices[:, :1]),), "above another bass"),
            ((lambda voices: repeated(np.sort(voices)),), "in other voices"),
            ((lambda voices: repeated(voices.sum(axis=1, keepdims=True)),), "in other voices"),
            ((lambda voices: 100 * repeated(voices),), "not in percent"),
            ((lambda voices: voices[100],), "IndexError"),
            ((lambda voices: "none",), "repeat nothing"),
            *(
                ((lambda voices, voice=voice: repeated(voices[:, voice]),), f"Another {name}")
                for voice, name in (
                    *(([3], "soprano"), ([0, 3], "alto"), ([0, 1, 3], "tenor")),
                    *(([0, 2, 3], "alto"), ([1, 2, 3], "soprano")),
                )
            ),
            ((if_the_halves_are_equal,), "five came before"),
            ((lambda voices: repeated(voices, 15),), "twice"),
            ((lambda voices: repeated(voices, 17),), "twice"),
            ((without_held_chords,), "at each step"),
        ],
    ),
}
