"""Diagrams: what is drawn is on the page, arrows meet boxes, and all look alike."""

import base64
import html
import io
import re

import matplotlib.style
import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from PIL import Image

from helpers.show import diagrams
from helpers.show.diagrams import Diagram


def example():
    """A diagram with all means but a network unrolled, and its boxes."""
    diagram = Diagram("Noise becomes music, which a <critic> scores & sends back.")
    noise = diagram.box("noise", (0, 0), "noise", "8 × 3")
    maker = diagram.box("generator\nof $1 & $2", (1.2, 0), "network", height=1.2)
    score = diagram.box("score", (2.6, 0.3), "number")
    both = diagram.frame("both", noise, maker)
    diagram.chain(noise, maker, score)
    diagram.arrow(score, both, "update", via=[(2.6, 1.2), (0.6, 1.2)], back=True)
    diagram.loop(score, "again")
    diagram.note("a note", (2.6, -1))
    return diagram, [noise, maker, score, both]


def extents(diagram, artist):
    """Left, bottom, right and top of an artist, in inches on the page."""
    diagram.canvas.draw()
    return np.array(artist.get_window_extent().extents) / diagram.dpi


def drawn(diagram, kind):
    return [artist for artist in diagram.page.patches if type(artist) is kind]


def tips(diagram):
    return [head.get_xy()[0] for head in drawn(diagram, Polygon)]


def on_edge(point, box):
    """Whether a point lies on a box's outline (the corners' rounding aside)."""
    away = np.abs(np.subtract(point, box[:2])) / (np.array(box[2:]) / 2)
    return away.max() == pytest.approx(1) and away.min() <= 1


def test_all_is_on_the_page_and_an_inch_is_an_inch():
    diagram, boxes = example()
    width, height = diagram.get_size_inches()
    for artist in [*diagram.page.texts, *diagram.page.patches]:
        left, bottom, right, top = extents(diagram, artist)
        assert min(left, bottom) > 0.05 and right < width - 0.05 and top < height - 0.05
    for patch, box in zip(drawn(diagram, FancyBboxPatch)[:3], boxes[:3], strict=True):
        left, bottom, right, top = extents(diagram, patch)
        assert (right - left, top - bottom) == pytest.approx(box[2:], abs=0.05)  # its line's width


def test_words_stand_in_their_boxes():
    diagram, boxes = example()
    patches = drawn(diagram, FancyBboxPatch)
    texts = {text.get_text(): extents(diagram, text) for text in diagram.page.texts}
    for words, patch in [("noise", 0), ("8 × 3", 0), ("generator\nof $1 & $2", 1), ("score", 2)]:
        box = extents(diagram, patches[patch])
        assert (texts[words][:2] > box[:2]).all() and (texts[words][2:] < box[2:]).all()
    assert texts["noise"][1] > texts["8 × 3"][3] - 0.02  # one below the other
    assert texts["a note"][1] > texts["update"][3]  # rows count downwards


def test_arrows_meet_boxes():
    diagram, (noise, maker, score, both) = example()
    straight, onward, update, again = tips(diagram)
    assert straight == pytest.approx((maker.reach(0)[0], noise.y))
    assert on_edge(onward, score) and onward[0] == pytest.approx(score.reach(0)[0])
    assert update == pytest.approx((0.6 * 1.6, both.reach(1)[1]))
    assert again == pytest.approx((score.reach(0)[0], score.y))
    starts = noise, maker, score, score
    for line, start in zip(drawn(diagram, PathPatch), starts, strict=True):
        assert on_edge(line.get_path().vertices[0], start)
    dashed = [line.get_linestyle() not in ("-", "solid") for line in drawn(diagram, PathPatch)]
    assert dashed == [False, False, True, False]


@pytest.mark.parametrize("at", [(3, 2), (-3, 2), (3, -2), (-1, -3), (0.4, 3), (3, 0.2)])
def test_slanted_arrows_meet_both_boxes(at):
    diagram = Diagram("Two boxes.", column=1, row=1)
    one, other = diagram.box("one", (0, 0)), diagram.box("the other", at)
    diagram.arrow(one, other)
    (line,) = drawn(diagram, PathPatch)
    assert on_edge(line.get_path().vertices[0], one) and on_edge(tips(diagram)[0], other)


def test_text_stands_beside_its_arrow():
    places = {}
    for below in (False, True):
        diagram = Diagram("An arrow.", column=1, row=1)
        diagram.arrow((0, 0), (3, 0), "across", below=below)
        diagram.arrow((0, 1), (0, 4), "down", below=below)
        places[below] = [text.get_position() for text in diagram.page.texts]
    assert places[False][0][1] < -0.1 and places[True][0][1] > 0.1
    assert places[False][1][0] > 0.1 and places[True][1][0] < -0.1


def test_unrolled_in_time():
    diagram = Diagram("A network unrolled.", column=1.2)
    rows = diagram.unroll(list("abc"), ["embedding", "LSTM", "dense"], list("bcd"), memory=["LSTM"])
    assert [len(row) for row in rows] == [3] * 5
    boxes = [box for row in rows for box in row]
    down = {box.y for box in rows[2]}
    assert len(down) == 1 and rows[0][0].y < rows[-1][0].y  # outputs on top
    ups = [(box.x, box.reach(1)[1]) for row in rows[:-1] for box in row]
    on = [(box.reach(0)[0], box.y) for box in rows[2][1:]]
    last = [tip for tip in tips(diagram) if not any(on_edge(tip, box) for box in boxes)]
    assert len(tips(diagram)) == len(ups) + len(on) + 1 and len(last) == 1
    for tip in [*ups, *on]:
        assert np.abs(np.subtract(tips(diagram), tip)).max(axis=1).min() < 1e-9
    assert last[0][1] == pytest.approx(down.pop()) and last[0][0] > rows[2][-1].reach(0)[1]
    words = [text.get_text() for text in diagram.page.texts]
    assert words[:3] == ["b", "c", "d"] and words[-3:] == ["a", "b", "c"]


def test_shown_sharp_with_its_words():
    diagram, _ = example()
    shown = re.fullmatch(r'<img alt="([^"]*)" width="(\d+)" .*base64,(.*)">', diagram.as_html())
    assert html.unescape(shown[1]) == diagram.alt and "<critic>" not in shown[1]
    png = base64.b64decode(shown[3])
    assert Image.open(io.BytesIO(png)).width == pytest.approx(2 * int(shown[2]), abs=2)
    assert int(shown[2]) <= 800 and len(png) < 60_000
    assert png == diagram._repr_png_()


def test_looks_the_same_for_everybody():
    def pixels():
        return np.asarray(Image.open(io.BytesIO(example()[0]._repr_png_())).convert("RGB"))

    usual = pixels()
    assert (usual[0] == 255).all()  # a light card: read in the dark theme as in the bright one
    loud = {"font.size": 23, "font.family": "monospace", "text.color": "white"}
    with matplotlib.style.context(["dark_background", loud, {"lines.linewidth": 9}]):
        assert np.array_equal(pixels(), usual)


def luminance(colour):
    """Relative luminance, WCAG 2.2."""
    rgb = np.array(to_rgb(colour))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ (
        0.2126,
        0.7152,
        0.0722,
    )


@pytest.mark.parametrize("name", diagrams.KINDS)
def test_contrast_and_outlines(name):
    """WCAG 2.2: text 7 to 1 (level AAA), outlines 3 to 1; and kinds differ without colour."""
    kind = diagrams.KINDS[name]
    assert (luminance(kind.face) + 0.05) / (luminance(diagrams.INK) + 0.05) >= 7
    assert 1.05 / (luminance(kind.edge) + 0.05) >= 3
    drawn_as = [
        (some.dashes, some.round, some.face == "#FFFFFF") for some in diagrams.KINDS.values()
    ]
    assert len(set(drawn_as)) == len(diagrams.KINDS)


@pytest.mark.parametrize("alt", ["", "  ", None, 3])
def test_an_alternative_text_is_asked_for(alt):
    with pytest.raises(ValueError, match="Say in words"):
        Diagram(alt)


def test_wrong_input_gets_a_sentence():
    diagram = Diagram("Nothing yet.")
    with pytest.raises(ValueError, match="one of data, network, noise, number, not 'box'"):
        diagram.box("name", (0, 0), "box")
    for at in [3, (1, 2, 3), ("a", 1), (np.nan, 0), None]:
        with pytest.raises(ValueError, match="two numbers"):
            diagram.box("name", at)
    with pytest.raises(ValueError, match="as many inputs as outputs"):
        diagram.unroll(["a", "b"], ["LSTM"], ["a"])
    with pytest.raises(ValueError, match="as many inputs as outputs"):
        diagram.unroll(["a", "b"], [], ["a", "b"])
    with pytest.raises(ValueError, match="two numbers"):
        diagram.unroll(["a", "b"], ["LSTM"], ["a", "b"], at=3)
    with pytest.raises(ValueError, match="one at least"):
        diagram.frame("nothing")
    diagram.box("here", (0, 0))
    with pytest.raises(ValueError, match="8 fit on a page"):
        diagram.box("far away", (6, 0))
