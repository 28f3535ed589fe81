"""Answers to the exercises of notebook 01."""

import numpy as np
from exercise import Answers

from helpers import music
from helpers.music.events import event_name, notes_to_events

NOTE = [[0.5, 1.75, 60, 64]]
TOLD = ["wait 500 ms", "velocity 60-64", "down C4", "wait 1000 ms", "wait 250 ms", "up C4"]


def forgotten(voices, onsets):
    return int(((voices[1:] == voices[:-1]) & onsets[1:] & (voices[1:] >= 0)).sum())


def forgotten_round(voices, onsets):
    """The last step counts as the one before the first."""
    return int(((np.roll(voices, 1, axis=0) == voices) & onsets).sum())


def forgotten_in_loops(voices, onsets):
    return sum(
        bool(onsets[step, voice]) and pitch == voices[step - 1, voice] != -1
        for step in range(1, len(voices))
        for voice, pitch in enumerate(voices[step])
    )


def again(voices, onsets):
    return (voices[1:] == voices[:-1]) & onsets[1:] & (voices[1:] >= 0)


def struck_twice(voices, onsets):
    return int((again(voices, onsets) & onsets[:-1]).sum())


def once_a_voice(voices, onsets):
    return int(again(voices, onsets).any(axis=0).sum())


def once_a_step(voices, onsets):
    return int(again(voices, onsets).any(axis=1).sum())


ANSWERS = {
    "tick_length": Answers(
        right=[
            (60_000 / 120 / 480,),
            (1.04,),
            (np.float32(1.0417),),
            ([1.0417],),
            (np.array([1.04]),),
        ],
        wrong=[
            ((1,), "60,000"),  # a round guess
            ((480,), "60,000"),  # the number of the question
            ((500,), "how long a quarter lasts"),
            ((125,), "120 quarters"),
            ((0.96,), "the other way round"),
            ((0.00104,), "in seconds"),
            ((1041.7,), "60,000"),  # microseconds
            (("1.04 ms",), "without quotation marks"),
            (("1.04",), "without quotation marks"),
        ],
    ),
    "one_note_in_events": Answers(
        names={"music": music},
        right=[
            (TOLD,),
            (tuple(TOLD),),
            (np.array(TOLD),),
            ([event_name(token) for token in notes_to_events(NOTE)],),
            ([*TOLD[:3], "wait 250 ms", "wait 1000 ms", "up C4"],),
            ([*TOLD[:3], "wait 630 ms", "wait 620 ms", "up C4"],),
            ([TOLD[1], TOLD[0], *TOLD[2:]],),
        ],
        wrong=[
            ((None,), "no event None"),
            (([None],), "no event None"),
            (([],), "One note is wanted"),
            ((6,), "no event 6"),
            ((notes_to_events(NOTE),), "no event"),  # tokens, not their names
            (([TOLD],), "no event ["),
            (({"wait": 500},), "no event {"),
            ((", ".join(TOLD),), "a list is wanted"),
            (("down C4" * 999,), "..."),
            (([*TOLD[:2], "down C4 ", *TOLD[3:]],), "write 'down C4', letter for letter"),
            (([*TOLD[:2], "Down c4", *TOLD[3:]],), "write 'down C4', letter for letter"),
            (([*TOLD[:2], "down  C4", *TOLD[3:]],), "write 'down C4', letter for letter"),
            ((["wait 500 ms", "velocity 64", *TOLD[2:]],), "no event 'velocity 64'"),
            (([*TOLD[:3], "wait 1250 ms", "up C4"],), "longest wait"),
            (([*TOLD[:3], "wait 1000 ms", "wait 200 ms", "wait 50 ms", "up C4"],), "7 events"),
            ((["wait 250 ms", "wait 250 ms", *TOLD[1:]],), "7 events"),
            (([*TOLD, "up D4"],), "nothing follows"),
            (([*TOLD, "wait 10 ms"],), "nothing follows"),
            (([*TOLD[:2], "velocity 60-64", *TOLD[2:]],), "7 events"),
            ((["up C4", *TOLD[:-1]],), "goes up"),  # held to the end for want of an up
            ((TOLD[:-1],), "goes up"),
            ((TOLD[1:],), "starts after 0 s"),
            (([*TOLD[:4], "up C4"],), "held for 1 s"),
            (([TOLD[0], *TOLD[2:]],), "stands before"),
            (([TOLD[0], "down C4", "velocity 60-64", *TOLD[3:]],), "stands before"),
            ((["wait 500 ms", "velocity 65-69", *TOLD[2:]],), "another bin"),
            (([name.replace("C4", "C5") for name in TOLD],), "C4"),
            (([*TOLD, *TOLD],), "One note is wanted"),
        ],
    ),
    "forgotten_notes": Answers(
        right=[
            (forgotten,),
            (lambda voices, onsets: np.float32(forgotten(voices, onsets)),),
            (lambda voices, onsets: [forgotten(voices, onsets)],),
            (forgotten_in_loops,),
        ],
        wrong=[
            ((1,), "Write a function"),
            ((lambda voices, onsets: 1,), "held is not forgotten"),
            ((lambda voices, onsets: 0,), "struck twice"),
            ((lambda voices, onsets: onsets.sum(),), "struck twice"),
            ((lambda voices, onsets: (voices[1:] == voices[:-1]).sum(),), "held is not forgotten"),
            ((lambda voices, onsets: onsets[1:].sum(),), "fills another row"),
            ((forgotten_round,), "struck twice"),
            ((lambda voices, onsets: forgotten(voices[:, :1], onsets[:, :1]),), "in all voices"),
            ((lambda voices: 1,), "TypeError"),
            ((struck_twice,), "Struck, held, struck again"),
            ((lambda voices, onsets: forgotten(voices[:2], onsets[:2]),), "struck again"),
            ((lambda voices, onsets: forgotten(voices[:3], onsets[:3]),), "at all steps"),
            ((once_a_voice,), "two forgotten"),
            ((once_a_step,), "in all voices"),
        ],
    ),
}
