"""A tiny training that saves after every iteration, for test_state.py to kill.

    python train_forever.py FOLDER

It prints the iteration it goes on from, then each iteration once it is saved, without end.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
import keras
import numpy as np
import tensorflow as tf

from helpers.training.state import Training

SEED = 7


def make_training(folder, units=8, settings=None) -> Training:
    """New networks and optimizers: a student, and a slow average of it."""
    keras.utils.set_random_seed(SEED)
    layers = keras.layers
    student = keras.Sequential(
        [keras.Input((4,)), layers.Dense(units, "tanh"), layers.Dropout(0.1), layers.Dense(1)]
    )
    average = keras.models.clone_model(student)
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.01, 1000))
    optimizer.build(student.trainable_variables)
    networks = {"student": student, "average": average}
    settings = settings or {"seed": SEED, "units": units, "iterations": 10}
    return Training("forever", networks, {"student": optimizer}, settings, folder=folder)


def make_step(training: Training):
    """One update; it learns to add up four numbers, drawn afresh for each iteration."""
    student, average = training.networks["student"], training.networks["average"]
    optimizer = training.optimizers["student"]

    @tf.function
    def step(iteration):
        numbers = tf.random.stateless_normal((16, 4), tf.stack([SEED, iteration]))
        with tf.GradientTape() as tape:
            error = student(numbers, training=True)[:, 0] - tf.reduce_sum(numbers, axis=1)
            loss = tf.reduce_mean(error**2)
        gradients = tape.gradient(loss, student.trainable_variables)
        optimizer.apply_gradients(zip(gradients, student.trainable_variables, strict=True))
        for slow, fast in zip(average.weights, student.weights, strict=True):
            slow.assign(0.9 * slow + 0.1 * fast)
        return loss

    return step


def train_once(training: Training, step) -> None:
    loss = step(tf.constant(training.iteration))
    training.history.setdefault("iteration", []).append(training.iteration)
    training.history.setdefault("loss", []).append(float(loss))
    if training.iteration % 3 == 0:
        made = np.full((2 + training.iteration, 2), training.iteration, np.int16)
        training.samples.setdefault("made", []).append(made)
    training.iteration += 1


if __name__ == "__main__":
    training = make_training(Path(sys.argv[1]), units=20_000)
    print(training.resume(), flush=True)
    step = make_step(training)
    while True:
        train_once(training, step)
        training.save()
        print(training.iteration, flush=True)
