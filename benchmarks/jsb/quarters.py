"""The JSB chorales on the quarter-note grid: exact nats per frame of a recurrent network.

A frame is a set of at most four pitches. It is written high to low, one pitch or the end at each
of four positions; after four pitches the end is certain. Whatever comes lower is still allowed, all
else is masked, so the probabilities of all sets of a frame sum to one.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from helpers.chapters.next_note_rnn import CELLS, empty_state, recurrent_stack
from helpers.training import Training, train

LOWEST, HIGHEST = 38, 101
PITCHES = HIGHEST - LOWEST + 1
CLASSES = PITCHES + 1  # 0 is the end of a frame, and what is written after it
NOTHING = CLASSES  # no frame yet, or no hint
MOST = 4  # pitches in a frame
LONGEST = 32  # frames; a longer agreement counts as this long
LENGTHS = 7  # kinds of agreement: 0, 1, 2, 3-4, 5-8, 9-16, 17-32 frames
LAST, EARLIER, PLACE, SEEN = slice(0, 4), slice(4, 8), 24, 25  # columns of what the network sees
# Two hints, by the longest agreement of whole frames and of their top notes:
HINTS, RUNS = (slice(8, 12), slice(16, 20)), (slice(12, 16), slice(20, 24))
SETTINGS = {
    "iterations": 450, "batch_size": 32, "frames": 64, "learning_rate": 3e-3,
    "weight_decay": 0.05, "average": 0.99, "seed": 1,
    "network": {"units": 160, "depth": 2, "cell": "gru", "dropout": 0.4},
}  # fmt: skip


def to_notes(roll):
    """A roll ``(frames, 128)`` as classes ``(frames, 4)``, high to low, ends after the pitches."""
    notes = np.zeros((len(roll), MOST), np.int32)
    for t, frame in enumerate(roll):
        pitches = np.flatnonzero(frame)[::-1]
        if len(pitches) > MOST or any(p < LOWEST or p > HIGHEST for p in pitches):
            raise ValueError(f"Frame {t} has more than {MOST} pitches or one out of range.")
        notes[t, : len(pitches)] = pitches - LOWEST + 1
    return notes


def positions_used(notes):
    """Whether each position ``(..., 4)`` is asked for: those up to and with the frame's end."""
    used = np.ones(notes.shape, bool)
    used[..., 1:] = np.cumprod(notes[..., :-1] > 0, axis=-1)
    return used


def agreements(same):
    """For ``same (frames, frames)``, how long the frames before p and before t agree, at [t, p]."""
    runs = np.zeros(same.shape, int)
    for t in range(1, len(same)):
        longer = np.minimum(runs[t - 1, : t - 1] + 1, LONGEST)
        runs[t, 1:t] = np.where(same[t - 1, : t - 1], longer, 0)
    return runs


def look_back(notes):
    """What the network may see ``(frames, 25)`` of ``notes (frames, 4)`` for each next pitch.

    A hint is what followed at the earlier place that begins like this frame, as far as it is
    listed, and whose past agrees longest with the present past; of equals it is the latest.
    """
    seen = np.full((len(notes), SEEN), NOTHING, np.int32)
    seen[1:, LAST], seen[2:, EARLIER] = notes[:-1], notes[:-2]
    seen[:, PLACE] = np.arange(len(notes)) % 16
    equal = notes[:, None] == notes[None]
    frames, tops = agreements(equal.all(axis=-1)), agreements(equal[..., 0])
    used = positions_used(notes)
    for hint, length, first, second in zip(
        HINTS, RUNS, (frames, tops), (tops, frames), strict=True
    ):
        seen[:, length] = 0
        for t, k in np.argwhere(used):
            score = (LONGEST + 1) * first[t, :t] + second[t, :t]
            score = np.where((notes[:t, :k] == notes[t, :k]).all(axis=-1), score, -1)
            if t == 0 or score.max() < 0:
                continue
            place = t - 1 - score[::-1].argmax()
            run = first[t, place]
            if k > 0 or run > 0:  # before anything is listed, no agreement is no hint
                seen[t, hint][k] = notes[place, k]
                seen[t, length][k] = np.ceil(np.log2(run + 1))
    return seen


def build_network(units, depth, cell, dropout):
    """``seen (batch, frames, 25)``, ``notes (batch, frames, 4)`` and a state to the logits
    ``(batch, frames, 4, 65)`` of each position's class, given the notes before it, and a state."""
    seen = keras.Input((None, SEEN), dtype="int32", name="seen")
    notes = keras.Input((None, MOST), dtype="int32", name="notes")
    state = keras.Input((depth, CELLS[cell][1], units), name="state")

    parts = [layers.Embedding(CLASSES + 1, 32)(seen[..., i]) for i in range(4)]
    parts += [layers.Embedding(CLASSES + 1, 16)(seen[..., i]) for i in range(4, 8)]
    for hint, length in zip(HINTS, RUNS, strict=True):  # known before the frame: the first
        parts.append(layers.Embedding(CLASSES + 1, 16)(seen[..., hint.start]))
        parts.append(layers.Embedding(LENGTHS, 8)(seen[..., length.start]))
    parts.append(layers.Embedding(16, 16)(seen[..., PLACE]))
    x = layers.Dropout(dropout)(layers.Concatenate()(parts))
    memory, end = recurrent_stack(x, state, cell, dropout)

    # The head: one_hot gives zeros for a class that it does not have.
    chosen = ops.one_hot(notes - 1, PITCHES)
    listed = ops.cumsum(chosen, axis=2) - chosen
    latest = ops.pad(notes[..., :-1], [[0, 0], [0, 0], [1, 0]])
    own = ops.one_hot(seen[..., LAST], CLASSES)  # that position in the last frame
    hints = [ops.one_hot(seen[..., hint], CLASSES) for hint in HINTS]
    lengths = [ops.one_hot(seen[..., length], LENGTHS) for length in RUNS]
    count = ops.one_hot(ops.cast(ops.sum(listed, axis=3), "int32"), MOST)
    here = [listed, ops.one_hot(latest - 1, PITCHES), own, *hints, *lengths, count]
    here = layers.Dropout(dropout / 2)(layers.Concatenate()(here))
    before = ops.sum(own, axis=2, keepdims=True)
    heard = layers.Dense(256)(layers.Concatenate()([memory, before[:, :, 0]]))
    h = layers.Activation("gelu")(ops.expand_dims(heard, 2) + layers.Dense(256)(here))
    h = layers.Dropout(dropout)(h)
    logits = layers.Dense(CLASSES)(h)
    weights = layers.Dense(2 + len(hints))(h)
    for i, classes in enumerate((own, before, *hints)):  # to stay, or to do as at a known place
        logits = logits + weights[..., i : i + 1] * classes
    too_high = ops.pad(ops.cumsum(listed, axis=3), [[0, 0], [0, 0], [0, 0], [1, 0]]) > 0
    logits = ops.where(too_high, -1e9, logits)
    return keras.Model([seen, notes, state], [logits, end], name="quarter_network")


def nats(network, seen, notes, used, training=False):
    """-log p ``(batch, frames)`` of the frames' sets, each given all before it."""
    seen, notes = tf.convert_to_tensor(seen), tf.convert_to_tensor(notes)
    logits, _ = network([seen, notes, empty_state(network, len(notes))], training=training)
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(notes, logits)
    return tf.reduce_sum(tf.where(used, losses, 0.0), axis=-1)


def prepare(rolls):
    """Rolls ``(frames, 128)`` as pieces ``(notes, seen)``."""
    return [(notes, look_back(notes)) for notes in map(to_notes, rolls)]


def draw_batch(pieces, iteration, settings):
    """Stretches of pieces ``(notes, seen)``, zero-padded: seen, notes and the positions used."""
    rng = np.random.default_rng((settings["seed"], iteration))
    count, frames = settings["batch_size"], settings["frames"]
    lengths = np.array([len(notes) for notes, _ in pieces])
    stretches = []
    for i in rng.choice(len(pieces), count, p=lengths / lengths.sum()):
        # Half of the room lies before the piece, so that many stretches begin as pieces do.
        begin = rng.integers(-frames // 2, max(1, lengths[i] - frames // 2))
        begin = int(np.clip(begin, 0, max(0, lengths[i] - frames)))
        stretches.append([part[begin : begin + frames] for part in pieces[i]])
    return pad(stretches, frames)


def pad(pieces, frames):
    """Pieces as ``seen (batch, frames, 25)``, ``notes (batch, frames, 4)``, positions used."""
    seen = np.zeros((len(pieces), frames, SEEN), np.int32)
    notes = np.zeros((len(pieces), frames, MOST), np.int32)
    used = np.zeros(notes.shape, bool)
    for i, (some, its_seen) in enumerate(pieces):
        seen[i, : len(some)], notes[i, : len(some)] = its_seen, some
        used[i, : len(some)] = positions_used(some)
    return seen, notes, used


@tf.function
def train_step(network, optimizer, seen, notes, used):
    """One update; returns the mean loss of the frames."""
    with tf.GradientTape() as tape:
        losses = nats(network, seen, notes, used, training=True)
        loss = tf.reduce_sum(losses) / tf.math.count_nonzero(used[..., 0], dtype=tf.float32)
    weights = network.trainable_variables
    optimizer.apply(tape.gradient(loss, weights), weights)
    return loss


def train_quarters(chapter: str, pieces) -> Training:
    """Trains on pieces ``(notes, seen)``, or goes on where a training was interrupted. When it is
    done, the average of the weights stands in the network."""
    network = build_network(**SETTINGS["network"])
    rate = keras.optimizers.schedules.CosineDecay(SETTINGS["learning_rate"], SETTINGS["iterations"])
    optimizer = keras.optimizers.AdamW(
        rate,
        weight_decay=SETTINGS["weight_decay"],
        beta_2=0.99,
        global_clipnorm=1.0,
        use_ema=True,
        ema_momentum=SETTINGS["average"],
    )
    optimizer.build(network.trainable_variables)

    def step(iteration):
        return {"loss": train_step(network, optimizer, *draw_batch(pieces, iteration, SETTINGS))}

    run = Training(chapter, {"network": network}, {"optimizer": optimizer}, SETTINGS)
    train(run, lambda run: step, SETTINGS["iterations"], "quarter notes")
    optimizer.finalize_variable_values(network.trainable_variables)
    return run


def evaluate(network, pieces):
    """Nats per frame of pieces ``(notes, seen)``: all their frames' -log p by their frames."""
    lengths = [len(notes) for notes, _ in pieces]
    return float(tf.reduce_sum(nats(network, *pad(pieces, max(lengths))))) / sum(lengths)
