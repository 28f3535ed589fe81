"""Answers to the exercises of notebook 06."""

from functools import partial
from types import SimpleNamespace

import numpy as np
from exercise import Answers

from helpers.music.grid import REST


def share_before(play):
    counted = np.cumsum(play, axis=0) - play
    return counted / np.maximum(np.arange(len(play)), 1)[:, None]


def with_itself(play):
    return np.cumsum(play, axis=0) / np.arange(1, len(play) + 1)[:, None]


def one_step_before(play):
    return np.concatenate([play[:1] * 0, play[:-1]])


def counted_before(play):
    return np.cumsum(play, axis=0) - play


def of_earlier_notes(play):
    """Rows sum to 1."""
    return counted_before(play) / np.maximum(counted_before(play).sum(axis=1, keepdims=True), 1)


def of_earlier_sounding_steps(play):
    return counted_before(play) / np.maximum(counted_before(play.any(axis=1) * 1), 1)[:, None]


def of_the_last(count, play):
    """The share of so many steps before."""
    starts = [max(0, step - count) for step in range(len(play))]
    return [play[a:b].mean(axis=0) if b else play[0] * 0 for b, a in enumerate(starts)]


def over_all_steps(play):
    return counted_before(play) / len(play)


def contrary(melody, bass, only_both=True, rests=True, of_all=False, count=False):
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
    moves = len(melody) - 1 if of_all else 1 if count else moves
    return found / moves if moves else 0.0


def contrary_of(
    melody,
    bass,
    hit=lambda up, down: up * down < 0,
    of=lambda up, down: up * down != 0,
    rests=(0, 1, 2, 3),
):
    """Contrary motion in other words: what counts, of which steps, and which rests are seen."""
    notes = np.stack([melody[:-1], melody[1:], bass[:-1], bass[1:]])
    up, down = np.diff(melody), np.diff(bass)
    counted = (notes[list(rests)] != REST).all(axis=0) & of(up, down)
    return float((hit(up, down) & counted).sum() / max(counted.sum(), 1))


def small(up, down):
    return (up * down != 0) & (abs(up) < 3) & (abs(down) < 3)


def rests_cut_out(melody, bass):
    sounding = (melody != REST) & (bass != REST)
    return contrary_of(melody[sounding], bass[sounding])


def parallel(melody, bass):
    both = (np.diff(melody) != 0) & (np.diff(bass) != 0)
    return np.mean(np.sign(np.diff(melody)) == np.sign(np.diff(bass))) if both.any() else 0.0


RECIPE = {
    **{"batch_size": 16, "samples": 1, "rl": 1.0, "classic": 6.0, "baseline": True},
    **{"rates": [4e-4, 1e-3, 2e-3], "seed": 6, "iterations": 40, "every": 40},
}
ABLATIONS = {
    **{"the recipe": {}, "no reward": {"rl": 0.0}, "no noise": {"noise": False}},
    **{"from scratch": {"fresh": "generator"}, "new teacher": {"fresh": "discriminator"}},
}


def mine(**changes):
    return ({"a name of mine": changes},)


ANSWERS = {
    "finished_stretch": Answers(
        names={"STRIDE": 16, "STRETCH": 32},
        right=[(64, 95), (np.int64(64), 95.0), ([64], np.array([95]))],
        wrong=[
            ((80, 111), "still going on"),
            ((96, 127), "still going on"),
            ((64, 96), "both ends"),
            (("64", "95"), "without quotation marks"),
            ((69, 100), "still going on"),
            ((80, 95), "32 steps"),
            ((48, 79), "the last to end"),
            ((65, 96), "the last to end"),  # counted from 1
            ((0, 31), "the last to end"),
            ((3, 4), "32 steps"),  # numbers of stretches
        ],
    ),
    "rl_loss_by_hand": Answers(
        names={
            "tf": SimpleNamespace(constant=np.array),
            "rl_loss": lambda log_p, rewards, expected: -np.mean(log_p * (rewards - expected)),
        },
        right=[(-0.2,), (np.float32(-0.2),), (np.array([-0.2]),)],
        wrong=[
            ((0.2,), "minus the mean"),
            ((-0.6,), "a mean over the three"),
            ((0.8,), "baseline is missing"),
            ((2,), "rewards are missing"),
            ((0,), "Multiply each"),
            ((0.5,), "Multiply each"),
            ((-20,), "Multiply each"),
        ],
    ),
    "share_before": Answers(
        right=[
            (share_before,),
            (lambda play: share_before(play).tolist(),),
            (lambda play: [play[:i].mean(0) if i else play[0] * 0 for i in range(len(play))],),
        ],
        wrong=[
            ((0.5,), "Write a function"),
            ((lambda play: play,), "Step 1 knows"),
            ((lambda play: play * 0,), "Step 1 knows"),
            (
                (lambda play: play * 0 + play.mean(axis=0),),
                "Step 1 knows",
            ),  # all steps, the future too
            ((with_itself,), "Step 1 knows"),
            ((one_step_before,), "step 3"),
            ((counted_before,), "step 3"),
            ((over_all_steps,), "Step 1 knows"),
            ((lambda play: share_before(play).mean(axis=1),), "Step 1 knows"),
            ((lambda play: 100 * share_before(play),), "not in percent"),
            ((of_earlier_notes,), "silent ones too"),
            ((of_earlier_sounding_steps,), "silent ones too"),
            ((partial(of_the_last, 3),), "silent ones too"),
            ((partial(of_the_last, 4),), "however long ago"),
            ((partial(of_the_last, 6),), "however long ago"),
            ((lambda play: None,), "An array of shape"),
        ],
    ),
    "contrary_motion": Answers(
        names={"REST": REST},
        right=[
            (contrary,),
            (lambda melody, bass: np.float32(contrary(melody, bass)),),
            (lambda melody, bass: [contrary_of(melody, bass)],),
        ],
        wrong=[
            ((0.61,), "Write a function"),
            ((lambda melody, bass: 1.0,), "no contrary motion"),
            ((lambda melody, bass: 0.5,), "contrary, a share of 1"),
            ((parallel,), "contrary, a share of 1"),
            ((partial(contrary, only_both=False),), "both move are counted"),
            ((partial(contrary, of_all=True),), "both move are counted"),
            ((partial(contrary, rests=False),), "A rest is -1"),
            ((lambda melody, bass: 100 * contrary(melody, bass),), "not in percent"),
            ((partial(contrary, count=True),), "One step of two"),
            ((partial(contrary_of, hit=lambda up, down: (up > 0) & (down < 0)),), "bass up"),
            ((partial(contrary_of, hit=lambda up, down: (up < 0) & (down > 0)),), "a share of 1"),
            ((partial(contrary_of, of=lambda up, down: up != 0),), "both move are counted"),
            ((partial(contrary_of, of=lambda up, down: down != 0),), "both move are counted"),
            ((partial(contrary_of, of=small),), "Wide leaps"),
            ((partial(contrary_of, rests=[0, 1]),), "in either voice"),  # of the melody
            ((partial(contrary_of, rests=[2, 3]),), "A rest is -1"),  # of the bass
            ((partial(contrary_of, rests=[0, 2]),), "in either voice"),  # at the departure
            ((partial(contrary_of, rests=[1, 3]),), "A rest is -1"),  # at the arrival
            ((rests_cut_out,), "A rest is -1"),
        ],
    ),
    "own_ablation": Answers(
        given=(RECIPE, ABLATIONS),
        names={"short": RECIPE, "ABLATIONS": ABLATIONS},
        right=[
            ({"five times the reward": {"rl": 5.0}},),
            mine(rl=0.5, rates=[2e-3, 1e-3, 2e-3]),
            mine(fresh="generator", noise=False, iterations=80),
        ],
        wrong=[
            (mine(rls=5.0), "did you mean 'rl'?"),
            (mine(rate=[1e-3] * 3), "did you mean 'rates'?"),
            (mine(reward=5.0), "no setting 'reward': there are batch_size"),
            (mine(rates=1e-3), "a list such as"),
            (mine(rates=[1e-3, 1e-3]), "a list such as"),  # the baseline's is left out
            (mine(fresh="critic"), "one of 'generator', 'discriminator'"),
            (mine(noise=0), "True or False"),
            (mine(rates=[4e-4, 1e-3, 0]), "a list such as"),
            (mine(rates=[5, 1e-3, 2e-3]), "a list such as"),
            (mine(samples=1000), "at most 16"),
            (mine(rl=1e300), "at most 10,000"),
            (({"../up": {"rl": 5.0}},), "no slash"),
            (mine(rl=1.0), "changes nothing"),
            (({"rl": 5.0},), "A name comes first"),
            (({"no reward": {"rl": 0.5}},), "cannot be its name"),
        ],
    ),
}
