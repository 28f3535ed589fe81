"""An orderless network with blocked Gibbs sampling beside the harmoniser of notebook 07, which
chooses in order.

    python benchmarks/chorale_gibbs.py [--write]

The network sees the whole melody and, before and after, all notes of the lower voices but those
that are hidden (Coconet: Huang et al. 2017). It trains as many CPU seconds as the harmoniser did.
Then all is hidden, and drawn; again and again a part of the cells is hidden and drawn anew, less
each time (annealed block Gibbs: Yao et al. 2014). One training, three draws; on the melodies and
with the rows of chorale_ways.py, to whose table --write adds it.
"""

from __future__ import annotations

import argparse
import sys
import time

import chorale_ways as ways
import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from helpers import course, data, training
from helpers.chapters import four_voices as chapter

HIDDEN = chapter.CLASSES  # the class of a cell that is not seen
SWEEPS = 100
BATCH, LENGTH = 32, 128


def build_network(units: int = 192, depth: int = 8, dropout: float = 0.2) -> keras.Model:
    """Cells ``(steps, 4)``, what the melody tells and the places in; the logits of the three lower
    voices ``(steps, 3, CLASSES)`` out, by dilated convolutions over time."""
    cells = keras.Input((None, 4), dtype="int32")
    melody = keras.Input((None, chapter.TOLD), dtype="int32")
    place = keras.Input((None,), dtype="int32")
    tables = [(chapter.CLASSES, 32), (2, 4), (32, 12), (2, 4), (2, 4), (2, 4), (24, 16), (24, 16)]
    parts = chapter.embed(cells, [(chapter.CLASSES + 1, 40)] * 4) + chapter.embed(melody, tables)
    for i in range(4):
        known = ops.where(cells[..., i] < HIDDEN, cells[..., i], 0)
        parts.append(layers.Embedding(25, 24)(chapter.degree(known, melody)))
    parts.append(layers.Embedding(chapter.BAR, 16)(place))
    x = layers.Dense(units)(layers.Dropout(dropout)(ops.concatenate(parts, axis=-1)))
    for block in range(depth):
        y = layers.LayerNormalization()(x)
        reach = 2 ** (block % 6)
        y = layers.Conv1D(units, 3, padding="same", dilation_rate=reach, activation="gelu")(y)
        x = x + layers.Dropout(dropout)(layers.Dense(units)(y))
    x = layers.Dense(256, activation="gelu")(layers.LayerNormalization()(x))
    logits = [layers.Dense(chapter.CLASSES)(x) for _ in range(3)]
    return keras.Model([cells, melody, place], ops.stack(logits, axis=2))


def train(prepared, seed: int, seconds: float) -> keras.Model:
    """A network trained for so many CPU seconds; its average is returned."""
    keras.utils.set_random_seed(seed)
    network, average = build_network(), build_network()
    average.set_weights(network.get_weights())
    weights = network.trainable_variables
    optimizer = keras.optimizers.AdamW(2e-3, weight_decay=0.1, beta_2=0.99, global_clipnorm=1.0)
    optimizer.build(weights)

    @tf.function
    def step(cells, melody, place, targets, hidden, rate, momentum):
        optimizer.learning_rate.assign(rate)
        with tf.GradientTape() as tape:
            logits = network([cells, melody, place], training=True)
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits) * hidden
            loss = tf.reduce_mean(
                tf.reduce_sum(losses, [1, 2]) / tf.maximum(tf.reduce_sum(hidden, [1, 2]), 1.0)
            )
        optimizer.apply(tape.gradient(loss, weights), weights)
        for mean, weight in zip(average.trainable_variables, weights, strict=True):
            mean.assign(momentum * mean + (1 - momentum) * weight)

    began, iteration, done = time.process_time(), 0, 0.0
    while done < 1:
        seen, classes, melody, mask = chapter.chorale_batch(
            prepared, BATCH, LENGTH, seed, iteration
        )
        rng = np.random.default_rng((seed, iteration, 1))
        hide = rng.random((BATCH, LENGTH, 3)) < rng.random((BATCH, 1, 1))
        cells = np.where(np.insert(hide, 0, False, axis=2), HIDDEN, classes)
        hidden = (hide * mask[..., None]).astype(np.float32)
        rate = np.float32(1e-3 * (1 + np.cos(np.pi * done)))
        momentum = np.float32(min(0.995, iteration / (10 + iteration)))
        place = seen[..., chapter.PLACE]
        step(cells, melody, place, classes[..., 1:], hidden, tf.constant(rate), momentum)
        iteration, done = iteration + 1, (time.process_time() - began) / seconds
    print(f"seed {seed}: {iteration} iterations", flush=True)
    return average


def harmonise(network, pieces, ranges, seed: int) -> list[np.ndarray]:
    """Lower voices below the first voices of the pieces, by annealed block Gibbs sampling."""
    rng = np.random.default_rng(seed)
    told = [chapter.read_melody(piece) for piece in pieces]
    places = [np.minimum(chapter.places_in_bars(piece), chapter.BAR - 1) for piece in pieces]
    melody, places = (keras.utils.pad_sequences(some, padding="post") for some in (told, places))
    cells = np.full((*places.shape, 4), HIDDEN, np.int32)
    cells[..., 0] = melody[..., chapter.NOTE]
    allowed = chapter.allowed_in(ranges).numpy()[1:]
    count, steps = places.shape
    predict = tf.function(lambda *heard: network(list(heard), training=False))
    for sweep in range(SWEEPS):
        share = max(0.05, 0.9 * (1 - sweep / (0.8 * SWEEPS))) if sweep else 1.0
        hide = rng.random((count, steps, 3)) < share
        seen = np.where(np.insert(hide, 0, False, axis=2), HIDDEN, cells)
        logits = predict(*map(tf.constant, (seen, melody, places))).numpy()
        noisy = np.where(allowed, logits, -np.inf) + rng.gumbel(size=logits.shape)
        cells[..., 1:] = np.where(hide, noisy.argmax(axis=-1), cells[..., 1:])
    return [
        chapter.to_pitches(voices[: len(piece.voices)])
        for voices, piece in zip(cells, pieces, strict=True)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help="give the card the figures")
    write = parser.parse_args().write
    seconds = training.load_checkpoint(ways.CHAPTER).card["cpu_seconds"]["harmoniser"]
    pieces = {split: data.load_chorales(split) for split in course.SPLITS}
    ranges = data.voice_ranges(pieces["train"])
    prepared = chapter.prepare(pieces["train"], *ranges)
    melodies = ways.melodies()
    network = train(prepared, ways.SEEDS[0], seconds)
    draws = [
        ways.measure(melodies, harmonise(network, melodies, ranges, seed)) for seed in ways.SEEDS
    ]
    row = ways.summary(draws)
    ways.say("orderless, Gibbs", row)
    if write:
        ways.keep({"orderless, Gibbs": row})
    return 0


if __name__ == "__main__":
    sys.exit(main())
