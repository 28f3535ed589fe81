"""Notebook 04: windows that know their place, rules with a slope, masks, cadences, drafts."""

import numpy as np
import pytest
import tensorflow as tf
from trainings import lively

from helpers import data
from helpers.chapters import accompaniment_gan as gan
from helpers.music.grid import REST, Piece, default_onsets

HOME = [72, 67, 64, 48]
CHORALES = data.load_chorales("valid", time_signature="4/4")[:3]
RANGES = data.voice_ranges(data.load_chorales("train"))


def window(*changes, start=HOME):
    """A window ``(1, 32, 4)`` in which the voices of a chord change: ``(step, voice, pitch)``."""
    voices = np.tile(start, (1, 32, 1))
    for step, voice, pitch in changes:
        voices[0, step:, voice] = pitch
    return voices


def places(*, opening=()):
    found = np.zeros((1, 32, gan.PLACES), np.float32)
    found[0, list(opening), gan.OPENING] = 1
    return found


def faults(voices, **where):
    counted, chances = gan.count_faults(voices, places(**where))
    found = {rule: n for rule, n in zip(gan.RULES, counted[0].tolist(), strict=True) if n}
    return found, dict(zip(gan.RULES, chances[0].tolist(), strict=True))


# --- windows -----------------------------------------------------------------------------------


def test_whole_bars_by_hand():
    """A pickup of four steps, a bar, and eight steps that are left."""
    voices = np.arange(60, 60 + 28)[:, None] * np.ones((1, 2), int)
    piece = Piece("", voices, default_onsets(voices), np.array([4, 20]))
    whole, ends, before = gan.whole_bars(piece, [10])
    assert before == 12 and ends.tolist() == [22, 39]  # the last note is one
    assert (whole.voices[:12] == REST).all() and np.array_equal(whole.voices[12:40], voices)
    assert len(whole.voices) == 48 and (whole.voices[40:] == 87).all()
    assert whole.bar_starts.tolist() == [0, 16, 32]
    assert not whole.onsets[:12].any() and not whole.onsets[40:].any()


def test_short_music_gets_two_bars_and_a_short_bar_inside_stays():
    voices = np.full((3, 1), 60)
    whole, ends, before = gan.whole_bars(Piece("", voices, default_onsets(voices), np.zeros(0)))
    assert (len(whole.voices), ends.tolist(), before) == (32, [0, 2], 0)  # of one note
    voices = np.full((56, 1), 60)
    piece = Piece("", voices, default_onsets(voices), np.array([0, 16, 24, 40]))
    assert gan.whole_bars(piece, [])[0].bar_starts.tolist() == [0, 16, 24, 40, 56]


def test_the_first_and_the_last_chord_of_a_hymn_are_in_a_window():
    """But for the last one of a few hymns with broken bars."""
    pieces, without_last = data.load_chorales("train", time_signature="4/4"), 0
    for piece in pieces:
        windows = gan.make_windows([piece])
        before = -piece.bar_starts[0] % 16
        assert np.array_equal(windows.voices[0, before], piece.voices[0])
        assert windows.places[0, 0, gan.LAST] == 0
        if not np.array_equal(windows.voices[-1, -1], piece.voices[-1]):
            assert np.any(np.diff(piece.bar_starts) != 16)
            without_last += 1
    assert without_last <= 4 < len(pieces) / 50


def test_regular_windows_go_on_over_a_short_bar():
    voices = np.full((56, 1), 60)
    piece = Piece("", voices, default_onsets(voices), np.array([0, 16, 24, 40]))
    assert len(gan.make_windows([piece], [[]], regular=True).voices) == 3
    assert len(gan.make_windows([piece], [[]]).voices) == 1


def test_places_by_hand():
    voices = np.repeat([60, 62, 64, 60], 8)[:, None]
    piece = Piece("", voices, default_onsets(voices), np.array([0, 16]))
    found = gan.read_places(piece, [8, 24], 1)
    for column, steps in [(gan.CLOSING, [15, 31]), (gan.OPENING, [0, 16])]:
        assert np.flatnonzero(found[:, column]).tolist() == steps
    found = gan.read_places(piece, [24], 1)
    assert np.flatnonzero(found[:, gan.ENDING]).tolist() == list(range(24, 32))
    assert np.flatnonzero(found[:, gan.LAST]).tolist() == list(range(24, 32))
    beats = found[:, gan.TO_END].argmax(axis=1)
    assert beats.tolist() == [6] * 4 + [5] * 4 + [4] * 4 + [3] * 4 + [2] * 4 + [1] * 4 + [0] * 8
    assert found[:, gan.MINOR].all()
    assert found[:, 14:18].argmax(axis=1).tolist() == [step // 4 % 4 for step in range(32)]
    assert found[:, 18:22].argmax(axis=1).tolist() == [step % 4 for step in range(32)]


def test_batches_move_the_tonic_with_the_music():
    windows = gan.make_windows(CHORALES)
    room = data.transposition_room(windows.voices, *RANGES)
    batch = next(gan.make_batches(windows, room, 32, seed=1))
    moved = gan.to_voices(batch.rolls.numpy())
    for voices, tonic in zip(moved, np.argmax(batch.tonics, axis=1), strict=True):
        (of,) = {
            (int(t) + int(shift)) % 12
            for w, t in zip(windows.voices, windows.tonics, strict=True)
            for shift in {int(x) for x in (voices - w)[w != REST][:1]}
            if np.array_equal(np.where(w == REST, REST, w + shift), voices)
        }
        assert of == tonic


# --- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voices", "expected"),
    [
        (window(), {}),
        (window((8, 0, 74), (8, 3, 50)), {"parallel octaves": 1}),
        (window((8, 1, 69), (8, 3, 50)), {"parallel fifths": 1}),
        (window((8, 1, 69), (8, 3, 50), (20, 1, 67), (20, 3, 48)), {"parallel fifths": 2}),
        (window((8, 1, 69)), {}),  # one voice alone
        (window((8, 1, 65), (8, 2, 66)), {"clashes": 1}),  # a major seventh, crossed
        (window((8, 1, 65), (8, 2, 64 - 11)), {"tenor over a fifth": 1}),
        (window((8, 3, 41)), {}),  # a fifth down
        (window((8, 3, 40)), {"bass over a fifth": 1}),
        (window((8, 1, 59)), {"alto over a fifth": 1}),
        (window((8, 0, 60)), {}),  # the melody may leap
        (window((8, 3, REST), (12, 3, 36)), {}),  # over a rest nothing moves
    ],
)
def test_faults_by_hand(voices, expected):
    assert faults(voices)[0] == expected


def test_over_a_phrase_s_end_voices_move_as_they_like():
    wild = window((8, 1, 69), (8, 3, 50), (8, 2, 50))
    assert set(faults(wild)[0]) >= {"parallel fifths", "tenor over a fifth"}
    found, chances = faults(wild, opening=[8])
    assert not found and chances["tenor over a fifth"] == 0
    clash = window((8, 1, 65), (8, 2, 66))
    assert faults(clash, opening=[8])[0] == {"clashes": 1}


def test_chances_are_steps_and_moves():
    _, chances = faults(window((8, 1, 69), (12, 1, 67), (12, 3, REST), (16, 3, 50)))
    assert chances["parallel fifths"] == chances["clashes"] == 31
    assert chances["alto over a fifth"] == 2 and chances["bass over a fifth"] == 0


def test_only_what_is_above_the_allowed_rate_costs_and_it_has_a_slope():
    rolls = gan.to_rolls(window((8, 1, 69), (8, 3, 50)))
    allowed = np.zeros(6, np.float32)
    with tf.GradientTape() as tape:
        tape.watch(rolls)
        loss = gan.rule_loss(rolls, places(), allowed)
    assert float(loss) == pytest.approx(gan.RULE_WEIGHTS[0] / 31, rel=1e-3)
    assert np.any(tape.gradient(loss, rolls))
    assert float(gan.rule_loss(rolls, places(), allowed + 0.04)) == 0


def test_rules_come_in_slowly():
    settings = {"iterations": 100, "rules": 2.0, "rules_from": 0.4}
    weights = [gan.rule_weight(settings, i) for i in (0, 40, 60, 80, 99)]
    assert weights == pytest.approx([0, 0, 1, 2, 2])


def test_the_cadence_loss_by_hand():
    """Two steps of the last note, of 32: a bass an octave lower is right, another note wrong."""
    near = places()
    near[0, [4, 5], gan.CADENCE.start] = 1
    bach = gan.to_rolls(window())
    assert float(gan.cadence_loss(bach, bach, near)) == pytest.approx(0, abs=1e-5)
    octave = gan.to_rolls(window((4, 3, 36)))
    assert float(gan.cadence_loss(octave, bach, near)) == pytest.approx(0, abs=1e-5)
    wrong = gan.to_rolls(window((5, 3, 43)))
    share = gan.CADENCE_WEIGHTS[2] / gan.CADENCE_WEIGHTS.sum() / 2
    assert float(gan.cadence_loss(wrong, bach, near)) == pytest.approx(share, rel=1e-3)


def test_nameless_beats_by_hand():
    """C major; without its third; a suspended fourth; a dominant seventh; with a rest."""
    voices = np.tile([72, 67, 64, 48], (5, 32, 1))
    voices[1, 8:12, 2] = 67  # the third beat
    voices[2, :, 2] = 65
    voices[3, 4:8] = [71, 65, 62, 55]
    voices[4, 1:4, 1] = REST  # between beats
    voices[4, 16:24, 1] = REST  # and on two of them, which are not counted
    assert gan.nameless_beats(voices).tolist() == [0, 1, 8, 0, 0]


# --- networks ----------------------------------------------------------------------------------


def test_intervals_by_hand():
    apart = gan.intervals(gan.to_rolls(window())).numpy()[0, 0]
    assert apart.sum(axis=1).tolist() == [1] * 6
    # soprano C, alto G, tenor E, bass C
    assert apart.argmax(axis=1).tolist() == [5, 8, 0, 3, 7, 4]


@pytest.fixture(scope="module")
def generator():
    return lively(gan.build_generator(RANGES))


def test_no_voice_leaves_its_range_or_rests_alone(generator):
    windows = gan.make_windows(CHORALES)
    windows.voices[0, 5:9] = REST
    made = gan.accompany_windows(generator, windows, gan.draw_noise(len(windows.voices), (1, 1)))
    rests = windows.voices[:, :, :1] == REST
    for voice in (1, 2, 3):
        sung = made[:, :, voice][made[:, :, voice] != REST]
        assert RANGES[0][voice] <= sung.min() and sung.max() <= RANGES[1][voice]
    assert not ((made[:, :, 1:] == REST) & ~rests).any()


def test_the_bass_gets_no_noise_of_its_own_at_phrase_ends():
    noise, told = gan.draw_noise(1, (1, 1)), places()
    told[0, 8:16, gan.ENDING] = 1
    bass, tenor, _ = (draw.numpy()[0] for draw in gan.spread_noise(noise, told))
    assert not bass[8:16].any() and bass[:8].any(axis=1).all() and tenor[8:16].any()
    assert (bass[:4] == bass[0]).all() and not np.array_equal(bass[0], bass[4])


def test_the_penalty_of_a_critic_whose_slope_is_three():
    def critic(inputs):
        return 3 * inputs[0][:, 0, 0, 0]

    real = gan.to_rolls(window())
    assert float(gan.gradient_penalty(critic, real, 0 * real, [], (1, 1))) == pytest.approx(4)


def test_a_fault_costs_the_draft_that_has_it():
    """Two windows of two drafts, one of them with a parallel fifth, one with a beat in which no
    chord sounds."""
    four = window(), window((8, 1, 69), (8, 3, 50), (8, 2, 65)), window(), window((12, 2, 65))
    written = np.concatenate(four).reshape(2, 2, 32, 4)
    windows = gan.Windows(written[:, 0], np.repeat(places(), 2, axis=0), np.zeros(2, np.int32))
    costs = gan.draft_costs(written, windows, None, True)
    nameless = gan.nameless_beats(np.concatenate(four)).reshape(2, 2)
    expected = [[0, gan.FAULTS_COST[0] + gan.NAMELESS_COST * nameless[0, 1]]]
    expected += [[0, gan.NAMELESS_COST * nameless[1, 1]]]
    assert nameless[0, 0] == 0 and nameless[1].tolist() == [0, 5]
    assert costs == pytest.approx(np.array(expected))
    assert not gan.draft_costs(written, windows, None, False).any()
    assert gan.draft_costs(written[:, 1:], windows, None, True).tolist() == [[0], [0]]


def test_the_distance_to_bach_by_hand():
    bach = dict.fromkeys(gan.CHOOSING, 0.5)
    assert gan.distance_to_bach(bach, bach) == 0
    changed = bach | {"rests": 0.6, "clashes": 0.51, "consonance": np.nan}
    assert gan.distance_to_bach(changed, bach) == pytest.approx(0.1 + 10 * 0.01 + 1)


def test_influence_by_hand():
    """Two melodies, two noises: the alto follows the noise, the tenor the melody, the bass none."""
    made = np.zeros((2, 2, 32, 4))
    made[1, :, :, 1], made[:, 1, :, 2] = 1, 1
    told = gan.influence(made)
    third = pytest.approx(1 / 3)
    assert told == {"noise": third, "melody": third, "noise and melody": pytest.approx(2 / 3)}


def test_the_favourite_interval_and_a_borrowed_accompaniment():
    library = window()
    melodies = np.full((1, 32), 74)
    simple = gan.interval_baseline(library, melodies)
    assert (simple == [74, 69, 66, 50]).all()
    assert (gan.borrowed_baseline(library, melodies, 0) == [74, 69, 66, 50]).all()
    assert (gan.borrowed_baseline(library, melodies + 12, 0) == [86, 69, 66, 50]).all()


def test_equal_music_in_another_key_makes_equal_degrees():
    rolls = gan.to_rolls(window()[:, :, 0])
    _, _, home = gan.views(rolls, gan.turn_by(tf.one_hot([0], 12)))
    moved = gan.to_rolls(window()[:, :, 0] + 3)
    _, _, away = gan.views(moved, gan.turn_by(tf.one_hot([3], 12)))
    assert np.array_equal(home, away)


def test_a_half_made_training_knows_what_it_was_told(tmp_path, monkeypatch):
    """Other places are other data."""
    monkeypatch.setenv("RUNS_DIR", str(tmp_path))
    windows = gan.make_windows(CHORALES[:1])
    settings = {"iterations": 1, "critic_steps": 1}
    one, other = (
        gan.build_training("04", settings, some, RANGES)
        for some in (windows, windows._replace(places=0 * windows.places))
    )
    assert one.data != other.data
