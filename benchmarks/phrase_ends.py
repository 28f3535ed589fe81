"""How well ``music.guess_phrase_ends`` finds the fermatas of the chorales from the soprano alone,
beside "every long note": `python benchmarks/phrase_ends.py`. With `--fit` its weights are learned
anew from the training chorales, by an averaged perceptron (Collins 2002), and printed.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from helpers import data
from helpers.music import phrases

SEED, EPOCHS, LARGEST = 1, 20, 9.0


def melodies(split: str, signature: str | None = None):
    """``(piece without its fermatas, where they are)`` of the chorales that have some."""
    for piece in data.load_chorales(split, time_signature=signature):
        if piece.fermatas.sum() > 2:
            yield piece._replace(fermatas=None), phrases.own_phrase_ends(piece).tolist()


def every_long_note(piece, steps: int) -> list[int]:
    notes = phrases.voice_notes(piece.voices[:, 0], piece.onsets[:, 0])
    return [note.start for note in notes if note.end - note.start >= steps or note is notes[-1]]


def measure(guess, split: str, signature: str | None = None) -> tuple[float, float]:
    """``(precision, recall)`` in percent, over all phrase ends of a split."""
    right = guessed = there = 0
    for piece, ends in melodies(split, signature):
        found = set(guess(piece))
        right, guessed, there = (
            right + len(found & {*ends}),
            guessed + len(found),
            there + len(ends),
        )
    return 100 * right / guessed, 100 * right / there


def count(melody, ends: list[int]) -> dict[str, int]:
    names = defaultdict(int)
    for start, end in zip([-1, *ends], ends, strict=False):
        for name in [melody.of_phrase(start, end), *melody.names[end]]:
            names[name] += 1
    return names


def fit() -> dict[str, float]:
    pieces = []
    for piece, ends in melodies("train"):
        melody = phrases.PhraseNotes(piece)
        last = melody.starts[-1]
        pieces.append((melody, [i for i, s in enumerate(melody.starts) if s in ends or s == last]))
    weights, sums = defaultdict(float), defaultdict(float)
    rng, seen = np.random.default_rng(SEED), 0
    for _ in range(EPOCHS):
        for i in rng.permutation(len(pieces)):
            melody, real = pieces[i]
            found = phrases.most_likely_ends(melody, weights)
            seen += 1
            for ends, sign in ((real, 1), (found, -1)):
                for name, times in count(melody, ends).items():
                    weights[name] += sign * times
                    sums[name] += sign * times * seen
    average = {name: weights[name] - sums[name] / (seen + 1) for name in weights}
    scale = LARGEST / max(map(abs, average.values()))
    return {name: round(w * scale, 1) for name, w in sorted(average.items()) if round(w * scale, 1)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fit", action="store_true", help="learn the weights anew, and print them")
    if parser.parse_args().fit:
        phrases.WEIGHTS = fit()
        rows = defaultdict(list)
        for name, weight in phrases.WEIGHTS.items():
            group, word = name.split(" = ")
            rows[group].append(f"{word} {weight}")
        print("LEARNED = {")
        print(*(f'    "{name}": "{", ".join(row)}",' for name, row in rows.items()), "}", sep="\n")
    rules = {
        "guess_phrase_ends": lambda piece: phrases.guess_phrase_ends(piece).tolist(),
        "a half or more": lambda piece: every_long_note(piece, 8),
        "a quarter or more": lambda piece: every_long_note(piece, 4),
    }
    print(f"{'precision / recall, %':24}", *(f"{split:>14}" for split in ("valid", "test")))
    for name, rule in rules.items():
        found = [measure(rule, split) for split in ("valid", "test")]
        print(f"{name:24}", *(f"{p:7.1f} /{r:5.1f}" for p, r in found))
    for signature in ("4/4", "3/4"):
        found = [
            measure(rules["guess_phrase_ends"], split, signature) for split in ("valid", "test")
        ]
        print(f"{'  in ' + signature:24}", *(f"{p:7.1f} /{r:5.1f}" for p, r in found))


if __name__ == "__main__":
    main()
