"""What each thing is worth that the network of notebook 07 sees: the same training with one more
each time, over three seeds.

    python benchmarks/chorale_heads.py [--train]

Prints the table that the published card keeps; with --train what is missing is trained, an
interrupted training goes on, and the card gets the figures. They are of the test part: the loss of
alto, tenor and bass where the soprano is given, and what the network writes below the melodies in
4/4, at temperature 1 and without rules.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import course, data, metrics, music, training
from helpers.course import device

device.set_seed(0)

import numpy as np  # noqa: E402

from helpers.chapters import four_voices as chapter  # noqa: E402
from tools.train_seeds import add_to_card, spread  # noqa: E402

CHAPTER, SEEDS = "07_four_voices", (1, 2, 3)
SETTINGS = {"iterations": 200, "batch_size": 32, "length": 96, "every": 100}
STEPS = ("hints", "moves", "parallels", "chords", "ahead")
NAMES = {
    0: "the bare past",
    1: "+ the memory of repeats",
    2: "+ moves and intervals",
    3: "+ parallels",
    4: "+ chords",
    5: "+ the melody ahead",
}
ROWS = {
    "parallel fifths, per 100 steps": "parallel fifths",
    "parallel octaves, per 100 steps": "parallel octaves",
    "triad or seventh chord, % of beats": "chords, %",
    "phrase end: V-I in any key, %": "V-I, %",
    "key as the reference's, %": "key, %",
    "grade": "grade",
}


def figures_of(count: int, seed: int, prepared, ranges) -> dict[str, float]:
    """Trains a network that sees the first ``count`` things, and measures it."""
    device.set_seed(seed)
    sees = STEPS[:count]
    run = chapter.build_chorale_training(
        f"chorale_heads/{count}_{seed}", SETTINGS | {"seed": seed}, prepared["train"], sees
    )
    chapter.train_chorales(run, prepared["train"], prepared["valid"], f"{NAMES[count]}, {seed}")
    network = run.networks["best"]
    losses = np.concatenate(chapter.chorale_losses(network, prepared["test"]))
    pieces = data.load_chorales("test", time_signature="4/4")
    written = chapter.harmonise(network, pieces, seed=seed, ranges=ranges)
    made = [music.with_voices(*pair) for pair in zip(pieces, written, strict=True)]
    found = metrics.chorale_figures(made, pieces)
    return {"nats": float(losses[:, -3:].mean())} | {new: found[old] for old, new in ROWS.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", action="store_true", help="train what is missing")
    seen = training.load_checkpoint(CHAPTER).card.get("sees", {})
    if parser.parse_args().train:
        pieces = {split: data.load_chorales(split) for split in course.SPLITS}
        ranges = data.voice_ranges(pieces["train"])
        prepared = {split: chapter.prepare(some, *ranges) for split, some in pieces.items()}
        seen = {
            name: spread([figures_of(count, seed, prepared, ranges) for seed in SEEDS])
            for count, name in NAMES.items()
        }
        add_to_card(CHAPTER, sees=seen)
    for name, row in seen.items():
        cells = (f"{figure} {mean:.3f} ± {spread:.3f}" for figure, (mean, spread) in row.items())
        print(f"{name:26}", ", ".join(cells))
    return 0


if __name__ == "__main__":
    sys.exit(main())
