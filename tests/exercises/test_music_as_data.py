"""The checks of notebook 01 take the right answers only."""

import numpy as np
import pytest

from helpers.exercises import music_as_data
from helpers.music.events import event_name, notes_to_events

ONE_NOTE = ["wait 500 ms", "velocity 60-64", "down C4", "wait 1000 ms", "wait 250 ms", "up C4"]


def said(told, capsys):
    music_as_data.one_note_in_events(told)
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "told",
    [
        ONE_NOTE,
        tuple(ONE_NOTE),
        np.array(ONE_NOTE),
        [event_name(token) for token in notes_to_events([[0.5, 1.75, 60, 64]])],
        [*ONE_NOTE[:3], "wait 250 ms", "wait 1000 ms", "up C4"],
        [*ONE_NOTE[:3], "wait 630 ms", "wait 620 ms", "up C4"],
    ],
)
def test_right_answers(told, capsys):
    assert said(told, capsys).startswith("Right. Two waits hold it")


@pytest.mark.parametrize(
    ("told", "hint"),
    [
        (None, "no event None"),
        ([None], "no event None"),
        ([], "One note is wanted"),
        (6, "no event 6"),
        (notes_to_events([[0.5, 1.75, 60, 64]]), "no event"),  # tokens, not their names
        ([ONE_NOTE], "no event ["),
        ({"wait": 500}, "no event {"),
        (", ".join(ONE_NOTE), "no event"),
        (["wait 500 ms", "velocity 64", *ONE_NOTE[2:]], "no event 'velocity 64'"),
        (["wait 500 ms", "velocity 60-64", "down C4", "wait 1250 ms", "up C4"], "longest wait"),
        ([*ONE_NOTE[:3], "wait 1000 ms", "wait 200 ms", "wait 50 ms", "up C4"], "7 events"),
        (["wait 250 ms", "wait 250 ms", *ONE_NOTE[1:]], "7 events"),
        ([*ONE_NOTE, "up D4"], "nothing follows"),
        ([*ONE_NOTE, "wait 10 ms"], "nothing follows"),
        ([*ONE_NOTE[:2], "velocity 60-64", *ONE_NOTE[2:]], "7 events"),
        (["up C4", *ONE_NOTE[:-1]], "goes up"),  # held to the end for want of an up
        (ONE_NOTE[:-1], "goes up"),
        (ONE_NOTE[1:], "starts after 0 s"),
        ([*ONE_NOTE[:4], "up C4"], "held for 1 s"),
        ([ONE_NOTE[0], *ONE_NOTE[2:]], "stands before"),
        ([ONE_NOTE[0], "down C4", "velocity 60-64", *ONE_NOTE[3:]], "stands before"),
        (["wait 500 ms", "velocity 65-69", *ONE_NOTE[2:]], "another bin"),
        ([name.replace("C4", "C5") for name in ONE_NOTE], "C4"),
        ([*ONE_NOTE, *ONE_NOTE], "One note is wanted"),
    ],
)
def test_wrong_answers(told, hint, capsys):
    answer = said(told, capsys)
    assert answer.startswith("Not yet. ") and hint in answer and answer.count("\n") == 1


def test_nothing_entered(capsys):
    assert said(..., capsys).startswith("Not tried yet")
