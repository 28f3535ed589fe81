"""Figures of drums, as histograms that can be laid beside those of real drummers.

Every function takes a batch of windows ``(windows, steps, 9, 3)`` of hit, velocity 0..1 and offset
-0.5..0.5 (see ``helpers.music.drums``), whole bars or parts of one. A hit is 0.5 or more.

How far two sets of windows are apart is told figure by figure, after Yang and Lerch 2020, who
compare a generated set with a real one beside two real ones. Their overlap of smoothed densities is
a total variation here, over bins that stand in ``BINS``: nothing depends on a bandwidth.
"""

from __future__ import annotations

import numpy as np

from ..course.errors import check_choice, check_number
from ..music.arrays import check_array
from ..music.drums import DRUMS
from ..music.grid import STEPS_PER_BAR
from .voices import total_variation

# The edges of each figure's bins. Velocities are in eighths of MIDI's range, offsets in tenths of a
# step (some 12 ms at 120 beats a minute), shares in tenths.
BINS = {
    "hits a bar": np.arange(0, 52, 4),
    "drum": np.arange(len(DRUMS) + 1),
    "share on eighths": np.linspace(0, 1, 11),
    "velocity": np.linspace(0, 1, 9),
    "offset": np.linspace(-0.5, 0.5, 11),
    "groove consistency": np.linspace(0.5, 1, 9),  # two bars of sixteen steps: sixteenths
}


def _hits(drums) -> np.ndarray:
    """``(windows, steps, 9)`` bool; ValueError where it is no batch of drums."""
    axes = ("windows", "steps", len(DRUMS), 3)
    return check_array(drums, "Batches of drums", axes)[..., 0] >= 0.5


def hits_a_bar(drums) -> np.ndarray:
    """Hits of each window, scaled to a bar of sixteen steps: ``(windows,)``."""
    hits = _hits(drums)
    return hits.sum(axis=(1, 2)) * STEPS_PER_BAR / hits.shape[1]


def drum_numbers(drums) -> np.ndarray:
    """Which of the nine drums each hit is: ``(hits,)`` int."""
    return np.nonzero(_hits(drums))[2]


def share_on_eighths(drums) -> np.ndarray:
    """Of each window's hits the share on eighth notes, which are the even steps: ``(windows,)``
    without the windows that are silent."""
    hits = _hits(drums)
    counts, even = hits.sum(axis=(1, 2)), hits[:, ::2].sum(axis=(1, 2))
    return even[counts > 0] / counts[counts > 0]


def velocities(drums) -> np.ndarray:
    """The velocity of each hit: ``(hits,)``."""
    hits = _hits(drums)
    return np.asarray(drums)[..., 1][hits]


def offsets(drums) -> np.ndarray:
    """The offset of each hit, in steps: ``(hits,)``."""
    hits = _hits(drums)
    return np.asarray(drums)[..., 2][hits]


def groove_consistency(drums) -> np.ndarray:
    """How alike the rhythms of a window's halves are (two bars, or two beats), all drums together:
    one minus the share of steps on which only one of them has a hit (Wu and Yang 2020, section
    4.2, for neighbouring bars): ``(windows,)``. Silent halves agree."""
    sounds = _hits(drums).any(axis=2)
    half = sounds.shape[1] // 2
    return 1 - (sounds[:, :half] != sounds[:, half : 2 * half]).mean(axis=1)


FIGURES = {
    "hits a bar": hits_a_bar,
    "drum": drum_numbers,
    "share on eighths": share_on_eighths,
    "velocity": velocities,
    "offset": offsets,
    "groove consistency": groove_consistency,
}


def histogram(figure: str, drums) -> np.ndarray:
    """How a figure of the windows is distributed over its ``BINS``: shares that sum to 1. What lies
    beyond the edges counts in the outermost bins; all zeros where there is nothing to be counted.
    """
    check_choice("A figure", figure, FIGURES, none=False)
    edges = BINS[figure]
    # Rounding must not move a share such as 0.3 or 0.6 below an edge that it stands on.
    values = np.clip(FIGURES[figure](drums) + 1e-9, edges[0], edges[-1])
    counts, _ = np.histogram(values, edges)
    return counts / max(counts.sum(), 1)


def histograms(drums) -> dict[str, np.ndarray]:
    """``histogram`` of every figure."""
    return {figure: histogram(figure, drums) for figure in FIGURES}


def distances(first, second) -> dict[str, float]:
    """Total variation between the histograms of two sets of windows, figure by figure: 0 the same,
    1 nothing in common. Small sets lie apart by chance, so compare sets of equal sizes only."""
    ours, theirs = histograms(first), histograms(second)
    return {figure: total_variation(ours[figure], theirs[figure]) for figure in FIGURES}


def multiple(distance: float, usual: float, least: float = 0.01) -> float:
    """A distance in multiples of the usual one between real sets, or of ``least`` where that is
    less, so that nothing is divided by next to nothing."""
    for name, number in (("distance", distance), ("usual", usual)):
        check_number(name, number, least=0, whole=False)
    check_number("least", least, above=0, whole=False)
    return distance / max(usual, least)


def distinct_share(drums) -> float:
    """Of the windows the share of different patterns of hits, velocities and offsets aside: 1
    where no two are the same, ``nan`` where there are none."""
    hits = _hits(drums)
    different = np.unique(hits.reshape(len(hits), -1), axis=0)
    return len(different) / len(hits) if len(hits) else float("nan")
