"""Answers to the exercises of notebook 04."""

from types import SimpleNamespace

import keras
import numpy as np
import tensorflow as tf
from exercise import Answers

from helpers.music.grid import REST


def parallel_fifths(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    fifth = sounding & fifths(upper, lower)
    return int((fifth[1:] & fifth[:-1] & moved(upper, lower)).sum())


def moved(upper, lower):
    return (upper[1:] != upper[:-1]) & (lower[1:] != lower[:-1])


def fifths(upper, lower, interval=7, octave=12):
    return abs(upper - lower) % octave == interval


def counted(upper, lower, fifth=None, both_move=None, sounding=None):
    """The parallels of what one takes for a fifth, for a move, for no rest."""
    fifth = fifths(upper, lower) if fifth is None else fifth
    sounding = (upper >= 0) & (lower >= 0) if sounding is None else sounding
    both_move = moved(upper, lower) if both_move is None else both_move
    return int(((fifth & sounding)[1:] & (fifth & sounding)[:-1] & both_move).sum())


def not_taken_apart(upper, lower):
    """Crossed voices: fourths for fifths."""
    return counted(upper, lower, (upper - lower) % 12 == 7)


def never_crossing(upper, lower):
    same = np.diff((upper - lower) % 12) == 0
    return counted(upper, lower, both_move=moved(upper, lower) & same)


def either_moves(upper, lower):
    return counted(upper, lower, both_move=(np.diff(upper) != 0) | (np.diff(lower) != 0))


def rests_cut_out(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    return parallel_fifths(upper[sounding], lower[sounding])


def held(upper, lower):
    fifth = fifths(upper, lower)
    return int((fifth[1:] & fifth[:-1]).sum())


def with_rests(upper, lower):
    fifth = fifths(upper, lower)
    return int((fifth[1:] & fifth[:-1] & moved(upper, lower)).sum())


def one_interval(upper, lower, interval, octave=12):
    """Fifths that are not folded, or another interval."""
    wanted = (upper >= 0) & (lower >= 0) & fifths(upper, lower, interval, octave)
    return int((wanted[1:] & wanted[:-1] & moved(upper, lower)).sum())


def any_motion(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    return int((sounding[1:] & sounding[:-1] & moved(upper, lower)).sum())


def from_a_fifth(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    both = sounding[1:] & sounding[:-1] & moved(upper, lower)
    return int((fifths(upper, lower)[:-1] & both).sum())


def to_a_fifth(upper, lower):
    sounding = (upper >= 0) & (lower >= 0)
    both = sounding[1:] & sounding[:-1] & moved(upper, lower)
    return int((fifths(upper, lower)[1:] & both).sum())


def same_direction(upper, lower):
    parallel = (np.diff(upper) * np.diff(lower) > 0).all()
    return parallel_fifths(upper, lower) if parallel else 0


def draw_noise(count, seed):
    return np.random.default_rng(seed).gumbel(size=(count, 8, 3, 49)).astype(np.float32)


def accompany_windows(generator, windows, noise):
    """A generator that plays the loudest class of each beat."""
    voices = np.repeat(noise.argmax(axis=-1), 4, axis=1)
    return np.concatenate([np.zeros((len(noise), 32, 1)), voices], axis=-1)


def accompany(noise):
    return accompany_windows(None, None, np.repeat(noise, 3, axis=0))


def join(*parts):
    return np.concatenate(parts, axis=1)


PITCH = np.arange(48)
TOO_FAR = (np.subtract.outer(PITCH, PITCH) > 12).astype(np.float32)


def apart(rolls, far=TOO_FAR, pairs=((0, 1), (1, 2)), over=(1,), most=48):
    """How often pairs of voices are apart as ``far`` says: the product, which has a slope."""
    pitches, far = rolls[..., :most], tf.constant(far)
    return sum(
        tf.reduce_sum((pitches[:, :, a] @ far) * pitches[:, :, b], axis=(*over, 2))
        for a, b in pairs
    )


def compared(rolls):
    """Right counts of one-hot rolls, by comparing: no slope."""
    classes = tf.argmax(rolls, axis=-1)
    sounds = (classes[..., :-1] < 48) & (classes[..., 1:] < 48)
    wide = (classes[..., :-1] - classes[..., 1:] > 12) & sounds
    return tf.reduce_sum(tf.cast(wide[..., :2], tf.float32), axis=(1, 2))


def expected_pitch(rolls):
    """A slope, but what is measured are semitones."""
    pitch = tf.reduce_sum(rolls[..., :48] * PITCH.astype(np.float32), axis=-1)
    return tf.reduce_sum(tf.nn.relu(pitch[..., :2] - pitch[..., 1:3] - 12), axis=(1, 2))


def further(than):
    return (np.subtract.outer(PITCH, PITCH) > than).astype(np.float32)


def half_a_slope(rolls):
    """The upper voice is taken as given."""
    upper = tf.stop_gradient(rolls[:, :, :2, :48] @ tf.constant(TOO_FAR))
    return tf.reduce_sum(upper * rolls[:, :, 1:3, :48], axis=(1, 2, 3))


def any_slope(rolls):
    """The right numbers with another's slope."""
    return tf.stop_gradient(apart(rolls)) + tf.reduce_sum(
        rolls - tf.stop_gradient(rolls), axis=(1, 2, 3)
    )


def loud(class_, beats):
    """A noise in which one class is loudest."""
    noise = np.zeros_like(ONE)
    noise[:, :, :, 0] = 1
    noise[:, beats, :, class_] = 50
    return noise


def wide_far(rest):
    """TOO_FAR with a class for the rest, which counts as a lowest or a highest note."""
    return np.pad(TOO_FAR, [(0, 1), (0, 1)], constant_values=rest).astype(np.float32)


ALL_FIFTHS = range(7, 128, 12)
ONE, OTHER = draw_noise(1, 1), draw_noise(1, 2)
ANSWERS = {
    "class_numbers": Answers(
        names={"LOWEST_PITCH": 36, "PITCHES": 48},
        right=[(24, 48), (np.int64(24), 48.0), (np.array([24]), [48])],
        wrong=[
            ((60, 48), "60 is the pitch"),
            ((25, 48), "how far apart"),  # counted from 1
            ((0, 48), "how far apart"),
            (("C4", 48), "without quotation marks"),
            ((24, 49), "comes after"),
            ((24, 47), "comes after"),
            ((24, 0), "comes after"),
            ((24, -1), "-1 is a rest in a grid"),
        ],
    ),
    "loss_by_hand": Answers(
        names={
            "tf": SimpleNamespace(constant=np.array),
            "critic_loss": lambda real, generated: generated.mean() - real.mean(),
        },
        right=[(-3,), (np.float32(-3),), ([-3],)],
        wrong=[
            ((3,), "minimises"),
            ((-6,), "sums"),
            ((-1.5,), "its own two scores"),
            ((1,), "the generator's loss"),
            ((0.5,), "all four"),
            ((0,), "Mean of the generated"),
            (([1, 2],), "Mean of the generated"),
        ],
    ),
    "parallel_fifths": Answers(
        names={
            **{"REST": REST, "PAIRS": [(0, 3)]},
            **{"test_windows": SimpleNamespace(voices=np.zeros((3, 32, 4), int))},
        },
        right=[
            (parallel_fifths,),
            (lambda upper, lower: float(parallel_fifths(upper, lower)),),
            (lambda upper, lower: [counted(upper, lower)],),
            (lambda upper, lower: counted(upper, lower, np.isin(abs(upper - lower), ALL_FIFTHS)),),
        ],
        wrong=[
            ((3,), "Write a function"),
            ((lambda upper, lower: 1,), "held"),
            ((lambda upper, lower: 0,), "textbook"),
            ((lambda upper, lower: fifths(upper, lower).sum(),), "textbook"),
            ((held,), "held"),
            ((with_rests,), "rest"),
            ((lambda upper, lower: one_interval(upper, lower, 7, 999),), "fold"),
            ((lambda upper, lower: one_interval(upper, lower, 5),), "textbook"),
            ((any_motion,), "Octaves"),
            ((lambda u, lo: parallel_fifths(u[:3], lo[:3]),), "come late"),
            ((never_crossing,), "voices cross,"),
            ((from_a_fifth,), "to a third"),
            ((to_a_fifth,), "to a fifth"),
            ((same_direction,), "contrary"),
            ((lambda upper, lower: min(parallel_fifths(upper, lower), 1),), "two"),
            ((lambda upper, lower: 1 / 0,), "ZeroDivisionError"),
            ((not_taken_apart,), "crossed"),
            ((either_moves,), "voice alone leaps"),
            ((lambda u, lo: counted(u, lo, both_move=np.diff(u) != 0),), "upper voice alone"),
            ((lambda u, lo: counted(u, lo, both_move=np.diff(lo) != 0),), "lower voice alone"),
            ((lambda u, lo: counted(u, lo, np.isin(abs(u - lo), [7, 19])),), "two octaves"),
            *(
                (
                    (lambda u, lo, too=too: counted(u, lo, np.isin(abs(u - lo) % 12, [7, too])),),
                    "fourth apart" if too == 5 else "fifth",
                )
                for too in (0, 3, 4, 5, 6, 8, 9)
            ),
            ((rests_cut_out,), "A rest parts"),
            ((lambda u, lo: counted(u, lo, sounding=u >= 0),), "A rest is -1"),
            ((lambda u, lo: counted(u, lo, sounding=lo >= 0),), "A rest is -1"),
        ],
    ),
    "wide_spacing": Answers(
        names={
            "ops": keras.ops,
            "PITCHES": 48,
            "TOO_FAR": TOO_FAR,
            "rolls": tf.zeros((1, 32, 4, 49)),
            "untrained": tf.zeros((1, 32, 4, 49)),
        },
        right=[(apart,), (lambda rolls: 1.0 * apart(rolls),)],
        wrong=[
            ((3,), "Write a function"),
            ((lambda rolls: 0,), "A number for each"),
            ((lambda rolls: tf.zeros(8),), "on five steps"),
            ((lambda rolls: apart(rolls, over=()),), "A number for each"),  # steps not added up
            ((lambda rolls: tf.reduce_sum(apart(rolls)),), "A number for each"),
            ((lambda rolls: apart(rolls) / 32,), "on five steps"),  # a share
            ((lambda rolls: apart(rolls, pairs=((0, 1),)),), "on seven steps"),
            ((lambda rolls: apart(rolls, pairs=((1, 2),)),), "on five steps"),
            ((lambda rolls: apart(rolls, pairs=((0, 1), (1, 2), (2, 3))),), "Tenor and bass"),
            ((lambda rolls: apart(rolls, far=TOO_FAR.T),), "on five steps"),  # the other way round
            ((lambda rolls: apart(rolls, far=np.maximum(TOO_FAR, TOO_FAR.T)),), "crossed"),
            (
                (lambda rolls: apart(rolls, far=np.roll(TOO_FAR, 1, axis=1)),),
                "An octave, 12 semitones",
            ),
            ((lambda rolls: apart(rolls, far=wide_far(1), most=49),), "A rest is no pitch"),
            ((lambda rolls: apart(rolls, far=further(13)),), "on five steps"),
            ((lambda rolls: apart(rolls[:, :10]),), "on seven steps"),
            ((lambda rolls: apart(rolls[:, :-1]),), "on seven steps"),
            ((compared,), "no slope"),
            ((half_a_slope,), "part of the slope"),
            ((any_slope,), "part of the slope"),
            ((expected_pitch,), "on seven steps"),
            ((lambda rolls: apart(rolls, far=TOO_FAR, most=49),), "stops with"),
            ((lambda rolls: 1 / 0,), "ZeroDivisionError"),
        ],
    ),
    "second_bar_only": Answers(
        given=(accompany,),
        names={
            **{"tf": SimpleNamespace(concat=np.concatenate, repeat=np.repeat), "BEATS": 8},
            **{"test_windows": [np.zeros((3, 32, 4), int)], "generator": None},
            **{"Windows": lambda *arrays: arrays},
            **{"draw_noise": draw_noise, "accompany_windows": accompany_windows},
        },
        right=[
            (ONE, join(ONE[:, :4], OTHER[:, 4:])),
            (OTHER, join(OTHER[:, :4], ONE[:, 4:])),
            (ONE.tolist(), join(ONE[:, :4], OTHER[:, 4:]).astype(float)),
        ],
        wrong=[
            *(((draw_noise(1, a), draw_noise(1, a + 1)), "keep its four beats") for a in range(5)),
            ((ONE, ONE), "are the same"),
            ((ONE, join(OTHER[:, :4], ONE[:, 4:])), "The other way round"),
            ((ONE, join(ONE[:, :2], OTHER[:, 2:])), "not so in 2, 3"),  # beats of the first bar
            ((ONE, join(ONE[:, :7], OTHER[:, 7:])), "not so in 4, 5, 6"),
            ((np.zeros_like(ONE), np.zeros_like(ONE)), "Noise is drawn"),
            ((ONE, join(ONE[:, :4], 0 * OTHER[:, 4:])), "Noise is drawn"),
            ((ONE, np.concatenate([ONE, OTHER])), "axis=1"),  # joined along the windows
            ((ONE, np.concatenate([ONE[:, :, :2], OTHER[:, :, 2:]], axis=2)[:, :4]), "axis=1"),
            ((accompany(ONE), accompany(OTHER)), "Two noises"),  # the music, not the noise
            ((1, 2), "Two noises"),  # the seeds
            ((ONE, join(ONE[:, :4], ONE[:, 4:] + 1)), "old noise is still in"),
            ((ONE, join(ONE[:, :4], 2 * ONE[:, 4:])), "old noise is still in"),
            ((ONE, join(ONE[:, :4], ONE[:, 4:] + 1e-9)), "old noise is still in"),
            ((loud(0, slice(0)), loud(1, slice(4, 8))), "Noise is drawn"),
            *(
                ((ONE, join(ONE[:, :4], OTHER[:, 4:] * odd)), "finite")
                for odd in (np.inf, np.nan, 1e300)
            ),
        ],
    ),
}
