"""Kills trainings of the chapters at random moments; they must go on without gap or repeat.

    python tests/chapters/kill.py [CHAPTER ...] --kills 5

Each chapter's own functions train on a little data, saving after every iteration. A process that
trains is killed (SIGKILL) so many times; the last one ends by itself. Its history, samples and
weights must be those of a training that nobody killed.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
ITERATIONS = 24


def train_02(folder):
    from helpers import data, music
    from helpers.chapters import next_note_rnn as rnn

    tunes = data.load_tunes("valid")[:18]
    vocabulary = music.Vocabulary(map(rnn.tune_words, tunes), special=[rnn.START, rnn.END])
    train = [rnn.look_back(rnn.tune_sequence(tune, vocabulary)) for tune in tunes]
    settings = {"epochs": 4, "batch_size": 3, "seed": 1, "learning_rate": 1e-2}
    rnn.train_network(
        folder, lambda: rnn.build_looking_rnn(len(vocabulary), 8), settings, train, train[:3]
    )


def train_03(folder):
    import numpy as np

    from helpers.chapters import critic_and_composer as cc

    def make_arrays(epoch):
        rng = np.random.default_rng(epoch)
        return rng.integers(1, 383, (40, cc.SEGMENT)), rng.integers(0, 2, 40).astype(np.float32)

    settings = {"epochs": 4, "batches": 6, "batch_size": 4, "seed": 1, "learning_rate": 1e-2}
    judge = lambda critic: cc.judge_figures(critic, *make_arrays(99))  # noqa: E731
    cc.train_network(
        folder, cc.build_bag, make_arrays, cc.critic_step, judge, settings, "03", "random"
    )


def train_04(folder):
    from helpers import data, training
    from helpers.chapters import accompaniment_gan as gan

    pieces = data.load_chorales("valid", time_signature="4/4")[:4]
    windows, ranges = gan.make_windows(pieces), data.voice_ranges(pieces)
    room = data.transposition_room(windows.voices, *ranges)
    few = gan.Windows(*(array[:6] for array in windows))
    settings = {"batch_size": 4, "critic_steps": 2, "seed": 1, "iterations": ITERATIONS}
    settings |= {"rules": 1.0, "cadences": 6.0, "rules_from": 0.4}
    training.train(
        gan.build_training(folder, settings, windows, ranges),
        lambda run: gan.make_step(run, windows, room),
        ITERATIONS,
        look_back=lambda run: gan.look_back(run, few, few),
        look_at=range(0, ITERATIONS, 7),
        average=("generator", 0.995),
        choose="distance to Bach",
    )


def train_05(folder):
    import numpy as np

    from helpers.chapters import drum_gan as gan

    rng = np.random.default_rng(1)
    drums = np.zeros((30, 8, 9, 3), np.float32)
    drums[..., 0] = rng.random(drums.shape[:3]) < 0.3
    drums[..., 1] = drums[..., 0] * 0.7
    styles = np.eye(len(gan.STYLES), dtype=np.float32)[np.arange(30) % 3]
    windows = gan.Windows(drums, styles, np.arange(30) % 3)
    small = {"length": 8, "loops": [4], "latent": 4, "generator_width": 8, "batch_size": 8}
    settings = gan.RECIPE | small | {"discriminator_width": 8, "epochs": 4, "batches": 6}
    look_back = gan.look_at_grid(windows, windows)
    gan.train_gan(folder, settings, gan.grid_examples(windows), look_back, "05")


def train_06(folder):
    from helpers import data
    from helpers.chapters import gan_with_rl as rl

    pieces = data.load_chorales("valid", time_signature="4/4")[:3]
    windows = rl.make_windows(pieces)[:6]
    songs = windows, rl.transposition_room(windows, pieces)
    settings = {"batch_size": 2, "seed": 1, "iterations": 10, "rate": 1e-3, "every": 4}
    rl.pretrain_generator(folder, songs, rl.look_at_music(windows[:2], windows[:1]), settings, "06")


def train_07(folder):
    from functools import partial

    from helpers import data
    from helpers.chapters import four_voices as chapter

    chapter.build_chorale_network = partial(chapter.build_chorale_network, "gru", 1, 8)
    pieces = data.load_chorales("valid")[:4]
    prepared = chapter.prepare(pieces, *data.voice_ranges(pieces))
    settings = {"iterations": ITERATIONS, "batch_size": 2, "seed": 1, "every": 7}
    run = chapter.build_chorale_training(folder, settings, prepared)
    chapter.train_chorales(run, prepared, prepared[:1], "07")


CHAPTERS = {
    "02": train_02,
    "03": train_03,
    "04": train_04,
    "05": train_05,
    "06": train_06,
    "07": train_07,
}


def train(chapter: str, folder: Path) -> None:
    """In a process of its own: trains, saves after every iteration, and prints it."""
    from helpers.course import set_seed
    from helpers.training import Training

    def save_and_tell(run, seconds=0):
        run.save()
        print(run.iteration, flush=True)

    Training.save_if_due = save_and_tell
    os.environ["RUNS_DIR"] = str(folder.parent)
    with redirect_stdout(sys.stderr):  # what it says is no iteration
        set_seed(1)
    CHAPTERS[chapter](folder.name)


def start(chapter: str, folder: Path):
    command = [sys.executable, __file__, chapter, "--train", str(folder)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )


def left_behind(folder: Path) -> dict:
    """All that a training leaves, but for the time that it took."""
    import json

    import numpy as np

    with np.load(folder / "training.npz") as file:
        found = dict(file)
    state = json.loads(found.pop("state").tobytes())
    return found | {name: value for name, value in state.items() if "seconds" not in name}


def same(one: dict, other: dict) -> bool:
    import numpy as np

    def alike(a, b):
        if not isinstance(a, np.ndarray):
            return a == b
        return np.allclose(a, b, rtol=1e-3, atol=1e-4)

    return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)


def kill_often(chapter: str, kills: int, folder: Path) -> list[int]:
    """The iterations after which the training was killed. Raises AssertionError where it did not go
    on as if nobody had."""
    whole = start(chapter, folder / "whole")
    total = [int(line) for line in whole.stdout][-1]
    assert whole.wait() == 0
    moments, killed = random.Random(chapter), []
    for kill in range(kills):
        process, done = start(chapter, folder / "parts"), killed[-1] if killed else 0
        left = moments.randint(1, max(1, (total - done - 1) // (kills - kill)))
        printed = [int(process.stdout.readline()) for _ in range(left)]
        process.kill()
        printed += [int(line) for line in process.stdout if line.endswith("\n")]
        process.wait()
        # One more may have been saved than the killed process had the time to print.
        assert printed[0] in (done + 1, done + 2), (done, printed)
        assert printed == list(range(printed[0], printed[-1] + 1)), printed
        killed.append(printed[-1])
    last = start(chapter, folder / "parts")
    for _ in last.stdout:
        pass
    assert last.wait() == 0
    one, other = (left_behind(folder / name) for name in ("parts", "whole"))
    steps = one["history"]["step"]
    assert steps == list(range(1, total + 1)), steps
    assert len(set(one["history"]["iteration"])) == len(one["history"]["iteration"])
    assert same(one, other), "not as if it had never been killed"
    return killed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("chapters", nargs="*", default=list(CHAPTERS))
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--train", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.train:
        train(options.chapters[0], Path(options.train))
        return 0
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    for chapter in options.chapters:
        with tempfile.TemporaryDirectory() as folder:
            killed = kill_often(chapter, options.kills, Path(folder))
        print(f"chapter {chapter}: killed after iterations {killed}, went on without gap or repeat")
    return 0


if __name__ == "__main__":
    sys.exit(main())
