"""Pictures come out the same whatever a reader has told matplotlib."""

import base64
import io
import types
from html.parser import HTMLParser

import matplotlib
import matplotlib.style
import numpy as np
import pytest
from PIL import Image

from helpers.music.grid import REST
from helpers.show import curves, heatmaps, networks, pictures, rolls

VOICES = np.array([[72, 64, 55, 48]] * 4 + [[74, 65, 55, REST]] * 4)
HISTORY = {"iteration": [1, 10, 100], "step": [1, 10, 100], "a_loss": [3.0, -2.0, 1.0]}
NAMES = ["|", "$C_4 2$", "rest 2"]
DRAWINGS = {
    "roll": lambda: rolls.plot_roll(VOICES, "Title, 50 % & more_"),
    "rolls": lambda: rolls.plot_rolls({"one_": VOICES, "two": VOICES}),
    "drums": lambda: rolls.plot_roll(np.full((16, 9, 3), 0.5)),
    "losses": lambda: curves.plot_losses(HISTORY, "a_loss", "$1 to $2"),
    "metrics": lambda: curves.plot_metrics(HISTORY, {"a_loss": 0.5}, "a_loss"),
    "lines": lambda: curves.plot_lines({"a_": [3, 1, 2], "b $1 to $2": [0, 1, 1]}, xlabel="epoch"),
    "guesses": lambda: networks.plot_guesses(VOICES, NAMES, [0.1, 0.2, 0.6], "|", most=2),
    "map": lambda: networks.plot_map([[0, 0], [1, 0], [9, 9]], NAMES, ["x_", "x_", "y"], "Title_"),
    "matrices": lambda: heatmaps.plot_matrices({"one": np.eye(9)}),
    "waveform": lambda: heatmaps.plot_waveform(np.sin(np.arange(99)), 10),
}
SETTINGS = {  # matplotlib.org, "Customizing Matplotlib": what a matplotlibrc may say
    "text.usetex": True,
    "font.family": "monospace",
    "font.size": 23,
    "figure.facecolor": "black",
    "figure.autolayout": True,
    "axes.facecolor": "navy",
    "axes.labelcolor": "yellow",
    "axes.grid": True,
    "axes.unicode_minus": False,
    "axes.spines.left": False,
    "text.color": "white",
    "xtick.color": "white",
    "legend.labelcolor": "white",
    "image.cmap": "jet",
    "lines.linewidth": 9,
    "path.sketch": (1, 100, 2),
    "savefig.facecolor": "black",
    "savefig.transparent": True,
    "savefig.pad_inches": 2,
}


def pixels(figure):
    return np.asarray(Image.open(io.BytesIO(figure._repr_png_())).convert("RGB"))


@pytest.mark.parametrize("name", DRAWINGS)
def test_pictures_are_the_same_for_everybody(name, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no LaTeX
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        usual = pixels(DRAWINGS[name]())
    assert (usual[0, 0] == 255).all()  # a white ground: read in the dark theme as in the bright one
    with matplotlib.style.context(["dark_background", SETTINGS]):
        before = dict(matplotlib.rcParams)
        assert np.array_equal(pixels(DRAWINGS[name]()), usual)
        assert dict(matplotlib.rcParams) == before  # the reader's own pictures stay the reader's


def test_a_picture_is_saved_as_it_is_shown(tmp_path):
    figure = DRAWINGS["roll"]()
    figure.savefig(tmp_path / "usual.png")
    with matplotlib.style.context(SETTINGS):
        figure.savefig(tmp_path / "own.png")
    usual, own = (np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("usual", "own"))
    assert np.array_equal(usual, own)


@pytest.mark.parametrize("installed", [(), ("latex",), ("latex", "dvipng")])
def test_without_latex_a_chapters_own_pictures_do_without(installed, monkeypatch):
    from matplotlib import pyplot as plt

    monkeypatch.setattr(pictures.shutil, "which", lambda name: name if name in installed else None)
    with matplotlib.rc_context({"text.usetex": True}):
        pictures.do_without_latex()
        assert matplotlib.rcParams["text.usetex"] is (len(installed) == 2)
        if len(installed) < 2:
            figure, axes = plt.subplots()
            axes.set_title("50 % & more_")
            figure.savefig(io.BytesIO(), format="png")
            plt.close(figure)


# --- what is shown, in words too ---------------------------------------------------------------


@pytest.fixture
def jupyter(monkeypatch):
    """What Jupyter would show of an object, in a kernel in which pyplot draws all figures."""
    import IPython
    from IPython.core.formatters import DisplayFormatter
    from IPython.core.pylabtools import print_figure
    from matplotlib.figure import Figure

    shell = DisplayFormatter()
    for kind in ("image/png", "image/svg+xml"):
        shell.formatters[kind].for_type(Figure, lambda figure: print_figure(figure, dpi=200))
    monkeypatch.setattr(
        IPython, "get_ipython", lambda: types.SimpleNamespace(display_formatter=shell)
    )
    return lambda thing: shell.format(thing)[0]


class Images(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        if tag == "img":
            self.found.append(dict(attributes))


WORDS = {  # what the alternative text must say: names, numbers, what is drawn
    "roll": ("Title, 50 % & more_", "soprano: 2 notes, C5 to D5", "bass: 1 note, C3", "8 steps"),
    "rolls": ("of one_", "of two", "tenor: 1 note, G3"),
    "drums": ("bass drum: 16 hits", "ride: 16 hits"),
    "losses": ("$1 to $2", "a loss from 3 to 1", "step"),
    "metrics": ("a loss from 3 to 1", "Bach's a loss 0.5", "iteration 1 to 100"),
    "lines": ("over epoch, 1 to 3", "a_ from 3 to 2, lowest 1 at 2", "b $1 to $2 from 0 to 1"),
    "guesses": ("soprano: 2 notes, C5 to D5", "rest 2 60.0%, $C_4 2$ 20.0%.", "|: 3rd of 3, 10.0%"),
    "map": ("of Title_, 3 words", "y (1: rest 2) right above", "Nearest to each other: | and $C"),
    "matrices": ("one", "9 of 81 cells dark", "9 rows"),
    "waveform": ("9.9 seconds", "-1.00 to 1.00"),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_picture_is_one_image_with_an_alternative_text(name, jupyter):
    figure = DRAWINGS[name]()
    bundle = jupyter(figure)
    assert set(bundle) == {"text/html", "text/plain"}  # never the same image twice
    (image,) = Images(bundle["text/html"]).found
    assert image["alt"] == bundle["text/plain"] == figure.described()
    assert all(words in image["alt"] for words in WORDS[name]), image["alt"]
    png = base64.b64decode(image["src"].removeprefix("data:image/png;base64,"))
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png)).convert("RGB")), pixels(figure))


def test_a_chapters_own_picture_is_told_by_its_titles(jupyter):
    figure = pictures.new_figure(4, 2)
    axes = figure.subplots(1, 2)
    axes[0].plot([1, 2], label="Bach")
    axes[0].set(title="reward", xlabel="temperature")
    axes[1].set_visible(False)
    assert figure.described() == "reward: temperature, Bach."
    figure.alt = 'A line <that rises> & "more".'
    (image,) = Images(jupyter(figure)["text/html"]).found
    assert image["alt"] == figure.alt
    assert pictures.new_figure(4, 2).described() == "An empty picture."
