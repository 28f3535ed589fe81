"""The shipped data/tunes.npz: its properties, and the way from ABC to it."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from benchmarks import abc_corpus
from data import build_tunes
from helpers.course.settings import DATA_FOLDER
from helpers.course.splits import SPLITS
from helpers.data import tunes as tunes_module
from helpers.data.tunes import (
    COLLECTIONS,
    KINDS,
    TUNES_FILE,
    Tune,
    event_clock,
    load_tunes,
    usual_signature,
)
from helpers.files.abc_reader import read_tune
from helpers.music.conversion import to_timeline
from helpers.music.grid import REST
from helpers.music.words import Vocabulary, melody_words, words_to_notes, words_to_voice

# What data/README.md's table says: training, validation, test.
COUNTS = {
    "reel": (620, 77, 77),
    "jig": (488, 61, 61),
    "slip jig": (79, 10, 10),
    "straight jig": (32, 4, 4),
    "hornpipe": (380, 47, 47),
    "clog": (33, 4, 4),
    "strathspey": (39, 5, 5),
    "fling": (12, 2, 2),
    "long dance": (16, 2, 2),
    "march": (39, 5, 5),
    "air": (491, 61, 61),
    "harp tune": (59, 8, 8),
    "other": (9, 1, 1),
}


@pytest.fixture(scope="module")
def arrays():
    with np.load(TUNES_FILE, allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="module")
def tunes():
    return load_tunes()


@pytest.fixture(scope="module")
def numbered(tunes):
    return {tune.number: tune for tune in tunes if tune.number}


@pytest.fixture(scope="module")
def named(tunes):
    """Ryan's tunes."""
    return {tune.name: tune for tune in tunes if not tune.number}


def a_tune(abc, collection=COLLECTIONS[0], metre="4/4", unit="1/8", key="D", title="A Reel"):
    text = f"X:1\nT:{title}\nM:{metre}\nL:{unit}\nK:{key}\n{abc}\n"
    return build_tunes.make_tune(collection, text, read_tune(build_tunes.mended(text)))


# --- the file ----------------------------------------------------------------------------------


def test_counts_by_kind_and_split(tunes):
    assert set(COUNTS) == set(KINDS)
    for kind, counts in COUNTS.items():
        assert tuple(len(load_tunes(split, kind)) for split in SPLITS) == counts, kind
    assert len(tunes) == 2871 == sum(map(sum, COUNTS.values()))
    assert Counter(tune.collection for tune in tunes) == dict(
        zip(COLLECTIONS, (1042, 1829), strict=True)
    )
    assert sum(len(tune.notes) for tune in tunes) == 311_013


def test_the_file_is_small_and_its_offsets_cover_it(arrays):
    assert TUNES_FILE.stat().st_size < 500_000
    for offsets, rows in (("event_offset", "pitch"), ("bar_offset", "bar_ticks")):
        assert arrays[offsets][0] == 0 and arrays[offsets][-1] == len(arrays[rows])
        assert (np.diff(arrays[offsets]) > 0).all()
    assert arrays["ticks"].shape == arrays["pitch"].shape
    assert (arrays["ticks"] > 0).all()


def test_the_readme_names_the_file_as_it_is(arrays):
    readme = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(TUNES_FILE.read_bytes()).hexdigest() in readme
    for name in arrays:
        assert f"| `{name}` | ({len(arrays[name])},)" in readme, name
    for kind, counts in COUNTS.items():
        assert f"| {kind} | {' | '.join(map(str, [*counts, sum(counts)]))} |" in readme


def test_a_missing_file_and_mistaken_arguments(monkeypatch, tmp_path):
    with pytest.raises(ValueError, match="train, valid, test"):
        load_tunes("training")
    with pytest.raises(ValueError, match="strathspey"):
        load_tunes(kind="polka")
    monkeypatch.setattr(tunes_module, "TUNES_FILE", tmp_path / "tunes.npz")
    with pytest.raises(FileNotFoundError, match="make data"):
        load_tunes()


# --- the tunes ---------------------------------------------------------------------------------


def test_tunes_are_one_voice_in_a_fiddle_s_range(tunes):
    for tune in tunes:
        starts, ends, pitches = tune.notes.T
        assert starts[0] >= 0 and (ends > starts).all() and (starts[1:] >= ends[:-1]).all()
        assert pitches.min() >= 55 and pitches.max() <= 96, tune.name
        assert 30 <= len(tune.notes) <= 500, tune.name


def test_nearly_all_bars_are_whole(tunes):
    whole, wrong = 0, 0
    for tune in tunes:
        right = np.isclose(np.diff(tune.bar_starts), tune.bar_steps)
        assert right.mean() >= build_tunes.RIGHT_BARS, tune.name
        assert 0 <= tune.bar_starts[0] < tune.bar_steps, tune.name
        assert tune.bar_starts[-1] < tune.notes[-1, 1], tune.name
        whole, wrong = whole + right.sum(), wrong + (~right).sum()
    assert wrong < 0.01 * whole


@pytest.mark.parametrize(
    ("kind", "metres", "share"),
    [("reel", ("2/2", "4/4"), 0.99), ("jig", ("6/8",), 0.99), ("slip jig", ("9/8",), 1.0)]
    + [("hornpipe", ("2/2", "4/4"), 0.99), ("strathspey", ("4/4", "2/2"), 1.0)],
)
def test_kinds_have_their_metres(tunes, kind, metres, share):
    of_kind = [tune.time_signature in metres for tune in tunes if tune.kind == kind]
    assert np.mean(of_kind) >= share


def test_reels_and_jigs_move_in_eighths(tunes):
    for kind in ("reel", "jig", "slip jig"):
        lengths = np.concatenate([np.diff(t.notes[:, :2]).ravel() for t in tunes if t.kind == kind])
        assert np.median(lengths) == 2
        assert np.mean(np.isclose(lengths, 2)) > 0.7


def test_four_of_five_tunes_end_on_their_tonic(tunes):
    ends = [int(tune.notes[-1, 2]) % 12 == tune.tonic for tune in tunes]
    assert np.mean(ends) > 0.75


def test_the_opening_of_a_reel_and_of_a_jig(named, numbered):
    """Typed in from the books: Abitha Muggins' Favorite, in 2/4 there; The Kerry Cobbler."""
    reel = named["Abitha Muggins' Favorite Reel"]
    assert (reel.kind, reel.key, reel.time_signature) == ("reel", "G lydian", "2/2")
    assert melody_words(reel.notes)[:14] == [
        *("D5 2", "B4 2", "B4 4", "A4 2", "B4 2", "D5 2", "B4 2"),
        *("G4 2", "B4 2", "D5 2", "F#5 2", "G5 4", "F#5 2", "G5 2"),
    ]
    jig = numbered[732]
    assert (jig.name, jig.kind, jig.key) == ("The Kerry Cobbler", "jig", "D major")
    assert jig.bar_starts[:3].tolist() == [2, 14, 26]  # a pickup of an eighth
    assert melody_words(jig.notes)[:14] == [
        *("A4 2", "D5 3", "E5 1", "D5 2", "F#5 2", "G5 2", "A5 2"),
        *("G5 3", "A5 1", "F#5 2", "E5 2", "C#5 2", "A4 2", "D5 3"),
    ]


def test_words_of_all_tunes_give_them_back(tunes):
    for tune in tunes[::7]:
        assert np.allclose(words_to_notes(melody_words(tune.notes)), tune.notes, atol=1e-9)


def test_hardly_a_word_of_the_held_out_tunes_is_unknown():
    vocabulary = Vocabulary([melody_words(tune.notes) for tune in load_tunes("train")])
    assert 300 < len(vocabulary) < 600
    words = [
        w for split in ("valid", "test") for t in load_tunes(split) for w in melody_words(t.notes)
    ]
    unknown = [word for word in words if word not in vocabulary]
    assert 0 < len(unknown) < 0.001 * len(words)
    assert len(vocabulary.encode(words, unknown="nearest")) == len(words)


def test_a_tune_on_the_grid_is_what_its_words_make(named):
    tune = named["Acrobat's Hornpipe"]  # full of triplets
    piece = tune.to_piece()
    melody, onsets = words_to_voice(melody_words(tune.notes))
    assert piece.voices.shape == piece.onsets.shape == (len(melody), 1)
    assert piece.voices[:, 0].tolist() == melody.tolist()
    assert piece.onsets[:, 0].tolist() == onsets.tolist()
    assert (piece.name, piece.key, piece.time_signature) == (tune.name, "Bb major", "2/2")
    assert piece.tempo == tune.tempo == 160
    assert piece.bar_starts[:2].tolist() == [4, 20]


def test_a_tune_can_be_played_with_its_triplets(named):
    tune = named["Acrobat's Hornpipe"]
    timeline = to_timeline(tune)
    assert np.array_equal(timeline.parts[0].notes[:, :3], tune.notes)
    assert (timeline.tempo, timeline.name) == (160, "Acrobat's Hornpipe")
    lengths = np.diff(timeline.parts[0].notes[:, :2]).ravel()
    assert np.isclose(lengths, 4 / 3).sum() > 10


def test_positions_in_the_bar():
    tune = a_tune("AB|d4 z2 f2|(3efe (3dcB A4|B2 c2 d4|]")
    assert tune.bar_starts.tolist() == [4, 20, 36]
    assert len(melody_words(tune.notes)) == 15
    clock = event_clock(tune)
    positions = clock[:-1, 0]
    assert clock[:, 1].tolist() == [-1] * 2 + [0] * 3 + [1] * 7 + [2] * 3 + [3]
    assert np.allclose(positions[:5], [12, 14, 0, 8, 12])
    assert np.allclose(positions[5:12], [0, 4 / 3, 8 / 3, 4, 16 / 3, 20 / 3, 8])
    assert np.allclose(positions[12:], [0, 4, 8])


def test_positions_lie_in_the_bar_and_downbeats_are_many(tunes):
    zero = total = 0
    for tune in tunes[::5]:
        positions = event_clock(tune)[:-1, 0]
        assert len(positions) == len(melody_words(tune.notes))
        assert (positions >= 0).all()
        zero, total = zero + np.isclose(positions, 0).sum(), total + len(tune.bar_starts)
    assert 0.97 < zero / total <= 1  # some bars begin with a note held over


@pytest.mark.parametrize(
    ("kind", "signature"),
    [("jig", "6/8"), ("slip jig", "9/8"), ("reel", "2/2")],
)
def test_the_usual_signature_of_a_dance(kind, signature):
    assert usual_signature(kind) == signature


def test_no_signature_is_more_frequent_than_the_usual_one():
    for kind in KINDS:
        found = Counter(tune.time_signature for tune in load_tunes("train", kind))
        assert found[usual_signature(kind)] == max(found.values()) > 0


def test_an_unknown_kind_has_no_usual_signature():
    with pytest.raises(ValueError, match="one of reel, jig"):
        usual_signature("polka")


# --- from ABC ----------------------------------------------------------------------------------


def test_a_tune_in_two_four_that_moves_in_sixteenths_is_written_twice_as_long():
    sixteenths = a_tune("d2ef gfed|B2AB d4|]", metre="2/4", unit="1/16")
    eighths = a_tune("d2ef gfed|B2AB d4|]", metre="C|", unit="1/8")
    assert sixteenths.time_signature == eighths.time_signature == "2/2"
    assert sixteenths.notes.tolist() == eighths.notes.tolist()
    assert sixteenths.bar_starts.tolist() == eighths.bar_starts.tolist() == [0, 16]
    polka = a_tune("d2 ef|gf ed|]", metre="2/4")
    assert polka.time_signature == "2/4"
    assert polka.bar_starts.tolist() == [0, 8]


def test_of_two_endings_the_second_is_played():
    for first, second in (("[1", "[2"), ("|1", "|2"), ("| 1", "|2")):
        tune = a_tune(f"d4 e4|f4 g4{first if '|' in first else '|' + first} a8:|{second[-2:]} b8|]")
        assert tune.notes[:, 2].tolist() == [74, 76, 78, 79, 83], first
        assert tune.bar_starts.tolist() == [0, 16, 32]


def test_grace_notes_are_left_out_and_of_a_chord_the_highest_note_is_kept():
    tune = a_tune("{e}d4 [Adf]4|~g4 {fg}T a4|]")
    assert melody_words(tune.notes) == ["D5 8", "F#5 8", "G5 8", "A5 8"]


@pytest.mark.parametrize(
    ("title", "tidy"),
    [
        ("GOBBY O -- JIG., THE", "The Gobby O Jig"),
        ("ACROBAT'S -- HORNPIPE", "Acrobat's Hornpipe"),
        ("O'CONNELL'S TRIP TO PARKGAT:E -- REEL.", "O'Connell's Trip to Parkgate Reel"),
        ("COL. McBAIN'S -- REEL", "Col. McBain's Reel"),
        ('"Sally Growler" -- Hornpipe', "Sally Growler Hornpipe"),
        ("BLACK-EYED LASSIE -- REEL., THE", "The Black-Eyed Lassie Reel"),
        ("CLYDE-SIDE LASSIES, -- REEL.", "Clyde-Side Lassies Reel"),
        ("Hills of Ireland. The", "The Hills of Ireland"),
        ("T:Beebe's -- Hornpipe", "Beebe's Hornpipe"),
        ("Dermot and His Lass.", "Dermot and His Lass"),
        ("the Boys of Carrigallen", "The Boys of Carrigallen"),
    ],
)
def test_titles(title, tidy):
    assert build_tunes.tidy_title(title) == tidy


@pytest.mark.parametrize(
    ("title", "metre", "kind"),
    [
        ("HANG FIRE -- JIG", "2/4", "straight jig"),
        ("Rakes of Westmeath -- Jig", "9/8", "slip jig"),
        ("Old Mother Goose -- SlipJig", "9/8", "slip jig"),
        ("RUSTIC -- REEL", "6/8", "jig"),
        ("ECLIPSE -- HIGHLAND FLING", "C", "fling"),
        ("Reel of Tulloch -- Strathspey", "C", "strathspey"),
        ("NEUMEDIA", "2/4", "other"),
    ],
)
def test_kinds_by_title_and_metre(title, metre, kind):
    assert a_tune("d4 e4 f4|d4 e4 f4|]", metre=metre, title=title).kind == kind


@pytest.mark.parametrize(
    ("number", "kind"),
    [(1, "air"), (625, "air"), (626, "harp tune"), (701, "jig"), (1116, "slip jig"), (1176, "reel")]
    + [(1780, "hornpipe"), (1781, "long dance"), (1801, "march"), (1850, "march")],
)
def test_kinds_by_the_section_of_the_book(numbered, number, kind):
    if number in numbered:
        assert numbered[number].kind == kind
    text = f"X:9\nB:O'Neill's {number}\nT:A Hornpipe\nM:6/8\nK:Em\nBAB def|"
    tune = build_tunes.make_tune(COLLECTIONS[1], text, read_tune(text))
    assert (tune.number, tune.key) == (number, "E minor")
    assert tune.kind == ("jig" if kind == "reel" else kind)  # a reel in 6/8 is none


def test_a_tune_in_the_metre_of_its_bars():
    text = "X:1\nT:T\nM:3/4\nL:1/8\nK:D\n" + 8 * "d2e2f2g2|" + "\n"
    reading = build_tunes.metre_by_its_bars(text, read_tune(text))
    assert reading.metres == [(0.0, 4, 4)]
    assert build_tunes.why_not(reading) == ""


@pytest.mark.parametrize(
    ("abc", "reason"),
    [(4 * "d2e2f2|", "too short"), (6 * "d2e2f2|" + 5 * "d2e2f2g2|", "whole bars of 10")],
)
def test_broken_and_short_tunes_are_left_out(abc, reason):
    reading = read_tune(f"X:1\nT:T\nM:3/4\nL:1/8\nK:D\n{abc}|\n")
    assert reason in build_tunes.why_not(reading)


# --- the split ---------------------------------------------------------------------------------


def test_no_group_stands_on_two_sides(arrays):
    for group in np.unique(arrays["group"]):
        assert len(set(arrays["split"][arrays["group"] == group].tolist())) == 1


def test_groups_are_many_and_small(arrays):
    sizes = np.unique(arrays["group"], return_counts=True)[1]
    assert len(sizes) == 1898
    assert sizes.max() == 69
    assert (sizes == 1).sum() > 1400


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("College Hornpipe", 1737),  # Jack's the Lad, in another key
        ("Union Hornpipe", 1650),  # The Green Flag
        ("The Boyne Hunt Reel", 1241),
        ("Roy's Wife Highland Fling", "Roy's Wife of Aldivalloch"),  # in notes twice as long
        ("Money Musk Reel", "Money Musk Strathspey"),
        ("Fisher's Hornpipe", 1576),
        ("Soldiers' Joy", 1642),
    ],
)
def test_tunes_known_to_be_the_same_are_one_group(arrays, first, second):
    def group(tune):
        known = arrays["number"] == tune if isinstance(tune, int) else arrays["name"] == tune
        return arrays["group"][known].tolist()

    assert group(first) and group(first) == group(second)


def altered(tune: Tune, semitones=0, stretch=1.0) -> Tune:
    return tune._replace(
        name="Another Title",
        notes=tune.notes * (stretch, stretch, 1) + (0, 0, semitones),
        bar_starts=tune.bar_starts * stretch,
    )


def test_a_tune_in_another_key_or_in_shorter_notes_is_a_near_copy(named):
    tune, other = named["College Hornpipe"], named["Acrobat's Hornpipe"]
    copies = [tune, altered(tune, -3), other, altered(tune, 5, stretch=0.5)]
    assert build_tunes.tune_groups(copies).tolist() == [0, 0, 2, 0]


def test_a_varied_tune_is_a_near_copy(named):
    """Every fourth beat's note is changed, so that no long run is left."""
    tune = named["College Hornpipe"]
    notes = tune.notes.copy()
    notes[np.isclose(notes[:, 0] % 16, (tune.bar_starts[0] + 12) % 16), 2] += 1
    varied = altered(tune._replace(notes=notes), 2)
    assert not build_tunes.sharing_runs([tune, varied])
    assert build_tunes.agreeing([tune, varied]) == {(0, 1)}


def test_agreement_counts_the_beats_that_agree_in_the_best_key():
    some = np.array([[0, 2, 4, 5], [0, 0, 0, 0]])
    others = np.array([[7, 9, 11, 1], [1, 2, 3, 4]])
    assert build_tunes.agreement(some, others).tolist() == [[3, 2], [1, 1]]


def test_a_split_keeps_groups_whole_and_has_every_kind_everywhere():
    rng = np.random.default_rng(0)
    kinds = np.array(["reel"] * 150 + ["jig"] * 45 + ["air"] * 5)
    groups = rng.integers(0, 120, len(kinds))
    split = build_tunes.split_by_group(groups, kinds)
    assert all(len(set(split[groups == group])) == 1 for group in groups)
    for part in (1, 2):
        assert 10 <= (split[kinds == "reel"] == part).sum() <= 15
        assert 2 <= (split[kinds == "jig"] == part).sum() <= 5


def test_no_eight_bars_of_a_held_out_tune_are_in_the_training_set():
    """Compared afresh; the greatest agreement that is left is 22 of 32 beats, 69 %."""
    train = build_tunes.phrases(load_tunes("train"))
    compared, most = 0, 0.0
    for split in ("valid", "test"):
        held_out = load_tunes(split)
        assert {tune.kind for tune in held_out} == set(KINDS)
        for length, (_, beats) in build_tunes.phrases(held_out).items():
            if length in train:
                shares = build_tunes.agreement(beats, train[length][1]) / length
                compared, most = compared + shares.size, max(most, float(shares.max()))
    assert compared > 1_000_000
    assert 0.6 < most < build_tunes.COPY_SHARE


def test_no_long_run_of_a_held_out_tune_is_in_the_training_set(tunes, arrays):
    pairs = build_tunes.sharing_runs(tunes)
    assert len(pairs) > 100
    assert all(arrays["split"][i] == arrays["split"][j] for i, j in pairs)


# --- the sources -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources():
    return build_tunes.read_all()


def test_every_tune_has_as_many_notes_as_are_counted_in_its_source(tunes, sources):
    """Counted by regular expressions that know nothing of the reader: see the benchmark."""
    assert len(tunes) == len(sources[2])
    differ = {}
    for tune, text in zip(tunes, sources[2], strict=True):
        body = abc_corpus.without_first_endings(abc_corpus.cleaned(text))
        counted = abc_corpus.count_notes(body, chords=False)
        if counted != len(tune.notes):
            differ[tune.name] = (counted, len(tune.notes))
    # Of its nine notes in the time of two thirty-seconds three are shorter than half a tick.
    assert differ == {"The Black Slender Boy": (132, 129)}


def test_tunes_go_on_after_a_comment(named, numbered):
    """Four that once ended there. Of the 351 notes of the first 12 are in first endings, of the 98
    of the second 16 in four chords."""
    counts = [len(named[name].notes) for name in named if "Kitty O'Neil" in name]
    assert counts == [351 - 12]
    assert len(named["Boston Caledonian Club's Jig"].notes) == 98 - 4 * 3
    assert len(named["Strathearn Strathspey"].notes) == 124
    assert len(numbered[727].notes) == 92


def test_the_sources_give_the_same_tunes_again(arrays, sources):
    built, left_out, _ = sources
    assert [tune.name for tune in built] == arrays["name"].tolist()
    again = build_tunes.note_arrays(built)
    for name in again:
        assert np.array_equal(again[name], arrays[name]), name
    assert (again["pitch"] != REST).sum() == 311_013
    assert len(left_out) == 30


def test_kinds_by_name_in_the_first_collection():
    titles = [
        build_tunes.first_title(text)
        for collection, _, text in build_tunes.abc_texts()
        if collection == COLLECTIONS[0]
    ]
    assert len(titles) == 1059
    words = ("-- reel", "-- jig", "-- slip", "-- hornpipe", "-- strathspey")
    counts = [sum(word in title.lower() for title in titles) for word in words]
    assert counts == [382, 255, 6, 249, 48]
