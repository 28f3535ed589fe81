"""What the tests of chapters and of the trained systems need: networks whose words depend on all
that they have read, and trainings that are stopped."""

import itertools
import signal

import numpy as np


def lively(network, seed=0, size=1.0, biases=False):
    """Weights drawn at random, and large, so that what the network says depends on all that it
    gets; vectors, such as biases, stay as they are without ``biases``."""
    rng = np.random.default_rng(seed)
    weights = network.get_weights()
    drawn = [rng.normal(0, size, w.shape) if biases or w.ndim > 1 else w for w in weights]
    network.set_weights(drawn)
    return network


def outcome(training):
    """Everything a training leaves, as plain values."""
    variables = {name: v.numpy().tolist() for name, v in training._variables().items()}
    samples = {name: np.array(kept).tolist() for name, kept in training.samples.items()}
    return training.iteration, training.history, samples, variables


def interrupted(step, call):
    """The step, in whose given call the ■ button is pressed."""
    counter = itertools.count(1)

    def pressed(*arguments):
        if next(counter) == call:
            signal.raise_signal(signal.SIGINT)
        return step(*arguments)

    return pressed
