"""What every public function says to a wrong argument: one sentence, before any network is read."""

import inspect
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from helpers import course, data, files, metrics, music, pretrained, show, training
from helpers.course.errors import OneSentence

ROOMS = (course, music, files, data, metrics, show, training, pretrained)
TUNE = data.load_melody(data.melody_files()[0])
PIECE = TUNE.to_piece()
CHORALES = data.load_chorales("test", time_signature="4/4")[:2]
FIDDLE_TUNE = data.load_tunes("test")[0]
MELODY = np.array([60, 60, 62, -1])
VOICES = np.array([[72, 67, 64, 48]] * 16)
BATCH = VOICES[None]
DRUMS = np.zeros((2, 32, 9, 3))
NOTES = np.array([[0, 1, 60, 80], [1, 2, 62, 80.0]])  # in seconds
ROLL = music.voices_to_roll(VOICES).any(axis=2)
WORDS = ["D5 2", "rest 2"]
VOCABULARY = music.Vocabulary([WORDS])
NGRAM = metrics.NGram(2, 5).fit([[1, 2, 3]])
GRADE = metrics.Grade(CHORALES)
HISTORY = {"step": [1, 2], "iteration": [1, 2], "loss": [0.5, 0.4]}
DIAGRAM = show.Diagram("A test.")
BOX = DIAGRAM.box("a box", (0, 0))
NETWORK = SimpleNamespace(
    built=True, name="tiny", variables=[], get_weights=lambda: [np.ones((2, 3))], set_weights=print
)
RUN = training.Training("tiny", {"tiny": NETWORK}, {}, {})
RAGGED = [[60, 62], [60]]
NO_AXIS = np.array(60)
NO_VOICE = np.zeros((16, 0))
CHECKPOINT = training.load_checkpoint("04_accompaniment_gan")

# What is wrong wherever such a thing is wanted.
ANYTHING_ELSE = (None, 3, object(), {"a": 1})
NO_TEXT = (None, 3, ["C4"], np.array([1, 2]))
NO_PLACE = (None, 3, "12", ("a", 1), (1,), (1e9, 0), (float("nan"), 0))
NO_TITLE = (3, ["C4"], MELODY, b"a")
NO_PATH = (3, 1.5, ["a.mid"], object(), "a\0")
NO_NUMBER = ("2", [2], float("nan"), np.array([1, 2]), True)
NO_COUNT = (None, 1.5, 0, -3, *NO_NUMBER)
NO_WHOLE = (1.5, *NO_NUMBER)
NO_SHARE = (None, -1.0, float("inf"), *NO_NUMBER)
NO_PITCHES = ("C4", ["C4"], [60.5], [128], [-2], [float("nan")], [[[[60]]]], RAGGED, TUNE, [None])
NO_VOICES = (*ANYTHING_ELSE, *NO_PITCHES, NO_VOICE, NO_AXIS)
WRONG_PIECES = [
    PIECE._replace(**{field: value})
    for field, values in {
        "voices": (None, "x", [[60.5]]),
        "onsets": ("x", [[True]]),
        "bar_starts": (None, 3, ["a"]),
        "tempo": (None, "x", 0, float("nan")),
        "time_signature": (None, 4, "x"),
        "key": (None, 3),
        "name": (None, 3),
    }.items()
    for value in values
]
WRONG_TUNES = [
    TUNE._replace(**{field: value})
    for field, values in {
        "melody": (None, [60], [[60]], "x"),
        "onsets": (None, [True], "x"),
        "bar_starts": (None, 3, ["a"]),
        "tempo": (None, "x", 0, float("nan")),
        "time_signature": (None, 4, "x"),
        "name": (None, 3),
    }.items()
    for value in values
]
NO_MUSIC = (
    *(*ANYTHING_ELSE, "song.mid", RAGGED, [60.5], [128], np.zeros((2, 3, 4)), [None]),
    *(NO_VOICE, NO_AXIS, *WRONG_PIECES, *WRONG_TUNES),
)
NO_ONSETS = ("x", [True] * 3, [2] * 4, [[True]], [None] * 4)
NO_NOTES = (*ANYTHING_ELSE, "x", [[0, 1]], [[0, 1, 200, 80]], [["a", "b", "c", "d"]], RAGGED, TUNE)
NO_WORDS = (*ANYTHING_ELSE, NO_AXIS, "D5 2", [60], [None], ["D5 2", 3], ["D5 2", "  "])
NO_EVENTS = (*NO_WORDS, ["H5 2"], ["D5"])
NO_TOKENS = (*ANYTHING_ELSE, NO_AXIS, [NO_AXIS], "x", [1, 2], [[-1]], [[0.5]], [["a"]], TUNE)
NO_SIGNATURE = (None, 4, "4", "4/0", "x/4", "", ["4/4"])
NO_KEY = (3, "", "H major", "C", ["C major"])
NO_SPLIT = ("training", 3, ["train"])
NO_BATCH = (*ANYTHING_ELSE, *NO_PITCHES, [], NO_AXIS, NO_VOICE)
NO_WINDOWS = (*ANYTHING_ELSE, [], VOICES, BATCH + 0.5, BATCH[:, :0], BATCH[..., :0])
NO_DRUMS = (*ANYTHING_ELSE, "x", [], DRUMS[0], [[[["a"] * 3] * 9]], np.full((1, 1, 9, 3), np.nan))
NO_PIECES = (*ANYTHING_ELSE, [], PIECE, "x", [None], [TUNE], [PIECE, CHORALES[0]])
NO_TUNES = (*ANYTHING_ELSE, [], "x", TUNE, FIDDLE_TUNE, PIECE, MELODY, [None], [3], ["song.mid"])
NO_CHORALE = (MELODY, VOICES[:, :3], VOICES[:0], PIECE, DRUMS[0])
NO_CHORALES = (None, 3, "x", [], VOICES, CHORALES[0], [None], [VOICES[:, :3]], [PIECE], [CHORALES])
NO_ENDS = (3, "x", [-1], [0.5], [10**6], ["a"], [[4]], [None])
NO_RANGES = (
    *("bass", 3, [("E2", "C4")], {"soprano": ("C4", "C5")}, {3: ("E2", "C4")}),
    *({"bass": one} for one in ("E2", 3, (), ("E2",), ("E2", "H4"), ("C4", "E2"), (1.5, 60))),
    *({"bass": one} for one in (("C1", "C4"), (None, 60), (36, 128), ([36], 60))),
)
NO_TEMPO = ("fast", 0, -3, 1e6, float("nan"), [100], True)
NO_PROGRAM = ("oboe", -1, 128, 1.5, [3])
NO_SEED = ("x", 1.5, float("nan"), [1], True)
NO_TEMPERATURE = (None, -0.5, float("inf"), float("nan"), "hot", [1.0], True)
NO_PICKUP = (1.5, "2", -3, 99, [2], True)
NO_MELODY = (*NO_MUSIC, "C4", [], [[60, 62]], ["C4"], [-2])
NO_NETWORK = ("generator", 3, [None])
NO_CHAPTER = (None, 3, "..", "/tmp", "a/../..", ["04"], Path("04"))
NO_DICT = (None, 3, "x", [1])

ACCOMPANY = {
    "melody": NO_MELODY,
    "seed": NO_SEED,
    "generator": NO_NETWORK,
    "pickup": NO_PICKUP,
}
FIGURE = ({"voices": BATCH}, {"voices": NO_BATCH})
DRUM_FIGURE = ({"drums": DRUMS}, {"drums": NO_DRUMS})
BY_BAR = ({"voices": BATCH}, {"voices": NO_BATCH, "steps_per_bar": NO_COUNT})
TWO_FIGURES = ({"voices": BATCH, "real": BATCH}, {"voices": NO_BATCH, "real": NO_BATCH})
NO_SHARES = ([60, 1], [0.9, 0.9], [-0.5, 1.5], [float("inf"), 0])

# For each function the arguments that are right, and for each parameter what is wrong in its place.
# A parameter with nothing beside it takes anything.
CALLS = {
    "course.set_seed": ({"seed": 1}, {"seed": (None, -1, 2**40, np.array(3), *NO_SEED)}),
    "course.device_report": ({}, {}),
    "course.look_around": ({}, {}),
    "course.cache_folder": ({}, {}),
    "course.runs_folder": ({"chapter": "04_x/y"}, {"chapter": NO_CHAPTER}),
    "course.checkpoint_folder": ({"chapter": "04_x"}, {"chapter": NO_CHAPTER}),
    "course.sha256": ({"path": data.TUNES_FILE}, {"path": (None, *NO_PATH, "nowhere", ".")}),
    "course.setting": (
        {"name": "SURELY_NOT_SET", "default": 1},
        {
            "name": NO_TEXT,
            "default": ([], {}, object(), float("nan")),
            "smoke": ([], {}),
            "least": (2,),
            "most": (0,),
            "above": (1,),
            "choices": (3, "1", ["a"]),
        },
    ),
    "course.progress": (
        {"iterable": [1]},
        {
            "iterable": (None, 3, object()),
            "total": (-1, 1.5, *NO_NUMBER),
            "label": (3, None, ["a"]),
            "initial": (None, -1, *NO_WHOLE),
            "interruptible": (),
        },
    ),
    "music.Vocabulary": (
        {},
        {
            "sequences": (None, 3, NO_AXIS, [NO_AXIS], "D5 2", WORDS, [[3]], [["D5 2", " "]]),
            "special": ("<start>", 3, [3], NO_AXIS, [" "]),
        },
    ),
    "music.Vocabulary.encode": ({"words": WORDS}, {"words": NO_WORDS, "unknown": ("x", None, 3)}),
    "music.Vocabulary.decode": (
        {"tokens": [1, 2, 0]},
        {"tokens": (*ANYTHING_ELSE, "x", [99], [-1], [0.5], [[1]], ["D5 2"])},
    ),
    "music.chord_names": (
        {"voices": VOICES},
        {"voices": NO_VOICES, "steps_per_chord": NO_COUNT, "key": NO_KEY},
    ),
    "music.chord_pitches": (
        {"name": "C major"},
        {"name": (*NO_TEXT, "", "H major", "C"), "low": (None, -1, 128, *NO_WHOLE)},
    ),
    "music.find_chord": (
        {"pitches": (48, 55, 64)},
        {"pitches": (*ANYTHING_ELSE, *NO_PITCHES, [-1], [[60]])},
    ),
    "music.to_piece": (
        {"music": MELODY, "onsets": MELODY > 0},
        {"music": (*NO_MUSIC, DRUMS[0]), "onsets": NO_ONSETS},
    ),
    "music.to_timeline": (
        {"music": MELODY, "onsets": MELODY > 0},
        {"music": (*NO_MUSIC, DRUMS), "onsets": NO_ONSETS},
    ),
    "music.voices_to_multitrack": (
        {"voices": VOICES},
        {"voices": NO_VOICES, "tempo": (None, *NO_TEMPO)},
    ),
    "music.drum_of": ({"pitch": 36}, {"pitch": (None, -1, 128, *NO_WHOLE)}),
    "music.tick_features": (
        {"hits": [[0, 36, 80]], "ticks": 10},
        {
            "hits": (*ANYTHING_ELSE, "x", [[0, 36]], [[0.5, 36, 80]], [[0, 200, 80]], RAGGED),
            "ticks": NO_COUNT,
            "padded": (),
        },
    ),
    "music.event_name": ({"token": 1}, {"token": (None, -1, 383, *NO_WHOLE)}),
    "music.events_to_notes": (
        {"tokens": [1, 300]},
        {"tokens": (*ANYTHING_ELSE, "x", [383], [-1], [0.5], [[1]], RAGGED)},
    ),
    "music.notes_to_events": ({"notes": NOTES}, {"notes": NO_NOTES}),
    "music.bar_clock": (
        {"times": [0, 1], "bar_starts": [0, 16], "bar_steps": 16},
        {
            "times": (*ANYTHING_ELSE, "x", ["a"], [float("nan")]),
            "bar_starts": (*ANYTHING_ELSE, "x", [], ["a"]),
            "bar_steps": (None, 0, -1, float("inf"), *NO_NUMBER),
        },
    ),
    "music.bar_length": ({"time_signature": "4/4"}, {"time_signature": NO_SIGNATURE}),
    "music.excerpt": (
        {"piece": PIECE, "start": 0, "end": 8},
        {
            "piece": (*ANYTHING_ELSE, TUNE, VOICES),
            "start": (None, -1, 10**6, *NO_WHOLE),
            "end": (None, 0, -1, *NO_WHOLE),
        },
    ),
    "music.pitch_name": ({"pitch": 60}, {"pitch": (None, -1, 128, *NO_WHOLE)}),
    "music.pitch_number": ({"name": "C4"}, {"name": (*NO_TEXT, "", "H4", "C", "60", "C" * 5000)}),
    "music.transpose": (
        {"voices": VOICES, "semitones": 2},
        {"voices": NO_VOICES[:1] + NO_PITCHES[:6], "semitones": (None, 100, *NO_WHOLE)},
    ),
    "music.voice_notes": (
        {"melody": MELODY},
        {"melody": (*NO_VOICES, VOICES), "onsets": NO_ONSETS},
    ),
    "music.voices_to_roll": ({"voices": VOICES}, {"voices": NO_VOICES}),
    "music.with_voices": (
        {"piece": PIECE, "voices": PIECE.voices},
        {"piece": (*ANYTHING_ELSE, TUNE), "voices": (*NO_VOICES, VOICES[:10], PIECE)},
    ),
    "music.guess_tonic": (
        {"melody": MELODY, "onsets": MELODY > 0},
        {
            "melody": (*NO_VOICES, VOICES),
            "onsets": NO_ONSETS,
            "bar_starts": (3, object(), "x", ["a"], [-1], [[0]], [float("nan")], RAGGED),
            "bar_steps": (0, -1, float("inf"), *NO_NUMBER),
        },
    ),
    "music.is_minor": ({"key": "g minor"}, {"key": (None, *NO_KEY)}),
    "music.key_tonic": ({"key": "g minor"}, {"key": (None, *NO_KEY)}),
    "music.matrices_to_timeline": (
        {"matrices": music.to_matrices(VOICES)},
        {"matrices": (*ANYTHING_ELSE, "x", ROLL, (ROLL, ROLL), (ROLL, ROLL, 100.0 * ROLL), TUNE)},
    ),
    "music.to_matrices": (
        {"music": MELODY, "onsets": MELODY > 0},
        {"music": NO_MUSIC, "onsets": NO_ONSETS},
    ),
    "music.timeline_to_voices": (
        {"timeline": music.to_timeline(VOICES)},
        {"timeline": (*ANYTHING_ELSE, VOICES, PIECE)},
    ),
    "music.guess_phrase_ends": (
        {"music": MELODY},
        {"music": (*NO_MUSIC, DRUMS[0]), "pickup": (*NO_WHOLE, -3)},
    ),
    "music.phrase_clock": (
        {"piece": PIECE},
        {
            "piece": (*ANYTHING_ELSE, TUNE, PIECE._replace(voices=VOICES[:, :0])),
            "phrase_ends": NO_ENDS,
        },
    ),
    "music.is_timeless": ({"word": "|"}, {"word": NO_TEXT}),
    "music.melody_words": (
        {"notes": [(0, 2, 60)]},
        {
            "notes": (
                *(*NO_NOTES[:8], TUNE, [(0, 1, 200)], [(-1, 2, 60)], [(1, 0, 60)]),
                *(VOICES, np.full((16, 4), 60.5)),
            )
        },
    ),
    "music.read_word": ({"word": "D5 2"}, {"word": (*NO_TEXT, "D5", "")}),
    "music.voice_words": (
        {"melody": MELODY},
        {"melody": (*NO_VOICES, VOICES), "onsets": NO_ONSETS},
    ),
    "music.word_ticks": ({"words": ["", "|", *WORDS]}, {"words": NO_EVENTS}),
    "music.words_to_notes": ({"words": WORDS}, {"words": NO_EVENTS}),
    "music.words_to_voice": ({"words": WORDS}, {"words": NO_EVENTS}),
    "files.read_abc": ({"content": "X:1\nK:C\nC4|]"}, {"content": (*ANYTHING_ELSE, "", b"x")}),
    "files.read_musicxml": (
        {"content": "<score-partwise/>"},
        {"content": (*ANYTHING_ELSE, "", b"x")},
    ),
    "files.to_abc": ({"music": VOICES}, {"music": (*NO_MUSIC, DRUMS[0])}),
    "files.to_musicxml": ({"music": VOICES}, {"music": (*NO_MUSIC, DRUMS[0])}),
    "files.read_music": (
        {"path": data.melody_files()[0]},
        {"path": (None, *NO_PATH, "", ".", "nowhere.mid")},
    ),
    "files.read_pieces": (
        {"path": data.melody_files()[0]},
        {"path": (None, *NO_PATH, "", ".", "nowhere.mid"), "refused": ()},
    ),
    "files.midi_bytes": (
        {"midi": files.to_midi(VOICES)},
        {"midi": (*ANYTHING_ELSE, VOICES, "song.mid")},
    ),
    "files.notes_to_midi": ({"notes": NOTES}, {"notes": NO_NOTES}),
    "files.to_midi": (
        {"music": MELODY, "onsets": MELODY > 0},
        {"music": NO_MUSIC, "tempo": NO_TEMPO, "onsets": NO_ONSETS, "program": NO_PROGRAM},
    ),
    "data.load_chorales": (
        {"split": "test"},
        {"split": NO_SPLIT, "time_signature": ("5/4", 4, ["4/4"])},
    ),
    "data.load_jsb": (
        {"path": "nowhere.json"},
        {"path": (None, *NO_PATH, "nowhere.json"), "split": NO_SPLIT},
    ),
    "data.load_folder": (
        {"path": str(data.melody_files()[0].parent)},
        {
            "path": (None, *NO_PATH, "nowhere"),
            "representation": (None, 3, "notess", ["notes"], len),
            "jobs": (0, None, *NO_WHOLE),
            "cache": NO_PATH,
            "name": (),
            "options": ({"onset": True},),
        },
    ),
    "data.load_groove": (
        {"split": "test"},
        {
            "split": NO_SPLIT,
            "beat_type": ("beats", 3, ["beat"]),
            "time_signature": NO_SIGNATURE[1:],
            "download": (),
        },
    ),
    "data.load_starter_grooves": ({}, {}),
    "data.load_lakh": (
        {"folder": "nowhere"},
        {
            "version": (None, 3, "half", ["full"]),
            "representation": (),
            "download": (),
            "folder": (*NO_PATH, "nowhere"),
            "jobs": (),
            "options": (),
        },
    ),
    "data.load_melody": (
        {"path": data.melody_files()[0]},
        {"path": (None, *NO_PATH, "", ".", "nowhere.mid")},
    ),
    "data.melody_files": ({}, {}),
    "data.load_nottingham": (
        {"folder": "nowhere"},
        {"kind": ("polka", 3, ["jig"]), "folder": (*NO_PATH, "nowhere")},
    ),
    "data.load_maestro": (
        {"folder": "nowhere"},
        {"split": NO_SPLIT, "download": (), "folder": (*NO_PATH, "nowhere")},
    ),
    "data.event_clock": ({"tune": FIDDLE_TUNE}, {"tune": (*ANYTHING_ELSE, TUNE, MELODY)}),
    "data.load_tunes": ({"split": "test"}, {"split": NO_SPLIT, "kind": ("polka", 3, ["reel"])}),
    "data.usual_signature": ({"kind": "jig"}, {"kind": (None, 3, "polka", ["jig"])}),
    "data.batches_by_length": (
        {"sequences": [MELODY, (MELODY, VOICES)], "batch_size": 2},
        {
            "sequences": (
                *(*ANYTHING_ELSE, "ab", MELODY, NO_AXIS, [NO_AXIS], [None], [3], ["ab"], [()]),
                *(TUNE, [PIECE], [(None, MELODY)], [(3, MELODY)], [{"a": MELODY}]),
            ),
            "batch_size": NO_COUNT,
            "seed": (-1, *NO_SEED),
            "epoch": (None, -1, *NO_WHOLE),
        },
    ),
    "data.make_batches": (
        {"windows": BATCH, "room": [[0, 0]], "batch_size": 2, "seed": 1},
        {
            "windows": (*NO_WINDOWS, BATCH[:0]),
            "room": (*ANYTHING_ELSE, [], [[0]], np.zeros((3, 2)), [[-0.5, 0.5]]),
            "batch_size": NO_COUNT,
            "seed": (None, *NO_SEED),
            "start": (None, -1, *NO_WHOLE),
            "beside": (None, 3, "x", [], (3,), (np.zeros(0),), ("x",)),
        },
    ),
    "data.make_windows": (
        {"pieces": CHORALES},
        {
            "pieces": NO_PIECES,
            "bars": (*NO_COUNT, 10**6),
            "steps_per_bar": (*NO_COUNT, 17),
            "of": (3, "x", [], [3, 3], [np.zeros(3)] * 2, np.zeros((2, 3))),
        },
    ),
    "data.transposition_room": (
        {"windows": BATCH, "low": [50] * 4, "high": [80] * 4},
        {
            "windows": NO_WINDOWS,
            "low": (*ANYTHING_ELSE, [50], ["a"] * 4, [50.5] * 4),
            "high": (*ANYTHING_ELSE, [50], ["a"] * 4, [50.5] * 4),
        },
    ),
    "data.voice_ranges": ({"pieces": [PIECE]}, {"pieces": NO_PIECES}),
    "metrics.NGram": ({"order": 2, "size": 5}, {"order": NO_COUNT, "size": (*NO_COUNT, 1)}),
    **{
        f"metrics.NGram.{name}": (
            {"sequences": [[1, 2, 3]]},
            {
                "sequences": (None, 3, NO_AXIS, [NO_AXIS], "x", [1, 2], [[9]], [["a"]]),
                "conditions": (3, NO_AXIS, [NO_AXIS], "x", [], [[1]], [["a"] * 3]),
            },
        )
        for name in ("fit", "evaluate")
    },
    "metrics.NGram.probabilities": (
        {"before": [1, 2]},
        {"before": (None, 3, "x", [9], [0.5], [[1]]), "condition": NO_WHOLE},
    ),
    "metrics.NGram.sample": (
        {"length": 3, "seed": 1},
        {
            "length": (None, -1, *NO_WHOLE),
            "seed": (-1, (1, None), *NO_SEED),
            "before": (None, 3, "x", [9], [0.5], [[1]]),
        },
    ),
    "metrics.repetition": ({"sequences": [[1, 2] * 3]}, {"sequences": NO_TOKENS, "size": NO_COUNT}),
    "metrics.novelty": (
        {"sequences": [[1, 2] * 5], "training": [[1, 2] * 5]},
        {"sequences": NO_TOKENS, "training": (*NO_TOKENS, []), "size": NO_COUNT},
    ),
    **dict.fromkeys(
        [
            f"metrics.{name}"
            for name in (
                "chord_share consonance interval_distribution rate_of_change rest_share "
                "scale_consistency voice_crossing"
            ).split()
        ],
        FIGURE,
    ),
    "metrics.empty_bars": BY_BAR,
    "metrics.used_pitch_classes": BY_BAR,
    "metrics.qualified_notes": (FIGURE[0], FIGURE[1] | {"min_steps": (None, -1, *NO_WHOLE)}),
    "metrics.leaps": (FIGURE[0], FIGURE[1] | {"widest_step": (None, -1, *NO_WHOLE)}),
    "metrics.figures_beside": (
        TWO_FIGURES[0],
        {name: (*NO_BATCH, BATCH[..., :3], BATCH[:0], BATCH[:, :0]) for name in ("voices", "real")},
    ),
    "metrics.interval_distance": (
        {"voices": BATCH, "reference": BATCH},
        {name: (*NO_BATCH, BATCH[..., :3]) for name in ("voices", "reference")},
    ),
    "metrics.total_variation": (
        {"first": [0.5, 0.5], "second": [1, 0]},
        {
            name: (*ANYTHING_ELSE, "x", [], [1], ["a", "b"], RAGGED, *NO_SHARES)
            for name in ("first", "second")
        },
    ),
    "metrics.difference": (
        {"first": VOICES, "second": VOICES},
        {
            name: (
                *(*ANYTHING_ELSE, "x", VOICES[:3], RAGGED, TUNE),
                *(VOICES + 0.5, VOICES + 100, np.where(VOICES == 72, np.nan, VOICES)),
            )
            for name in ("first", "second")
        },
    ),
    "metrics.alike": (
        {"first": VOICES, "second": VOICES},
        {
            name: (*ANYTHING_ELSE, "x", VOICES[:3], VOICES + 0.5, VOICES + 100, RAGGED, TUNE)
            for name in ("first", "second")
        },
    ),
    **dict.fromkeys(
        ["metrics.bars_of", "metrics.ends_on_tonic", "metrics.is_two_part"],
        ({"music": PIECE}, {"music": (*NO_MUSIC, DRUMS[0])}),
    ),
    "metrics.returning_bars": (
        {"music": PIECE},
        {"music": (*NO_MUSIC, DRUMS[0]), "least": (0, 1.5, *NO_SHARE)},
    ),
    "metrics.tonic_at": ({"music": PIECE}, {"music": (*NO_MUSIC, DRUMS[0]), "bar": NO_COUNT}),
    "metrics.form_figures": ({"tunes": [PIECE, FIDDLE_TUNE]}, {"tunes": NO_TUNES}),
    "metrics.known_runs": (
        {"tunes": [PIECE], "training": [FIDDLE_TUNE]},
        {"tunes": NO_TUNES, "training": NO_TUNES},
    ),
    "metrics.Grade": ({"training": CHORALES}, {"training": NO_CHORALES}),
    "metrics.Grade.__call__": (
        {"music": VOICES},
        {"music": (*NO_MUSIC, *NO_CHORALE), "phrase_ends": NO_ENDS},
    ),
    "metrics.Grade.distances": (
        {"music": VOICES},
        {"music": (*NO_MUSIC, *NO_CHORALE), "phrase_ends": NO_ENDS},
    ),
    "metrics.key_of": (
        {"voices": VOICES},
        {"voices": NO_VOICES, "closing": (None, -1, float("inf"), *NO_NUMBER)},
    ),
    "metrics.chord_at": (
        {"music": VOICES, "step": 3},
        {"music": (*NO_MUSIC, *NO_CHORALE), "step": (None, -1, 16, *NO_WHOLE)},
    ),
    **{
        f"metrics.{name}": (
            {"music": CHORALES[0]},
            {"music": (*NO_MUSIC, *NO_CHORALE), "phrase_ends": NO_ENDS},
        )
        for name in ("parallels", "cadences")
    },
    "metrics.chord_nats": ({"music": VOICES}, {"music": (*NO_MUSIC, *NO_CHORALE)}),
    "metrics.chorale_figures": (
        {"pieces": CHORALES, "reference": CHORALES, "phrase_ends": [[4], None]},
        {
            "pieces": NO_CHORALES,
            "reference": (*NO_CHORALES[1:], CHORALES[:1]),
            "phrase_ends": (3, "x", [[4]], [4, 8], [["a"], [4]], [[-1], [4]], [[10**6], []]),
        },
    ),
    "metrics.longest_copied_runs": (
        {"voices": BATCH, "training": [VOICES]},
        {
            "voices": NO_BATCH,
            "training": (None, 3, NO_AXIS, "x", [None], VOICES, [VOICES[:, :3]], [PIECE]),
        },
    ),
    **dict.fromkeys(
        [
            f"metrics.drums.{name}"
            for name in (
                "distinct_share drum_numbers groove_consistency histograms hits_a_bar offsets "
                "share_on_eighths velocities"
            ).split()
        ],
        DRUM_FIGURE,
    ),
    "metrics.drums.histogram": (
        {"figure": "drum", "drums": DRUMS},
        {"figure": (None, 3, "drums", ["drum"]), "drums": NO_DRUMS},
    ),
    "metrics.drums.distances": (
        {"first": DRUMS, "second": DRUMS},
        {"first": NO_DRUMS, "second": NO_DRUMS},
    ),
    "metrics.drums.multiple": (
        {"distance": 0.2, "usual": 0.1},
        {"distance": NO_SHARE, "usual": NO_SHARE, "least": (0, *NO_SHARE)},
    ),
    "show.play": (
        {"music": MELODY, "onsets": MELODY > 0},
        {
            "music": NO_MUSIC,
            "tempo": NO_TEMPO,
            "onsets": NO_ONSETS,
            "title": NO_TITLE,
            "picture": (),
            "program": NO_PROGRAM,
            "mark": (-1, *ANYTHING_ELSE[2:]),
        },
    ),
    "show.play_samples": (
        {"samples": np.ones(100)},
        {
            "samples": (*ANYTHING_ELSE, "x", [], ["a"], [[0.5]], [float("nan")], RAGGED),
            "sample_rate": NO_COUNT,
            "title": NO_TITLE,
        },
    ),
    "show.synthesize": (
        {"music": MELODY},
        {"music": NO_MUSIC, "tempo": (*NO_TEMPO,), "program": NO_PROGRAM},
    ),
    "show.plot_roll": (
        {"music": MELODY, "onsets": MELODY > 0},
        {
            "music": NO_MUSIC,
            "title": NO_TITLE,
            "onsets": NO_ONSETS,
            "mark": (-1, *ANYTHING_ELSE[2:]),
        },
    ),
    "show.plot_rolls": (
        {"rolls": {"a": MELODY}},
        {"rolls": (None, 3, [], {}, [3], [MELODY], {"a": 3}), "columns": NO_COUNT[1:]},
    ),
    "show.plot_notation": ({"music": VOICES}, {"music": (*NO_MUSIC, DRUMS[0]), "title": NO_TITLE}),
    "show.plot_matrices": (
        {"matrices": {"a": ROLL}},
        {
            "matrices": (None, 3, [], [3], {"a": 3}, {"a": [["x"]]}, [ROLL], {"a": RAGGED}),
            "time": (),
            "rows": (),
            "time_per_column": (None, 0, -1, *NO_NUMBER),
            "first_row": (None, *NO_NUMBER),
            "per_row": (None, 0, -1, *NO_NUMBER),
            "row_names": (3, ["a"]),
            "height": (None, 0, -1, *NO_NUMBER),
            "numbers": (),
        },
    ),
    "show.plot_waveform": (
        {"samples": np.ones(100), "sample_rate": 100},
        {
            "samples": (*ANYTHING_ELSE, "x", [], ["a"], [[0.5]], RAGGED),
            "sample_rate": (None, 0, -1, *NO_NUMBER),
            "title": NO_TITLE,
        },
    ),
    "show.plot_losses": (
        {"history": HISTORY, "keys": "loss"},
        {
            "history": (*NO_DICT, {"loss": ["a"]}, {"loss": 3}, {"loss": [1, 2], "step": [1]}),
            "keys": (None, 3, "lose", ["loss", "lose"], [3]),
            "title": NO_TITLE,
        },
    ),
    "show.plot_lines": (
        {"lines": {"a": [1, 2]}},
        {
            "lines": (
                *(*NO_DICT, {}, {"a": 3}, {"a": ["x"]}, {"a": [[1, 2]]}, {3: [1, 2]}, {"a": TUNE}),
                *({"a": [1], "b": [1, 2]}, {"a": [float("inf")]}, dict.fromkeys("abcde", [1])),
            ),
            "x": (3, "x", [1], ["a", "b"], [[1, 2]], [1, float("nan")], RAGGED),
            "xlabel": (None, *NO_TITLE),
            "ylabel": (None, *NO_TITLE),
            "title": NO_TITLE,
        },
    ),
    "show.plot_guesses": (
        {"music": MELODY, "names": ["C4 2", "rest 2"], "probabilities": [0.7, 0.3]},
        {
            "music": (*NO_MUSIC, DRUMS, DRUMS[0]),
            "names": (*ANYTHING_ELSE, "ab", [], ["C4 2"], ["C4 2", 3], MELODY, NO_AXIS),
            "probabilities": (*ANYTHING_ELSE, "x", [], [1], ["a", "b"], RAGGED, *NO_SHARES),
            "came": (3, "D5 2", ["C4 2"]),
            "most": (41, *NO_COUNT),
        },
    ),
    "show.plot_map": (
        {"page": [[0, 1], [2, 3]], "names": ["a", "b"]},
        {
            "page": (
                *(*ANYTHING_ELSE, "x", [], [1, 2], [[1, 2, 3]], [["a", "b"]] * 2, RAGGED, TUNE),
                *([[1, 2]], [[float("nan"), 0]] * 2, [[1e300, 0]] * 2, np.zeros((201, 2))),
            ),
            "names": (*ANYTHING_ELSE, "ab", [], ["a"], ["a", 3], MELODY, NO_AXIS),
            "groups": (3, "ab", [], ["a"], ["a", 3], NO_AXIS),
            "title": NO_TITLE,
        },
    ),
    "show.plot_metrics": (
        {"history": HISTORY, "reference": {"loss": 0.3}, "keys": "loss"},
        {
            "history": (*NO_DICT, {"loss": [1]}, {"loss": ["a"], "iteration": [1]}),
            "reference": (None, 3, "x", {"loss": "x"}),
            "keys": (None, 3, "lose", ["loss", "lose"], [3]),
            "chosen": NO_NUMBER,
        },
    ),
    "show.table": (
        {"rows": {"a": {"b": 0.5}}},
        {
            "rows": (None, 3, "x", [3], {"a": 3}),
            "columns": (3,),
            "form": (3, "no form"),
            "nearest": ("c", 3),
            "baselines": ("a", ["c"], [3]),
        },
    ),
    "show.Diagram": (
        {"alt": "One box."},
        {"alt": NO_TEXT, "column": (None, 0, *NO_NUMBER), "row": (None, 0, *NO_NUMBER)},
    ),
    "show.Diagram.box": (
        {"text": "noise", "at": (0, 0)},
        {
            "text": (*NO_TEXT, "", "a" * 5000),
            "at": NO_PLACE,
            "kind": (None, 3, "box", ["data"]),
            "shape": (3, ["a"]),
            "width": (0, -1, 1e6, *NO_NUMBER),
            "height": (0, -1, 1e6, *NO_NUMBER),
        },
    ),
    "show.Diagram.arrow": (
        {"start": (0, 0), "end": (1, 0)},
        {
            "start": NO_PLACE,
            "end": NO_PLACE,
            "text": (3, ["a"]),
            "via": (None, 3, "ab", (1, 2), [None]),
            "back": (),
            "below": (),
        },
    ),
    "show.Diagram.loop": ({"box": BOX}, {"box": (*NO_PLACE, (0, 0)), "text": (3, ["a"])}),
    "show.Diagram.note": ({"text": "time", "at": (0, 0)}, {"text": NO_TEXT, "at": NO_PLACE}),
    "show.Diagram.unroll": (
        {"inputs": ["a"], "layers": ["LSTM"], "outputs": ["b"]},
        {
            "inputs": (None, 3, "a", [], ["a", "b"], [3]),
            "layers": (None, 3, "LSTM", [], [3]),
            "outputs": (None, 3, "b", [], [3]),
            "memory": (3, "LSTM", ["GRU"]),
            "at": NO_PLACE,
        },
    ),
    "show.new_figure": (
        {"width": 6, "height": 3},
        {
            "width": (None, 0, 1000, *NO_NUMBER),
            "height": (None, 0, 1000, *NO_NUMBER),
            "alt": (None, 3, ["x"]),
        },
    ),
    "show.browse": (
        {"items": {"a": MELODY}},
        {"items": (None, 3, [], {}), "chosen": ("b", 3), "options": ()},
    ),
    "show.explore": (
        {"make": lambda a: MELODY, "choices": {"a": [1]}},
        {
            "make": (None, 3, "x"),
            "choices": (*NO_DICT, {}, {"a": []}, {"a": 3}),
            "chosen": (3, {"a": 9}, {"b": 1}),
            "options": (),
        },
    ),
    "show.listening_form": (
        {"clips": {"a": MELODY}, "question": "How good?"},
        {"clips": (*NO_DICT, {}), "question": (None, 3), "seed": (-1, *NO_SEED)},
    ),
    "training.load_checkpoint": (
        {"chapter_or_folder": "99_nothing"},
        {"chapter_or_folder": (None, *NO_PATH, "99_nothing", Path("nowhere")), "trained_here": ()},
    ),
    "training.write_checkpoint": (
        {"folder": "nowhere", "networks": {}, "history": {}, "samples": {}, "card": {}},
        {
            "folder": (None, *NO_PATH),
            "networks": (*NO_DICT, {"a": 3}),
            "history": (*NO_DICT, {"a": [object()]}),
            "samples": NO_DICT,
            "card": (*NO_DICT, {"a": object()}),
        },
    ),
    "training.Training.record": (
        {"figures": {"loss": 0.5}},
        {"figures": (*NO_DICT, {"a": object()}, {3: 0.5}, {"a": [None, {1, 2}]})},
    ),
    "training.pack_weights": ({"network": NETWORK}, {"network": ANYTHING_ELSE}),
    "training.unpack_weights": (
        {"network": NETWORK, "packed": np.zeros(6)},
        {"network": ANYTHING_ELSE, "packed": (*ANYTHING_ELSE, "x", [1, 2], ["a"] * 6, RAGGED)},
    ),
    "training.Training": (
        {"chapter": "tiny", "networks": {}, "optimizers": {}, "settings": {}},
        {
            "chapter": (None, 3),
            "networks": (*NO_DICT, {"a": 3}),
            "optimizers": (*NO_DICT, {"a": 3}),
            "settings": (*NO_DICT, {"epochs": 0}, {"learning_rate": "x"}, {"a": object()}),
            "data": ([None, object()],),
            "folder": NO_PATH,
        },
    ),
    "training.train": (
        {"run": RUN, "make_step": print, "iterations": 1},
        {
            "run": ANYTHING_ELSE,
            "make_step": ANYTHING_ELSE,
            "iterations": NO_COUNT,
            "label": (),
            "look_back": (3, "x"),
            "look_at": (3, None),
            "average": (3, "tiny", ("tiny",), ("tini", 0.9), ("tiny", 2)),
            "choose": (3, "loss"),
            "patience": (0, 1.5, "2", 3),
            "watch": (),
        },
    ),
    "pretrained.accompany": (
        {"melody": MELODY},
        ACCOMPANY
        | {
            "phrase_ends": NO_ENDS,
            "drafts": (0, 10**6, *NO_COUNT),
            "critic": NO_NETWORK,
        },
    ),
    "pretrained.accompany_rl": (
        {"melody": MELODY},
        {"melody": NO_MELODY, "temperature": NO_TEMPERATURE} | ACCOMPANY,
    ),
    "pretrained.compose": (
        {"start_pitch": 60, "seconds": 1},
        {
            "start_pitch": (None, 20, 109, *NO_WHOLE),
            "seconds": (None, 0, -1, 601, float("inf"), *NO_NUMBER),
            "temperature": NO_TEMPERATURE,
            "seed": NO_SEED,
            "network": NO_NETWORK,
        },
    ),
    "pretrained.judge": (
        {"music": MELODY},
        {"music": (*NO_MUSIC, "nowhere.mid", ".", [-1], [], DRUMS[0]), "network": NO_NETWORK},
    ),
    "pretrained.drum_loop": (
        {},
        {
            "bars": (*NO_COUNT, 10**6),
            "temperature": NO_TEMPERATURE,
            "seed": NO_SEED,
            "style": ("polka", "", 3, ["rock"]),
            "generator": NO_NETWORK,
        },
    ),
    "pretrained.compose_chorale": (
        {"steps": 4, "soprano": MELODY},
        {
            "steps": (1.5, "2", 0, -3, 10**6, True),
            "soprano": NO_MELODY[1:],
            "temperature": NO_TEMPERATURE,
            "seed": NO_SEED,
            "network": NO_NETWORK,
            "pickup": NO_PICKUP,
            "phrase_ends": NO_ENDS,
            "rules": (None, 1, "x", []),
            "ranges": NO_RANGES,
            "composer": NO_NETWORK,
        },
    ),
    "pretrained.continue_melody": (
        {"melody": MELODY, "steps": 4},
        {
            "melody": NO_MELODY,
            "steps": (*NO_COUNT, 10**6),
            "temperature": NO_TEMPERATURE,
            "top_k": (0, 1.5, "5", True),
            "top_p": (0, 1.5, "0.9", float("nan"), True),
            "style": ("polka", 3, ["reel"]),
            "key": NO_KEY,
            "onsets": NO_ONSETS,
            "seed": NO_SEED,
            "network": NO_NETWORK,
            "vocabulary": ("x", 3, ["D5 2"]),
        },
    ),
    "pretrained.compose_tune": (
        {},
        {
            "style": (None, "polka", 3, ["reel"]),
            "key": (None, *NO_KEY),
            "bars": (1.5, 0, -3, 65, *NO_NUMBER),
            "seed": NO_SEED,
            "temperature": NO_TEMPERATURE,
            "network": NO_NETWORK,
            "vocabulary": ("x", 3, ["D5 2"]),
        },
    ),
}

# What is not done here, as it needs a network, a data set, TensorFlow or more than a moment.
NOT_DONE = {
    *(name for name in CALLS if name.startswith("pretrained.")),
    *(
        "files.read_musicxml files.to_musicxml data.load_jsb data.load_lakh data.load_nottingham "
        "data.load_maestro data.load_folder data.make_batches training.load_checkpoint "
        "training.write_checkpoint training.train"
    ).split(),
}
OWNERS = {
    "Diagram": DIAGRAM,
    "Grade": GRADE,
    "NGram": NGRAM,
    "Training": RUN,
    "Vocabulary": VOCABULARY,
}
EXPECTED = (ValueError, TypeError, FileNotFoundError, training.CheckpointError)
FOREIGN = r"numpy|ndarray|dtype|inhomogeneous|broadcast|[Tt]ensor|unexpected|object has no"


def public_names():
    """What the rooms hand on that can be called: functions, and classes that are no errors and no
    plain tuples."""
    for room in ROOMS:
        things = {name: getattr(room, name) for name in room.__all__}
        for part in [thing for thing in things.values() if inspect.ismodule(thing)]:
            own = inspect.getmembers(part, inspect.isfunction)
            own = [
                (name, function) for name, function in own if function.__module__ == part.__name__
            ]
            things |= {f"{part.__name__.rpartition('.')[2]}.{name}": thing for name, thing in own}
        for name, thing in things.items():
            no_call = inspect.isclass(thing) and issubclass(thing, (tuple, Exception))
            if callable(thing) and not no_call and not name.rpartition(".")[2].startswith("_"):
                yield f"{room.__name__.rpartition('.')[2]}.{name}"


def function_of(name):
    thing, *path = name.split(".")
    thing = globals()[thing]
    for part in path:
        thing = getattr(thing, part)
        if inspect.isclass(thing) and part != path[-1]:
            thing = OWNERS[part]
    return thing


def test_every_public_function_has_its_wrong_calls():
    assert sorted(set(public_names()) - CALLS.keys()) == []
    assert sorted(name for name in CALLS.keys() - set(public_names()) if name.count(".") < 2) == []


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_parameter_has_its_wrong_values(name):
    parameters = list(inspect.signature(function_of(name)).parameters)
    assert list(CALLS[name][1]) == [one for one in parameters if one != "self"]


@pytest.mark.parametrize("name", [name for name in CALLS if name not in NOT_DONE])
def test_a_right_call_is_taken(name, capsys):
    function_of(name)(**CALLS[name][0])


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_wrong_argument_gets_one_sentence(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)  # nothing is there, and nothing may be left
    monkeypatch.setattr("helpers.training.checkpoints.Checkpoint.network", None)
    right, wrong = CALLS[name]
    failures = []
    for parameter, value in [(one, value) for one, values in wrong.items() for value in values]:
        call = right | (value if parameter == "options" else {parameter: value})
        if fault := fault_of(function_of(name), call):
            failures.append(f"{parameter} = {value!r}: {fault}")
    assert not failures, "\n".join(failures)
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize("kept", ["history", "samples"])
def test_a_checkpoint_says_which_names_it_has(kept):
    found = getattr(CHECKPOINT, kept)
    for name in ("nothing", 3, None):
        assert not fault_of(lambda name: found[name], {"name": name})
    assert "nothing" not in found and dict(found) == found


@pytest.mark.parametrize("name", [None, 3, ["card.json"], "", "nothing", "../../README.md"])
def test_a_checkpoint_says_which_files_it_has(name):
    assert not fault_of(CHECKPOINT.content, {"name": name})


def fault_of(function, call):
    """What is wrong with the answer to a wrong call; nothing where it is one good sentence."""
    try:
        function(**call)
    except EXPECTED as error:
        text = str(error)
        if not isinstance(error, OneSentence) or re.search(r"[.!?] [A-Z]|\n", text):
            return f"no single sentence: {error!r}"
        if not text.endswith(".") or len(text) >= 300 or re.search(FOREIGN, text):
            return f"no good sentence: {text}"
        return ""
    except Exception as error:
        return f"not for readers: {error!r}"
    return "is accepted"
