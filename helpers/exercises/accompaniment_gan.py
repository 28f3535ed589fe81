"""The checks of notebook 04."""

from __future__ import annotations

import numpy as np

from ..music.grid import REST
from .answers import Wanted, check_function, check_numbers, say, tried, with_the_notebook

HALVES = slice(4), slice(4, 8)  # the beats of the first and the second bar


def class_numbers(middle_c, rest) -> None:
    """Exercise 1: the classes of middle C and of a rest, with pitch 36 as class 0."""
    pitch = {60: "60 is the pitch: its class counts from pitch 36 on."}
    rest_hint = "Middle C is right. The 48 pitches are classes 0 to 47; the rest comes after them."
    wanted = [
        Wanted(
            24,
            "Middle C is pitch 60, and class 0 is pitch 36: how far apart are they?",
            1e-6,
            pitch,
        ),
        Wanted(48, rest_hint, 1e-6, {-1: "-1 is a rest in a grid of voices; here it is a class."}),
    ]
    well_done = "24 semitones above the lowest pitch, and the rest is the last of 49."
    check_numbers((middle_c, rest), wanted, well_done)


def loss_by_hand(answer) -> None:
    """Exercise 2: the critic's loss for real scores 3 and 1 and generated scores 0 and -2."""
    hint = "Mean of the generated scores minus mean of the real ones."
    mistakes = {
        3: "The size is right. The critic minimises its loss: a good critic's is negative.",
        -6: "Those are sums: take the mean of the two scores of each kind.",
        1: "That is the generator's loss, minus the mean of the generated scores.",
        -1.5: "Each kind has its own mean, over its own two scores.",
        0.5: "That is the mean of all four scores: the kinds are told apart.",
    }
    well_done = "Generated music scores 3 points below real music: distance 3, loss -3."
    check_numbers((answer,), [Wanted(-3, hint, mistakes=mistakes)], well_done)


def parallel_fifths(count) -> None:
    """Exercise 3: a function that counts parallel fifths between two voices."""
    cases = [
        (([67, 69], [60, 62]), 1, "C-G to D-A is the textbook parallel fifth, a count of 1."),
        (
            ([67, 67], [60, 60]),
            0,
            "A fifth that is held is no parallel: both voices must move.",
        ),
        (([67, 69], [60, 60]), 0, "Here only one voice moves, so nothing is parallel."),
        (([79, 81], [60, 62]), 1, "A fifth and an octave is still a fifth: fold with % 12."),
        (([67, 65], [60, 58]), 1, "Parallel downwards counts as well."),
        (([67, REST], [60, REST]), 0, "Rests are no pitches: leave steps with a rest out."),
        (([66, 67], [REST, 60]), 0, "A rest is -1, not a pitch: no voice moves from a rest."),
        (([67, REST], [60, 64]), 0, "A rest is -1, not a pitch: no voice moves to a rest."),
        (([67, 74], [60, 55]), 1, "From a fifth to a twelfth in contrary motion counts as well."),
        (([67, 69, 71], [60, 62, 64]), 2, "Two parallels in a row are two."),
        (([72, 74], [60, 62]), 0, "Octaves, 12 semitones apart, are no fifths."),
        (([67, 71], [60, 67]), 0, "From a fifth to a third: both have to be fifths."),
        (([64, 69], [60, 62]), 0, "From a third to a fifth: both have to be fifths."),
        (([67, 68, 71], [60, 62, 64]), 0, "The two fifths have to follow on one another."),
        (([67, 79], [60, 60]), 0, "The upper voice alone leaps: both have to move."),
        (([67, 67], [60, 48]), 0, "The lower voice alone leaps: both have to move."),
        (([91, 93], [60, 62]), 1, "A fifth and two octaves is still a fifth: fold with % 12."),
        (([67, REST, 69], [60, REST, 62]), 0, "A rest parts the two fifths."),
        (([67, 64, 69], [60, 60, 62]), 0, "Another interval parts the two fifths."),
        (([REST, 67], [66, 60]), 0, "A rest is -1, not a pitch: no voice moves from a rest."),
        (([67, REST], [60, 66]), 0, "A rest is -1, not a pitch: no voice moves to a rest."),
        (
            ([60, 62], [67, 69]),
            1,
            "The voices are crossed, and still a fifth apart: take the distance, abs(...).",
        ),
        (
            ([60, 62], [65, 67]),
            0,
            "The voices are crossed and a fourth apart: take the distance, abs(...).",
        ),
        *(
            (([60 + apart, 62 + apart], [60, 62]), 0, f"{apart} semitones apart is no fifth.")
            for apart in range(25)
            if apart % 12 != 7
        ),
    ]
    check_function(count, cases, "Now count them in Bach and in the generator's music.")


@with_the_notebook
def second_bar_only(first, second, accompany) -> None:
    """Exercise 4: two noises ``(1, 8 beats, 3, 49)`` that differ in the second bar alone.
    ``accompany(noise)`` gives the accompanied melodies ``(windows, 32, 4)``, melody first."""
    if not tried(first, second):
        return
    try:
        with np.errstate(over="ignore"):
            first, second = np.asarray(first, np.float32), np.asarray(second, np.float32)
    except Exception:  # whatever they are, they are no noises
        first = second = np.zeros(0)
    hint = _slip_in_noises(first, second)
    if hint:
        return say(False, hint=hint)
    changed = np.not_equal(*(accompany(some) for some in (first, second)))
    early, late = changed[:, :16, 1:].mean(), changed[:, 16:, 1:].mean()
    if not late > 0:
        hint = "No note of the second bar changes: draw its noise anew, with another seed."
        return say(False, hint=hint)
    told = f"{early:.1%} of the first bar's notes and rests change, {late:.1%} of the second's."
    say(True, f"Below the melodies {told}")


def _slip_in_noises(first, second) -> str | None:
    if first.shape != (1, 8, 3, 49) or second.shape != first.shape:
        return (
            "Two noises (1, 8, 3, 49) are wanted, as draw_noise(1, seed) draws them and "
            "tf.concat(..., axis=1) joins their beats."
        )
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return "Noise is drawn, and finite: draw_noise(1, seed) draws another one for each seed."
    if not all(np.ptp(some[:, beats]) > 0 for some in (first, second) for beats in HALVES):
        return "Noise is drawn: draw_noise(1, seed) draws another one for each seed."
    same = [bool((first[:, beat] == second[:, beat]).all()) for beat in range(8)]
    if all(same):
        return "The noises are the same: give the second one new numbers in beats 4 to 7."
    if not any(same):
        return "The first bar's noise is new as well: keep its four beats."
    if same == [False] * 4 + [True] * 4:
        return "The other way round: the first bar's noise stays, the second bar's is new."
    if same != [True] * 4 + [False] * 4:
        wrong = ", ".join(str(beat) for beat in range(8) if same[beat] != (beat < 4))
        return f"Beats 0 to 3 stay and 4 to 7 are new: it is not so in {wrong}."
    return None
