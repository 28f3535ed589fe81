"""Each check of an exercise says one of three things: not tried, not yet with a hint, right."""

from functools import partial

import numpy as np
import pytest

from helpers.exercises import (
    accompaniment_gan,
    critic_and_composer,
    drum_gan,
    gan_with_rl,
    music_as_data,
    next_note_rnn,
    start_here,
)
from helpers.exercises.answers import NOT_TRIED
from helpers.music.grid import REST


def count(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    fifth = sounding & ((upper - lower) % 12 == 7)
    moved = (upper[1:] != upper[:-1]) & (lower[1:] != lower[:-1])
    return int((fifth[1:] & fifth[:-1] & moved).sum())


def count_held(upper, lower):
    fifth = (upper - lower) % 12 == 7
    return int((fifth[1:] & fifth[:-1]).sum())


def count_without_rests(upper, lower):
    fifth = (upper - lower) % 12 == 7
    moved = (upper[1:] != upper[:-1]) & (lower[1:] != lower[:-1])
    return int((fifth[1:] & fifth[:-1] & moved).sum())


def count_same_direction(upper, lower):
    return count(upper, lower) if (np.diff(upper) * np.diff(lower) > 0).all() else 0


def forgotten(voices, onsets):
    return int(((voices[1:] == voices[:-1]) & onsets[1:] & (voices[1:] >= 0)).sum())


def keep_top_p(probabilities, p):
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = np.zeros_like(probabilities)
    kept[order[before < p]] = probabilities[order[before < p]]
    return kept / kept.sum()


def keep_not_rescaled(probabilities, p):
    return np.where(keep_top_p(probabilities, p) > 0, probabilities, 0)


def keep_too_few(probabilities, p):
    order = np.argsort(-probabilities)
    reached = np.cumsum(probabilities[order]) <= p
    kept = np.zeros_like(probabilities)
    kept[order[reached]] = probabilities[order[reached]]
    return kept / max(kept.sum(), 1e-9)


def keep_one_too_many(probabilities, p):
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    kept = np.zeros_like(probabilities)
    kept[order[before <= p]] = probabilities[order[before <= p]]
    return kept / kept.sum()


def repeated(voices, size=16):
    chords = [tuple(map(int, chord)) for chord in voices]
    found = [tuple(chords[i : i + size]) for i in range(len(chords) - size + 1)]
    return 1 - len(set(found)) / len(found)


def turned(notes):
    end = notes[:, 1].max()
    return np.column_stack([end - notes[:, 1], end - notes[:, 0], notes[:, 2:]])


def turned_order(notes):
    return notes[::-1]


def turned_starts(notes):
    end = notes[:, 1].max()
    length = notes[:, 1] - notes[:, 0]
    return np.column_stack([end - notes[:, 0], end - notes[:, 0] + length, notes[:, 2:]])


def turned_pitches(notes):
    return np.column_stack([turned(notes)[:, :2], notes[::-1, 2:]])


def share_of_rounds(differences, found):
    return (1 + np.sum(np.abs(differences) >= abs(found))) / (1 + len(differences))


GOOD = 10_008 / 13_317
ONE_NOTE = ["wait 500 ms", "velocity 60-64", "down C4", "wait 1000 ms", "wait 250 ms", "up C4"]


def grid(first, second):
    return np.repeat([[first] * 4, [second] * 4], 16, axis=0)


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (start_here.bach_or_network, (..., "A")),
        (accompaniment_gan.class_numbers, (..., ...)),
        (accompaniment_gan.class_numbers, (24, ...)),
        (accompaniment_gan.loss_by_hand, (...,)),
        (accompaniment_gan.parallel_fifths, (...,)),
        (accompaniment_gan.parallel_fifths, (lambda upper, lower: ...,)),
        (accompaniment_gan.second_bar_only, (..., ...)),
        (music_as_data.tick_length, (...,)),
        (music_as_data.one_note_in_events, (...,)),
        (music_as_data.forgotten_notes, (...,)),
        (music_as_data.forgotten_notes, (lambda voices, onsets: ...,)),
        (next_note_rnn.loss_and_perplexity, (..., ...)),
        (next_note_rnn.loss_and_perplexity, (np.log(4), ...)),
        (next_note_rnn.top_p, (...,)),
        (next_note_rnn.top_p, (lambda probabilities, p: ...,)),
        (next_note_rnn.stopped_clock, (..., 1.5)),
        (next_note_rnn.chord_repetition, (...,)),
        (next_note_rnn.chord_repetition, (lambda voices: ...,)),
        (critic_and_composer.laziest_critic, (..., ...)),
        (critic_and_composer.laziest_critic, (GOOD, ...)),
        (critic_and_composer.backwards, (...,)),
        (critic_and_composer.backwards, (lambda notes: ...,)),
        (critic_and_composer.p_value, (...,)),
        (critic_and_composer.p_value, (lambda differences, found: ...,)),
        (critic_and_composer.composer_critic, (...,)),
    ],
)
def test_an_untouched_exercise_is_not_tried(check, answers, capsys):
    check(*answers)
    assert capsys.readouterr().out.startswith("Not tried yet")


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (start_here.bach_or_network, ("A", "A")),
        (start_here.bach_or_network, (" b ", np.str_("B"))),
        (accompaniment_gan.class_numbers, (24, 48)),
        (accompaniment_gan.loss_by_hand, (-3,)),
        (accompaniment_gan.loss_by_hand, (np.float32(-3),)),
        (accompaniment_gan.parallel_fifths, (count,)),
        (accompaniment_gan.second_bar_only, (grid(60, 60), grid(60, 62))),
        (music_as_data.tick_length, (60_000 / 120 / 480,)),
        (music_as_data.tick_length, (1.04,)),
        (music_as_data.one_note_in_events, (ONE_NOTE,)),
        (music_as_data.one_note_in_events, (["velocity 60-64", "wait 500 ms", *ONE_NOTE[2:]],)),
        (music_as_data.forgotten_notes, (forgotten,)),
        (next_note_rnn.loss_and_perplexity, (np.log(4), 4)),
        (next_note_rnn.loss_and_perplexity, (1.386, 4.0)),
        (next_note_rnn.loss_and_perplexity, (np.float32(1.3863), np.exp(1.3863))),
        (next_note_rnn.top_p, (keep_top_p,)),
        (next_note_rnn.top_p, (lambda probabilities, p: keep_top_p(probabilities, p).tolist(),)),
        (next_note_rnn.stopped_clock, (2.25, 1.5)),
        (next_note_rnn.chord_repetition, (repeated,)),
        (next_note_rnn.chord_repetition, (lambda voices: np.float32(repeated(voices)),)),
        (critic_and_composer.laziest_critic, (GOOD, 0.5)),
        (critic_and_composer.laziest_critic, (0.7515, 1 / 2)),
        (critic_and_composer.laziest_critic, (np.float32(GOOD), np.float32(0.5))),
        (critic_and_composer.backwards, (turned,)),
        (critic_and_composer.backwards, (lambda notes: turned(notes)[::-1],)),  # in any order
        (critic_and_composer.backwards, (lambda notes: turned(notes).tolist(),)),
        (critic_and_composer.p_value, (share_of_rounds,)),
        (critic_and_composer.p_value, (lambda *given: np.float32(share_of_rounds(*given)),)),
        (critic_and_composer.composer_critic, (0.61,)),
        (critic_and_composer.composer_critic, (1,)),
        (critic_and_composer.composer_critic, (np.float32(0.93),)),
    ],
)
def test_right_answers(check, answers, capsys):
    check(*answers)
    assert capsys.readouterr().out.startswith("Right.")


@pytest.mark.parametrize(
    ("check", "answers", "hint"),
    [
        (start_here.bach_or_network, ("B", "A"), "B is the network's"),
        (start_here.bach_or_network, ("Bach", "A"), "quotation marks"),
        (start_here.bach_or_network, (1, "A"), "quotation marks"),
        (accompaniment_gan.class_numbers, (60, 48), "pitch 36"),
        (accompaniment_gan.class_numbers, (24, 49), "comes after"),
        (accompaniment_gan.class_numbers, ("C4", 48), "pitch 36"),
        (accompaniment_gan.loss_by_hand, (3,), "minimises"),
        (accompaniment_gan.loss_by_hand, (0.5,), "minus"),
        (accompaniment_gan.loss_by_hand, ([1, 2],), "minus"),
        (accompaniment_gan.parallel_fifths, (3,), "function"),
        (accompaniment_gan.parallel_fifths, (count_held,), "held"),
        (accompaniment_gan.parallel_fifths, (count_without_rests,), "rest"),
        (accompaniment_gan.parallel_fifths, (count_same_direction,), "contrary"),
        (accompaniment_gan.parallel_fifths, (lambda upper, lower: 1 / 0,), "ZeroDivisionError"),
        (accompaniment_gan.second_bar_only, (grid(60, 60), grid(60, 60)), "the same"),
        (accompaniment_gan.second_bar_only, (grid(60, 60), grid(62, 62)), "first bar"),
        (accompaniment_gan.second_bar_only, (np.zeros(3), np.zeros(3)), "32 steps"),
        (music_as_data.tick_length, (60 / 120 / 480,), "seconds"),
        (music_as_data.tick_length, ("a while",), "60,000"),
        (music_as_data.one_note_in_events, ("down C4",), "up"),
        (music_as_data.one_note_in_events, (["wait 1250 ms"],), "longest wait"),
        (music_as_data.one_note_in_events, (ONE_NOTE[:-1],), "goes up"),
        (music_as_data.one_note_in_events, (ONE_NOTE[1:],), "starts after 0 s"),
        (music_as_data.one_note_in_events, ([*ONE_NOTE[:1], *ONE_NOTE[2:]],), "velocity"),
        (
            music_as_data.one_note_in_events,
            ([*ONE_NOTE[:1], "velocity 65-69", *ONE_NOTE[2:]],),
            "bin",
        ),
        (music_as_data.one_note_in_events, ([*ONE_NOTE[:4], "up C4"],), "held for 1 s"),
        (music_as_data.tick_length, (0.00104,), "seconds"),
        (music_as_data.one_note_in_events, (["down D4", "wait 250 ms", "up D4"],), "C4"),
        (music_as_data.forgotten_notes, (lambda voices, onsets: int(onsets.sum()),), "one of two"),
        (music_as_data.forgotten_notes, (lambda v, o: int((v[1:] == v[:-1]).sum()),), "held"),
        (
            music_as_data.forgotten_notes,
            (lambda v, o: forgotten(v[:, :1], o[:, :1]),),
            "all voices",
        ),
        (next_note_rnn.loss_and_perplexity, (2, 4), "in bits"),
        (next_note_rnn.loss_and_perplexity, (0.5, 4), "mean of minus"),
        (next_note_rnn.loss_and_perplexity, (-np.log(4), 4), "mean of minus"),
        (next_note_rnn.loss_and_perplexity, ("much", 4), "mean of minus"),
        (next_note_rnn.loss_and_perplexity, (None, None), "mean of minus"),
        (next_note_rnn.loss_and_perplexity, ([1, 2, 3], 4), "mean of minus"),
        (next_note_rnn.loss_and_perplexity, (np.log(4), 2), "e to the power"),
        (next_note_rnn.loss_and_perplexity, (np.log(4), "four"), "e to the power"),
        (next_note_rnn.top_p, (0.5,), "Write a function"),
        (next_note_rnn.top_p, (keep_not_rescaled,), "0.5 is enough"),
        (next_note_rnn.top_p, (keep_too_few,), "needs two words"),
        (next_note_rnn.top_p, (keep_one_too_many,), "0.5 is enough"),
        (
            next_note_rnn.top_p,
            (lambda probabilities, p: keep_top_p(probabilities, min(p, 0.9)),),
            "keeps",
        ),
        (next_note_rnn.top_p, (lambda probabilities: probabilities,), "TypeError"),
        (next_note_rnn.top_p, (lambda probabilities, p: None,), "says None"),
        (next_note_rnn.top_p, (lambda probabilities, p: {"a": 1},), "enough"),
        (next_note_rnn.stopped_clock, (1.5, 1.5), "columns 0 and 1"),
        (next_note_rnn.stopped_clock, (1.2, 1.5), "columns 0 and 1"),
        (next_note_rnn.stopped_clock, ("high", 1.5), "columns 0 and 1"),
        (
            next_note_rnn.stopped_clock,
            ((2.25, 0.4), 1.5),
            "columns 0 and 1",
        ),  # evaluate's whole answer
        (next_note_rnn.chord_repetition, (0.36,), "Write a function"),
        (next_note_rnn.chord_repetition, (lambda voices: 0,), "twice"),
        (next_note_rnn.chord_repetition, (lambda voices: 1 - repeated(voices),), "repeat nothing"),
        (next_note_rnn.chord_repetition, (lambda voices: repeated(voices[:, :1], 4),), "twice"),
        (next_note_rnn.chord_repetition, (lambda voices: voices[100],), "IndexError"),
        (next_note_rnn.chord_repetition, (lambda voices: voices,), "repeat nothing"),
        (next_note_rnn.chord_repetition, (lambda voices: "none",), "repeat nothing"),
        (critic_and_composer.laziest_critic, (75.15, 0.5), "not in percent"),
        (critic_and_composer.laziest_critic, (100 * GOOD, 50), "not in percent"),
        (critic_and_composer.laziest_critic, (0.5, 0.5), "count both together"),
        (critic_and_composer.laziest_critic, (1, 0.5), "count both together"),
        (critic_and_composer.laziest_critic, ("most", 0.5), "count both together"),
        (critic_and_composer.laziest_critic, (None, None), "count both together"),
        (critic_and_composer.laziest_critic, (GOOD, GOOD), "Balanced"),
        (critic_and_composer.laziest_critic, (GOOD, 50), "Balanced"),
        (critic_and_composer.laziest_critic, (GOOD, "half"), "Balanced"),
        (critic_and_composer.laziest_critic, (GOOD, float("nan")), "Balanced"),
        (critic_and_composer.backwards, (0.5,), "Write a function"),
        (critic_and_composer.backwards, (lambda notes: notes,), "An end becomes a start"),
        (critic_and_composer.backwards, (turned_order,), "An end becomes a start"),
        (critic_and_composer.backwards, (turned_starts,), "stays where it is"),
        (critic_and_composer.backwards, (turned_pitches,), "An end becomes a start"),
        (
            critic_and_composer.backwards,
            (lambda notes: -notes[:, [1, 0, 2, 3]],),
            "stays where it is",
        ),
        (critic_and_composer.backwards, (lambda notes: turned(notes)[:, :3],), "stays where it is"),
        (
            critic_and_composer.backwards,
            (lambda notes: turned(notes)[:1],),
            "An end becomes a start",
        ),
        (critic_and_composer.backwards, (lambda notes: 1 / 0,), "ZeroDivisionError"),
        (critic_and_composer.backwards, (lambda: 1,), "TypeError"),
        (critic_and_composer.p_value, (0.25,), "Write a function"),
        (
            critic_and_composer.p_value,
            (lambda d, found: np.mean(abs(d) >= abs(found)),),
            "the found one counts",
        ),
        (
            critic_and_composer.p_value,
            (lambda d, found: (1 + np.sum(d >= found)) / (1 + len(d)),),
            "the other way",
        ),
        (
            critic_and_composer.p_value,
            (lambda d, found: (1 + np.sum(abs(d) > abs(found))) / (1 + len(d)),),
            "As large counts too",
        ),
        (
            critic_and_composer.p_value,
            (lambda d, found: 1 - share_of_rounds(d, found),),
            "reaches it",
        ),
        (
            critic_and_composer.p_value,
            (lambda d, found: 1 + np.sum(abs(d) >= abs(found)),),
            "reaches it",
        ),
        (critic_and_composer.p_value, (lambda differences: 0.5,), "TypeError"),
        (critic_and_composer.p_value, (lambda differences, found: None,), "says None"),
        (critic_and_composer.composer_critic, (0.5,), "Train on half"),
        (critic_and_composer.composer_critic, (0.6,), "Train on half"),
        (critic_and_composer.composer_critic, (93,), "Train on half"),
        (critic_and_composer.composer_critic, ("well",), "Train on half"),
        (critic_and_composer.composer_critic, (float("nan"),), "Train on half"),
        (critic_and_composer.composer_critic, ({"validation accuracy": 0.9},), "Train on half"),
    ],
)
def test_wrong_answers_get_a_hint(check, answers, hint, capsys):
    check(*answers)
    said = capsys.readouterr().out
    assert said.startswith("Not yet.")
    assert hint in said


def test_a_right_clock_says_what_it_is_worth(capsys):
    next_note_rnn.stopped_clock(2.25, 1.5)
    assert "0.75 nats" in capsys.readouterr().out


@pytest.mark.parametrize(
    "check",
    [
        lambda answer: next_note_rnn.loss_and_perplexity(answer, answer),
        next_note_rnn.top_p,
        lambda answer: next_note_rnn.top_p(lambda probabilities, p: answer),
        lambda answer: next_note_rnn.stopped_clock(answer, 1.5),
        next_note_rnn.chord_repetition,
        lambda answer: next_note_rnn.chord_repetition(lambda voices: answer),
    ],
)
def test_odd_answers_of_notebook_02_are_not_right_and_never_raise(check, capsys):
    odd = [None, "", "1,5", [], {}, [[1], [2, 3]], (), float("nan"), float("inf"), 1j, True, object]
    for answer in [*odd, np.zeros(0), np.zeros((2, 2)), np.array("x"), ..., len, 10**400]:
        check(answer)
        said = capsys.readouterr().out
        assert said.startswith(("Not yet.", "Not tried yet", "Right."))
        assert not said.startswith("Right.") or answer == float("inf")


@pytest.mark.parametrize(
    "check",
    [
        lambda answer: critic_and_composer.laziest_critic(answer, answer),
        lambda answer: critic_and_composer.laziest_critic(GOOD, answer),
        critic_and_composer.backwards,
        lambda answer: critic_and_composer.backwards(lambda notes: answer),
        critic_and_composer.p_value,
        lambda answer: critic_and_composer.p_value(lambda differences, found: answer),
        critic_and_composer.composer_critic,
    ],
)
def test_odd_answers_of_notebook_03_are_not_right_and_never_raise(check, capsys):
    odd = [None, "", "0,75", [], {}, [[1], [2, 3]], (), float("nan"), float("inf"), 1j, object]
    for answer in [*odd, np.zeros(0), np.zeros((2, 2)), np.array("x"), ..., len, 10**400, -1]:
        check(answer)
        said = capsys.readouterr().out
        assert said.startswith(("Not yet.", "Not tried yet"))


def test_what_a_critic_of_the_composer_hears_is_said_in_percent(capsys):
    critic_and_composer.composer_critic(0.934)
    assert "93%" in capsys.readouterr().out


# --- notebook 05 -------------------------------------------------------------------------------


def backbeat(drums):
    bars = np.asarray(drums)[..., 1, 0].reshape(-1, 16) >= 0.5
    return np.mean(bars[:, 4] & bars[:, 12])


def backbeat_without(drums, rule):
    """Wrong in one way each."""
    bars = np.asarray(drums).reshape(-1, 16, 9, 3)
    snare = bars[..., 1, 0]
    return {
        "either": lambda: np.mean((snare[:, 4] >= 0.5) | (snare[:, 12] >= 0.5)),
        "first bar": lambda: float((snare[0, [4, 12]] >= 0.5).all()),
        "whole": lambda: float((snare[:, 4] >= 0.5).any() and (snare[:, 12] >= 0.5).any()),
        "bass": lambda: np.mean((bars[:, 4, 0, 0] >= 0.5) & (bars[:, 12, 0, 0] >= 0.5)),
        "soft": lambda: np.mean((snare[:, 4] > 0) & (snare[:, 12] > 0)),
        "only": lambda: np.mean((snare >= 0.5).sum(axis=1) == 2),
    }[rule]()


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (drum_gan.drum_lengths, (32, 20 / 3)),
        (drum_gan.drum_lengths, (32, 6.67)),
        (drum_gan.success_by_hand, (0.75, 0.75)),
        (drum_gan.success_by_hand, (3 / 4, np.float64(0.75))),
        (drum_gan.backbeat_share, (backbeat,)),
        (drum_gan.distinct_shares, ((0.005, 0.4, 0.99),)),
        (drum_gan.distinct_shares, (np.array([1 / 200, 1, 1]),)),
    ],
)
def test_right_answers_of_notebook_05(check, answers, capsys):
    check(*answers)
    assert capsys.readouterr().out.startswith("Right.")
    check(*(... for _ in answers))
    assert capsys.readouterr().out.strip() == NOT_TRIED


@pytest.mark.parametrize(
    ("check", "answers", "hint"),
    [
        (drum_gan.drum_lengths, (3840 / 480, 20 / 3), "a step has 120"),
        (drum_gan.drum_lengths, (32, 6), "Divide 3,200"),
        (drum_gan.success_by_hand, (0.5, 0.75), "how many of the four"),
        (drum_gan.success_by_hand, (3, 3), "how many of the four"),
        (drum_gan.success_by_hand, (0.75, 0.25), "passed for real"),
        (drum_gan.success_by_hand, (0.75, 0.5), "below 0"),
        (drum_gan.backbeat_share, (0.5,), "Write a function"),
        *(
            (
                drum_gan.backbeat_share,
                (lambda drums, rule=rule: backbeat_without(drums, rule),),
                hint,
            )
            for rule, hint in [
                *(("either", "of the second lack"), ("first bar", "one bar of two")),
                *(("whole", "one bar of two"), ("bass", "backbeat"), ("soft", "0.5 or more")),
                ("only", "do no harm"),
            ]
        ),
        (drum_gan.distinct_shares, ((0.005, 0.4),), "Three numbers"),
        (drum_gan.distinct_shares, ((1, 80, 199),), "all windows are the same"),
        (drum_gan.distinct_shares, ((0, 0.4, 0.9),), "all windows are the same"),
        (drum_gan.distinct_shares, ((0.005, 0.9, 0.4),), "More noise"),
        (drum_gan.distinct_shares, ((0.005, 0.9, 40),), "More noise"),
    ],
)
def test_wrong_answers_of_notebook_05_get_a_hint(check, answers, hint, capsys):
    check(*answers)
    said = capsys.readouterr().out
    assert said.startswith("Not yet.")
    assert hint in said


@pytest.mark.parametrize(
    "check",
    [
        lambda answer: drum_gan.drum_lengths(answer, answer),
        lambda answer: drum_gan.drum_lengths(32, answer),
        lambda answer: drum_gan.success_by_hand(answer, answer),
        drum_gan.backbeat_share,
        lambda answer: drum_gan.backbeat_share(lambda drums: answer),
        drum_gan.distinct_shares,
    ],
)
def test_odd_answers_of_notebook_05_are_not_right_and_never_raise(check, capsys):
    odd = [None, "", "0,75", [], {}, [[1], [2, 3]], (), float("nan"), float("inf"), 1j, object]
    for answer in [*odd, np.zeros(0), np.zeros((2, 2)), np.array("x"), ..., len, 10**400, -1]:
        check(answer)
        said = capsys.readouterr().out
        assert said.startswith(("Not yet.", "Not tried yet"))


# --- notebook 06 -------------------------------------------------------------------------------


def share_before(play):
    counted = np.cumsum(play, axis=0) - play
    return counted / np.maximum(np.arange(len(play)), 1)[:, None]


def contrary(melody, bass, only_both=True, rests=True):
    """The right answer, or one that forgets something."""
    found = moves = 0
    for step in range(1, len(melody)):
        notes = [melody[step - 1], melody[step], bass[step - 1], bass[step]]
        if rests and REST in notes:
            continue
        up, down = melody[step] - melody[step - 1], bass[step] - bass[step - 1]
        if only_both and (not up or not down):
            continue
        moves += 1
        found += (up > 0) != (down > 0)
    return found / moves if moves else 0.0


@pytest.mark.parametrize(
    ("check", "answers"),
    [
        (gan_with_rl.finished_stretch, (64, 95)),
        (gan_with_rl.rl_loss_by_hand, (-0.2,)),
        (gan_with_rl.rl_loss_by_hand, (np.float32(-0.2),)),
        (gan_with_rl.share_before, (share_before,)),
        (gan_with_rl.contrary_motion, (contrary,)),
    ],
)
def test_right_answers_of_notebook_06(check, answers, capsys):
    check(*answers)
    assert capsys.readouterr().out.startswith("Right.")
    check(*(... for _ in answers))
    assert capsys.readouterr().out.strip() == NOT_TRIED


@pytest.mark.parametrize(
    ("check", "answers", "hint"),
    [
        (gan_with_rl.finished_stretch, (80, 111), "still going on"),
        (gan_with_rl.finished_stretch, (64, 96), "both ends"),
        (gan_with_rl.finished_stretch, (48, 79), "the last to end"),
        (gan_with_rl.rl_loss_by_hand, (0.2,), "minus the mean"),
        (gan_with_rl.rl_loss_by_hand, (-0.6,), "a mean over the three"),
        (gan_with_rl.rl_loss_by_hand, (0.8,), "baseline is missing"),
        (gan_with_rl.rl_loss_by_hand, (1,), "Multiply each"),
        (gan_with_rl.share_before, (0.5,), "Write a function"),
        (
            gan_with_rl.share_before,
            (lambda play: share_before(play) * 0 + play.mean(axis=0),),
            "step 3",
        ),
        (
            gan_with_rl.share_before,
            (lambda play: np.cumsum(play, axis=0) / np.arange(1, len(play) + 1)[:, None],),
            "step 3",
        ),
        (gan_with_rl.contrary_motion, (lambda melody, bass: 1.0,), "no contrary motion"),
        (
            gan_with_rl.contrary_motion,
            (partial(contrary, only_both=False),),
            "both move are counted",
        ),
        (gan_with_rl.contrary_motion, (partial(contrary, rests=False),), "A rest is -1"),
    ],
)
def test_wrong_answers_of_notebook_06_get_a_hint(check, answers, hint, capsys):
    check(*answers)
    said = capsys.readouterr().out
    assert said.startswith("Not yet.")
    assert hint in said


@pytest.mark.parametrize(
    "check",
    [
        lambda answer: gan_with_rl.finished_stretch(answer, answer),
        lambda answer: gan_with_rl.finished_stretch(64, answer),
        gan_with_rl.rl_loss_by_hand,
        gan_with_rl.share_before,
        lambda answer: gan_with_rl.share_before(lambda play: answer),
        gan_with_rl.contrary_motion,
        lambda answer: gan_with_rl.contrary_motion(lambda melody, bass: answer),
    ],
)
def test_odd_answers_of_notebook_06_are_not_right_and_never_raise(check, capsys):
    odd = [None, "", "0,75", [], {}, [[1], [2, 3]], (), float("nan"), float("inf"), 1j, object]
    for answer in [*odd, np.zeros(0), np.zeros((2, 2)), np.array("x"), ..., len, 10**400, -1]:
        check(answer)
        said = capsys.readouterr().out
        assert said.startswith(("Not yet.", "Not tried yet"))
