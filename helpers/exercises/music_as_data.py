"""The checks of notebook 01."""

from __future__ import annotations

import numpy as np

from ..music import events
from ..music.grid import REST
from .answers import Wanted, check_function, check_numbers, in_line, say, tried


def tick_length(milliseconds) -> None:
    """Exercise 1: a tick at 480 to a quarter and 120 quarters a minute, in milliseconds."""
    hint = "A minute has 60,000 milliseconds and 120 quarters, and a quarter has 480 ticks."
    mistakes = {
        60 / 120 / 480: "The way is right: that is in seconds.",
        500: "That is how long a quarter lasts: a tick is one of its 480.",
        60_000 / 480: "Divide by the 120 quarters of a minute as well.",
        120 * 480 / 60_000: "That is how many ticks a millisecond has: the other way round.",
    }
    wanted = [Wanted(60_000 / 120 / 480, hint, 0.005, mistakes)]
    check_numbers((milliseconds,), wanted, "1.04 ms: finer than anyone hears in a rhythm.")


def one_note_in_events(told) -> None:
    """Exercise 2: the names of the events of middle C, velocity 64, from 0.5 to 1.75 seconds."""
    if not tried(told):
        return
    names = {events.event_name(token): token for token in range(1, events.EVENTS + 1)}
    told = np.ravel(told).tolist() if isinstance(told, np.ndarray) else told
    told = list(told) if isinstance(told, (list, tuple)) else [told]
    unknown = [name for name in told if not isinstance(name, str) or name not in names]
    if unknown:
        hint = "the longest wait is 1000 ms, and velocities come in bins such as velocity 60-64"
        plain = {_plain(name): name for name in names}
        if not isinstance(unknown[0], str):
            hint = "a name is a text, with quotation marks"
        elif _plain(unknown[0]) in plain:
            hint = f"write {plain[_plain(unknown[0])]!r}, letter for letter and blank for blank"
        elif len(told) == 1:
            hint = "a list is wanted, and each name has quotation marks of its own"
        return say(False, hint=f"There is no event {in_line(repr(unknown[0]), 60)}: {hint}.")
    played = events.events_to_notes([names[name] for name in told])
    if len(played) != 1 or played[0, 2] != 60:
        return say(False, hint="One note is wanted, C4: down once, and up at its end.")
    start, end, _, velocity = played[0].tolist()
    if round(start, 3) != 0.5:
        return say(False, hint=f"The note starts after {start:g} s, not after half a second.")
    if round(end, 3) != 1.75:
        hint = f"It is held for {end - start:g} s, not 1.25: more than one wait can say."
        return say(False, hint=hint)
    if told[-1] != "up C4":
        return say(False, hint="At its end the note goes up, and nothing follows.")
    if not 60 <= velocity < 65:
        hint = "The velocity stands before the note goes down."
        if "velocity 60-64" not in told and any(name.startswith("velocity") for name in told):
            hint = f"The note is played with a velocity about {velocity:g}; 64 is in another bin."
        return say(False, hint=hint)
    fewest = 6  # a wait, the velocity, down, two waits, up
    hint = f"It sounds as it should, in {len(told)} events: {fewest} are enough."
    say(len(told) == fewest, "Two waits hold it, since none is longer than a second.", hint)


def _plain(name: str) -> str:
    """A name without its blanks and capitals."""
    return "".join(name.split()).casefold()


def forgotten_notes(count) -> None:
    """Exercise 3: a function that counts the notes that a piano roll cannot tell from held ones."""
    cases = [
        ([[[60], [60]], [[True], [True]]], 1, "C4 struck twice in a row: one of two is forgotten."),
        ([[[60], [60]], [[True], [False]]], 0, "A note that is held is not forgotten."),
        ([[[60], [62]], [[True], [True]]], 0, "Another pitch fills another row: it is seen."),
        ([[[60], [REST], [60]], [[True], [False], [True]]], 0, "A rest parts the two notes."),
        ([[[REST], [REST]], [[False], [False]]], 0, "Rests are no notes."),
        ([[[60, 48], [60, 48]], [[True, True], [True, True]]], 2, "Count in all voices."),
        ([[[60, 62], [62, 60]], [[True, True], [True, True]]], 0, "Each voice has its own layer."),
        (
            ([[60], [60], [60]], [[True], [False], [True]]),
            1,
            "Struck, held, struck again: the roll shows one long note and forgets the second.",
        ),
        (([[60], [60]], [[False], [True]]), 1, "A note may sound before the first step."),
        (([[60], [60], [60]], [[True], [True], [True]]), 2, "Struck three times: two forgotten."),
        (
            ([[60], [60], [62], [62]], [[True], [True], [True], [True]]),
            2,
            "Count at all steps: C4 twice and D4 twice.",
        ),
        (
            ([[60, 48]] * 3, [[True, True], [True, True], [True, False]]),
            3,
            "Each voice counts as often as it forgets a note.",
        ),
    ]
    well_done = "Bach repeats a pitch more often than one would think: see the solution."
    check_function(count, cases, well_done)
