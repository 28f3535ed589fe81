"""The chorale model of notebook 07 on the canonical split of the JSB chorales, in nats.

    JSB_DIR=FOLDER python benchmarks/jsb_nll.py

The folder holds Jsb16thSeparated.json and jsb-chorales-quarter.json, which the kit does not bring.
Trains on the training part alone, chooses by the validation part, and looks at the test part at the
end. An interrupted training goes on where it stopped. The networks are kept in
checkpoints/jsb_benchmark, so the next run only measures them; --train trains anew. The kit's own
chorale model cannot be measured here, since its training set holds most of these chorales.

Every probability is exact, and nothing is given but the past: a chord's is the product of its
notes', each given those before it in a fixed order. With several keys it is the mean of those that
are given to the music in these keys, which is a probability again; so is the mean of two networks'.

The two see differently, and neither sees moves and intervals as the notebook's composer does: with
these, moving a chorale to another key makes it no new one, and 229 chorales are soon known by heart
(after a third of the iterations, at 0.364 nats, valid, 5 keys).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from helpers import course, data
from helpers.course import device, settings

SEED = 16
device.set_seed(SEED)

import numpy as np  # noqa: E402
from jsb import quarters  # noqa: E402

from helpers.chapters import four_voices as chapter  # noqa: E402
from helpers.course.storage import sha256  # noqa: E402
from helpers.training import checkpoints  # noqa: E402

NAME = "jsb_benchmark"
SIXTEENTHS, QUARTERS = "Jsb16thSeparated.json", "jsb-chorales-quarter.json"
KEYS = (-2, -1, 0, 1, 2)  # semitones
SETTINGS = {"iterations": 1800, "batch_size": 64, "length": 128, "seed": SEED, "every": 100}
SIGHTS = {"hints": ("hints",), "chords": ("hints", "parallels", "chords")}  # what each network sees
PUBLISHED_QUARTERS = [  # nats a frame of the test part, joint, as far as each is exact
    ("RNN-NADE-HF (2012)", 5.56, "joint, trained by Hessian-free optimisation"),
    ("LSTM-RTRBM (2015)", 4.72, "joint, its likelihood estimated"),
    ("RNN-RBM (2012)", 6.27, "joint, its likelihood estimated"),
    ("TCN (2018)", 8.10, "every key apart: another family"),
]
PUBLISHED = [  # nats a note, which part of which split, what is given
    ("BachBot (2016)", 0.477, "another split, 80/10/10; joint"),
    ("Music Transformer (2019)", 0.335, "validation; joint"),
    ("Coconet, chronological (2017)", 0.436, "validation; joint"),
    ("TonicNet (2019)", 0.396, "validation; joint, its chord symbol counted"),
    ("TonicNet as published", 0.220, "given each step's true chord: not comparable"),
]


def melody_windows(pieces, length: int = 64) -> list[set[bytes]]:
    """For each piece the stretches of its soprano, as intervals, so that the key is no matter."""
    found = []
    for piece in pieces:
        moves = np.diff(piece.voices[:, 0])
        found.append({moves[i : i + length].tobytes() for i in range(len(moves) - length + 1)})
    return found


def tunes_not_in(pieces, training) -> list[int]:
    """Which pieces have no stretch of four bars of melody in common with the training pieces."""
    known = set().union(*melody_windows(training))
    return [i for i, windows in enumerate(melody_windows(pieces)) if not windows & known]


def sixteenths(folder: Path):
    """The parts of the sixteenth grid, as pieces and prepared for the network."""
    pieces = {split: data.load_jsb(folder / SIXTEENTHS, split) for split in course.SPLITS}
    low, high = data.voice_ranges(pieces["train"])
    prepared = {split: chapter.prepare(some, low, high) for split, some in pieces.items()}
    return pieces, prepared


def quarter_rolls(path: Path) -> dict[str, list]:
    """The parts of the quarter grid: one piano roll ``(frames, 128)`` bool a chorale. Frames tell
    neither voices nor repeated notes, and are in another order and other keys than sixteenths."""
    rolls = {}
    for split, chorales in json.loads(path.read_bytes()).items():
        rolls[split] = [np.zeros((len(frames), 128), bool) for frames in chorales]
        for roll, frames in zip(rolls[split], chorales, strict=True):
            for step, frame in enumerate(frames):
                roll[step, frame] = True
    return rolls


def train_sixteenths(prepared, name: str):
    """The training of one of the networks in ``SIGHTS``: two layers, since it trains long."""
    device.set_seed(SEED)
    listen = partial(chapter.build_listener, depth=2)
    training = chapter.build_chorale_training(
        f"{NAME}/{name}", SETTINGS, prepared["train"], SIGHTS[name], listen=listen
    )
    return chapter.train_chorales(training, prepared["train"], prepared["valid"], name)


def losses_in_keys(networks, prepared, keys) -> list[np.ndarray]:
    """Nats of every note, one array a piece, of the mean of the networks' probabilities in these
    keys (semitones), as far as a piece's pitches allow."""
    likely = [[] for _ in prepared]
    for key in keys:
        fitting = [i for i, piece in enumerate(prepared) if fits(piece, key)]
        for network in networks:
            found = chapter.judge_pieces(network, [prepared[i] for i in fitting], key)
            for i, probabilities in zip(fitting, found, strict=True):
                likely[i].append(probabilities)
    return [-np.log(np.maximum(np.mean(found, axis=0), 1e-30)) for found in likely]


def fits(piece, semitones: int) -> bool:
    """Whether all notes of the piece have a class when they are moved."""
    sounding = piece.classes[piece.classes > 0]
    return sounding.min() + semitones >= 1 and sounding.max() + semitones < chapter.CLASSES


def report_sixteenths(networks: dict, pieces, prepared) -> dict:
    """Prints the table, and returns its figures."""
    print("\nSixteenth grid, four voices, nats a note; order soprano, bass, alto, tenor")
    sets = {name: [network] for name, network in networks.items()} | {"": [*networks.values()]}
    figures = {}
    for split in ("valid", "test"):
        for which, some in sets.items():
            for keys in ((0,), KEYS):
                losses = losses_in_keys(some, prepared[split], keys)
                name = f"{split}, {len(keys)} key{'s' if len(keys) > 1 else ''}"
                name += f", {which} alone" if which else ""
                nats = figures[name] = chapter.nats_per_note(losses)
                print(f"  this model, {name:28} {nats:6.3f}   ({4 * nats:.3f} a frame)")
    struck = [piece.classes != piece.seen[:, chapter.BEFORE] for piece in prepared["test"]]
    figures["test, notes that begin"] = float(
        np.concatenate([loss[new] for loss, new in zip(losses, struck, strict=True)]).mean()
    )
    clean = tunes_not_in(pieces["test"], pieces["train"])
    figures["test, unknown tunes"] = chapter.nats_per_note([losses[i] for i in clean])
    print(f"  held notes left out       {figures['test, notes that begin']:6.3f}")
    print(
        f"  tunes not in training     {figures['test, unknown tunes']:6.3f}   "
        f"({len(clean)} of {len(losses)} chorales)"
    )
    for name, nats, how in PUBLISHED:
        print(f"  {name:25} {nats:6.3f}   ({how})")
    return figures


def report_quarters(network, parts) -> dict:
    """Prints the table of the quarter-note grid, and returns its figures."""
    print("\nQuarter notes, sets of pitches, nats a frame; each set as a list from high to low")
    figures = {}
    for split in ("valid", "test"):
        figures[split] = quarters.evaluate(network, parts[split])
        print(f"  this model, {split:13} {figures[split]:6.3f}")
    for name, nats, how in PUBLISHED_QUARTERS:
        print(f"  {name:25} {nats:6.2f}    ({how})")
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--train", action="store_true", help="train anew")
    arguments = parser.parse_args()
    folder = os.environ.get("JSB_DIR")
    if not folder:
        print(f"Skipped: let JSB_DIR name the folder that holds {SIXTEENTHS} and {QUARTERS}.")
        return 0
    folder = settings.ROOT / folder
    pieces, prepared = sixteenths(folder)
    rolls = quarter_rolls(folder / QUARTERS)
    parts = {split: quarters.prepare(some) for split, some in rolls.items()}
    kept = settings.checkpoint_folder(NAME)
    if arguments.train:
        shutil.rmtree(settings.runs_folder(NAME), ignore_errors=True)
    if kept.is_dir() and not arguments.train:
        checkpoint = checkpoints.load_checkpoint(NAME)
        networks = {name: checkpoint.network(name) for name in SIGHTS}
        report_sixteenths(networks, pieces, prepared)
        report_quarters(checkpoint.network("quarters"), parts)
        return 0
    trainings = {name: train_sixteenths(prepared, name) for name in SIGHTS}
    trainings["quarters"] = quarters.train_quarters(f"{NAME}/quarters", parts["train"])
    networks = {name: trainings[name].networks["best"] for name in SIGHTS}
    figures = {
        "sixteenths, nats a note": report_sixteenths(networks, pieces, prepared),
        "quarters, nats a frame": report_quarters(trainings["quarters"].networks["network"], parts),
    }
    networks["quarters"] = trainings["quarters"].networks["network"]
    for network in networks.values():  # half the digits are enough, and half the size
        checkpoints.unpack_weights(network, checkpoints.pack_weights(network))
    card = {
        "title": "The chorale model of notebook 07 on the canonical JSB split",
        "data": {name: sha256(folder / name) for name in (SIXTEENTHS, QUARTERS)},
        "settings": {name: training.settings for name, training in trainings.items()},
        "wall_seconds": {name: round(t.wall_seconds) for name, t in trainings.items()},
        "cpu_seconds": {name: round(t.cpu_seconds) for name, t in trainings.items()},
        "test": figures,
    }
    histories = {name: training.history for name, training in trainings.items()}
    checkpoints.write_checkpoint(kept, networks, histories, {}, card)
    return 0


if __name__ == "__main__":
    sys.exit(main())
