"""What each part of notebook 04's GAN is for: the training again without it, three seeds each.

    python benchmarks/accompaniment_lines.py [--seeds 1 2 3] [--iterations 200] [NAME ...]

Each training is short, and leaves one thing out; all are heard on the validation chorales, whole,
one draft of each. It prints the mean and the standard deviation over the seeds, and with --publish
puts them on the published card, as "left out". A training that was interrupted goes on; the figures
of one that is done are kept in runs/lines/.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras
import numpy as np
from keras import ops

from benchmarks.accompaniment_gan import training_music
from helpers import data, metrics, music, training
from helpers.chapters import accompaniment_gan as gan
from helpers.course import device, runs_folder, sha256
from helpers.course.storage import write_text
from helpers.training import checkpoints
from tools.train_seeds import add_to_card, spread

CHAPTER = "04_accompaniment_gan"
ROWS = {
    "grade": "grade",
    "parallel fifths, per 100 steps": "fifths",
    "parallel octaves, per 100 steps": "octaves",
    "struck semitones, per 100 steps": "semitones",
    "bass: leaps over a fifth, % of moves": "bass leaps, %",
    "triad or seventh chord, % of beats": "chords, %",
    "phrase end: V-I in any key, %": "V-I, %",
    "phrase end: root-position triad, %": "on a root, %",
    "key as the reference's, %": "key, %",
}


OWN = {name: getattr(gan, name) for name in ("build_generator", "build_critic", "ears")}


def blind(build):
    """The network that ``build`` builds, told only the beat of the bar, so that its bass has
    noise of its own at phrase ends, too. What is asked of its music stays the same."""

    def built(*given):
        network = OWN[build](*given)
        inputs = [keras.Input(one.shape[1:], name=one.name) for one in network.inputs]
        (at,) = (i for i, one in enumerate(inputs) if one.name == "places")
        told = np.r_[np.zeros(gan.TO_END.stop), np.ones(gan.PLACES - gan.TO_END.stop)]
        seen = [one * told.astype("float32") if i == at else one for i, one in enumerate(inputs)]
        return keras.Model(inputs, network(seen))

    return built


def deaf_ears(voices, places, tonic):
    """A critic's, to which no voice is any interval above another."""
    harmony, between, habits, in_parallel = OWN["ears"](voices, places, tonic)
    return harmony, ops.concatenate([0 * between[..., :72], places], -1), habits, in_parallel


# name: settings, and what stands in the place of the chapter's functions
VARIANTS = {
    "as it is": ({}, {}),
    "no rules": ({"rules": 0.0}, {}),
    "no cadence loss": ({"cadences": 0.0}, {}),
    "not told of phrases and mode": (
        {},
        {name: blind(name) for name in ("build_generator", "build_critic")},
    ),
    "a critic that hears no intervals": ({}, {"ears": deaf_ears}),
    "noise as loud at the last choice": ({}, {"FINAL_NOISE": (1.0, 1.0, 1.0)}),
    "rules from the start": ({"rules_from": -0.4}, {}),
}


def listen(generator, pieces, seed: int) -> dict[str, float]:
    """Figures of whole pieces, one draft each."""
    made = [gan.accompany_piece(generator, piece, seed) for piece in pieces]
    written = [music.with_voices(one, some) for one, some in zip(pieces, made, strict=True)]
    figures = metrics.chorale_figures(written, pieces)
    return {new: figures[old] for old, new in ROWS.items()}


def train(name: str, seed: int, iterations: int, music_to_learn: tuple) -> dict[str, float]:
    """The figures of one training on ``training_music``."""
    changed, patches = VARIANTS[name]
    folder = f"lines/{iterations}/{name.replace(' ', '_')}_{seed}"
    settings = checkpoints.load_checkpoint(CHAPTER).card["settings"] | changed
    settings |= {"seed": seed, "iterations": iterations}
    of = {"settings": settings, "code": sha256(gan.__file__)}
    file = runs_folder(folder) / "figures.json"
    kept = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if kept.get("of") == of:
        return kept["figures"]
    device.set_seed(seed)
    windows, room, ranges = music_to_learn
    own_parts = {part: getattr(gan, part) for part in patches}
    for part, other in patches.items():
        setattr(gan, part, other)
    try:
        run = gan.build_training(folder, settings, windows, ranges)
        training.train(
            run,
            lambda run: gan.make_step(run, windows, room),
            iterations,
            label=f"{name}, seed {seed}",
            average=("generator", 0.99),  # of a short training a shorter memory
        )
        held_out = data.load_chorales("valid", time_signature="4/4")
        found = listen(run.networks["average"], held_out, seed)
    finally:
        for part, own in own_parts.items():
            setattr(gan, part, own)
    write_text(file, json.dumps({"of": of, "figures": found}))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", default=list(VARIANTS), metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--iterations", type=int, default=200)
    parser.add_argument("--publish", action="store_true", help="puts the figures on the card")
    options = parser.parse_args()
    found, music_to_learn = {}, training_music()
    for name in options.names:
        trainings = [
            train(name, seed, options.iterations, music_to_learn) for seed in options.seeds
        ]
        found[name] = {row: list(map(float, pair)) for row, pair in spread(trainings).items()}
        told = ", ".join(
            f"{row} {mean:.2f} ± {off:.2f}" for row, (mean, off) in found[name].items()
        )
        print(f"{name}: {told}", flush=True)
    if options.publish:
        add_to_card(CHAPTER, **{"left out": found})


if __name__ == "__main__":
    main()
