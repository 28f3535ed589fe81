"""The chorale measures on progressions worked out by hand, and on Bach's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import data, music
from helpers.metrics import chorales
from helpers.metrics.ngrams import NGram
from helpers.music.grid import REST, Piece, default_onsets

BEAT = 4
# Chords of C major as singers have them: soprano, alto, tenor, bass.
C, F, G, G7 = (72, 67, 64, 48), (72, 69, 65, 53), (71, 67, 62, 55), (71, 65, 62, 55)
A_MINOR = (72, 64, 60, 57)
SUS4 = (72, 67, 65, 48)
PLAGAL, AUTHENTIC = [C, F, C], [C, G, C]


def chorale(*chords, key="C major", fermatas=(), bar_starts=(0,), each=BEAT):
    """A piece of chords, each a beat; fermatas: the numbers of chords that end a phrase."""
    voices = np.repeat(np.array(chords, np.int16), each, axis=0)
    marks = np.zeros(len(voices), bool)
    marks[[each * i for i in fermatas]] = True
    onsets = default_onsets(voices)
    onsets[::each] = voices[::each] != REST
    return Piece("by hand", voices, onsets, np.array(bar_starts), "4/4", key, fermatas=marks)


def figure(piece, name, **more):
    """The one figure of a piece whose name begins so."""
    found = chorales.chorale_figures([piece], **more)
    [value] = [value for row, value in found.items() if row.startswith(name)]
    return value


@pytest.fixture(scope="module")
def bach():
    return data.load_chorales("test", time_signature="4/4")


# --- key and chords ----------------------------------------------------------------------------


def test_the_key_of_a_scale_and_its_chords():
    major = [60, 62, 64, 65, 67, 67, 69, 71, 72]
    assert chorales.key_of(major) == "C major"
    assert chorales.key_of([p + 3 for p in major]) == "Eb major"
    assert chorales.key_of([60, 60, 63, 67, 68, 71, 72, 67, 63, 60]) == "C minor"
    assert chorales.key_of(np.full(8, REST)) == ""


def test_the_key_weighs_notes_by_how_long_they_sound():
    """Of G, C and E with a long F sharp beside, and with a short one."""
    assert chorales.key_of([67] * 9 + [71] * 6 + [74] * 6 + [60, 66, 66, 66]) == "G major"
    assert chorales.key_of([60] * 9 + [64] * 6 + [67] * 6 + [66]) == "C major"


def test_keys_of_all_shipped_chorales_are_their_labels():
    """The labels are music21's, by the same profiles."""
    for piece in data.load_chorales():
        assert chorales.key_of(piece.voices) == piece.key


def test_chord_at():
    piece = chorale(C, G7, SUS4, (60, 60, 60, 60), (REST, 67, 60, 52))
    assert chorales.chord_at(piece, 0) == (0, "major", 0)
    assert chorales.chord_at(piece, 4) == (7, "dominant seventh", 7)
    assert chorales.chord_at(piece, 8) is None
    assert chorales.chord_at(piece, 12) is None
    assert chorales.chord_at(piece, 16) == (0, "major", 4)
    with pytest.raises(ValueError, match="steps 0 to 19"):
        chorales.chord_at(piece, 20)


# --- voice leading -----------------------------------------------------------------------------


def test_parallel_fifths_and_octaves():
    """C to D: soprano and bass in octaves, alto and bass in twelfths."""
    up = chorale(C, (74, 69, 65, 50))
    assert chorales.parallels(up) == [
        (4, "soprano", "bass", "octave"),
        (4, "alto", "bass", "fifth"),
    ]
    assert figure(up, "parallel fifths, per") == figure(up, "parallel octaves, per") == 100 / 8


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ((72, 65), (74, 67), ["fifth"]),
        ((79, 60), (81, 62), ["fifth"]),  # a twelfth is one, too
        ((60, 60), (62, 62), ["octave"]),  # and a unison an octave
        ((72, 60), (74, 62), ["octave"]),
        ((65, 72), (67, 74), ["fifth"]),  # crossed voices
        ((72, 65), (72, 65), []),  # nobody moves
        ((72, 65), (60, 65), []),  # one does
        ((72, 65), (79, 60), []),  # contrary: from a fifth to a twelfth
        ((72, 65), (73, 67), []),  # to a diminished fifth
        ((72, 65), (74, 62), []),  # to an octave
        ((72, 65), (REST, REST), []),
    ],
)
def test_what_is_parallel(first, second, expected):
    """Two voices alone, the others resting."""
    piece = chorale((*first, REST, REST), (*second, REST, REST))
    assert [one.interval for one in chorales.parallels(piece)] == expected


def test_over_a_phrase_end_nothing_is_parallel():
    up = chorale(C, (74, 69, 65, 50), (76, 71, 67, 52), fermatas=[0])
    assert {one.step for one in chorales.parallels(up)} == {8}
    assert {one.step for one in chorales.parallels(up, phrase_ends=[])} == {4, 8}
    assert {one.step for one in chorales.parallels(up, phrase_ends=[3, 4])} == set()
    assert figure(up, "parallel fifths, phrase ends too") == 2 * figure(up, "parallel fifths, per")
    assert figure(up, "parallel fifths, per", phrase_ends=[[]]) == pytest.approx(100 * 2 / 12)


def test_crossing_and_spacing_are_shares_of_steps():
    piece = chorale(
        C,
        (60, 64, 67, 48),  # twice crossed: one step
        (72, 59, 57, 48),  # soprano and alto 13 apart
        (72, 60, 48, 36),  # octaves are allowed
        (72, 71, 69, 40),  # and the bass may be anywhere
    )
    assert figure(piece, "voices crossed") == 100 / 5
    assert figure(piece, "wider than an octave") == 100 / 5


def bass_line(*pitches, **more):
    return chorale(*[(72, 67, 64, pitch) for pitch in pitches], **more)


def test_leaps():
    """A fifth is none, a sixth is one; a repeated note is no move."""
    piece = bass_line(48, 55, 55, 64, 62, 48, 48)
    assert figure(piece, "bass: leaps") == 100 * 2 / 4
    assert math.isnan(figure(piece, "alto: leaps"))
    # of the two the first is followed by a step back, the last by nothing
    assert figure(piece, "leaps of lower voices") == 0
    assert figure(bass_line(48, 57, 59, 57), "leaps of lower voices") == 100  # on, not back
    assert figure(bass_line(48, 57, 53, 52), "leaps of lower voices") == 100  # back, no step
    assert figure(bass_line(48, 57, 57, 56), "leaps of lower voices") == 0  # held before
    assert math.isnan(figure(bass_line(48, 57, REST, 56), "leaps of lower voices"))


def test_leaps_over_a_phrase_end_are_free():
    piece = bass_line(48, 60, 59, fermatas=[0])
    assert figure(piece, "bass: leaps") == 0
    assert figure(bass_line(48, 60, 53, fermatas=[1]), "bass: leaps") == 100
    assert math.isnan(figure(bass_line(48, 60, 53, fermatas=[1]), "leaps of lower voices"))


def test_changes_are_of_all_steps_but_the_first():
    piece = bass_line(48, 50, 50, REST)
    assert figure(piece, "bass changes") == pytest.approx(100 * 2 / 15)
    assert figure(piece, "alto changes") == 0


def test_struck_semitones():
    """B and C struck together are one, C held into B and C is none; a major seventh is one."""
    assert figure(chorale(C, (72, 71, 62, 55)), "struck semitones") == 0  # the C is held
    assert figure(chorale(C, (74, 71, 60, 55)), "struck semitones") == 100 / 8
    assert figure(chorale((72, 67, 64, 53)), "struck semitones") == 100 * 1 / 4  # F and E


def test_restrikes():
    """The soprano repeats twice; the lower voices strike then 3 and 1 times."""
    piece = chorale(C, C, G)
    piece.onsets[:] = False
    piece.onsets[[0, 4, 8]] = True
    piece.onsets[6, [0, 3]] = True
    # lower onsets: 3 at the first step, 3 at 4 and 1 at 6, all repeated, 3 at 8: the alto's G is
    assert figure(piece, "onsets of lower voices that repeat") == 100 * 5 / 10
    assert figure(piece, "lower voices that strike") == pytest.approx(100 * 4 / 6)
    held = piece._replace(onsets=default_onsets(piece.voices))
    assert figure(held, "onsets of lower voices that repeat") == 0
    assert math.isnan(figure(held, "lower voices that strike"))


# --- harmony -----------------------------------------------------------------------------------


def test_chords_are_looked_at_on_the_beat():
    piece = chorale(C, SUS4, G7, (72, 67, REST, 48))
    assert figure(piece, "triad or seventh") == pytest.approx(100 * 2 / 3)
    piece.voices[1:4] = SUS4  # between the beats
    assert figure(piece, "triad or seventh") == pytest.approx(100 * 2 / 3)
    off = piece._replace(bar_starts=np.array([5]))  # on the second step of each beat
    assert figure(off, "triad or seventh") == pytest.approx(100 * 1 / 3)


def test_chord_changes_and_stillness():
    """I, I with another soprano, the same set lower down, V; of three beats."""
    piece = chorale(C, (76, 67, 64, 48), (76, 67, 60, 36), G)
    assert figure(piece, "chord changes") == pytest.approx(100 / 3)
    assert figure(piece, "lower voices all still") == pytest.approx(100 / 3)


def test_doubled_leading_tones():
    piece = chorale(G, (71, 67, 59, 55), C)
    assert figure(piece, "leading tone doubled") == 50
    assert figure(piece._replace(key="C minor"), "leading tone doubled") == 50
    assert figure(piece._replace(key="F major"), "leading tone doubled") == 0  # one E
    assert math.isnan(figure(chorale(C, C), "leading tone doubled"))


def test_the_seventh_falls():
    """F of G7: to E, up to G, held."""
    falls, rises, held = (72, 64, 60, 48), (72, 67, 64, 48), (72, 65, 57, 53)
    assert figure(chorale(G7, falls), "dominant's seventh") == 100
    assert figure(chorale(G7, rises), "dominant's seventh") == 0
    assert math.isnan(figure(chorale(G7, held), "dominant's seventh"))
    assert math.isnan(figure(chorale(G, falls), "dominant's seventh"))
    assert figure(chorale(G7, falls, G7, rises), "dominant's seventh") == 50
    other_place = (65, 62, 59, 55)
    assert figure(chorale(G7, other_place, (64, 60, 60, 48)), "dominant's seventh") == 100


# --- the tonic and the ends --------------------------------------------------------------------


def test_first_and_last_chord():
    first, last = "first chord is the tonic", "last chord is I"
    assert figure(chorale(*AUTHENTIC), first) == figure(chorale(*AUTHENTIC), last) == 100
    assert figure(chorale(G, C, A_MINOR), first) == figure(chorale(G, C, A_MINOR), last) == 0
    inverted = (72, 67, 60, 52)
    assert figure(chorale(inverted), first) == 100
    assert figure(chorale(inverted), last) == 0
    minor = (72, 67, 63, 48)
    assert figure(chorale(minor, key=""), last) == 100  # its own key is found
    assert figure(chorale((72, REST, REST, REST), C), first) == 100  # a pickup of one voice


def test_cadences():
    piece = chorale(C, G7, C, G, A_MINOR, F, C, fermatas=[2, 3, 4, 6])
    found = chorales.cadences(piece)
    assert [one.step for one in found] == [8, 12, 16, 24]
    assert [one.chord.root for one in found] == [0, 7, 9, 0]
    assert [one.in_root_position for one in found] == [True] * 4
    assert [one.home for one in found] == [True, True, False, True]
    assert [one.from_dominant for one in found] == [True, False, False, False]
    for name, expected in {"root-position": 100, "I or V": 75, "V-I": 25}.items():
        assert figure(piece, f"phrase end: {name}") == expected
    assert math.isnan(figure(chorale(C), "phrase end: V-I"))


def test_a_cadence_in_another_key_and_after_a_suspension():
    d7, g = (72, 66, 62, 50), (71, 67, 62, 43)
    suspended = (72, 67, 62, 43)  # C over G before it falls to B
    piece = chorale(C, d7, suspended, g)
    [found] = chorales.cadences(piece, phrase_ends=[12])
    assert found.home and not found.from_dominant  # the beat before has no D7
    piece.onsets[8:, 0] = False
    piece.voices[8:, 0] = 71
    piece.voices[8:12, 1:] = (67, 60, 43)  # now the tenor is suspended, under one soprano's note
    piece.onsets[8, 0] = True
    [found] = chorales.cadences(piece, phrase_ends=[8])
    assert found == (8, (7, "major", 7), True, True, True)
    [same] = chorales.cadences(piece, phrase_ends=[8, 14])  # twice the same note
    assert same == found


def test_a_phrase_that_ends_on_no_chord():
    piece = chorale(C, G, SUS4, fermatas=[2])
    assert chorales.cadences(piece) == [(8, None, False, False, False)]
    inverted = chorale(G7, (72, 67, 60, 52), fermatas=[1])
    assert chorales.cadences(inverted) == [(4, (0, "major", 4), False, False, True)]


def test_the_end_may_rest():
    assert chorales.cadences(chorale((REST, 67, 64, 48)), phrase_ends=[2])[0].in_root_position


# --- beside the training chorales --------------------------------------------------------------


def test_chords_as_numbers():
    """C over C with its fifth and third, and the same in D; a sixth chord; silence."""
    third, fifth = 1 << 3, 1 << 6
    piece = chorale(C, (72, 67, 60, 52), (REST,) * 4)
    symbols = chorales._symbols(chorales._read(piece))
    minor_third, sixth = 1 << 2, 1 << 7
    assert symbols == [1 + third + fifth, 1 + 4 * 2048 + minor_third + sixth, chorales.SILENT]
    moved = chorale(*[tuple(p + 2 for p in chord) for chord in (C, G)], key="D major")
    assert chorales._symbols(chorales._read(moved)) == chorales._symbols(
        chorales._read(chorale(C, G))
    )
    most = [(pitch, *range(pitch, pitch - 12, -4)) for pitch in range(60, 72)]
    assert max(map(max, [chorales._symbols(chorales._read(chorale(c))) for c in most])) < 12 * 2048


def test_chord_nats_are_those_of_the_trigram():
    piece = chorale(*AUTHENTIC)
    model = chorales._chord_model()
    assert isinstance(model, NGram) and model.order == 3
    symbols = chorales._symbols(chorales._read(piece))
    likely = [model.probabilities(symbols[:i])[symbol] for i, symbol in enumerate(symbols)]
    assert chorales.chord_nats(piece) == pytest.approx(-np.log(likely).mean())


def test_bach_backwards_is_more_surprising(bach):
    forwards = np.mean([chorales.chord_nats(piece) for piece in bach])
    backwards = [
        piece._replace(voices=piece.voices[::-1], onsets=piece.onsets[::-1]) for piece in bach
    ]
    assert forwards + 0.3 < np.mean([chorales.chord_nats(piece) for piece in backwards])


# --- the grade ---------------------------------------------------------------------------------


def test_wasserstein_by_hand():
    """All of the second rank moved to the fourth, half of the pile: 2 * 0.5."""
    assert chorales._wasserstein([2, 2, 0, 0], [1, 0, 0, 1]) == pytest.approx(1)
    assert chorales._wasserstein([3], [1]) == 0


def test_ranks_are_those_of_the_training_music():
    bach = chorales.Counter(a=6, b=3, c=1)
    assert chorales._ranked_distance(chorales.Counter(a=60, b=30, c=10), bach) == 0
    assert chorales._ranked_distance(chorales.Counter(a=1), bach) == pytest.approx(0.3 + 0.2)
    # x, which is unknown, comes fourth, three from a: .6 * 3 + .3 * 2 + .1 * 1
    assert chorales._ranked_distance(chorales.Counter(x=2), bach) == pytest.approx(2.5)
    assert chorales._ranked_distance(chorales.Counter(), bach) == pytest.approx(2.5)


def test_repeats_by_hand():
    """The first is CD twice: 4 steps; the second a CD whose D is cut; then CDE and CD in all."""

    def repeats(*notes):
        return dict(chorales._repeats(np.repeat(*np.array(notes).T)))

    assert repeats((60, 2), (62, 2), (64, 2), (60, 2), (62, 2), (65, 2)) == {4: 2}
    assert repeats((60, 2), (62, 4), (64, 2), (60, 2), (62, 2), (65, 2)) == {4: 2}
    assert repeats((60, 2), (62, 2), (64, 2), (60, 2), (62, 2), (64, 2)) == {6: 2}
    thrice = [(60, 2), (62, 2), (64, 2), (60, 2), (62, 2), (64, 2), (60, 2), (62, 2), (67, 2)]
    assert repeats(*thrice) == {10: 2, 4: 3}  # CDECD twice, overlapping, and CD
    assert repeats((60, 2), (62, 2), (64, 2), (65, 2)) == {}
    assert repeats((60, 2), (62, 2), (60, 4)) == {}  # C alone has no second note


@given(st.lists(st.tuples(st.integers(60, 62), st.integers(1, 2)), min_size=1, max_size=12))
def test_repeats_are_maximal_stretches(notes):
    """Counted anew, from every stretch of steps."""
    melody = np.repeat(*np.array(notes).T)
    struck = np.append(True, np.diff(melody) != 0)
    ticks = [(p if s else "held") for p, s in zip(melody.tolist(), struck, strict=True)]
    begins = np.flatnonzero(struck).tolist()
    places = {}
    for start in begins:
        for end in range(start + 1, len(ticks) + 1):
            places.setdefault(tuple(ticks[start:end]), []).append(start)
    expected = chorales.Counter()
    for stretch, starts in places.items():
        if len(starts) < 2 or sum(one != "held" for one in stretch) < 2:
            continue
        # maximal: two of its places go on differently, and come from different notes
        pairs = [(a, b) for a in starts for b in starts if a < b]
        size = len(stretch)
        earlier = [[p for p in begins if p < start][-1:] for start in range(len(ticks))]
        expected[size] += len(starts) * any(
            ticks[a + size : a + size + 1] != ticks[b + size : b + size + 1]
            and (
                not earlier[a]
                or not earlier[b]
                or ticks[earlier[a][0] : a] != ticks[earlier[b][0] : b]
            )
            for a, b in pairs
        )
    assert chorales._repeats(melody) == +expected


def test_the_grade_of_the_training_music_itself_is_zero():
    piece = chorale(C, (74, 69, 65, 50), G, C)  # with its parallels
    distances = chorales.Grade([piece, piece]).distances(piece)
    assert len(distances) == 9
    assert distances == pytest.approx(dict.fromkeys(distances, 0))
    higher = piece._replace(voices=piece.voices + 2, key="D major")
    assert chorales.Grade([piece])(higher) == pytest.approx(0)


def test_distances_by_hand():
    """Training: lengths of four and eight steps; here all of four, as if a quarter were missing."""
    training = chorale(C, C, F, C)  # the bass 8 4 4, the soprano 16, alto and tenor 8 4 4
    grade = chorales.Grade([training])
    # lengths there: four 6, eight 3, sixteen 1; here ten of four
    here = chorale(C, F, C)
    found = grade.distances(here)
    # here: the soprano 12, which is unknown, and nine of four
    assert found["lengths"] == pytest.approx(abs(0.9 - 0.6) + abs(0.9 - 0.9) + abs(0.9 - 1))
    assert found["bass's moves"] == found["parallels"] == 0
    assert found["soprano's moves"] == 0  # neither has any
    # qualities: major alone, in both
    assert found["chords"] == 0
    # degrees: E, F and A in proportion
    assert found["degrees"] > 0


def test_parallels_in_the_grade():
    """Training: a fifth and an octave in 8 notes; here two fifths in 4: twice as many a note and
    half a category away. No parallels, no distance."""
    both = chorale(C, (74, 69, 65, 50))
    fifths = chorale((72, 65, REST, REST), (74, 67, REST, REST))
    grade = chorales.Grade([both])
    [one] = chorales.parallels(fifths)
    assert one.interval == "fifth"
    assert grade.distances(fifths)["parallels"] == pytest.approx(0.5 * (1 / 4) / (2 / 8))
    assert grade.distances(fifths, phrase_ends=[0])["parallels"] == 0
    assert chorales.Grade([chorale(C, G)]).distances(fifths)["parallels"] == math.inf


def test_modes_are_compared_apart_where_both_are_known():
    minor = [tuple(p - (p % 12 in (4, 9)) for p in chord) for chord in (C, F, C)]
    major, minor = chorale(*PLAGAL), chorale(*minor, key="C minor")
    grade = chorales.Grade([major, minor])
    assert grade(major) == grade(minor) == pytest.approx(0)
    assert chorales.Grade([major]).distances(minor)["chords"] > 0


# --- together ----------------------------------------------------------------------------------


def test_figures_of_several_pieces_are_pooled():
    """One crossed step of four, none of twelve: one of sixteen, not an eighth."""
    crossed, fine = chorale((60, 64, 55, 48)), chorale(*AUTHENTIC)
    figures = chorales.chorale_figures([crossed, fine])
    assert figures["voices crossed, % of steps"] == 100 * 4 / 16
    assert figures["grade"] == pytest.approx(
        (chorales._grade()(crossed) + chorales._grade()(fine)) / 2
    )


def test_what_a_reference_adds():
    pieces = [chorale(*AUTHENTIC), chorale(*PLAGAL)]
    others = [chorale(*AUTHENTIC), chorale((73, 68, 65, 49), (72, 68, 63, 56), (73, 68, 65, 49))]
    alone, beside = chorales.chorale_figures(pieces), chorales.chorale_figures(pieces, others)
    assert list(beside)[: len(alone)] == list(alone)
    assert beside["key as the reference's, %"] == 50
    same = chorales.chorale_figures(pieces, pieces)
    assert same["grade prefers the reference, % of pairs"] == 50


def test_known_runs_are_of_any_length_and_key(bach):
    known = data.load_chorales("train")[3]
    higher = known._replace(voices=np.where(known.voices == REST, REST, known.voices + 1))
    figures = chorales.chorale_figures([higher, known])
    assert figures["longest run known from training, steps"] == len(known.voices)


def test_bach(bach):
    """What was measured before, with another program (the facts' column "Bach"), and with this."""
    figures = chorales.chorale_figures(bach, bach)
    for name, expected in {
        "parallel fifths, per 100 steps": 0.02,
        "parallel octaves, per 100 steps": 0.04,
        "voices crossed, % of steps": 2.8,
        "wider than an octave (S-A, A-T), % of steps": 1.1,
        "struck semitones, per 100 steps": 0.16,
        "triad or seventh chord, % of beats": 88,
        "leading tone doubled, % of its steps": 2.6,
        "dominant's seventh falls by step, %": 98,
        "first chord is the tonic, %": 90,
        "phrase end: root-position triad, %": 99,
        "last chord is I in root position, %": 90,
        "chord changes, % of beats": 80,
        "lower voices all still, % of beats": 8,
        "alto changes, % of steps": 22,
        "tenor changes, % of steps": 24,
        "bass changes, % of steps": 30,
        "onsets of lower voices that repeat, %": 12.5,
        "lower voices that strike where the soprano repeats, %": 97,
        "key as the reference's, %": 100,
        "grade prefers the reference, % of pairs": 50,
    }.items():
        digits = len(str(expected).partition(".")[2])
        assert round(figures[name], digits) == pytest.approx(expected), name
    assert figures["phrase end: I or V in root position, %"] == pytest.approx(76, abs=1)
    assert figures["phrase end: V-I in any key, %"] == pytest.approx(65, abs=1.5)
    assert figures["chord trigram, nats a beat"] == pytest.approx(3.5, abs=0.1)
    assert figures["grade"] == pytest.approx(5.9, abs=0.3)


def test_shuffled_voices_are_no_chorales(bach):
    """The lower voices one, two and three beats late: harmony and phrase ends are lost."""
    rolled = []
    for piece in bach:
        voices = piece.voices.copy()
        for voice in (1, 2, 3):
            voices[:, voice] = np.roll(voices[:, voice], 4 * voice)
        rolled.append(piece._replace(voices=voices, onsets=default_onsets(voices)))
    real, found = (chorales.chorale_figures(some, bach) for some in (bach, rolled))
    better = ("triad", "dominant's", "phrase end", "first", "last chord")
    for name in real:
        if name.startswith(better):
            assert found[name] < real[name], name
    for name in ("parallel fifths, per 100 steps", "struck semitones, per 100 steps", "grade"):
        assert found[name] > real[name], name


def test_arrays_will_do():
    """Voices alone: bars from the first step, a key of their own, no phrase ends."""
    piece = chorale(*AUTHENTIC, key="")
    figures = chorales.chorale_figures([piece.voices])
    assert figures["last chord is I in root position, %"] == 100
    assert chorales.cadences(piece.voices) == []
    assert len(chorales.cadences(piece.voices, [8])) == 1


@pytest.mark.filterwarnings("error")
def test_silence_has_no_figures():
    silence = chorale((REST,) * 4, key="")
    figures = chorales.chorale_figures([silence])
    assert math.isnan(figures["triad or seventh chord, % of beats"])
    assert figures["parallel fifths, per 100 steps"] == 0
    assert figures["grade"] > 10


@pytest.mark.parametrize("voices", [np.full((8, 3), 60), np.zeros((0, 4)), np.full(8, 60)])
def test_other_numbers_of_voices_are_refused(voices):
    with pytest.raises(ValueError, match="shape"):
        chorales.parallels(voices)


def test_the_phrase_ends_of_each_piece():
    pieces = [chorale(*AUTHENTIC), chorale(*PLAGAL)]
    figures = chorales.chorale_figures(pieces, phrase_ends=[[8], [8]])
    assert figures["phrase end: V-I in any key, %"] == 50
    with pytest.raises(ValueError, match="phrase ends for 1 pieces"):
        chorales.chorale_figures(pieces, phrase_ends=[[8]])


def test_music_of_other_kinds():
    piece = data.load_chorales("test")[0]
    timeline = music.to_timeline(piece)
    assert chorales.chord_at(timeline, 0) == chorales.chord_at(piece, 0)
