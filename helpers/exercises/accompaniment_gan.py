"""The checks of notebook 04."""

from __future__ import annotations

import numpy as np

from ..music.grid import REST
from .answers import (
    Wanted,
    check_function,
    check_numbers,
    in_line,
    say,
    tried,
    with_the_notebook,
)


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
    """Exercise 3: the critic's loss for real scores 3 and 1 and generated scores 0 and -2."""
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
    """Exercise 2: a function that counts parallel fifths between two voices."""
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
        (
            ([67, 67, 65, 65, 64, 64, 67, 69], [60, 60, 60, 62, 60, 60, 60, 62]),
            1,
            "The parallel may come late: look at all steps.",
        ),
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
        (([67, 60], [60, 67]), 1, "The voices cross, from a fifth to a fifth: abs(...)."),
        *(
            (([60 + apart, 62 + apart], [60, 62]), 0, f"{apart} semitones apart is no fifth.")
            for apart in range(25)
            if apart % 12 != 7
        ),
    ]
    check_function(count, cases, "Now count them in Bach's music.")


@with_the_notebook
def wide_spacing(count) -> None:
    """Exercise 4: a function of rolls ``(windows, 32, 4, 49)`` that gives, for each window, on how
    many steps soprano and alto, or alto and tenor, are more than an octave apart, with a slope."""
    if not tried(count):
        return
    if not callable(count):
        return say(False, hint="Write a function with the argument of the cell.")
    import tensorflow as tf

    voices = _spaced_windows()
    classes = np.where(voices == REST, 48, voices - 36)
    rolls = tf.one_hot(classes, 49)
    # Half a choice of each of two classes: a count that rounds, or looks for the largest, is off.
    mixed = (rolls + tf.roll(rolls, 5, axis=3)) / 2
    try:
        with tf.GradientTape() as tape:
            tape.watch(rolls)
            found = count(rolls)
        if not tried(found):
            return
        slope = tape.gradient(found, rolls) if tf.is_tensor(found) else None
        found, of_mixed = (np.asarray(one, np.float64) for one in (found, count(mixed)))
        with tf.GradientTape() as tape:
            tape.watch(rolls)
            ours = _spaced_too_far(rolls)
        expected = ours.numpy(), _spaced_too_far(mixed).numpy(), tape.gradient(ours, rolls).numpy()
    except Exception as error:
        what = f"{type(error).__name__}: {in_line(error)}"
        return say(False, hint=f"The function stops with {what}")
    say(*_judge_spacing(found, of_mixed, slope, *expected))


def _spaced_windows() -> np.ndarray:
    """Windows in each of which one thing is wide, or nothing."""
    close = np.array([72, 67, 60, 48])
    windows = np.tile(close, (8, 32, 1))
    windows[1, :5, 0] = 80  # soprano and alto, 13 semitones
    windows[2, -7:, 2] = 53  # alto and tenor, 14
    windows[3, :4, 0], windows[3, :4, 2] = 81, 53  # both at once: two pairs on each step
    windows[4, :, 0] = 79  # an octave: not too far
    windows[5, :6, 3] = 36  # tenor and bass, two octaves: allowed
    windows[6, :9, 1] = REST
    windows[7, :8, :2] = 70, 83  # the alto above the soprano: crossed, not wide
    return windows


def _spaced_too_far(rolls):
    """What is asked for, as a product."""
    import tensorflow as tf

    far = (np.subtract.outer(np.arange(48), np.arange(48)) > 12).astype(np.float32)
    upper, lower = rolls[:, :, 0:2, :48], rolls[:, :, 1:3, :48]
    return tf.reduce_sum((upper @ far) * lower, axis=(1, 2, 3))


def _judge_spacing(found, of_mixed, slope, expected, expected_of_mixed, expected_slope) -> tuple:
    if found.shape != expected.shape:
        hint = f"A number for each of the {len(expected)} windows is wanted, not {found.shape}."
        return False, "", hint
    hints = [
        "Where all voices are near, nothing is to be counted.",
        "Soprano and alto are 13 semitones apart on five steps of a window: a count of 5.",
        "Alto and tenor are 14 semitones apart on seven steps of a window: a count of 7.",
        "Both pairs are too far apart on four steps: that is two a step, a count of 8.",
        "An octave, 12 semitones, is not too far.",
        "Tenor and bass may be as far apart as they like.",
        "A rest is no pitch: leave out class 48 with [..., :PITCHES].",
        "An alto above the soprano is crossed, not far below: TOO_FAR[upper, lower].",
    ]
    for one, right, hint in zip(found, expected, hints, strict=True):
        if not np.isclose(one, right, atol=1e-3):
            return False, "", hint
    if slope is None or not np.any(slope):
        return False, "", "The counts are right, but have no slope: multiply, do not compare."
    if not np.allclose(of_mixed, expected_of_mixed, atol=1e-2):
        return False, "", "Of rolls that are half one note and half another it is not the product."
    if not np.allclose(slope, expected_slope, atol=1e-3):
        return False, "", "The counts are right, but a part of the slope is lost or not theirs."
    return True, "A rule that a generator can climb away from."


@with_the_notebook
def second_bar_only(first, second, accompany) -> None:
    """Exercise 5: two noises ``(1, 8 beats, 3, 49)`` that differ in the second bar alone.
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
    if not (np.std([first, second], axis=(1, 3, 4)) > 0.5).all():
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
    if abs(np.corrcoef(first[:, 4:].ravel(), second[:, 4:].ravel())[0, 1]) > 0.5:
        return "The second bar's old noise is still in the new one: draw it anew."
    return None
