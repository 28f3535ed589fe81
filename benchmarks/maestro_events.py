"""The critic and the composer of notebook 03 and recordings of pianists.

    MAESTRO_DIR=FOLDER python benchmarks/maestro_events.py

The folder is a copy of MAESTRO, or holds some of its MIDI files. Prints the published critic's
score of each of the first six recordings. Then trains the chapter's composer, its exported code,
on all but two recordings (by name), chooses the best epoch by the next to last, and judges it on
the last beside n-grams that saw the same: nats an event. Pieces are never on two sides. Takes ten
minutes; an interrupted training goes on where it stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import data
from helpers.course import device

SEED = 3
device.set_seed(SEED)

from helpers.chapters import critic_and_composer as chapter  # noqa: E402
from helpers.metrics.ngrams import NGram  # noqa: E402
from helpers.music.events import EVENTS  # noqa: E402
from helpers.training import checkpoints  # noqa: E402

NAME = "maestro_events"
BATCH = 32
KEYS = range(-3, 4)  # in training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=25)
    options = parser.parse_args()

    try:
        recordings = data.load_maestro()
    except FileNotFoundError as missing:
        print(missing)
        return
    scores = [chapter.recording_score(one) for one in recordings[:12]]
    if len(scores) < 3:
        raise SystemExit("Three recordings are needed: to train, to choose, to judge.")
    performances = chapter.perform_all(scores, SEED)
    critic = checkpoints.load_checkpoint("03_critic_and_composer").network("critic")
    print("the published critic's score (mean logit)")
    for tokens, score in list(zip(performances, scores, strict=True))[:6]:
        print(f"{chapter.judge_music(critic, tokens):7.2f}  {len(tokens):6,} events  {score.name}")

    train, valid, test = performances[:-2], performances[-2:-1], performances[-1:]
    stretches = [chapter.make_stretches(some) for some in (train, valid, test)]
    settings = {
        "epochs": options.epochs,
        "batches": max(1, len(stretches[0][0]) // BATCH),
        "batch_size": BATCH,
        "seed": SEED,
        "learning_rate": 5e-3,
    }
    training = chapter.train_network(
        NAME,
        lambda: chapter.build_composer(dropout=0.3),
        lambda epoch: chapter.make_stretches(chapter.perform_all(scores[:-2], (SEED, epoch), KEYS)),
        chapter.composer_step,
        lambda network: chapter.composer_figures(network, *stretches[1]),
        settings,
        "MAESTRO",
        " ".join(score.name for score in scores),
    )
    nats = {
        f"{order}-gram": NGram(order, EVENTS + 1).fit(train).evaluate(test)[0]
        for order in (1, 2, 3)
    }
    best = training.networks["best"]
    nats["composer"] = chapter.composer_figures(best, *stretches[2])["validation loss"]
    print(f"\nheld out: {scores[-1].name}, {len(test[0]):,} events; nats an event")
    for name, loss in nats.items():
        print(f"{name:9} {loss:.3f}  {loss / nats['3-gram'] - 1:+.0%} beside the trigram")


if __name__ == "__main__":
    main()
