"""Pictures have in them what they should: notes, names, lines; and they stay small."""

import io
import itertools
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import PatchCollection
from PIL import Image

from helpers.data.chorales import load_chorales
from helpers.data.folders import load_folder
from helpers.files import musicxml_writer, written
from helpers.files.midi_writer import midi_bytes, notes_to_midi, to_midi
from helpers.music import keys
from helpers.music.conversion import to_timeline, voices_to_multitrack
from helpers.music.grid import REST, Piece, voices_to_roll
from helpers.music.timeline import Part, Timeline
from helpers.show import curves, notation, rolls
from helpers.show.pictures import COLOURS

VOICES = np.array([[72, 64, 55, 48]] * 4 + [[74, 65, 55, REST]] * 4)


@pytest.fixture(scope="module")
def chorale():
    """One that begins with a pickup."""
    return next(p for p in load_chorales("test", "4/4") if p.bar_starts[0] > 0)


@pytest.fixture(autouse=True)
def nothing_leaks():
    yield
    assert plt.get_fignums() == []


def boxes(figure, axes=0):
    """How many rectangles each voice or drum has."""
    found = [c for c in figure.axes[axes].collections if isinstance(c, PatchCollection)]
    return {c.get_label(): len(c.get_paths()) for c in found}


def corners(figure, label, axes=0):
    """Left, bottom, right, top of each rectangle of one voice."""
    for collection in figure.axes[axes].collections:
        if collection.get_label() == label:
            return [tuple(np.round(p.get_extents().extents, 3)) for p in collection.get_paths()]
    raise KeyError(label)


def png_size(figure):
    """The PNG's bytes: as the picture shows itself, and as matplotlib's inline backend does."""
    from IPython.core.pylabtools import print_figure

    data = figure._repr_png_()
    image = Image.open(io.BytesIO(data))
    assert image.format == "PNG" and 300 < image.width <= 1200
    return len(data), len(print_figure(figure, bbox_inches="tight"))


# --- piano rolls -------------------------------------------------------------------------------


def test_one_rectangle_a_note(chorale):
    timeline = to_timeline(chorale)
    figure = rolls.plot_roll(chorale)
    assert boxes(figure) == {part.name: len(part.notes) for part in timeline.parts}
    assert figure.axes[0].get_title(loc="left") == chorale.name
    assert max(png_size(figure)) < 80_000


@pytest.mark.parametrize(
    "music", [VOICES, voices_to_roll(VOICES), voices_to_multitrack(VOICES), to_midi(VOICES)]
)
def test_the_same_notes_from_every_form(music):
    counts = list(boxes(rolls.plot_roll(music)).values())
    assert counts == [2, 2, 1, 1]


def test_where_a_note_stands():
    left, bottom, right, top = corners(rolls.plot_roll([REST] * 4 + [60] * 4), "melody")[0]
    assert left == 4
    assert 7.5 < right < 8  # the gap before the next note
    assert bottom < 60 < top and top - bottom < 1


def test_onsets_part_a_note():
    onsets = [True, False, True, False]
    assert boxes(rolls.plot_roll([60] * 4)) == {"melody": 1}
    figure = rolls.plot_roll([60] * 4, onsets=onsets)
    assert boxes(figure) == {"melody": 2}
    first, second = corners(figure, "melody")
    assert first[2] < second[0] == 2


def timeline(*voices, steps=None):
    """Music from notes (start, end, pitch) of several voices."""
    parts = [
        Part(f"voice {i + 1}", np.array([[*note, 80] for note in notes], float).reshape(-1, 4))
        for i, notes in enumerate(voices)
    ]
    ends = [note[1] for notes in voices for note in notes]
    return Timeline(parts, steps or max(ends))


def heights(figure, voice, axes=0):
    return [round(top - bottom, 3) for _, bottom, _, top in corners(figure, f"voice {voice}", axes)]


def seen(figure, axes=0):
    """How much of each rectangle later ones leave to be seen, the least first: 0 is hidden."""
    drawn = []
    for collection in figure.axes[axes].collections:
        if isinstance(collection, PatchCollection):
            drawn += [path.get_extents().extents for path in collection.get_paths()]
    shares = []
    for i, (left, bottom, right, top) in enumerate(drawn):
        xs, ys = np.meshgrid(np.linspace(left, right, 41)[1:-1], np.linspace(bottom, top, 41)[1:-1])
        free = np.ones(xs.shape, bool)
        for x0, y0, x1, y1 in drawn[i + 1 :]:
            free &= (xs < x0) | (xs > x1) | (ys < y0) | (ys > y1)
        shares.append(free.mean())
    return sorted(shares)


FULL = 0.86


@pytest.mark.parametrize(
    "notes",
    [
        [(0, 4, 60), (4, 8, 60), (8, 12, 60)],  # they touch
        [(0, 4.02, 60), (4, 8, 60), (8.3, 9.7, 60), (9.7, 11, 60)],
        [(0, 4.6, 60), (4, 8.9, 60), (8, 12, 60)],  # a pianist's finger overlaps them
        [(0, 4 / 3, 60), (4 / 3, 8 / 3, 60), (8 / 3, 4, 60)],  # triplets
        [(i / 3, (i + 1) / 3 + 0.01, 60) for i in range(12)],
        [(0, 8, 60), (4, 6, 60)],  # struck again while it is held
    ],
)
def test_repeated_notes_keep_their_height_and_are_told_apart(notes):
    figure = rolls.plot_roll(timeline(notes, [(0, 12, 72)]))
    drawn = corners(figure, "voice 1")
    assert heights(figure, 1) == [FULL] * len(notes)
    assert [left for left, *_ in drawn] == pytest.approx([start for start, *_ in notes], abs=1e-3)
    for (_, _, right, _), (left, *_) in itertools.pairwise(drawn):
        assert right < left


@pytest.mark.parametrize("late", [-0.2, -0.02, 0.0, 0.02, 0.2])
def test_voices_that_follow_each_other_on_one_pitch_are_no_unison(late):
    upper = [(0, 4 + late, 60), (8 + late, 12, 60)]
    figure = rolls.plot_roll(timeline(upper, [(4, 8, 60)]))
    assert heights(figure, 1) == [FULL] * 2 and heights(figure, 2) == [FULL]
    triplets = [(0, 4 / 3, 60), (8 / 3, 4, 60)]
    figure = rolls.plot_roll(timeline(triplets, [(4 / 3, 8 / 3, 60)]))
    assert heights(figure, 1) == [FULL] * 2 and heights(figure, 2) == [FULL]


@pytest.mark.parametrize(
    "voices",
    [
        [[(0, 4, 60)], [(0, 4, 60)]],
        [[(0, 4, 60)]] * 3,
        [[(0, 4, 60)]] * 4,
        [[(0, 16, 60)], [(0, 4, 60), (4, 8, 60)], [(6, 12, 60)]],
        [[(0, 4, 60)], [(0, 4, 60)], [(0, 8, 60)], [(5, 8, 60)]],
        [[(5, 8, 60)], [(0, 8, 60)], [(0, 4, 60)], [(0, 4, 60)]],
        [[(0, 1 / 3, 60)], [(0, 1 / 3, 60)], [(1 / 3, 4, 60)]],
    ],
)
def test_voices_in_unison_share_a_row_and_each_is_seen(voices):
    figure = rolls.plot_roll(timeline(*voices))
    assert seen(figure)[0] > 0.2
    assert max(heights(figure, 1)) == FULL  # together they fill the row
    tops = {
        top
        for voice in range(len(voices))
        for _, _, _, top in corners(figure, f"voice {voice + 1}")
    }
    assert max(tops) == 60.43


def test_a_unison_changes_no_other_note():
    figure = rolls.plot_roll(
        timeline([(0, 4, 60), (4, 8, 60)], [(0, 4, 60), (4, 8, 64), (8, 9, 60)])
    )
    assert heights(figure, 1) == [FULL] * 2
    assert heights(figure, 2) == [FULL / 2, FULL, FULL]


def test_short_notes_and_hits_of_long_music_have_a_pixel():
    notes = [(1000 * i, 1000 * i + 0.05, 60) for i in range(5)]
    figure = rolls.plot_roll(timeline(notes, steps=5000))
    width = figure.axes[0].get_window_extent().width
    assert all(
        (right - left) / 5000 * width > 0.8 for left, _, right, _ in corners(figure, "voice 1")
    )
    late = rolls.plot_roll(timeline([(0, 4, 60), (12, 20, 60)], steps=16))
    assert late.axes[0].get_xlim() == (0, 20)  # what outlasts the music is seen as well


def test_hits_that_follow_at_once_are_told_apart():
    snare = np.array([[0, 1, 38, 80], [0.25, 1, 38, 90], [0.5, 1, 38, 100], [4, 5, 38, 80]], float)
    figure = rolls.plot_roll(Timeline([Part("drums", snare, 0, True)], 16))
    drawn = corners(figure, "snare")
    assert len(drawn) == 4
    assert all(first[2] < second[0] for first, second in itertools.pairwise(drawn))


def axis(figure, axes=0):
    axes = figure.axes[axes]
    names = [text.get_text() for text in axes.get_xticklabels()]
    strong = [line for line in axes.lines if line.get_linewidth() == 1]
    return axes.get_xlabel(), names, len(strong)


def test_without_bars_there_are_no_bar_lines():
    """Steps for what stands on the grid, seconds for what was played."""
    assert axis(rolls.plot_roll([60] * 32)) == (
        *("step (four to a quarter note)", ["0", "4", "8", "12", "16", "20", "24", "28"]),
        0,
    )
    times = np.arange(20) * 0.37
    played = notes_to_midi(np.column_stack([times, times + 0.3, [60] * 20, [80] * 20]))
    label, names, strong = axis(rolls.plot_roll(played))
    assert (label, strong) == ("seconds", 0)
    figure = rolls.plot_roll(played)
    places = dict(zip(names, figure.axes[0].get_xticks(), strict=True))
    assert places["2"] == pytest.approx(16)  # at 120 quarter notes a minute
    assert "7.3 seconds" in figure.alt
    both = rolls.plot_rolls({"grid": [60] * 32, "played": played}, columns=1)
    assert [axis(both, i)[0] for i in (0, 1)] == ["step (four to a quarter note)", "seconds"]


def test_bars_that_the_music_has_are_drawn(chorale):
    label, names, strong = axis(rolls.plot_roll(chorale))
    assert label == "bar" and names[0] == "1" and strong == len(chorale.bar_starts)
    again = to_midi(chorale)
    assert again.time_signature_changes
    assert axis(rolls.plot_roll(again))[0] == "bar"


def test_a_piece_of_a_folder_has_its_bars(tmp_path):
    waltz = load_chorales()[0]._replace(
        voices=np.full((24, 1), 60, np.int16),
        onsets=np.arange(24)[:, None] % 4 == 0,
        bar_starts=np.array([0, 12]),
        time_signature="3/4",
        tempo=150,
    )
    (tmp_path / "waltz.mid").write_bytes(midi_bytes(to_midi(waltz)))
    collection = load_folder(tmp_path, "voices", jobs=1, cache=tmp_path / "cache")
    figure = rolls.plot_rolls(
        [("from the folder", collection[0]), ("plain", np.array(collection[0]))]
    )
    bars = [
        [line.get_xdata()[0] for line in axes.lines if line.get_linewidth() == 1]
        for axes in figure.axes[:2]
    ]
    assert bars == [[0, 12], []]
    strokes = [
        len(to_timeline(music).parts[0].notes) for music in (collection[0], collection[0][:])
    ]
    assert strokes == [6, 1]


def test_pitches_are_named():
    assert [rolls.pitch_name(p) for p in (0, 21, 60, 61, 127)] == ["C-1", "A0", "C4", "C#4", "G9"]
    axes = rolls.plot_roll([60] * 16).axes[0]
    named = dict(
        zip(axes.get_yticks(), [t.get_text() for t in axes.get_yticklabels()], strict=True)
    )
    assert named[60] == "C4"
    low, high = axes.get_ylim()
    assert low < 60 < high


def test_bar_lines_and_numbers(chorale):
    axes = rolls.plot_roll(chorale).axes[0]
    shown = [int(t.get_text()) for t in axes.get_xticklabels()]
    assert list(axes.get_xticks()) == [chorale.bar_starts[n - 1] for n in shown]
    assert shown[0] == 1
    strong = [line.get_xdata()[0] for line in axes.lines if line.get_linewidth() == 1]
    assert strong == list(chorale.bar_starts)
    without = rolls.plot_roll([60] * 36).axes[0]
    assert list(without.get_xticks()) == list(range(0, 36, 4))


def test_the_legend_names_the_voices():
    legend = rolls.plot_roll(VOICES).axes[0].get_legend()
    assert [t.get_text() for t in legend.get_texts()] == ["soprano", "alto", "tenor", "bass"]
    assert rolls.plot_roll([60] * 4).axes[0].get_legend() is None


def hits(*cells):
    drums = np.zeros((16, 9, 3))
    for step, drum, velocity, offset in cells:
        drums[step, drum] = 1, velocity, offset
    return drums


def test_drums_have_names_and_heights():
    figure = rolls.plot_roll(hits((0, 0, 1, 0), (4, 0, 0.5, 0.25), (4, 8, 1, 0)))
    assert boxes(figure) == {"bass drum": 2, "ride": 1}
    names = [t.get_text() for t in figure.axes[0].get_yticklabels()]
    assert names[0] == "bass drum" and names[8] == "ride" and len(names) == 9
    loud, soft = corners(figure, "bass drum")
    assert soft[0] == 4.25
    assert loud[3] - loud[1] > soft[3] - soft[1] > 0.3


def test_drums_of_midi_are_sorted_into_the_nine_and_others_get_a_row():
    midi = to_midi(hits((0, 1, 1, 0), (4, 1, 1, 0)))
    midi.instruments[0].notes[0].pitch = 40  # an electric snare is a snare
    midi.instruments[0].notes[1].pitch = 56
    figure = rolls.plot_roll(midi)
    assert boxes(figure) == {"snare": 1, "cowbell": 1}
    assert len(figure.axes[0].get_yticks()) == 10


def test_music_with_drums_has_both():
    both = to_midi(VOICES)
    both.instruments += to_midi(hits((0, 0, 1, 0))).instruments
    figure = rolls.plot_roll(both, "Both")
    assert len(figure.axes) == 2
    assert list(boxes(figure, 0).values()) == [2, 2, 1, 1]
    assert boxes(figure, 1) == {"bass drum": 1}


@pytest.mark.parametrize("music", [[], [REST] * 16, hits(), np.zeros((16, 128), bool)])
def test_silence_is_said(music):
    figure = rolls.plot_roll(music)
    assert [t.get_text() for t in figure.axes[0].texts] == ["Nothing sounds here."]
    assert png_size(figure)


def test_too_much_music_is_refused():
    midi = to_midi([60] * 4)
    midi.instruments[0].notes *= rolls.MOST_NOTES + 1
    with pytest.raises(ValueError, match="at most 20000 are drawn"):
        rolls.plot_roll(midi)


def test_rolls_share_their_pitch_axis():
    figure = rolls.plot_rolls([("low", [40] * 16), ("high", [80] * 32), ("four", VOICES)])
    used = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in used] == ["low", "high", "four"]
    assert len({axes.get_ylim() for axes in used}) == 1
    assert {axes.get_xlim() for axes in used} == {(0, 32)}
    assert [t.get_text() for t in figure.legends[0].get_texts()][0] == "soprano"
    assert boxes(figure, 0) == {"melody": 1}
    with pytest.raises(ValueError, match="music to compare"):
        rolls.plot_rolls([])


def test_rolls_of_drums_have_room_for_nine_names():
    drums = np.zeros((32, 9, 3), np.float32)
    drums[::4, 0] = 1, 0.8, 0
    figure = rolls.plot_rolls({"a": drums, "b": drums, "c": drums}, columns=2)
    assert figure.get_figheight() >= 2 * 2.5  # inches


def test_long_rolls_stand_below_each_other():
    long = {"one": [60] * 100, "two": [62] * 100}
    first, second = rolls.plot_rolls(long).axes
    assert first.get_position().x0 == pytest.approx(second.get_position().x0)
    assert first.get_position().y0 > second.get_position().y0


def lab(colour, kind):
    """CIELAB of a colour as it is seen with a kind of colour blindness (Machado et al. 2009)."""
    matrices = {
        "none": np.eye(3),
        "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
        "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
        "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
    }
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    seen = np.clip(matrices[kind] @ linear, 0, 1)
    xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = (xyz @ seen) / [0.9505, 1, 1.089]
    f = [np.cbrt(v) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("kind", ["none", "protanopia", "deuteranopia", "tritanopia"])
def test_the_colours_are_told_apart_by_everybody(kind):
    for first, second in itertools.combinations(COLOURS, 2):
        assert np.linalg.norm(lab(first, kind) - lab(second, kind)) > 30


# --- losses and metrics ------------------------------------------------------------------------


def test_losses_are_drawn_raw_and_smoothed():
    values = list(np.sin(np.arange(500)))
    figure = curves.plot_losses(
        {"critic_loss": values, "step": list(range(0, 1000, 2))}, "critic_loss"
    )
    raw, smooth = figure.axes[0].lines
    assert list(raw.get_ydata()) == values
    assert list(raw.get_xdata()[:3]) == [0, 2, 4]
    assert np.std(smooth.get_ydata()) < 0.3 * np.std(values)
    assert [t.get_text() for t in figure.axes[0].get_legend().get_texts()] == ["critic loss"]


def test_three_noisy_losses_make_a_small_picture():
    rng = np.random.default_rng(0)
    history = {key: list(rng.normal(i, 1, 5000)) for i, key in enumerate("abc")}
    assert max(png_size(curves.plot_losses(history, ["a", "b", "c"]))) < 80_000


def test_the_moving_average():
    assert curves._smooth(np.array([0.0, 3, 6, 9]), 2).tolist() == [1.5, 3, 6, 7.5]
    assert curves._smooth(np.array([0.0, np.nan, 6, 9]), 2).tolist() == [0, 3, 7.5, 7.5]
    assert np.isnan(curves._smooth(np.full(3, np.nan), 2)).all()


@pytest.mark.parametrize(
    ("history", "key", "words"),
    [
        ({"a": [1]}, "b", "no 'b'"),
        ({"a": [1, 2], "step": [0]}, "a", 'but "step" has 1'),
        ({"a": [[1, 2], [3, 4]]}, "a", "several numbers"),
    ],
)
def test_bad_histories_of_losses(history, key, words):
    with pytest.raises(ValueError, match=words):
        curves.plot_losses(history, key)


TRAINED = {
    "loss": list(np.linspace(3, 1, 400)),
    "iteration": [100, 200, 300, 400],
    "training loss": [2.5, 2.0, 1.5, 1.1],
    "validation loss": [2.6, 2.1, 1.8, 1.7],
    "validation accuracy": [0.2, 0.3, 0.4, 0.4],
}


def test_training_and_validation_stand_in_one_panel():
    figure = curves.plot_losses(TRAINED, {"loss": "validation loss"}, "Tunes")
    (axes,) = figure.axes
    raw, smooth, valid = axes.lines
    assert list(raw.get_xdata()[[0, -1]]) == [1, 400] == list(axes.get_xlim())
    assert list(valid.get_xdata()) == [100, 200, 300, 400]
    assert list(valid.get_ydata()) == TRAINED["validation loss"]
    names = [text.get_text() for text in axes.get_legend().get_texts()]
    assert names == ["loss", "validation loss"]
    assert smooth.get_color() != valid.get_color()
    assert "validation loss from 2.6 to 1.7" in figure.alt

    keys = ["training loss", "validation loss", "validation accuracy"]
    figure = curves.plot_metrics(TRAINED, {}, keys, chosen=300)
    loss, accuracy = figure.axes
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["loss", "validation accuracy"]
    assert [list(line.get_ydata()) for line in loss.lines[:2]] == [TRAINED[key] for key in keys[:2]]
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["training", "validation", "chosen: 300"]
    colours = [line.get_color() for line in figure.legends[0].get_lines()]
    assert colours[:2] == [line.get_color() for line in loss.lines[:2]]
    alone = curves.plot_metrics(TRAINED, {}, "validation loss").axes
    assert [axes.get_title(loc="left") for axes in alone] == ["validation loss"]


@pytest.mark.parametrize(
    ("iterations", "scale"),
    [
        ([192, 384, 576, 768, 960], "linear"),
        ([0, 10, 20, 50, 100, 200, 350, 500, 750, 1000, 1250], "linear"),
        ([0, 100, 200, 300], "linear"),
        ([0, 10, 100, 1000, 10_000], "symlog"),
        ([1, 2, 4, 8, 16, 32, 64], "symlog"),
        ([5], "linear"),
        ([], "linear"),
    ],
)
def test_the_axis_shows_the_data(iterations, scale):
    """No half of a panel is blank, as far as the entries lie over one of the two scales."""
    history = {"iteration": iterations, "loss": list(range(len(iterations)))}
    axes = curves.plot_metrics(history, {}, "loss").axes[0]
    assert axes.get_xscale() == scale
    if len(iterations) > 1:
        assert axes.get_xlim() == (iterations[0], iterations[-1])
        places = axes.transData.transform([(x, 0) for x in iterations])[:, 0]
        assert np.diff(places).max() < 0.5 * (places[-1] - places[0])


def test_more_than_six_panels_are_several_pictures():
    history = {"iteration": [0, 1, 2]} | {f"figure {i}": [i, i, i] for i in range(15)}
    names = [f"figure {i}" for i in range(15)]
    pictures = curves.plot_metrics(history, {"figure 14": 3.0}, names)
    titles = [[axes.get_title(loc="left") for axes in picture.axes] for picture in pictures]
    assert [title for page in titles for title in page] == names
    assert [len(page) for page in titles] == [6, 6, 3]
    page = pictures._repr_mimebundle_()["text/html"]
    assert page.count("<img alt=") == 3 and "figure 14 from 14 to 14; Bach&#x27;s" in page
    assert [len(picture.legends) for picture in pictures] == [0, 0, 1]
    assert len(curves.plot_metrics(history, {}, names[:6]).axes) == 6


def test_every_line_has_a_name():
    history = {"iteration": [0, 1], "rate": [[1, 2, 3, 4, 5], [2, 3, 4, 5, 6]]}
    figure = curves.plot_metrics(history, {"real": {"rate": [1] * 5}, "no": {}}, "rate")
    names = [text.get_text() for text in figure.legends[0].get_texts()]
    assert names == ["real", *(f"voice {i}" for i in range(1, 6))]
    with pytest.raises(ValueError, match="5 references are too many"):
        curves.plot_metrics(history, {f"r{i}": {} for i in range(5)}, "rate")


def test_lines_over_what_they_depend_on():
    lines = {"training": [2.5, 1.5, 1.0], "validation": [2.6, 1.9, 2.1]}
    figure = curves.plot_lines(lines, xlabel="epoch", ylabel="loss")
    (axes,) = figure.axes
    assert [list(line.get_ydata()) for line in axes.lines] == list(lines.values())
    assert [list(line.get_xdata()) for line in axes.lines] == [[1, 2, 3]] * 2
    assert all(line.get_marker() == "o" for line in axes.lines)
    assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "3"]
    assert axes.get_ylim()[0] == 0 and axes.get_ylim()[1] > 2.6
    legend = figure.legends[0]
    assert [text.get_text() for text in legend.get_texts()] == list(lines)
    assert not legend.get_frame_on()
    assert len({line.get_color() for line in axes.lines}) == 2
    assert figure.alt == (
        "Loss over epoch, 1 to 3: training from 2.5 to 1; validation from 2.6 to 2.1, lowest 1.9 at"
        " 2."
    )


@pytest.mark.parametrize(
    ("x", "names"),
    [
        ([100, 200, 400, 800, 1600], ["100", "200", "400", "800", "1,600"]),
        (range(0, 16), [str(i) for i in range(16)]),
        ([0, 1, 10], ["0", "1", "10"]),
    ],
)
def test_whole_numbers_are_all_named(x, names):
    axes = curves.plot_lines({"a": np.arange(len(x))}, x).axes[0]
    assert [text.get_text() for text in axes.get_xticklabels()] == names
    assert axes.get_xlim() == (x[0], x[-1]) and not len(axes.get_xticks(minor=True))


@pytest.mark.parametrize("x", [np.linspace(0, 1, 8), np.arange(17), 10**8 * np.arange(16)])
def test_other_numbers_have_a_usual_axis(x):
    axes = curves.plot_lines({"a": np.arange(len(x))}, x).axes[0]
    assert not np.array_equal(axes.get_xticks(), x)


def test_lines_below_zero_and_with_gaps():
    axes = curves.plot_lines({"a": [-1, np.nan, 2]}).axes[0]
    assert axes.get_ylim()[0] < -1
    assert "a, no figures" in curves.plot_lines({"a": [np.nan] * 2}, title="none").alt
    assert curves.plot_lines({"a": []})._repr_png_()


def test_lines_that_cannot_be_drawn():
    with pytest.raises(ValueError, match="5 lines are not from 1 to 4"):
        curves.plot_lines(dict.fromkeys("abcde", [1, 2]))
    with pytest.raises(ValueError, match="'b' has 1 numbers over 2"):
        curves.plot_lines({"a": [1, 2], "b": [1]})


HISTORY = {
    "iteration": [0, 10, 100],
    "consonance": [0.5, 0.7, 0.9],
    "chord_share": [0.1, 0.2, 0.6],
    "rate": [[0.5, 0.6, 0.7], [0.3, 0.4, 0.5], [0.2, 0.2, 0.3]],
}


def test_metrics_with_one_reference():
    figure = curves.plot_metrics(HISTORY, {"consonance": 0.905}, ["consonance", "chord_share"])
    first, second = figure.axes[:2]
    line, bach = first.lines
    assert list(line.get_xdata()) == [0, 10, 100]
    assert list(line.get_ydata()) == [0.5, 0.7, 0.9]
    assert list(bach.get_ydata()) == [0.905, 0.905] and bach.get_linestyle() == "--"
    assert len(second.lines) == 1
    assert first.get_xscale() == "symlog" and first.get_xlim()[0] == 0
    assert first.get_title(loc="left") == "consonance"
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["Bach"]


def test_metrics_with_several_references_voices_and_a_mark():
    references = {"Bach": {"rate": [0.19, 0.21, 0.26]}, "baseline": {"chord_share": 0.3}}
    figure = curves.plot_metrics(HISTORY, references, ["rate", "chord_share"], chosen=10)
    first, second = figure.axes[:2]
    assert first.get_title(loc="left") == "rate"
    assert [line.get_color() for line in first.lines[:3]] == list(COLOURS[1:])
    assert [line.get_ydata()[0] for line in first.lines[3:6]] == [0.19, 0.21, 0.26]
    assert second.lines[1].get_linestyle() == ":"
    assert first.lines[-1].get_xdata()[0] == 10
    names = [t.get_text() for t in figure.legends[0].get_texts()]
    assert names == ["Bach", "baseline", "alto", "tenor", "bass", "chosen: 10"]
    assert max(png_size(figure)) < 80_000


def test_metrics_of_another_length_are_refused():
    with pytest.raises(ValueError, match='"iteration" has 3'):
        curves.plot_metrics(HISTORY | {"a": [1, 2]}, {}, "a")


# --- notation ----------------------------------------------------------------------------------


def count(svg, kind):
    return len(re.findall(rf'class="{kind}[ "]', svg))


def test_notation_has_every_note_and_the_staves(chorale):
    picture = notation.plot_notation(chorale)
    written = musicxml_writer.voices_to_score(chorale)
    assert count(picture.svg, "note") == len(written.recurse().notes)
    assert picture.title == chorale.name
    first_measures = [part.getElementsByClass("Measure")[0] for part in written.parts]
    assert [m.clef.sign for m in first_measures] == ["G", "F"]
    assert len(written.parts) == 2


def test_notation_is_the_same_music(chorale):
    """Ties joined, what is written is what sounds."""
    score = musicxml_writer.voices_to_score(chorale)
    timeline = to_timeline(chorale)
    for staff, pair in zip(score.parts, (timeline.parts[:2], timeline.parts[2:]), strict=True):
        for voice, part in zip(("1", "2"), pair, strict=True):
            found = []
            for measure in staff.getElementsByClass("Measure"):
                for element in measure.voices[voice].notes:
                    start = (measure.offset + element.offset) * 4
                    if element.tie is None or element.tie.type == "start":
                        found.append([start, start, element.pitch.midi])
                    found[-1][1] = start + element.quarterLength * 4
            assert found == part.notes[:, :3].tolist()


def test_notation_of_a_melody():
    picture = notation.plot_notation([60] * 4 + [REST] * 4 + [61] * 8, title="A & B")
    assert count(picture.svg, "note") == 2
    assert count(picture.svg, "rest") == 1
    html = picture._repr_html_()
    assert "A &amp; B" in html and html.count("<img") == 1
    assert ' alt="Score of A &amp; B. Bars: 1; voices: 1; notes: 2."' in html
    assert "<script" not in html and "data:image/svg+xml;base64," in html


def test_notes_are_tied_over_bar_lines_and_cuts():
    def ties(music):
        notes = musicxml_writer.voices_to_score(music).recurse().notes
        return [(n.quarterLength, n.tie and n.tie.type) for n in notes]

    assert ties([60] * 32) == [(4, "start"), (4, "stop")]
    assert ties([60] * 48)[1] == (4, "continue")
    assert ties([60] * 5 + [62] * 11) == [
        (1, "start"),
        (0.25, "stop"),
        (0.75, "start"),
        (2, "stop"),
    ]
    assert ties([60] * 16) == [(4, None)]


def test_notes_are_cut_where_they_can_be_read():
    assert written._lengths(0, 16, 4) == [16]
    assert written._lengths(0, 5, 4) == [4, 1]
    assert written._lengths(3, 9, 4) == [1, 4, 1]
    assert written._lengths(0, 12, 4) == [12]
    assert written._lengths(4, 4, 4) == []


def test_names_nothing_refers_to_go_and_the_others_stay():
    svg = '<g id="a"/><g id="b"/><use href="#b"/><style>#c path{}</style><svg id="c"/>'
    assert notation._without_idle_names(svg) == svg.replace(' id="a"', "")


@pytest.mark.parametrize(
    ("key", "fifths"),
    [
        ("C major", 0),
        ("A minor", 0),
        ("G major", 1),
        ("Bb major", -2),
        ("F# minor", 3),
        ("F major", -1),
        ("E dorian", 2),
        ("A mixolydian", 2),
        ("F Lydian", 0),
        ("B phrygian", 1),
    ],
)
def test_key_signatures(key, fifths):
    assert musicxml_writer.key_fifths(key) == fifths


@pytest.mark.parametrize("key", ["", "H major", "C blues", "C"])
def test_bad_keys(key):
    with pytest.raises(ValueError, match="A key is written like"):
        musicxml_writer.key_fifths(key)


def spelt(pitch, fifths):
    """As music21 writes it."""
    letter, alteration, octave = keys.spelling(pitch, fifths)
    return f"{letter}{'#' * alteration}{'-' * -alteration}{octave}"


@pytest.mark.parametrize(
    ("pitch", "fifths", "name"),
    [
        (60, 0, "C4"),
        (61, 0, "C#4"),
        (70, 0, "B-4"),
        (68, 0, "G#4"),  # the leading tone of A minor
        (71, 6, "B4"),
        (59, -6, "C-4"),
        (72, 7, "B#4"),
        (65, 6, "E#4"),
        (63, -3, "E-4"),
    ],
)
def test_spelling(pitch, fifths, name):
    from music21.pitch import Pitch

    assert spelt(pitch, fifths) == name
    assert Pitch(name).midi == pitch


def test_every_pitch_is_spelt_as_itself_in_every_key():
    from music21.pitch import Pitch

    for fifths in range(-7, 8):
        for pitch in range(36, 84):
            assert Pitch(spelt(pitch, fifths)).midi == pitch


def test_a_guessed_signature():
    g_major = np.array([67, 69, 71, 72, 74, 76, 78, 79])
    assert keys.guess_fifths(g_major) == 1
    assert keys.guess_fifths(g_major - 2) == -1
    assert keys.guess_fifths(np.array([REST])) == 0


def test_notation_of_silence_and_three_voices():
    assert count(notation.plot_notation([REST] * 16).svg, "note") == 0
    assert count(notation.plot_notation(VOICES[:, :3]).svg, "staff") == 3
    assert notation.plot_notation([]).svg.startswith("<svg")


def test_notation_in_other_metres():
    piece = Piece("waltz", np.full((24, 1), 60), None, np.array([0, 12]), "3/4", "C major")
    score = musicxml_writer.voices_to_score(piece)
    assert [m.number for m in score.parts[0].getElementsByClass("Measure")] == [1, 2]
    assert [n.quarterLength for n in score.recurse().notes] == [3, 3]


def test_notation_takes_no_drums():
    with pytest.raises(ValueError, match="voices grid"):
        notation.plot_notation(hits())
