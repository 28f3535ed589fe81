"""Pictures of matrices and waveforms show every number that counts, and stay small."""

import io

import numpy as np
import pytest
from PIL import Image

from helpers.data.grooves import load_starter_grooves
from helpers.music.drums import tick_features
from helpers.show import heatmaps


def shown(figure, axes=0):
    return np.asarray(figure.axes[axes].images[0].get_array())


def test_time_runs_to_the_right_and_rows_upwards():
    matrix = np.zeros((8, 3))
    matrix[5, 2] = 1
    figure = heatmaps.plot_matrices({"one cell": matrix}, first_row=60, time_per_column=0.5)
    image = figure.axes[0].images[0]
    assert shown(figure).shape == (3, 8) and shown(figure)[2, 5] == 1
    assert image.get_extent() == [0, 4, 60, 63] and image.origin == "lower"
    assert figure.axes[0].get_title(loc="left") == "one cell"


def test_a_single_cell_of_a_long_matrix_is_still_dark():
    matrix = np.zeros((3200, 22), bool)
    matrix[1234, 5] = True
    figure = heatmaps.plot_matrices([("ticks", matrix)])
    assert shown(figure).max() == 1 and shown(figure).sum() == 1
    assert figure.axes[0].images[0].get_extent()[1] == 3200


def dark_marks(figure, rows):
    """How many separate dark marks each row of the only panel has, in the PNG's own pixels."""
    full = io.BytesIO()
    figure.savefig(full, format="png", dpi=100)
    pixels = np.asarray(Image.open(full).convert("L")) < 100
    box = figure.axes[0].get_window_extent()
    heights = box.y0 + (np.arange(rows) + 0.5) * box.height / rows
    lines = pixels[(len(pixels) - heights).astype(int), round(box.x0) : round(box.x1)]
    return (np.diff(np.pad(lines.astype(int), ((0, 0), (1, 0)))) == 1).sum(axis=1).tolist()


def test_all_hits_of_the_tick_features_are_seen():
    """The window that notebook 01 shows."""
    groove = next(g for g in load_starter_grooves() if g.name == "Half-time shuffle")
    window = tick_features(groove.hits, 3200)[0] > 0
    window = window[:, window.any(axis=0)]
    assert window.sum() == 26
    for height in (0.8, 1.4, 2.2):
        figure = heatmaps.plot_matrices({"ticks": window}, row_names=["a", "b", "c"], height=height)
        assert dark_marks(figure, 3) == window.sum(axis=0).tolist()


@pytest.mark.parametrize("steps", [400, 790, 800, 1000, 3200, 20_000])
def test_single_cells_are_seen_wherever_they_stand(steps):
    matrix = np.zeros((steps, 4), bool)
    for row in range(4):  # the first and the last one, too
        matrix[np.linspace(row, steps - 1 - row, 25).astype(int), row] = True
    figure = heatmaps.plot_matrices({"cells": matrix})
    assert dark_marks(figure, 4) == matrix.sum(axis=0).tolist()


def test_of_many_rows_none_is_lost():
    matrix = np.zeros((10, 1025))
    matrix[5, 512], matrix[7, 3] = 1.0, -2.0
    seen = shown(heatmaps.plot_matrices({"spectrum": matrix}))
    assert (seen == 1).sum() == 1 and (seen == -2).sum() == 1


def test_a_bar_says_which_colour_is_which_number():
    bar = heatmaps.plot_matrices({"a": np.linspace(0, 1, 12).reshape(4, 3)}, numbers="decibels")
    assert [axes.get_ylabel() for axes in bar.axes] == ["MIDI pitch", "decibels"]
    assert len(heatmaps.plot_matrices({"a": np.eye(3) * 0.7}).axes) == 1  # yes or no
    assert len(heatmaps.plot_matrices({"a": np.diag([1, 2])}, numbers=None).axes) == 1


def test_a_matrix_of_one_number_is_white_where_it_is_zero():
    figure = heatmaps.plot_matrices([("nothing", np.zeros((4, 4)))])
    assert figure.axes[0].images[0].get_clim() == (0, 1)


def test_several_matrices_have_axes_of_their_own():
    figure = heatmaps.plot_matrices([(name, np.eye(4)) for name in ("play", "replay", "volume")])
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["play", "replay", "volume"]


@pytest.mark.parametrize(
    ("matrix", "word"),
    [
        (np.zeros(4), "shape"),
        (np.zeros((2, 2, 2)), "shape"),
        (np.zeros((0, 4)), "from 1 to"),
        (np.array([[np.nan, 0]]), "finite"),
    ],
)
def test_what_is_no_matrix_is_refused(matrix, word):
    with pytest.raises(ValueError, match=word):
        heatmaps.plot_matrices({"this": matrix})


def test_nothing_to_show_is_refused():
    with pytest.raises(ValueError, match="one or more"):
        heatmaps.plot_matrices([])


def test_a_waveform_keeps_its_peaks_and_its_length():
    samples = np.zeros(22050, np.float32)
    samples[7000], samples[9000] = 0.9, -0.8
    figure = heatmaps.plot_waveform(samples, 22050, "two clicks")
    low, high = figure.axes[0].collections[0].get_datalim(figure.axes[0].transData).intervaly
    assert (low, high) == pytest.approx((-0.8, 0.9))
    assert figure.axes[0].get_xlim() == (0, 1)
    few = heatmaps.plot_waveform(samples[:200], 22050)
    assert few.axes[0].lines[0].get_marker() == "."


@pytest.mark.parametrize("samples", [np.zeros((2, 2)), np.zeros(0)])
def test_what_is_no_waveform_is_refused(samples):
    with pytest.raises(ValueError, match="shape|one sample"):
        heatmaps.plot_waveform(samples, 22050)


def test_the_pictures_are_small():
    rng = np.random.default_rng(0)
    figure = heatmaps.plot_matrices([("spectrogram", rng.random((430, 128)))])
    data = figure._repr_png_()
    assert Image.open(io.BytesIO(data)).format == "PNG"
    assert len(data) < 120_000


def test_numbers_on_both_sides_of_zero_leave_it_white():
    figure = heatmaps.plot_matrices([("offset", np.array([[0.0, -0.3], [0.1, 0.0]]))])
    image = figure.axes[0].images[0]
    assert image.get_clim() == pytest.approx((-0.3, 0.3))
    red, green, blue, _ = image.to_rgba(np.zeros(1))[0]
    assert min(red, green, blue) > 0.95


def test_rows_may_have_names():
    figure = heatmaps.plot_matrices([("hit", np.eye(3))], row_names=["bass", "snare", "hat"])
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        *("bass", "snare", "hat")
    ]
