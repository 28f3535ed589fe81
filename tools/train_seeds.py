"""Trains a chapter anew from other seeds, to see how far its figures spread:
``python -m tools.train_seeds 02 1 3``.

The notebook is the training program, as for ``make checkpoints``: its setting SEED is the seed, and
each training lies in ``runs/seeds/SEED``, where an interrupted one goes on. Nothing is published
but figures: the published card gets, under "spread", the mean and the standard deviation of each
number that its "test" and those of these trainings hold.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np

from .notebooks import ROOT, find_notebooks


def spread(values: list):
    """Mean and standard deviation of numbers; of dicts and lists of numbers, part by part."""
    first = values[0]
    if isinstance(first, dict):
        return {name: spread([value[name] for value in values]) for name in first}
    if isinstance(first, list):
        return [spread(list(parts)) for parts in zip(*values, strict=True)]
    return [np.mean(values), np.std(values, ddof=1)]


def add_to_card(chapter: str, **parts) -> None:
    """Gives a published card these parts; what it has by other names stays."""
    from helpers.course.settings import checkpoint_folder
    from helpers.course.storage import write_text
    from helpers.training.state import to_json

    file = checkpoint_folder(chapter) / "card.json"
    card = json.loads(file.read_text(encoding="utf-8")) | parts
    write_text(file, to_json(card, indent=2) + "\n")


def main(arguments: list[str]) -> int:
    from helpers.course.settings import checkpoint_folder, runs_folder

    if len(arguments) < 2:
        raise SystemExit("Which chapter, and which seeds? Such as: 02 1 3.")
    number, *seeds = arguments
    (path,) = find_notebooks([number])
    cards = [checkpoint_folder(path.stem) / "card.json"]
    for seed in seeds:
        runs = runs_folder("seeds") / seed
        environment = os.environ | {"SEED": seed, "RUNS_DIR": str(runs)}
        command = [sys.executable, "-m", "tools.train_chapter", number, "--keep"]
        if subprocess.run(command, cwd=ROOT, env=environment).returncode:
            return 1
        cards.append(runs / path.stem / "checkpoint" / "card.json")
    cards = [json.loads(card.read_text(encoding="utf-8")) for card in cards]
    trained = [cards[0]["seed"], *map(int, seeds)]
    add_to_card(path.stem, seeds=trained, spread=spread([card["test"] for card in cards]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
