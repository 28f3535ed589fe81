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
        right=[(64, 95), (np.int64(64), 95.0)],
        wrong=[
            ((80, 111), "still going on"),
            ((96, 127), "still going on"),
            ((64, 96), "both ends"),
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
        right=[(-0.2,), (np.float32(-0.2),)],
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
        right=[(share_before,), (lambda play: share_before(play).tolist(),)],
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
        ],
    ),
    "contrary_motion": Answers(
        names={"REST": REST},
        right=[(contrary,), (lambda melody, bass: np.float32(contrary(melody, bass)),)],
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
            (mine(rl=1.0), "changes nothing"),
            (({"rl": 5.0},), "A name comes first"),
            (({"no reward": {"rl": 0.5}},), "cannot be its name"),
        ],
    ),
}
