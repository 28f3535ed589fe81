"""Where phrases end: a melody's own fermatas, tunes that everybody knows, and the chorales'."""

import numpy as np
import pytest

from helpers import data, music
from helpers.music import phrases
from helpers.music.grid import REST, Piece, default_onsets


def melody(*notes, pickup=0, time_signature="4/4", fermatas=None):
    """A piece of notes ``(pitch, quarters)``."""
    voice = np.concatenate([np.full(int(4 * length), pitch, np.int16) for pitch, length in notes])
    onsets = np.zeros((len(voice), 1), bool)
    starts = np.append(0, np.cumsum([int(4 * length) for _, length in notes]))[:-1]
    onsets[starts, 0] = voice[starts] != REST
    bars = np.arange(pickup, len(voice), music.bar_length(time_signature), dtype=np.int32)
    return Piece("", voice[:, None], onsets, bars, time_signature, fermatas=fermatas)


LINE = [(60, 1), (62, 1), (64, 1), (65, 1), (64, 1), (62, 1), (60, 2)]


def test_a_melody_s_own_fermatas_win():
    marks = np.zeros(64, bool)
    marks[[12, 50]] = True  # the second inside the held note of steps 48 to 56
    piece = melody(*LINE, *LINE, fermatas=marks)
    assert music.guess_phrase_ends(piece).tolist() == [12, 48]
    assert music.guess_phrase_ends(piece._replace(fermatas=marks & False)).tolist() == [24, 56]


def test_lines_of_two_bars_that_come_back():
    piece = melody(*LINE * 4)
    ends = music.guess_phrase_ends(piece)
    assert ends.tolist() == [24, 56, 88, 120] and ends.dtype == np.int32


def test_a_pickup_moves_the_bars():
    """Phrases from the fourth beat to the third."""
    phrase = [(67, 1), (72, 1), (71, 1), (69, 1), (67, 1), (65, 1), (64, 2)]
    piece = melody(*phrase * 3, pickup=4)
    assert music.guess_phrase_ends(piece).tolist() == [24, 56, 88]
    bare = piece.voices[:, 0]
    assert music.guess_phrase_ends(bare, pickup=4)[-1] == 88
    assert phrases.PhraseNotes(piece).downbeat == 4


def test_rests_end_phrases():
    piece = melody((60, 1), (62, 1), (64, 1), (65, 1), (67, 1), (REST, 1), *LINE, (60, 2))
    assert 16 in music.guess_phrase_ends(piece)


def test_in_three_four_a_line_is_four_bars():
    bar = [(72, 2), (71, 1)]
    line = [*bar, *bar, *bar, (69, 3)]
    piece = melody(*line * 3, time_signature="3/4")
    assert music.guess_phrase_ends(piece).tolist() == [36, 84, 132]


def test_simple_gifts_by_its_lines():
    """Eight lines of two bars, each from the fourth beat to the third."""
    path = next(path for path in data.melody_files() if path.stem == "simple_gifts")
    tune = data.load_melody(path)
    first = int(tune.bar_starts[0])
    expected = [first + 32 * line - 8 for line in range(1, 9)]
    assert music.guess_phrase_ends(tune).tolist() == expected


def test_short_and_silent_melodies():
    assert music.guess_phrase_ends(melody((60, 0.5))).tolist() == [0]
    assert music.guess_phrase_ends(np.full(16, REST)).tolist() == []


def test_of_a_piece_the_first_voice_counts():
    piece = data.load_chorales("test")[0]._replace(fermatas=None)
    alone = piece._replace(voices=piece.voices[:, :1], onsets=piece.onsets[:, :1])
    np.testing.assert_array_equal(music.guess_phrase_ends(piece), music.guess_phrase_ends(alone))


def test_the_best_set_of_ends_is_found():
    """All sets of ends of a short melody, added up one by one."""
    notes = phrases.PhraseNotes(melody(*LINE, (67, 2), *LINE))
    count = len(notes.starts)

    def total(ends):
        pairs = zip([-1, *ends], ends, strict=False)
        names = [notes.of_phrase(*pair) for pair in pairs] + sum((notes.names[i] for i in ends), [])
        return sum(phrases.WEIGHTS.get(name, 0) for name in names)

    sets = [
        [i for i in range(count - 1) if chosen >> i & 1] + [count - 1]
        for chosen in range(2 ** (count - 1))
    ]
    found = phrases.most_likely_ends(notes, phrases.WEIGHTS)
    assert total(found) == pytest.approx(max(map(total, sets)))


@pytest.mark.parametrize(
    ("split", "precision", "recall"), [("valid", 0.95, 0.95), ("test", 0.89, 0.9)]
)
def test_most_fermatas_of_held_out_chorales_are_found(split, precision, recall):
    right = guessed = there = 0
    for piece in data.load_chorales(split):
        real = set(phrases.own_phrase_ends(piece).tolist())
        found = set(music.guess_phrase_ends(piece._replace(fermatas=None)).tolist())
        right, guessed, there = right + len(real & found), guessed + len(found), there + len(real)
    assert right / guessed > precision and right / there > recall


def test_without_onsets_it_still_works():
    """Networks give no repeated notes: a phrase's end may hide in the next phrase's first note."""
    right = there = 0
    for piece in data.load_chorales("valid"):
        real = set(phrases.own_phrase_ends(piece).tolist())
        bare = piece._replace(fermatas=None, onsets=default_onsets(piece.voices))
        right += len(real & set(music.guess_phrase_ends(bare).tolist()))
        there += len(real)
    assert right / there > 0.75


# --- the clock ---------------------------------------------------------------------------------


def test_the_clock_by_hand():
    """A quarter, a half that ends a phrase, a rest of a quarter, two Cs of which the second ends
    one: the second's first step is where it is struck."""
    piece = melody((62, 1), (60, 2), (REST, 1), (60, 1), (60, 1), (64, 1))
    clock = music.phrase_clock(piece, [4, 20])
    assert np.flatnonzero(clock.ending).tolist() == [*range(4, 12), *range(20, 24)]
    assert np.flatnonzero(clock.closing).tolist() == [11, 23]
    assert np.flatnonzero(clock.opening).tolist() == [0, 12, 24]
    assert clock.to_end[:12].tolist() == [4, 3, 2, 1, *[0] * 8]
    assert clock.to_end[12:24].tolist() == [8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0]
    assert (clock.to_end[24:] > 1000).all()
    assert clock.to_last.tolist() == list(range(27, -1, -1))


def test_the_clock_s_ends_may_be_any_step_of_a_note_and_are_guessed_where_none_are_given():
    piece = melody(*LINE * 2)
    given = music.phrase_clock(piece, [30, 56])
    assert all(map(np.array_equal, given, music.phrase_clock(piece)))
    assert not music.phrase_clock(piece, []).ending.any()
