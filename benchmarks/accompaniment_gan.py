"""The kit's accompaniment GAN beside the configuration of the lab that it follows.

Both train on the same chorales in one run, in alternating slices of CPU time, and accompany the
same held-out melodies: `make bench`, or `python benchmarks/accompaniment_gan.py --minutes 1 5 15`.
The kit trains a third of the original's time at most: later it cannot win by much.

The original's configuration, written afresh from its published figures: rolls of 128 pitches, a
U-shaped generator with 64 to 512 filters and tanh, a critic of four convolutions, Adam 1e-3,
five critic steps to one generator step, batches of 64. A voice of it is its highest activation
where that is above zero, else a rest.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import keras  # noqa: E402
import numpy as np
import tensorflow as tf
from keras import layers

from helpers import data, metrics
from helpers.chapters import accompaniment_gan as kit
from helpers.course import device
from helpers.music.grid import REST
from helpers.training import checkpoints
from helpers.training.loop import running_average
from tools.train_seeds import add_to_card, spread

CHAPTER = "04_accompaniment_gan"
SLICE = 30  # CPU seconds that a system trains before it is the other's turn
LATENT = (2, 8, 512)
SHOWN = "interval distance", "chord share", "consonance", "rests"
GOOD = (0.12, 0.65)  # interval distance and chord share that the course asks of its main lab


def build_original_generator() -> keras.Model:
    melody, noise = keras.Input((32, 128, 1)), keras.Input(LATENT)
    x, across = melody, []
    for filters in (64, 128, 256, 512):
        x = layers.Conv2D(filters, 4, strides=2, padding="same")(x)
        if across:
            x = layers.BatchNormalization()(x)
        x = layers.LeakyReLU(0.2)(x)
        across.append(x)
    x = layers.Concatenate()([x, noise])
    for filters, skip in zip((256, 128, 64), across[-2::-1], strict=True):
        x = layers.Conv2DTranspose(filters, 4, strides=2, padding="same")(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, skip])
    tracks = layers.Conv2DTranspose(4, 4, strides=2, padding="same", activation="tanh")(x)
    return keras.Model([melody, noise], tracks)


def build_original_critic() -> keras.Model:
    tracks, melody = keras.Input((32, 128, 4)), keras.Input((32, 128, 1))
    x = layers.Concatenate()([tracks, melody])
    for filters in (64, 128, 256, 512):
        x = layers.LeakyReLU(0.2)(layers.Conv2D(filters, 4, strides=2, padding="same")(x))
    return keras.Model([tracks, melody], layers.Dense(1)(layers.Flatten()(x)))


class Original:
    """The lab's configuration on 128 pitches, silence -1 and sound 1."""

    name = "original"
    critic_steps = 5

    def __init__(self, windows, room, seed):
        self.seed = seed
        self.generator, self.critic = build_original_generator(), build_original_critic()
        self.optimizers = [keras.optimizers.Adam(1e-3, 0.5, 0.9) for _ in range(2)]
        self.batches = iter(data.make_batches(windows.voices, room, 64, seed=seed))
        self.iterations = 0
        for optimizer, network in zip(self.optimizers, (self.generator, self.critic), strict=True):
            optimizer.build(network.trainable_variables)
        self.critic_step, self.generator_step = map(
            tf.function, (self._critic_step, self._generator_step)
        )

    @staticmethod
    def rolls(voices):
        """``(batch, 32, 128, voices)``: 1 where a pitch sounds, else -1."""
        return 2 * tf.one_hot(tf.cast(voices, tf.int32), 128, axis=2) - 1

    def _critic_step(self, voices):
        real = self.rolls(voices)
        melody = real[..., :1]
        generated = self.generator([melody, tf.random.normal((len(real), *LATENT))], training=True)
        share = tf.random.uniform((len(real), 1, 1, 1))
        between = share * real + (1 - share) * generated
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(between)
                scores = self.critic([between, melody])
            slopes = inner.gradient(scores, between)
            lengths = tf.sqrt(tf.reduce_sum(slopes**2, axis=[1, 2, 3]) + 1e-12)
            loss = kit.critic_loss(
                self.critic([real, melody]), self.critic([generated, melody])
            ) + 10 * tf.reduce_mean((lengths - 1) ** 2)
        weights = self.critic.trainable_variables
        self.optimizers[1].apply(tape.gradient(loss, weights), weights)

    def _generator_step(self, voices):
        melody = self.rolls(voices)[..., :1]
        noise = tf.random.normal((len(melody), *LATENT))
        with tf.GradientTape() as tape:
            generated = self.generator([melody, noise], training=True)
            loss = kit.generator_loss(self.critic([generated, melody]))
        weights = self.generator.trainable_variables
        self.optimizers[0].apply(tape.gradient(loss, weights), weights)

    def iterate(self):
        for _ in range(self.critic_steps):
            self.critic_step(next(self.batches))
        self.generator_step(next(self.batches))
        self.iterations += 1

    def accompany(self, windows):
        melodies = windows.voices[:, :, 0]
        rolls = self.rolls(melodies[:, :, None])
        noise = tf.random.stateless_normal((len(melodies), *LATENT), (self.seed, 0))
        tracks = self.generator.predict([rolls, noise], batch_size=64, verbose=0)
        highest = tracks.argmax(axis=2)
        voices = np.where(tracks.max(axis=2) > 0, highest, REST).astype(np.int16)
        voices[:, :, 0] = melodies
        return voices


class Kit:
    """Notebook 04, its own functions, with the settings of the published training."""

    name = "kit"

    def __init__(self, windows, room, ranges, seed):
        settings = checkpoints.load_checkpoint(CHAPTER).card["settings"] | {"seed": seed}
        self.seed, self.folder = seed, tempfile.TemporaryDirectory()
        os.environ["RUNS_DIR"] = self.folder.name
        self.run = kit.build_training("benchmark", settings, windows, ranges)
        self.step = kit.make_step(self.run, windows, room)
        self.follow = running_average(self.run, ("generator", 0.995))

    @property
    def iterations(self):
        return self.run.iteration

    def iterate(self):
        self.step(self.run.iteration)
        self.run.iteration += 1
        self.follow(self.run.iteration)

    def accompany(self, windows):
        noise = kit.draw_noise(len(windows.voices), (self.seed, 0))
        return kit.accompany_windows(self.run.networks["average"], windows, noise)


def train_until(system, cpu_seconds: float, spent: float) -> float:
    """Trains until the system has spent so much CPU time; returns what it has spent."""
    began = time.process_time()
    while spent + time.process_time() - began < cpu_seconds:
        system.iterate()
    return spent + time.process_time() - began


def reached(curve, distance: float, chords: float):
    """The first CPU time at which a curve is at least as good in both, or None."""
    for seconds, figures in curve:
        if figures["interval distance"] <= distance and figures["chord share"] >= chords:
            return seconds
    return None


def training_music() -> tuple:
    """The training chorales' windows, how far each may move, and the ranges of the voices."""
    pieces = data.load_chorales("train", time_signature="4/4")
    windows, ranges = kit.make_windows(pieces), data.voice_ranges(pieces)
    return windows, data.transposition_room(windows.voices, *ranges), ranges


def race(seed: int, marks: list[float], music: tuple, test) -> tuple[dict, dict]:
    """Trains both on ``training_music``. Prints and returns the figures on the windows ``test`` at
    the marks, in CPU seconds; and what ``compare`` says of the original's last figures."""
    windows, room, ranges = music
    device.set_seed(seed)
    systems = [Original(windows, room, seed), Kit(windows, room, ranges, seed)]
    for system in systems:  # tracing is not training
        system.iterate()

    print(
        f"\nseed {seed}\n{'CPU min':>8} {'system':>9} {'iterations':>10} {'interval TV':>12} "
        f"{'chords':>7} {'consonance':>11} {'rests':>6}"
    )
    spent, at_marks = {system.name: 0.0 for system in systems}, {}
    curves = {system.name: [] for system in systems}
    stops = sorted({*np.arange(SLICE, marks[-1], SLICE), *marks})
    for stop in stops:
        for system in systems[: 2 if stop <= marks[-1] / 3 else 1]:
            spent[system.name] = train_until(system, stop, spent[system.name])
            figures = metrics.figures_beside(system.accompany(test), test.voices)
            curves[system.name].append((spent[system.name], figures))
            if stop in marks:
                row = {"iterations": system.iterations} | {name: figures[name] for name in SHOWN}
                at_marks[f"{system.name}, {stop / 60:g} min"] = row
                distance, chords, consonance, rests = (row[name] for name in SHOWN)
                print(
                    f"{spent[system.name] / 60:8.1f} {system.name:>9} {system.iterations:10d} "
                    f"{distance:12.3f} {chords:7.3f} {consonance:11.3f} {rests:6.3f}",
                    flush=True,
                )

    last = curves["original"][-1][1]
    compare("a good accompaniment", *GOOD, curves)
    goal = last["interval distance"], last["chord share"]
    return at_marks, compare("the original's last figures", *goal, curves)


def compare(goal: str, distance: float, chords: float, curves: dict) -> dict:
    """Prints and returns the goal, the CPU minutes that each system needed for it, and their ratio.
    Of an original that never got there all its time counts, which makes the ratio a least one; the
    kit then has no minutes and no ratio."""
    found = {"interval distance": distance, "chord share": chords}
    if np.isnan(distance):
        print(f"\nThere is no figure for {goal}: all its voices rest.")
        return found
    print(f"\nCPU time to {goal} (interval TV {distance:.3f}, chords {chords:.3f})")
    for name, curve in curves.items():
        seconds = reached(curve, distance, chords)
        print(f"  {name}: {'' if seconds else 'over '}{(seconds or curve[-1][0]) / 60:.1f} min")
        if seconds or name == "original":
            found[name] = (seconds or curve[-1][0]) / 60
    if "kit" in found:
        found["ratio"] = found["original"] / found["kit"]
        print(f"  ratio: {found['ratio']:.1f}")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument(
        "--minutes",
        type=float,
        nargs="+",
        default=[1, 5, 15],
        help="CPU minutes after which the figures are printed",
    )
    parser.add_argument("--publish", action="store_true", help="puts what was found on the card")
    arguments = parser.parse_args()
    marks = sorted(60 * minutes for minutes in arguments.minutes)
    music, test = training_music(), kit.make_windows(data.load_chorales("test", "4/4"))
    at_marks, last = zip(*(race(seed, marks, music, test) for seed in arguments.seeds), strict=True)
    print("\nratios:", ", ".join(f"{one.get('ratio', float('nan')):.1f}" for one in last))
    if arguments.publish:
        add_to_card(CHAPTER, race=spread(list(at_marks)))


if __name__ == "__main__":
    main()
