"""Measures the rivals of notebook 07 anew, where notebook 04 or 06 has a new published training:

    python benchmarks/rivals.py

As in the notebook: the test chorales in 4/4, harmonised whole, once with each seed of notebook 07's
trainings, repeated notes struck by its network. Prints the figures and puts their mean and standard
deviation on notebook 07's card.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import data, metrics, pretrained
from helpers.chapters.four_voices import strike_repeats
from helpers.training import checkpoints
from tools.train_seeds import add_to_card, spread

CHAPTER = "07_four_voices"
RIVALS = {"GAN": pretrained.accompany, "rewarded": pretrained.accompany_rl}


def main() -> None:
    published = checkpoints.load_checkpoint(CHAPTER)
    card, repeats = published.card, published.network("repeats")
    pieces = data.load_chorales("test", time_signature="4/4")
    for name, system in RIVALS.items():
        drawn = []
        for seed in card["seeds"]:
            made = [piece._replace(voices=system(piece, seed=seed).voices) for piece in pieces]
            made = [strike_repeats(repeats, piece, seed) for piece in made]
            drawn.append(metrics.chorale_figures(made, pieces))
        found = card["spread"]["verdict"][name] = spread(drawn)
        for figure, (mean, off) in found.items():
            print(f"{name}, {figure}: {mean:.2f} ± {off:.2f}")
    add_to_card(CHAPTER, spread=card["spread"])


if __name__ == "__main__":
    main()
