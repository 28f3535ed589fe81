"""Answers to the exercises of notebook 05."""

from functools import partial

import numpy as np
from exercise import Answers


def backbeat(drums):
    snare = np.asarray(drums)[..., 1, 0].reshape(-1, 16) >= 0.5
    return np.mean(snare[:, 4] & snare[:, 12])


def backbeat_wrong(drums, slip):
    """Wrong in one way."""
    bars = np.asarray(drums).reshape(-1, 16, 9, 3)
    snare = bars[..., 1, 0] >= 0.5
    return {
        "either": lambda: np.mean(snare[:, 4] | snare[:, 12]),
        "first bar": lambda: float(snare[0, 4] and snare[0, 12]),
        "any bar": lambda: float(snare[:, 4].any() and snare[:, 12].any()),
        "bass": lambda: np.mean((bars[:, 4, 0, 0] >= 0.5) & (bars[:, 12, 0, 0] >= 0.5)),
        "soft": lambda: np.mean((bars[:, 4, 1, 0] > 0) & (bars[:, 12, 1, 0] > 0)),
        "velocity": lambda: np.mean((bars[:, 4, 1, 1] >= 0.5) & (bars[:, 12, 1, 1] >= 0.5)),
        "only": lambda: np.mean((snare.sum(axis=1) == 2) & snare[:, 4] & snare[:, 12]),
        "beats": lambda: np.mean(snare[:, 1] & snare[:, 3]),
        "above 0.5": lambda: np.mean((bars[:, [4, 12], 1, 0] > 0.5).all(axis=1)),
        "any drum": lambda: np.mean((bars[..., 0][:, [4, 12], 1:] >= 0.5).any(axis=2).all(axis=1)),
        "first and last": lambda: np.mean((snare[:, 4] & snare[:, 12])[[0, -1]]),
        "of the first two": lambda: np.mean((snare[:, 4] & snare[:, 12])[:2]),
        "loud": lambda: np.mean((bars[:, [4, 12], 1, 1] >= 0.5).all(axis=1) & snare[:, 4]),
        "no bass": lambda: np.mean(snare[:, 4] & snare[:, 12] & (bars[:, 4, 0, 0] < 0.5)),
        "count": lambda: np.sum(snare[:, 4] & snare[:, 12]),
    }[slip]()


SLIPS = {
    **{"either": "of the second lack", "first bar": "one bar of two", "any bar": "one bar of two"},
    **{"bass": "is a backbeat", "soft": "0.5 or more", "velocity": "0.5 or more"},
    **{"only": "do no harm", "beats": "is a backbeat", "count": "one bar of two"},
    **{"above 0.5": "0.5 itself", "any drum": "is no snare", "first and last": "One bar of three"},
    **{"of the first two": "of three", "loud": "however soft", "no bass": "may play along"},
}


def sample_drums(generator, styles, seed, temperature=1.0):
    """Windows whose hits vary with noise, a little at 0.01; velocities always."""
    rng = np.random.default_rng(seed)
    drums = np.zeros((len(styles), 32, 9, 3), np.float32)
    noise = temperature * rng.normal(size=drums.shape[:3])
    drums[..., 0] = np.linspace(-0.2, 1.1, 9) + noise > 0.5
    drums[..., 1] = 0.5 + noise / 20
    drums[:, :, 3, 0] = noise[:, :, 3] + 0.5 + 0.029 > 0.5
    return drums


STYLES = np.zeros((200, 18))
SAMPLE = partial(sample_drums, None, STYLES, 5)


def share(temperature, seed=5, take=lambda drums: drums[..., 0]):
    drums = take(sample_drums(None, STYLES, seed, temperature))
    return len({window.tobytes() for window in drums}) / len(drums)


LOW, HIGH = share(0.01), share(1)

RECIPE = {
    **{"form": "hits and feel", "length": 32, "latent": 32, "kind": "convolutional"},
    **{"loops": [4, 8, 16], "penalty": 3.0, "smoothing": 0.0, "spectral": False},
    **{"discriminator_rate": 2e-3, "momentum": 0.0},
    **{"batch_size": 64, "epochs": 20, "batches": 500, "seed": 5},
}
EXPERIMENTS = {
    **{"the recipe": {}, "no loops": {"loops": []}, "two beats": {"length": 8}},
    **{"latent size 128": {"latent": 128}},
    **{"dense layers": {"kind": "dense"}, "hits drawn": {"form": "hits drawn"}},
}


def mine(**changes):
    return ({"a name of mine": changes},)


ANSWERS = {
    "drum_lengths": Answers(
        names={"TICKS_PER_STEP": 120},
        right=[(32, 20 / 3), (32, 6.67), ([32], np.array([[6.67]]))],
        wrong=[
            ((8, 20 / 3), "Those are quarter notes"),
            ((3840, 3200), "a step has 120"),
            ((2, 20 / 3), "a step has 120"),  # bars
            ((16, 20 / 3), "a step has 120"),
            ((32, 6), "Divide 3,200"),
            ((32, 7), "Divide 3,200"),
            ((32, 26.67), "Those are steps"),
            ((32, 1.67), "Divide 3,200"),  # bars
        ],
    ),
    "success_by_hand": Answers(
        right=[(0.75, 0.75), (3 / 4, np.float64(0.75)), ([0.75], np.array([0.75]))],
        wrong=[
            (("3/4", 0.75), "without quotation marks"),
            ((0.75, "0.75"), "without quotation marks"),
            ((75, 75), "not in percent"),
            ((0.75, 75), "not in percent"),
            ((3, 3), "how many"),
            ((0.75, 3), "how many"),
            ((0.5, 0.75), "above 0 says real"),
            ((1, 1), "above 0 says real"),
            ((1.125, -1.125), "above 0 says real"),  # the mean logits
            ((0.75, 0.25), "passed for real"),
            ((0.75, 0.5), "below 0"),
        ],
    ),
    "backbeat_share": Answers(
        right=[
            (backbeat,),
            (lambda drums: float(backbeat(drums)),),
            (lambda drums: np.array([backbeat(drums)]),),
        ],
        wrong=[
            ((0.56,), "Write a function"),
            ((lambda drums: 1,), "one bar of two"),
            ((lambda drums: 100 * backbeat(drums),), "not in percent"),
            *(((partial(backbeat_wrong, slip=slip),), hint) for slip, hint in SLIPS.items()),
        ],
    ),
    "distinct_shares": Answers(
        given=(SAMPLE,),
        names={
            **{"partial": partial, "sample_drums": sample_drums, "SEED": 5},
            "best_generator": None,
            "style_row": lambda style: np.zeros(18, np.float32),
        },
        right=[
            ((0.005, LOW, HIGH),),
            (np.array([0.005, LOW, HIGH]),),
            (np.array([[0.005], [LOW], [HIGH]]),),
            ({0: 0.005, 0.01: LOW, 1: HIGH},),
            ({1: HIGH, 0: 0.005, 0.01: LOW},),
        ],
        wrong=[
            (((0.005, 0.5, 1),), "temperature 0.01"),  # invented
            (((0.005, LOW, 0.5),), "temperature 1 "),
            (((0.005, share(0.01, seed=6), share(1, seed=6)),), "with SEED"),
            (((1, 200 * LOW, 200 * HIGH),), "divide by the 200"),
            (((0.5, 100 * LOW, 100 * HIGH),), "not in percent"),
            (((HIGH, LOW, 0.005),), "the other way round"),
            (((0, LOW, HIGH),), "At temperature 0 "),
            (((0.005, share(0.01, take=lambda drums: drums), HIGH),), "Hits alone"),
            (((0.01, 0.01, 0.01),), "Without axis=0"),
            (((0.005, LOW),), "Three numbers"),
            ((LOW,), "Three numbers"),
            (("all",), "Three numbers"),
            (({0: 0.005, 1: HIGH},), "Three numbers"),
            (({0: 0.005, 0.01: 0.5, 1: HIGH},), "temperature 0.01"),
        ],
    ),
    "own_experiment": Answers(
        given=(RECIPE, EXPERIMENTS),
        names={"RECIPE": RECIPE, "GRID_EXPERIMENTS": EXPERIMENTS},
        right=[
            ({"a stronger penalty": {"penalty": 30.0}},),
            mine(penalty=30, batch_size=32, seed=0),
            mine(loops=[16]),
            mine(length=8, form="hits drawn", kind="dense", spectral=True),
            ({"one": {"latent": 4}, "two": {"latent": 8, "penalty": 3.0}},),
            mine(loops=[8, 16]),
            mine(length=8, loops=[4]),
            mine(smoothing=0.9, momentum=0.9, latent=128, batch_size=np.int64(256)),
            ({"20 % smoothing, loops of 8 (one)": {"smoothing": 0.2, "loops": [8]}},),
        ],
        wrong=[
            (mine(penalti=30.0), "no setting 'penalti': did you mean 'penalty'?"),
            (mine(penalty=30.0, batchsize=32), "did you mean 'batch_size'?"),
            (mine(colour="red"), "no setting 'colour': there are form, length"),
            (mine(penalty="30"), "'penalty' is a number, 0 or more, at most 10,000, not '30'"),
            (mine(penalty=-30.0), "a number, 0 or more"),
            (mine(penalty=float("nan")), "a number, 0 or more"),
            (mine(batch_size=32.5), "a whole number from 1 on"),
            (mine(batch_size=0), "a whole number from 1 on"),
            (mine(loops=16), "a list such as [4, 8, 16]"),
            (mine(loops=["16"]), "a list such as [4, 8, 16]"),
            (mine(loops=[64]), "they fill 32 steps"),
            (mine(loops=[5]), "they fill 32 steps"),
            (mine(loops=[4, 4]), "each once"),
            (mine(length=8), "they fill 8 steps"),  # with the recipe's loops of 16
            (mine(length=8, loops=[16]), "they fill 8 steps"),
            (mine(smoothing=5), "0 or more and below 1"),
            (mine(smoothing=1), "0 or more and below 1"),
            (mine(momentum=1.0), "0 or more and below 1"),
            (mine(latent=10**6), "at most 2,048"),
            (mine(batch_size=10**9), "at most 1,024"),
            (mine(seed=2**40), "from 0 on"),
            (mine(penalty=1e300), "at most 10,000"),
            (mine(discriminator_rate=0), "above 0 and below 1"),
            (mine(discriminator_rate=-0.001), "above 0 and below 1"),
            (mine(discriminator_rate=20), "above 0 and below 1"),
            (({"x" * 300: {"penalty": 30.0}},), "also names a folder"),
            (({"../../x": {"penalty": 30.0}},), "no slash"),
            (({"a\\b": {"penalty": 30.0}},), "no slash"),
            (({"": {"penalty": 30.0}},), "also names a folder"),
            (({"what?": {"penalty": 30.0}},), "also names a folder"),
            (({"a-b": {"penalty": 30.0}, "A b": {"penalty": 9.0}},), "folders would be one"),
            (({f"number {i}": {"penalty": 30.0 + i} for i in range(9)},), "fewer experiments"),
            (mine(spectral="no"), "True or False"),
            (mine(kind="dens"), "one of 'convolutional', 'dense'"),
            (mine(length=16), "one of 32, 8"),
            (mine(epochs=40), "the same for all"),
            (mine(penalty=3.0), "changes nothing"),
            (mine(), "What does 'a name of mine' change?"),
            (({"no loops": {"loops": []}},), "cannot be its name"),
            (({"penalty": 30.0},), "A name comes first"),
            (({"my experiment": 30.0},), "What does 'my experiment' change?"),
            ((30.0,), "a name and its changes"),
            (({},), "a name and its changes"),
        ],
    ),
}
