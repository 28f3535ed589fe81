"""The Nottingham loader on small books made here, and on the database where it is at hand."""

from collections import Counter

import numpy as np
import pytest

from helpers.data import load_nottingham
from helpers.data.nottingham import chord_name
from helpers.files.midi_writer import midi_bytes, to_midi
from helpers.files.reading import MusicFileError
from helpers.music.conversion import to_timeline
from helpers.music.words import SIXTHS_PER_STEP

JIGS = """X: 1
T:A Small Jig
% Nottingham Music Database
S:Trad
M:6/8
K:G
D|:"G"GAB "D7/f+"A3|[1"G"G3 "(Am7)"A2D:|\\
 [2"G"G3 "one""Ed"G2||

X: 2
T:Triplets
M:2/4
L:1/4
K:Em
"Em"(3E/2F/2G/2 [GB]| "^slow"z "B7" B|]
"""
XMAS = "X:1\nT:Noel\nM:3/4\nL:1/4\nK:C\nCDE|\n"


@pytest.fixture
def books(tmp_path, monkeypatch):
    (tmp_path / "books").mkdir()
    (tmp_path / "books" / "jigs.abc").write_text(JIGS)
    (tmp_path / "books" / "xmas.abc").write_text(XMAS)
    monkeypatch.setenv("NOTTINGHAM_DIR", str(tmp_path))
    return tmp_path / "books"


def test_small_books(books):
    jig, triplets, carol = load_nottingham()
    assert (jig.name, jig.kind, jig.key, jig.time_signature) == (
        *("A Small Jig", "jig"),
        *("G major", "6/8"),
    )
    assert (jig.tonic, jig.tempo, jig.collection) == (7, 170, "Nottingham Music Database")
    # Played once, with the second ending.
    assert jig.notes.tolist() == [
        *([0, 2, 62], [2, 4, 67], [4, 6, 69], [6, 8, 71], [8, 14, 69]),
        *([14, 20, 67], [20, 24, 67]),
    ]
    assert jig.bar_starts.tolist() == [2, 14]
    assert jig.chords == [(2, "G"), (8, "D7/F#"), (14, "G"), (20, "Edim")]
    # The triplet exact, the highest note of two, no annotation.
    assert triplets.notes.tolist() == pytest.approx(
        np.array([[0, 4 / 3, 64], [4 / 3, 8 / 3, 66], [8 / 3, 4, 67], [4, 8, 71], [12, 16, 71]])
    )
    assert triplets.chords == [(0, "Em"), (12, "B7")]
    assert (carol.name, carol.kind, carol.tempo, carol.chords) == ("Noel", "other", 160, [])


def test_kinds_and_folders(books, monkeypatch):
    assert [tune.name for tune in load_nottingham("other")] == ["Noel"]
    assert load_nottingham("reel") == []
    with pytest.raises(
        ValueError, match="jig, hornpipe, reel, slip jig, waltz, other, not 'polka'"
    ):
        load_nottingham("polka")
    monkeypatch.delenv("NOTTINGHAM_DIR")
    assert len(load_nottingham(folder=books)) == 3


@pytest.mark.parametrize(
    ("text", "name"),
    [
        *(("G", "G"), ("Am7", "Am7"), ("F#m", "F#m"), ("Bb", "Bb"), (" D m", "Dm"), ("C6", "C6")),
        *(("D7b9", "D7b9"), ("(E7)", "E7"), ("D/f+", "D/F#"), ("Gm/bb", "Gm/Bb"), ("C/e", "C/E")),
        *(("D#d", "D#dim"), ("Ebd", "Ebdim"), ("Fa7", "Faug7"), (" ", ""), ("slow", "")),
        *(("From A.Train's Book", ""), ("H", "")),
    ],
)
def test_chord_names(text, name):
    assert chord_name(text) == name


def test_without_a_copy_it_says_where_to_get_one(monkeypatch, tmp_path):
    monkeypatch.delenv("NOTTINGHAM_DIR", raising=False)
    with pytest.raises(FileNotFoundError) as error:
        load_nottingham()
    for words in ("https://ifdo.ca/~seymour/nottingham/", "jukedeck", "NOTTINGHAM_DIR"):
        assert words in str(error.value)
    assert "\n" not in str(error.value)
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(FileNotFoundError, match=r"\*\.abc is not there"):
            load_nottingham(folder=folder)


def test_a_damaged_book_is_named(books):
    (books / "jigs.abc").write_text("X:1\nK:C\nC99999999|\n")
    with pytest.raises(MusicFileError, match=r"^jigs\.abc ") as error:
        load_nottingham()
    assert "\n" not in str(error.value)
    assert len(load_nottingham("other")) == 1


# --- the database ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(shared_data):
    return load_nottingham(folder=shared_data / "nottingham")


def test_what_is_in_it(real, shared_data):
    texts = [path.read_text() for path in sorted((shared_data / "nottingham").glob("*.abc"))]
    titles = [line[2:].strip() for text in texts for line in text.splitlines() if line[:2] == "T:"]
    titles = [title.replace("\\&", "&") for title in titles]  # as ABC 2.1 spells it, section 8.2
    assert [tune.name for tune in real] == [" ".join(title.split()) for title in titles]
    assert Counter(tune.kind for tune in real) == {
        **{"reel": 461, "jig": 340, "other": 105},
        **{"hornpipe": 65, "waltz": 52, "slip jig": 11},
    }
    assert sum(len(tune.notes) for tune in real) == 103_448
    assert sum(len(tune.chords) for tune in real) == 26_744
    assert all(tune.key for tune in real)
    assert sum(not tune.chords for tune in real) == 13


def test_notes_bars_and_chords_fit_together(real):
    whole = 0
    for tune in real:
        starts, ends = tune.notes[:, 0], tune.notes[:, 1]
        assert (starts < ends).all() and (starts[1:] >= ends[:-1]).all(), tune.name
        ticks = tune.notes[:, :2] * SIXTHS_PER_STEP
        assert np.allclose(ticks, np.round(ticks), atol=1e-6), tune.name
        assert (np.diff(tune.bar_starts) > 0).all() and tune.bar_starts[-1] < ends[-1], tune.name
        steps = [step for step, _ in tune.chords]
        assert steps == sorted(steps) and all(0 <= step < ends[-1] for step in steps), tune.name
        whole += np.allclose(np.diff(tune.bar_starts), tune.bar_steps)
    assert whole > 0.97 * len(real)


def test_most_chords_hold_the_melody_note_under_them(real):
    """Of major triads, over their own first note: a chord in the wrong place would not."""
    roots = dict(zip("CDEFGAB", (0, 2, 4, 5, 7, 9, 11), strict=True))
    fits = []
    for tune in real:
        pitches = dict(zip(tune.notes[:, 0].tolist(), tune.notes[:, 2].tolist(), strict=True))
        for step, name in tune.chords:
            if name in roots and step in pitches:
                fits.append((pitches[step] - roots[name]) % 12 in (0, 4, 7))
    assert len(fits) > 10_000 and np.mean(fits) > 0.8


def test_a_tune_plays_and_is_a_piece(real):
    for tune in real[::100]:
        timeline = to_timeline(tune)
        assert timeline.name == tune.name and timeline.tempo == tune.tempo
        assert len(to_midi(tune).instruments[0].notes) == len(tune.notes)
        assert midi_bytes(to_midi(timeline))[:4] == b"MThd"
        assert tune.to_piece().voices.shape[1] == 1
