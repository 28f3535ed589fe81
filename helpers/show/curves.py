"""Learning curves: losses and metrics over a training."""

from __future__ import annotations

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from ..music.grid import VOICE_NAMES
from .pictures import COLOURS, GREY, _colour, new_figure, tidy

LINE_STYLES = ("--", ":", "-.")  # of the references


# --- losses and metrics ------------------------------------------------------------------------


def _figures(history: dict, key: str) -> np.ndarray:
    """One entry of a history as numbers ``(n,)``, or ``(n, voices)`` where it has one a voice."""
    if key not in history:
        raise ValueError(f"The history holds {', '.join(sorted(history))}, but no {key!r}.")
    return np.asarray(history[key], float)


def _spoken(key: str) -> str:
    return key.replace("_", " ")


def plot_losses(history: dict, keys, title: str | None = None) -> Figure:
    """Losses over training: the raw figures faint, their moving average strong.

    history: lists of numbers, one a key; ``history["step"]``, where there is one, is the x axis.
    The average runs over a fiftieth of the entries.
    """
    keys = [keys] if isinstance(keys, str) else list(keys)
    figure = new_figure(8, 3.2)
    axes = figure.subplots()
    for i, key in enumerate(keys):
        values = _figures(history, key)
        if values.ndim != 1:
            raise ValueError(f"{key!r} holds several numbers an entry; losses have one.")
        x = _figures(history, "step") if "step" in history else np.arange(len(values))
        if len(x) != len(values):
            raise ValueError(
                f'{key!r} has {len(values)} entries, but "step" has {len(x)}; they must agree.'
            )
        width = max(1, len(values) // 50)
        colour = _colour(i)
        if width > 1:  # without antialiasing the picture is half as large
            faint = 0.25 * np.array(to_rgb(colour)) + 0.75
            axes.plot(x, values, color=faint, linewidth=0.6, antialiased=False, zorder=1)
        axes.plot(x, _smooth(values, width), color=colour, linewidth=2 if width > 1 else 1)
        axes.lines[-1].set_label(_spoken(key))
    axes.set_xlabel("step", fontsize=10)
    axes.set_ylabel("loss", fontsize=10)
    axes.grid(axis="y", color="#eeeeee")
    if keys:
        axes.legend(frameon=False, fontsize=10)
    tidy(axes, title)
    return figure


def _smooth(values: np.ndarray, width: int) -> np.ndarray:
    """The moving average; at the ends over what is there, and over what is a number."""
    known = np.isfinite(values)
    window = np.ones(2 * (width // 2) + 1)
    total = np.convolve(np.where(known, values, 0), window, mode="same")
    count = np.convolve(known, window, mode="same")
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def plot_metrics(
    history: dict, reference: dict, keys, titles: dict | None = None, columns: int = 3, chosen=None
) -> Figure:
    """Metrics over training, one small plot each, with Bach's value as a dashed line.

    history: lists of numbers, or of one number a voice, over ``history["iteration"]``.
    reference: a number (or one a voice) a key, taken for Bach's; or several references by name,
    such as ``{"Bach": {...}, "baseline": {...}}``. A key that a reference lacks is drawn without.
    titles: what stands above each plot, by key. chosen: an iteration to be marked.
    """
    keys = [keys] if isinstance(keys, str) else list(keys)
    named = reference
    if not all(isinstance(value, dict) for value in reference.values()):
        named = {"Bach": reference}
    iterations = _figures(history, "iteration")
    columns = min(columns, max(len(keys), 1))
    rows = -(-len(keys) // columns)
    figure = new_figure(0.4 + 2.8 * columns, 0.6 + 1.9 * max(rows, 1))
    grid = figure.subplots(max(rows, 1), columns, squeeze=False, sharex=True)
    for axes in grid.ravel()[len(keys) :]:
        axes.set_visible(False)
    for axes, key in zip(grid.ravel(), keys, strict=False):
        values = _figures(history, key)
        if len(values) != len(iterations):
            raise ValueError(
                f'{key!r} has {len(values)} entries, but "iteration" has {len(iterations)}; '
                "they must agree."
            )
        _draw_metric(axes, iterations, values, [r.get(key, []) for r in named.values()])
        if chosen is not None:
            axes.axvline(chosen, color=GREY, linewidth=1)
        tidy(axes, (titles or {}).get(key, _spoken(key)))
        axes.xaxis.set_tick_params(labelbottom=True)
    for axes in grid[-1]:
        axes.set_xlabel("iteration", fontsize=10)
    handles = [
        Line2D([], [], color="black", linestyle=style, linewidth=1.2, label=name)
        for name, style in zip(named, LINE_STYLES, strict=False)
    ]
    counts = {np.shape(history[key])[1] for key in keys if np.ndim(history[key]) == 2}
    for count in counts & {3, 4}:  # with or without the melody
        colours = COLOURS[-count:]
        names = VOICE_NAMES[-count:]
        handles += [Line2D([], [], color=c, label=n) for c, n in zip(colours, names, strict=True)]
    figure.legend(handles=handles, loc="outside lower center", ncols=7, frameon=False, fontsize=10)
    return figure


def _draw_metric(axes, iterations, values, references: list) -> None:
    lines = values[:, None] if values.ndim == 1 else values
    colours = COLOURS[-1:] if lines.shape[1] == 1 else COLOURS[-lines.shape[1] :]
    for line, colour in zip(lines.T, colours, strict=False):
        axes.plot(iterations, line, color=colour, marker="o", markersize=3, linewidth=1.5)
    for levels, style in zip(references, LINE_STYLES, strict=False):
        for i, level in enumerate(np.ravel(levels)):
            colour = "black" if lines.shape[1] == 1 else colours[i % len(colours)]
            axes.axhline(level, color=colour, linestyle=style, linewidth=1.2)
    # Iteration 0 has its place too, which a plain logarithm has not.
    axes.set_xscale("symlog", linthresh=10)
    axes.set_xlim(left=0)
    axes.locator_params(axis="y", nbins=4)
    axes.grid(axis="y", color="#eeeeee")
