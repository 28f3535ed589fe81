"""Writes data/tonic.npz, how much each kind of evidence counts for a melody's tonic, from the
training tunes of data/tunes.npz: `make data`.

The weights are those of a log-linear model (a softmax over the 24 keys, major and minor on each
tonic) of the training tunes' first four bars, with a ridge: a convex problem, solved by Newton's
method up to rounding errors, so that two decimals are the same on every computer.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from helpers.course.storage import sha256, write_npz  # noqa: E402
from helpers.data.tunes import Tune, load_tunes  # noqa: E402
from helpers.music.keys import (  # noqa: E402
    EVIDENCE,
    TONIC_FILE,
    from_each_tonic,
    is_minor,
    tonic_evidence,
)

RIDGE = 3.0
ITERATIONS, CLOSE = 30, 1e-8


def evidence_of(tune: Tune) -> np.ndarray:
    piece = tune.to_piece()
    melody, onsets = piece.voices[:, 0], piece.onsets[:, 0]
    evidence = tonic_evidence(melody, onsets, piece.bar_starts, tune.bar_steps)
    # The last column is 1 for every key: what a mode has for itself.
    return np.column_stack([from_each_tonic(evidence), np.ones(12)])


def fit(seen: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The weights ``(2, columns)`` of the two modes.

    seen: ``(tunes, 12, columns)``, the evidence from each tonic. right: ``(tunes, 12, 2)``, 1 at
    each tune's tonic and mode.
    """
    tunes, _, columns = seen.shape
    flat = seen.reshape(-1, columns)

    def look(weights):
        """The loss and the probabilities ``(tunes, 12, 2)`` that weights give."""
        scores = (flat @ weights.T).reshape(tunes, -1)
        scores -= scores.max(axis=1, keepdims=True)
        logs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
        loss = RIDGE / 2 * (weights**2).sum() - (right.reshape(tunes, -1) * logs).sum()
        return loss, np.exp(logs).reshape(right.shape)

    weights = np.zeros((2, columns))
    loss, guessed = look(weights)
    for _ in range(ITERATIONS):
        slope = (guessed - right).reshape(-1, 2).T @ flat + RIDGE * weights
        means = np.einsum("tkm,tkc->tmc", guessed, seen).reshape(tunes, -1)
        curvature = RIDGE * np.eye(2 * columns) - means.T @ means
        for mode in range(2):
            block = slice(mode * columns, (mode + 1) * columns)
            curvature[block, block] += flat.T @ (guessed[..., mode].reshape(-1, 1) * flat)
        step = np.linalg.solve(curvature, slope.ravel()).reshape(2, columns)
        if np.abs(step).max() < CLOSE:
            return weights
        while look(weights - step)[0] > loss + CLOSE:  # too far: half the way
            step /= 2
        weights = weights - step
        loss, guessed = look(weights)
    raise RuntimeError(f"Not solved after {ITERATIONS} iterations.")


def tonic_arrays(tunes: list[Tune]) -> dict[str, np.ndarray]:
    right = np.zeros((len(tunes), 12, 2))
    for row, tune in zip(right, tunes, strict=True):
        row[tune.tonic, int(is_minor(tune.key))] = 1
    weights = fit(np.stack([evidence_of(tune) for tune in tunes]), right)
    weights = np.round(weights, 2).astype(np.float32) + np.float32(0)  # no -0
    return {
        "evidence": np.array(EVIDENCE),
        "weights": weights[:, :-1].reshape(2, len(EVIDENCE), 12),
        "modes": weights[:, -1],
    }


def main() -> None:
    write_npz(TONIC_FILE, tonic_arrays(load_tunes("train")))
    size = TONIC_FILE.stat().st_size
    print(f"{TONIC_FILE.name}: {size:,} bytes, sha256 {sha256(TONIC_FILE)}")


if __name__ == "__main__":
    main()
