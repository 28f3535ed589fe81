"""Loading and windowing: hand-made pieces, and the shipped chorales' shapes."""

import json

import numpy as np
import pytest

from helpers import course
from helpers.course.errors import SettingError
from helpers.data import chorales
from helpers.data.chorales import load_chorales, load_jsb
from helpers.data.windows import (
    batches_by_length,
    make_batches,
    make_windows,
    transposition_room,
    voice_ranges,
)
from helpers.music.grid import REST, Piece, default_onsets, transpose


def make_piece(steps, bar_starts, voices=2):
    """A piece in which every cell tells its step: pitch = step."""
    grid = np.repeat(np.arange(steps, dtype=np.int16)[:, None], voices, axis=1)
    return Piece("steps", grid, default_onsets(grid), np.array(bar_starts, np.int32))


# --- loading -----------------------------------------------------------------------------------


def test_the_pieces_have_the_shapes_they_claim():
    for piece in load_chorales("valid"):
        steps = len(piece.voices)
        assert piece.voices.shape == (steps, 4) and piece.voices.dtype == np.int16
        assert piece.onsets.shape == (steps, 4) and piece.onsets.dtype == bool
        assert piece.fermatas.shape == (steps,) and piece.fermatas.dtype == bool
        assert piece.bar_starts.ndim == 1 and piece.bar_starts.dtype == np.int32
        assert all(type(text) is str for text in (piece.name, piece.key, piece.time_signature))


def test_splits_are_parts_of_the_whole():
    names = [piece.name for piece in load_chorales()]
    parts = [[piece.name for piece in load_chorales(split)] for split in course.SPLITS]
    assert sorted(sum(parts, [])) == sorted(names)


def test_a_time_signature_is_chosen():
    triple = load_chorales("train", time_signature="3/4")
    assert triple and {piece.time_signature for piece in triple} == {"3/4"}


def test_wrong_choices_say_which_there_are():
    with pytest.raises(ValueError, match="train, valid, test"):
        load_chorales("dev")
    with pytest.raises(ValueError, match="3/4, 4/4"):
        load_chorales(time_signature="5/4")


def test_a_missing_file_says_how_to_get_it(monkeypatch, tmp_path):
    monkeypatch.setattr(chorales, "CHORALES_FILE", tmp_path / "chorales.npz")
    with pytest.raises(FileNotFoundError, match="make data"):
        load_chorales()


def test_a_caller_may_change_what_it_was_given():
    first = load_chorales("test")[0]
    first.voices[:] = 0
    assert load_chorales("test")[0].voices.max() > 0


# --- windows -----------------------------------------------------------------------------------


def test_windows_begin_on_bar_lines_after_the_pickup():
    windows = make_windows([make_piece(4 + 16 * 3, [4, 20, 36])])
    assert windows.shape == (2, 32, 2) and windows.dtype == np.int16
    assert windows[:, 0, 0].tolist() == [4, 20]
    assert windows[0, :, 1].tolist() == list(range(4, 36))


def test_no_window_holds_an_incomplete_bar():
    # bars of 16, 16, 8, 16, 16 and 12 steps
    piece = make_piece(84, [0, 16, 32, 40, 56, 72])
    assert make_windows([piece])[:, 0, 0].tolist() == [0, 40]
    assert make_windows([piece], bars=1)[:, 0, 0].tolist() == [0, 16, 40, 56]


def test_windows_of_other_metres_and_of_several_pieces():
    pieces = [make_piece(36, [0, 12, 24]), make_piece(24, [0, 12])]
    windows = make_windows(pieces, bars=2, steps_per_bar=12)
    assert windows.shape == (3, 24, 2)
    assert windows[:, 0, 0].tolist() == [0, 12, 0]


def test_windows_of_what_stands_beside_the_voices():
    """Cut like the voices, whatever its shape and type."""
    pieces = [make_piece(84, [0, 16, 32, 40, 56, 72]), make_piece(32, [0, 16])]
    numbers = [np.arange(84.0) + 1000, np.arange(32.0) + 2000]
    windows = make_windows(pieces, of=numbers)
    assert windows[:, 0].tolist() == [1000, 1040, 2000] and windows.shape == (3, 32)
    wide = [np.stack([some] * 5, axis=1) for some in numbers]
    assert np.array_equal(make_windows(pieces, of=wide)[..., 4], windows)
    for wrong in (numbers[:1], numbers[::-1], [numbers[0][1:], numbers[1]]):
        with pytest.raises(SettingError, match="one array for each piece"):
            make_windows(pieces, of=wrong)


def test_what_stands_beside_a_window_stays_with_it_in_a_batch():
    windows = np.stack([np.full((4, 2), 50 + 10 * i) for i in range(3)])
    room = np.array([[-2, 2], [0, 0], [1, 3]])
    alone = make_batches(windows, room, 64, seed=3)
    beside = make_batches(windows, room, 64, seed=3, beside=(np.arange(3), np.eye(3)))
    for voices, batch in zip(alone.take(2), beside.take(2), strict=True):
        moved, shifts, number, row = (np.asarray(one) for one in batch)
        assert np.array_equal(voices, moved)  # the same batch as without
        assert np.array_equal(moved[:, 0, 0], 50 + 10 * number + shifts)
        assert np.array_equal(row.argmax(axis=1), number) and len(set(number)) == 3


def test_windows_are_copies():
    piece = make_piece(32, [0, 16])
    make_windows([piece])[:] = 0
    assert piece.voices[31, 0] == 31


@pytest.mark.parametrize("pieces", [[make_piece(31, [0, 16])], [make_piece(40, [])]])
def test_no_window_at_all_is_an_error(pieces):
    with pytest.raises(ValueError, match="No piece holds 2 whole bars of 16 steps"):
        make_windows(pieces)
    with pytest.raises(ValueError, match="The list of pieces is empty"):
        make_windows([])


def test_windows_of_no_bars_are_refused():
    with pytest.raises(ValueError, match="at least one bar"):
        make_windows([make_piece(32, [0, 16])], bars=0)


def test_every_window_of_the_chorales_stands_in_its_piece_on_a_bar_line():
    piece = load_chorales("test", "4/4")[0]
    windows = make_windows([piece])
    found = [
        start
        for start in range(len(piece.voices) - 31)
        if any(np.array_equal(window, piece.voices[start : start + 32]) for window in windows)
    ]
    assert len(windows) >= 5
    assert set(found) <= set(piece.bar_starts.tolist())


# --- ranges and transposition ------------------------------------------------------------------


def test_voice_ranges_leave_rests_out():
    first = make_piece(2, [0])._replace(voices=np.array([[60, REST], [REST, 40]], np.int16))
    second = make_piece(2, [0])._replace(voices=np.array([[72, 52], [65, REST]], np.int16))
    low, high = voice_ranges([first, second])
    assert low.tolist() == [60, 40] and high.tolist() == [72, 52]
    assert low.dtype == high.dtype == np.int16


def test_transposition_room_is_the_narrowest_voice_and_leaves_rests_out():
    low, high = np.array([60, 40], np.int16), np.array([80, 60], np.int16)
    windows = np.array(
        [
            [[65, 45], [70, 50]],  # down 5 and 5, up 10 and 10
            [[61, 58], [79, 41]],  # both voices hold it: down 1, up 1 and 2
            [[70, REST], [70, REST]],  # the lower voice has no say
            [[REST, 42], [REST, REST]],
            [[60, 60], [60, 60]],  # at the edge
            [[58, 50], [62, 50]],  # below its range: not moved further down
            [[REST, REST], [REST, REST]],
        ],
        np.int16,
    )
    room = transposition_room(windows, low, high)
    assert room.dtype == np.int16
    assert room.tolist() == [[-5, 10], [-1, 1], [-10, 10], [-2, 18], [0, 0], [0, 10], [-127, 127]]


def test_transposition_room_is_exact_on_the_chorales():
    pieces = load_chorales("valid", "4/4")
    low, high = voice_ranges(pieces)
    windows = make_windows(pieces)

    def inside(window):
        return ((window == REST) | ((window >= low) & (window <= high))).all()

    for window, (down, up) in zip(windows, transposition_room(windows, low, high), strict=True):
        assert down <= 0 <= up
        assert inside(transpose(window, down)) and inside(transpose(window, up))
        assert not inside(transpose(window, down - 1)) and not inside(transpose(window, up + 1))


# --- batches by length -------------------------------------------------------------------------


def arrays_of(*lengths):
    """Arrays that hold their own number: the third of five is 2 2 2 2 2."""
    return [np.full(length, i) for i, length in enumerate(lengths)]


def numbers_in(batches):
    return [[int(array[0]) for array in batch] for batch in batches]


def test_without_a_seed_the_shortest_come_first_and_equals_as_they_came():
    sequences = arrays_of(5, 2, 9, 2, 7)
    assert numbers_in(batches_by_length(sequences, 2)) == [[1, 3], [0, 4], [2]]
    assert numbers_in(batches_by_length(sequences, 2, epoch=3)) == [[1, 3], [0, 4], [2]]
    assert numbers_in(batches_by_length(arrays_of(*[4] * 40), 40)) == [list(range(40))]
    assert numbers_in(batches_by_length(sequences, 99)) == [[1, 3, 0, 4, 2]]
    assert batches_by_length([], 3) == []


def test_a_tuple_is_as_long_as_its_first_array_and_comes_as_it_is():
    sequences = [(np.zeros(3), np.zeros(1), np.zeros(1)), (np.zeros(2), np.zeros(9))]
    ((first, second),) = batches_by_length(sequences, 2)
    assert first is sequences[1] and second is sequences[0]


@pytest.mark.parametrize("size", [1, 3, 7])
def test_every_sequence_comes_once_an_epoch(size):
    sequences = arrays_of(*np.random.default_rng(0).integers(1, 200, 50))
    for seed, epoch in [(None, 0), (0, 0), (0, 1), (5, 2)]:
        batches = numbers_in(batches_by_length(sequences, size, seed, epoch))
        assert sorted(sum(batches, [])) == list(range(50))
        assert sorted(map(len, batches))[1:] == [size] * (len(batches) - 1)


def test_seed_and_epoch_decide_and_another_epoch_is_another_order():
    sequences = arrays_of(*np.random.default_rng(1).integers(1, 200, 50))
    found = {
        (seed, epoch): numbers_in(batches_by_length(sequences, 4, seed, epoch))
        for seed in range(3)
        for epoch in range(3)
    }
    assert found[1, 2] == numbers_in(batches_by_length(sequences, 4, 1, 2))
    assert len({str(batches) for batches in found.values()}) == 9
    mates = {str(sorted(map(sorted, batches))) for batches in found.values()}
    assert len(mates) == 9  # not only the batches' order, but who is in one


def test_lengths_in_a_batch_are_similar_and_batches_come_in_any_order():
    lengths = np.random.default_rng(2).integers(1, 1000, 300)
    batches = numbers_in(batches_by_length(arrays_of(*lengths), 10, 3))
    # Between neighbours 30 apart at most stand as many as the noise lets pass: no batch is wider
    # than ten neighbours and twice the noise.
    ordered = np.sort(lengths)
    widest = max(ordered[i + 9] - ordered[i] for i in range(291))
    full = [batch for batch in batches if len(batch) == 10]
    assert all(np.ptp(lengths[batch]) <= widest + 60 for batch in full)
    means = [lengths[batch].mean() for batch in batches]
    assert abs(np.corrcoef(means, np.arange(len(means)))[0, 1]) < 0.5


# --- the canonical JSB split --------------------------------------------------------------------


@pytest.fixture
def jsb(tmp_path):
    """Writes content to a file and returns its path."""

    def write(content):
        path = tmp_path / "jsb.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return path

    return write


CHORD = [67, 64, 60, REST]
CHORALES = {
    "train": [[CHORD] * 20, [CHORD]],
    "valid": [],
    "test": [[CHORD, CHORD, [69, 64, 60, 48]]],
}


def test_jsb_chorales_from_a_file(jsb):
    pieces = load_jsb(jsb(CHORALES))
    assert [piece.name for piece in pieces] == ["jsb train 0", "jsb train 1", "jsb test 0"]
    assert pieces[0].voices.shape == (20, 4) and pieces[0].voices.dtype == np.int16
    assert pieces[0].bar_starts.tolist() == [0, 16]
    assert pieces[2].voices[:, 0].tolist() == [67, 67, 69]
    assert pieces[2].onsets[:, 0].tolist() == [True, False, True]  # equal neighbours are held
    assert pieces[2].onsets[:, 3].tolist() == [False, False, True]
    assert load_jsb(jsb(CHORALES), "valid") == []
    assert len(load_jsb(jsb(CHORALES), "train")) == 2


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"{",
        b"[" * 200_000,
        [],
        {},
        {"train": [], "valid": []},
        {"train": [1], "valid": [], "test": []},
        {"train": [[1]], "valid": [], "test": []},
        {"train": [[CHORD[:3] + ["C"]]], "valid": [], "test": []},
        {"train": [[CHORD[:3] + [128]]], "valid": [], "test": []},
        {"train": [[CHORD[:3] + [-2]]], "valid": [], "test": []},
        {"train": [[CHORD[:3] + [60.5]]], "valid": [], "test": []},
        {"train": [[CHORD, CHORD[:3]]], "valid": [], "test": []},
    ],
)
def test_what_is_no_jsb_file_is_said_in_a_sentence(jsb, content):
    with pytest.raises(ValueError, match="jsb.json") as error:
        load_jsb(jsb(content), "train")
    assert "\n" not in str(error.value)


def test_jsb_wrong_choices(jsb, tmp_path):
    with pytest.raises(ValueError, match="train, valid, test"):
        load_jsb(jsb(CHORALES), "dev")
    for missing in (tmp_path, tmp_path / "nothing.json"):
        with pytest.raises(FileNotFoundError, match=missing.name):
            load_jsb(missing)


def test_the_canonical_split_has_its_published_sizes(shared_data):
    sizes = {"train": (229, 55_228), "valid": (76, 18_408), "test": (77, 18_900)}
    for split, (count, sixteenths) in sizes.items():
        pieces = load_jsb(shared_data / "jsb" / "Jsb16thSeparated.json", split)
        assert len(pieces) == count
        assert sum(len(piece.voices) for piece in pieces) == sixteenths


def test_quarter_frames_are_not_taken_for_voices(shared_data):
    with pytest.raises(ValueError, match="four voices"):
        load_jsb(shared_data / "jsb" / "jsb-chorales-quarter.json")
