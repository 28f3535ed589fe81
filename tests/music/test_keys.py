"""The tonic of a melody: clear cases, what must not matter, and how often the guess is right."""

import hashlib

import numpy as np
import pytest

from data.build_tonic import fit, is_minor
from helpers.course.settings import DATA_FOLDER
from helpers.data.melodies import load_melody, melody_files
from helpers.data.tunes import load_tunes
from helpers.music import keys
from helpers.music.grid import REST, transpose
from helpers.music.keys import EVIDENCE, TONIC_FILE, guess_tonic, key_tonic, tonic_evidence

# Sixteen quarters: up the scale, about its triad and home.
MAJOR = np.repeat([60, 64, 67, 64, 65, 67, 69, 67, 72, 67, 64, 67, 65, 62, 60, 60], 4)
MINOR = np.repeat([57, 60, 64, 60, 62, 64, 65, 64, 69, 64, 60, 64, 62, 56, 57, 57], 4)


def row(evidence, kind):
    return evidence[EVIDENCE.index(kind)]


@pytest.mark.parametrize(("melody", "tonic"), [(MAJOR, 0), (MINOR, 9)])
@pytest.mark.parametrize("octave", [-12, 0, 24])
def test_clear_melodies_in_every_key(melody, tonic, octave):
    for semitones in range(12):
        assert guess_tonic(transpose(melody, octave + semitones)) == (tonic + semitones) % 12


def test_most_of_the_shipped_melodies():
    """All but Brahms's lullaby, which begins on the third; data/README.md has the keys."""
    tonics = [key_tonic(key) for key in KEYS.values()]
    tunes = [load_melody(path) for path in melody_files()]
    found = [guess_tonic(tune.melody, tune.onsets, tune.bar_starts) for tune in tunes]
    assert [path.stem for path in melody_files()] == list(KEYS)
    assert sum(a == b for a, b in zip(found, tonics, strict=True)) >= 13


KEYS = {
    "amazing_grace": "G major",
    "auld_lang_syne": "F major",
    "brahms_lullaby": "Eb major",
    "drunken_sailor": "D dorian",
    "frere_jacques": "F major",
    "god_rest_you_merry": "E minor",
    "greensleeves": "A minor",
    "minuet_in_g": "G major",
    "mountain_king": "B minor",
    "ode_to_joy": "D major",
    "old_hundredth": "A major",
    "silent_night": "Bb major",
    "simple_gifts": "Ab major",
    "twinkle": "C major",
}


@pytest.fixture(scope="module")
def held_out():
    return [(tune, tune.to_piece()) for tune in load_tunes("valid")]


def arguments(piece, semitones=0):
    melody = transpose(piece.voices[:, 0], semitones)
    return melody, piece.onsets[:, 0], piece.bar_starts


def test_nine_of_ten_tunes_it_has_not_learned_from(held_out):
    right = [guess_tonic(*arguments(piece)) == tune.tonic for tune, piece in held_out]
    assert np.mean(right) >= 0.88


def test_another_key_moves_the_guess_along(held_out):
    for _, piece in held_out[:10]:
        guess = guess_tonic(*arguments(piece))
        for semitones in (-13, 1, 5):
            assert guess_tonic(*arguments(piece, semitones)) == (guess + semitones) % 12


def test_the_length_of_a_bar_is_that_of_its_bar_starts(held_out):
    for tune, piece in held_out:
        given = tonic_evidence(*arguments(piece), tune.bar_steps)
        assert (tonic_evidence(*arguments(piece)) == given).all(), tune.name


def test_silence_and_short_melodies():
    for silence in ([], [REST], np.full(64, REST)):
        assert guess_tonic(silence) == 0
    for melody in ([62], [REST, 62], [62] * 3):
        assert guess_tonic(melody) == 2
    assert guess_tonic(MAJOR, bar_starts=[500]) in range(12)  # all of it a pickup
    assert guess_tonic(MAJOR, bar_steps=1e-3) in range(12)


def test_only_the_first_four_bars_count():
    assert guess_tonic(np.append(MAJOR, transpose(MAJOR, 6))) == guess_tonic(MAJOR)
    later = np.append(transpose(MAJOR, 6)[:4], MAJOR)
    given = tonic_evidence(later, bar_starts=[4, 20, 36, 52])
    assert row(given, "the first note")[6] == row(given, "the first note of the first whole bar")[0]
    assert row(given, "how long").sum() > row(tonic_evidence(MAJOR), "how long").sum()


def test_the_evidence_by_hand():
    melody = np.repeat([60, 62, 64, REST], [4, 4, 8, 16])
    onsets = np.isin(np.arange(32), (0, 4, 8, 12))
    held, struck = tonic_evidence(melody), tonic_evidence(melody, onsets)
    assert np.allclose(row(held, "how long")[[0, 2, 4]], np.log([2, 2, 3]))
    assert row(held, "how often struck again").sum() == 0
    assert row(struck, "how often struck again")[4] == np.log(2)
    assert row(held, "the longest notes")[4] == 1
    assert np.allclose(row(struck, "the longest notes")[[0, 2, 4]], [1 / 4, 1 / 4, 1 / 2])
    assert row(held, "the last note")[4] == row(held, "the first note")[0] == 1
    assert row(held, "on downbeats")[0] == row(held, "in the middle of bars")[4] == np.log(2)
    assert (row(held, "the three lowest notes")[[0, 2, 4]] == 1).all()
    assert row(held, "how long in bar 4").sum() == row(held, "in the middle of bar 4").sum() == 0


def test_the_bars_go_on_after_the_last_downbeat_given():
    melody = np.arange(96) // 12 + 60
    six_eighths = tonic_evidence(melody, bar_starts=[0, 12])
    assert (six_eighths == tonic_evidence(melody, bar_steps=12)).all()
    assert (six_eighths != tonic_evidence(melody)).any()
    assert (tonic_evidence(melody, bar_starts=[]) == tonic_evidence(melody)).all()


# --- the file ----------------------------------------------------------------------------------


def test_the_table_is_small_and_as_the_readme_says():
    with np.load(TONIC_FILE, allow_pickle=False) as file:
        arrays = dict(file)
    assert tuple(arrays["evidence"]) == EVIDENCE
    assert arrays["weights"].dtype == arrays["modes"].dtype == np.float32
    assert arrays["weights"].shape == (2, len(EVIDENCE), 12) and arrays["modes"].shape == (2,)
    assert (np.round(arrays["weights"], 2) == arrays["weights"]).all()
    assert TONIC_FILE.stat().st_size < 4000
    readme = (DATA_FOLDER / "README.md").read_text(encoding="utf-8")
    assert hashlib.sha256(TONIC_FILE.read_bytes()).hexdigest() in readme
    major, minor = row(arrays["weights"].swapaxes(0, 1), "how long")
    assert major[4] > major[3] and minor[3] > minor[4]  # the thirds


def test_a_missing_table(monkeypatch, tmp_path):
    monkeypatch.setattr(keys, "TONIC_FILE", tmp_path / "tonic.npz")
    keys._tonic_table.cache_clear()
    with pytest.raises(FileNotFoundError, match="make data"):
        guess_tonic(MAJOR)


def test_the_fit_finds_what_tells_a_tonic():
    """Notes that are the tonic or, in minor, a note of another kind: it learns which."""
    rng = np.random.default_rng(1)
    tonics, minor = rng.integers(12, size=200), rng.integers(2, size=200)
    seen, right = np.zeros((200, 12, 24)), np.zeros((200, 12, 2))
    rows = np.arange(200)
    for tonic in range(12):
        seen[rows, tonic, 12 * minor + (tonics - tonic) % 12] = 1
    right[rows, tonics, minor] = 1
    weights = fit(seen, right)
    assert (seen @ weights.T).reshape(200, 24).argmax(axis=1).tolist() == (
        (2 * tonics + minor).tolist()
    )
    slope = np.exp(seen @ weights.T)
    slope = slope / slope.sum(axis=(1, 2), keepdims=True) - right
    assert np.allclose(np.einsum("tkm,tkc->mc", slope, seen) + 3 * weights, 0, atol=1e-6)


def test_modes_with_a_minor_third():
    assert [is_minor(f"D {mode}") for mode in ("minor", "dorian", "phrygian", "locrian")] == [1] * 4
    assert not any(is_minor(f"D {mode}") for mode in ("major", "mixolydian", "lydian"))
