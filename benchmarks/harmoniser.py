"""The harmoniser of notebook 07 beside what its table does not show.

    python benchmarks/harmoniser.py

On the held-out melodies in 4/4, as published, with rules: seconds for 64 steps, how far two draws
differ, the longest stretch that stands in a training chorale, and how well a fresh network tells
four of its bars from four of Bach's (two-sample test: Lopez-Paz and Oquab 2017), over three seeds.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import data, pretrained
from helpers.course import device

device.set_seed(1)

import keras  # noqa: E402
import numpy as np  # noqa: E402
from keras import layers  # noqa: E402

from helpers.metrics.voices import CopyFinder  # noqa: E402
from helpers.music.grid import REST  # noqa: E402

WINDOW, FOLDS = 64, 5
LOWEST, PITCHES = 36, 46


def windows_of(pieces: list[np.ndarray], starts: list[int]) -> list[np.ndarray]:
    """For each piece its windows of four bars, a bar apart, from the first downbeat on."""
    return [
        np.stack([voices[i : i + WINDOW] for i in range(first, len(voices) - WINDOW + 1, 16)])
        for voices, first in zip(pieces, starts, strict=True)
    ]


def as_input(windows: np.ndarray) -> np.ndarray:
    """Piano rolls of each voice ``(windows, steps, 4 * PITCHES)``."""
    rolls = (windows[..., None] - LOWEST == np.arange(PITCHES)) & (windows[..., None] != REST)
    return rolls.reshape(*windows.shape[:2], -1).astype(np.float32)


def build_classifier() -> keras.Model:
    x = inputs = keras.Input((WINDOW, 4 * PITCHES))
    x = layers.Dropout(0.3)(layers.Dense(48, activation="gelu")(x))
    for width in (4, 4):
        x = layers.Conv1D(48, width, strides=2, activation="gelu")(x)
    x = layers.Dropout(0.3)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(1, activation="sigmoid")(x))


def told_apart(real: list, made: list, seed: int) -> float:
    """The share of windows of pieces not trained on that a classifier gets right."""
    keras.utils.set_random_seed(seed)
    order, right = np.random.default_rng(seed).permutation(len(real)), []
    for fold in range(FOLDS):
        tested = set(order[fold::FOLDS].tolist())
        parts = {}
        for test in (False, True):
            some = [i for i in range(len(real)) if (i in tested) == test]
            x = [np.concatenate([windows[i] for i in some]) for windows in (real, made)]
            answers = np.repeat([1.0, 0.0], [len(part) for part in x])
            parts[test] = np.concatenate(x), answers
        shifts = np.random.default_rng(seed).integers(-4, 5, len(parts[False][0]))
        moved = parts[False][0] + shifts[:, None, None] * (parts[False][0] != REST)
        network = build_classifier()
        network.compile(keras.optimizers.Adam(1e-3), "binary_crossentropy")
        network.fit(as_input(moved), parts[False][1], batch_size=32, epochs=12, verbose=0)
        guesses = network.predict(as_input(parts[True][0]), verbose=0)[:, 0] > 0.5
        right += (guesses == parts[True][1]).tolist()
    return float(np.mean(right))


def main() -> int:
    pieces = [p for split in ("valid", "test") for p in data.load_chorales(split, "4/4")]
    starts = [int(piece.bar_starts[0]) % 16 if len(piece.bar_starts) else 0 for piece in pieces]
    pretrained.compose_chorale(soprano=pieces[0], seed=0)
    began, draws = time.process_time(), []
    for seed in (1, 2):
        draws.append([pretrained.compose_chorale(soprano=p, seed=seed).voices for p in pieces])
    seconds = (time.process_time() - began) / sum(len(p.voices) for p in pieces) / 2 * 64
    print(f"CPU seconds for 64 steps, warm: {seconds:.2f}")
    pairs = zip(*draws, strict=True)
    differ = np.concatenate([(a != b)[:, 1:].ravel() for a, b in pairs]).mean()
    print(f"Cells of the lower voices that differ between two draws: {differ:.1%}")
    known = CopyFinder([piece.voices for piece in data.load_chorales("train")])
    for who, some in (("Bach", [p.voices for p in pieces]), ("with rules", draws[0])):
        runs = [known.longest_run(voices) for voices in some]
        print(f"Longest stretch known from training, {who}: {np.mean(runs):.1f}, most {max(runs)}")
    long = [i for i, piece in enumerate(pieces) if len(piece.voices) >= starts[i] + WINDOW]
    real, made = (
        windows_of([some[i] for i in long], [starts[i] for i in long])
        for some in ([piece.voices for piece in pieces], draws[0])
    )
    rates = [told_apart(real, made, seed) for seed in (1, 2, 3)]
    print(f"A fresh classifier is right for {np.mean(rates):.1%} ± {np.std(rates):.1%} of windows")
    return 0


if __name__ == "__main__":
    sys.exit(main())
