"""The trained systems as functions: any melody, odd ones too, with the published networks, and
with tiny ones where it does not matter what the network has learned."""

import functools
from inspect import signature
from types import SimpleNamespace

import numpy as np
import pretty_midi
import pytest
import tensorflow as tf
from trainings import lively

from helpers import data, files, metrics, pretrained
from helpers.chapters import accompaniment_gan as gan
from helpers.chapters import critic_and_composer as cc
from helpers.chapters import drum_gan as drum_chapter
from helpers.chapters import four_voices
from helpers.chapters import next_note_rnn as rnn
from helpers.data.chorales import load_chorales
from helpers.data.tunes import KINDS, Tune
from helpers.files.midi_writer import midi_to_notes, notes_to_midi, to_midi
from helpers.music.conversion import to_piece, to_timeline
from helpers.music.drums import drum_notes
from helpers.music.events import FIRST_DOWN, FIRST_UP, FIRST_WAIT, events_to_notes, notes_to_events
from helpers.music.grid import REST, Piece, default_onsets, voice_notes
from helpers.music.keys import guess_tonic, key_tonic
from helpers.music.phrases import guess_phrase_ends
from helpers.music.words import Vocabulary, event_word, read_word
from helpers.pretrained import arguments, next_note_rnn

SCALE = np.repeat([60, 62, 64, 65, 67, 69, 71, 72], 8).astype(np.int16)  # four bars
FAST_SCALE = SCALE[::2]  # two


both_systems = pytest.mark.parametrize("accompany", [pretrained.accompany, pretrained.accompany_rl])


@both_systems
@pytest.mark.parametrize("steps", [1, 5, 16, 31, 32, 33, 47, 64])
def test_any_length(accompany, steps):
    melody = SCALE[:steps]
    voices = accompany(melody, seed=0)
    assert voices.shape == (steps, 4)
    assert voices.dtype == np.int16
    assert np.array_equal(voices[:, 0], melody)
    assert ((voices == REST) | ((voices >= 0) & (voices <= 127))).all()


@both_systems
def test_the_seed_decides(accompany):
    first = accompany(FAST_SCALE, seed=3)
    assert np.array_equal(first, accompany(FAST_SCALE, seed=3))
    assert not np.array_equal(first, accompany(FAST_SCALE, seed=4))
    runs = [accompany(FAST_SCALE) for _ in range(3)]
    assert not (np.array_equal(runs[0], runs[1]) and np.array_equal(runs[1], runs[2]))


@both_systems
@pytest.mark.parametrize("octaves", [-24, -12, 12, 24])
def test_a_melody_out_of_range_is_moved_by_octaves_and_back(accompany, octaves):
    moved = accompany(FAST_SCALE + octaves, seed=1)
    shift = arguments.fitting_shift(FAST_SCALE + octaves)
    assert shift % 12 == 0
    assert_moved_back(moved, accompany(FAST_SCALE + octaves + shift, seed=1), shift)


def assert_moved_back(voices, expected, shift):
    """The voices are what is expected, moved back by octaves; of the lower ones each as a whole as
    many octaves higher as bring it above C2, the lowest note of a choir."""
    for i, (voice, own) in enumerate(zip(voices.T, expected.T, strict=True)):
        sounding = own != REST
        assert (voice[~sounding] == REST).all()
        (higher,) = set((voice - (own - shift))[sounding].tolist()) or {0}
        lowest = (own - shift)[sounding].min(initial=127)
        assert higher % 12 == 0 and (higher == 0 if i == 0 or lowest >= 36 else higher > 0)
        assert i == 0 or 36 <= lowest + higher and (higher == 0 or lowest + higher < 48)


def test_fitting_shift_by_hand():
    assert arguments.fitting_shift(np.array([57, 81])) == 0
    assert arguments.fitting_shift(np.array([45, 60])) == 12
    assert arguments.fitting_shift(np.array([82, 90])) == -12
    # 50 to 74 spans the two octaves of the range exactly: no octave fits, seven semitones do
    assert arguments.fitting_shift(np.array([50, 74])) == 7
    assert arguments.fitting_shift(np.array([REST, REST])) == 0


@both_systems
@pytest.mark.parametrize(
    "melody", [[0, 127] * 20, [REST] * 40, [60, REST] * 16, [127], [0], [30, 100, 60, REST] * 8]
)
def test_odd_melodies_stay_untouched(accompany, melody):
    melody = np.array(melody)
    voices = accompany(melody, seed=0)
    assert np.array_equal(voices[:, 0], melody)
    assert voices.min() >= REST
    assert voices.max() <= 127


@both_systems
@pytest.mark.parametrize(
    "bad",
    [
        [],
        [[60, 62]],
        [60.5],
        ["C4"],
        [128],
        [-2],
        None,
        np.full(arguments.MAX_MELODY_STEPS + 1, 60),
    ],
)
def test_no_melody_gets_one_sentence(accompany, bad):
    with pytest.raises(ValueError) as error:
        accompany(bad)
    assert str(error.value).count(". ") == 0


def test_another_network_can_be_given():
    class High:
        """A generator that lets all voices sing the melody."""

        def __call__(self, inputs, training):
            return tf.stack([inputs[0]] * 4, axis=2)

    voices = pretrained.accompany(SCALE, seed=0, generator=High())
    assert (voices == SCALE[:, None]).all()


class Drafts:
    """A generator whose basses hold the loudest class of their noise in its first beat, and a
    critic that wants low ones."""

    def generator(self, inputs, training):
        melody, *_, noise = inputs
        bass = tf.one_hot(tf.argmax(noise[:, 0, 0, :24], axis=-1), gan.CLASSES)
        bass = tf.repeat(bass[:, None], gan.STEPS, axis=1)
        return tf.stack([melody, bass, bass, bass], axis=2)

    def critic(self, inputs, training):
        rolls, *_ = inputs
        return -tf.cast(tf.argmax(rolls[:, 0, 3], axis=-1), tf.float32) * 1e3


def test_as_many_drafts_are_written_as_in_the_notebook():
    assert signature(pretrained.accompany).parameters["drafts"].default == gan.DRAFTS


def test_the_draft_is_taken_that_the_critic_likes_best():
    drafts, melody = Drafts(), SCALE[:32]
    bass = {
        count: pretrained.accompany(
            melody, seed=5, generator=drafts.generator, drafts=count, critic=drafts.critic
        )[0, 3]
        for count in (1, 2, 4, 64)
    }
    assert bass[1] >= bass[2] >= bass[4] >= bass[64]  # the first drafts are the same
    assert bass[64] < 40


def test_the_way_through_the_drafts_that_costs_least_by_trying_all():
    rng = np.random.default_rng(0)
    drafts, costs = rng.integers(60, 63, (4, 3, 32, 4)), rng.random((4, 3)) * 20
    ways = {}
    for way in np.ndindex(3, 3, 3, 3):
        chosen = drafts[range(4), way]
        differ = (chosen[:-1, 16:] != chosen[1:, :16]).sum()
        ways[way] = costs[range(4), way].sum() + gan.SEAM_COST * differ
    assert tuple(gan.cheapest_way(drafts, costs)) == min(ways, key=ways.get)


def test_phrase_ends_are_told_to_the_network():
    told = []

    def listening(inputs, training):
        told.append(inputs[1])
        return tf.stack([inputs[0]] * 4, axis=2)

    def ending(**how):
        told.clear()
        with tf.init_scope():
            tf.config.run_functions_eagerly(True)
            pretrained.accompany(SCALE, seed=0, generator=listening, drafts=1, **how)
            tf.config.run_functions_eagerly(False)
        return np.flatnonzero(told[0].numpy()[0, :, gan.ENDING])

    assert ending(phrase_ends=[8, 56]).tolist() == list(range(8, 16))
    assert told[0].numpy()[0, :, gan.LAST].sum() == 0  # the piece goes on
    assert told[0].numpy()[0, 31, gan.TO_END].argmax() == 7  # to its last note, at step 56
    assert ending(phrase_ends=[20]).tolist() == list(range(16, 24))  # the whole note


def test_a_pickup_is_put_before_the_bar_line():
    """With a pickup of four steps, what follows it is bar one: the generator sees the melody
    twelve rests later, as if those had been given."""
    padded = np.concatenate([np.full(12, REST), SCALE]).astype(np.int16)
    expected = pretrained.accompany(padded, seed=2, phrase_ends=[36])[12:]
    how = {"seed": 2, "phrase_ends": [24]}
    assert np.array_equal(pretrained.accompany(SCALE, **how, pickup=4), expected)
    assert not np.array_equal(pretrained.accompany(SCALE, **how), expected)


# --- seams -------------------------------------------------------------------------------------


def test_windows_that_agree_are_joined_to_the_whole():
    whole = np.arange(64 * 4).reshape(64, 4)
    windows = np.stack([whole[bar * 16 : bar * 16 + 32] for bar in range(3)])
    assert np.array_equal(gan.join_windows(windows), whole)


def test_the_seam_is_where_the_windows_agree():
    first, second = np.zeros((32, 4), int), np.ones((32, 4), int)
    first[16 + 8 : 16 + 10] = 7  # both windows have the same two steps in the overlap
    second[8:10] = 7
    joined = gan.join_windows(np.stack([first, second]))
    assert (joined[:24] == 0).all()
    assert (joined[24:26] == 7).all()
    assert (joined[26:] == 1).all()


def test_one_window_is_itself():
    window = np.arange(128).reshape(1, 32, 4)
    assert np.array_equal(gan.join_windows(window), window[0])


def test_seams_are_not_heard():
    """Long held-out melodies are as well accompanied as two-bar windows: no worse by 0.05 in
    chords and consonance."""
    pieces = data.load_chorales("test", time_signature="4/4")[:12]
    whole = [piece.voices[piece.bar_starts[0] :, 0] for piece in pieces]
    long = np.concatenate([pretrained.accompany(melody, seed=1) for melody in whole])
    windows = data.make_windows(pieces)[::2]
    short = np.stack([pretrained.accompany(window[:, 0], seed=1) for window in windows])
    assert metrics.chord_share(long) > metrics.chord_share(short) - 0.05
    assert metrics.consonance(long) > metrics.consonance(short) - 0.05


# --- notebook 02: how a melody goes on ---------------------------------------------------------

EVENTS = [event_word(pitch, steps) for pitch in (REST, *range(50, 94)) for steps in (1, 2, 4, 8)]
VOCABULARY = Vocabulary([EVENTS], special=[rnn.START, rnn.END, "|"])
TUNE = np.repeat([62, 66, 69, 74, 73, 69, 71, 67], 2).astype(np.int16)


lively = functools.partial(lively, seed=5)


@pytest.fixture(scope="module")
def tiny_rnn():
    return lively(rnn.build_looking_rnn(len(VOCABULARY), units=8), size=0.7)


@pytest.fixture
def go_on(tiny_rnn, monkeypatch):
    """``continue_melody`` with a tiny network and its vocabulary."""
    monkeypatch.setattr(next_note_rnn, "_vocabulary", lambda: VOCABULARY)

    def continue_melody(pitches, steps, network=tiny_rnn, **options):
        return pretrained.continue_melody(pitches, steps, network=network, **options)

    return continue_melody


@pytest.fixture
def read(go_on, monkeypatch):
    """How ``continue_melody`` reads a melody: the places of its first word, its words, which words
    never follow. ``best`` is the reading that the network shall find most probable."""

    def read(melody, best=0, **options):
        seen = SimpleNamespace()

        def compose(network, words, first, count, seed, given, banned, **choice):
            seen.first, seen.choice = first[0].tolist(), choice
            seen.words, seen.banned = VOCABULARY.decode(given), set(banned)
            return np.tile(VOCABULARY.encode(["rest 8"]), (1, count))

        def judge_batch(network, inputs, targets):
            return np.abs(np.arange(len(targets)) - best)[:, None], None

        with monkeypatch.context() as patch:
            patch.setattr(rnn, "compose", compose)
            patch.setattr(rnn, "judge_batch", judge_batch)
            go_on(melody, 4, **options)
        return seen

    return read


def shift_of(seen, melody):
    """Semitones by which a melody was read higher."""
    return read_word(seen.words[0])[0] - melody[0]


def make_piece(melody, bar_starts, time_signature="4/4", **options):
    voices = np.array(melody, np.int16)[:, None]
    starts = np.array(bar_starts, np.int32)
    return Piece("A tune", voices, default_onsets(voices), starts, time_signature, **options)


def is_music(pitches, onsets, steps):
    assert pitches.shape == onsets.shape == (steps,)
    assert pitches.dtype == np.int16 and onsets.dtype == bool
    assert pitches.min() >= REST and pitches.max() <= 127
    assert not onsets[pitches == REST].any()
    assert onsets[1:][default_onsets(pitches)[1:, 0]].all()
    return True


@pytest.mark.parametrize("steps", [1, 2, 15, 16, 33, 150])
def test_any_number_of_steps_follows(go_on, steps):
    assert is_music(*go_on(TUNE, steps, seed=0), steps)


@pytest.mark.parametrize(
    "melody",
    [
        [62],
        np.arange(500) % 12 + 62,
        [REST],
        [REST] * 40,
        [60, REST] * 16,
        [0, 127] * 20,
        [127],
        [0],
    ]
    + [[0, 12, 120, 108] * 4, [127, 115, 27, 27], [0, 12, 121, 121]],
)
def test_any_melody_goes_on(go_on, melody):
    assert is_music(*go_on(np.array(melody), 20, seed=0), 20)
    assert is_music(*go_on(melody, 4, seed=0, style="slip jig"), 4)


def test_a_network_that_does_not_look_back_goes_on_too(go_on):
    plain = lively(rnn.build_rnn(len(VOCABULARY), units=8), size=1.0)
    assert is_music(*go_on(TUNE, 20, seed=0, network=plain), 20)


def test_a_network_that_has_no_state_or_other_words_gets_one_sentence(go_on, tiny_rnn):
    without = rnn.build_transformer(len(VOCABULARY), 1, 8, 2)
    other = Vocabulary([EVENTS[5:]], special=[rnn.START, rnn.END])
    for options, match in [
        ({"network": without}, "no state"),
        ({"network": tiny_rnn, "vocabulary": other}, "184 words, and the vocabulary has 178"),
    ]:
        for function in (lambda **o: go_on(TUNE, 8, **o), pretrained.compose_tune):
            with pytest.raises(ValueError, match=match) as error:
                function(**options)
            assert str(error.value).count(". ") == 0


def test_the_seed_decides_how_it_goes_on(go_on):
    first, again, other = (go_on(TUNE, 48, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], other[0])
    free = [go_on(TUNE, 48)[0] for _ in range(3)]
    assert not (np.array_equal(free[0], free[1]) and np.array_equal(free[1], free[2]))


def test_greedy_needs_no_seed_and_is_the_best_of_one(go_on):
    greedy = go_on(TUNE, 40, temperature=0)
    for options in ({"temperature": 0, "seed": 9}, {"top_k": 1, "seed": 9}, {"top_p": 1e-6}):
        assert np.array_equal(go_on(TUNE, 40, **options), greedy)


def test_whole_numbers_are_temperatures_and_shares_too(go_on):
    expected = go_on(TUNE, 8, temperature=2.0, top_p=1.0, top_k=5, seed=1)
    assert np.array_equal(
        go_on(TUNE, 8, temperature=2, top_p=1, top_k=np.int64(5), seed=1), expected
    )


@pytest.mark.parametrize("temperature", [0, 0.95])
def test_what_follows_does_not_depend_on_how_much_is_asked_for(go_on, temperature):
    """Later events are drawn as if the first had been drawn in one go with them."""
    pitches, onsets = go_on(TUNE, 160, temperature=temperature, seed=2)
    for steps in (1, 20, 90):
        fewer = go_on(TUNE, steps, temperature=temperature, seed=2)
        assert np.array_equal(fewer, (pitches[:steps], onsets[:steps]))


def test_the_longest_continuation_is_no_longer_than_music_may_be(go_on, monkeypatch):
    """Of words that are much longer than needed, too."""
    monkeypatch.setattr(
        rnn,
        "compose",
        lambda n, w, first, count, *_, **__: np.tile(VOCABULARY.encode(["rest 8"]), (1, 3 * count)),
    )
    assert is_music(*go_on(TUNE, arguments.MAX_MELODY_STEPS), arguments.MAX_MELODY_STEPS)


# The lowest and the highest note are where a fiddle's end, or beyond, wherever it is moved.
WIDE = [
    [48, 62, 66, 69, 74, 90],
    [90, REST, REST, 71, 71, 48],
    np.repeat([50, 62, 64, 66, 67, 69, 71, 88], 2),
]


@pytest.mark.parametrize("melody", WIDE)
@pytest.mark.parametrize(("semitones", "key"), [(4, "F# dorian"), (-5, "A minor"), (1, "Eb major")])
def test_a_transposed_melody_goes_on_transposed(go_on, melody, semitones, key):
    melody = np.array(melody)
    there = np.where(melody == REST, REST, melody + semitones)
    for here, moved in (("D major", key), (None, None)):
        pitches, onsets = go_on(melody, 64, seed=1, key=here)
        higher, higher_onsets = go_on(there, 64, seed=1, key=moved)
        assert np.array_equal(onsets, higher_onsets)
        assert np.array_equal(higher, np.where(pitches == REST, REST, pitches + semitones))
    assert len(set(pitches)) > 4


@pytest.mark.parametrize("melody", [TUNE, TUNE - 20, TUNE + 15, [62], [80, 60], [55, 75]])
def test_the_key_decides_how_a_melody_is_read(read, melody):
    """Its tonic is moved to a D, and the melody, by octaves, to where fiddle tunes lie."""
    for name in "C Db D Eb E F F# G Ab A Bb B".split():
        shift = shift_of(read(melody, key=f"{name} dorian"), melody)
        assert (key_tonic(f"{name} major") + shift) % 12 == 2
        assert abs(np.mean(melody) + shift - 74) <= 6


def test_the_key_is_guessed_where_none_is_told(read):
    guessed = guess_tonic(TUNE)
    assert guessed == 2 and shift_of(read(TUNE), TUNE) == shift_of(read(TUNE, key="D minor"), TUNE)
    assert shift_of(read(TUNE), TUNE) != shift_of(read(TUNE, key="G major"), TUNE)
    piece = make_piece(TUNE, [0])
    assert shift_of(read(piece), TUNE) == shift_of(read(TUNE), TUNE)
    in_g = shift_of(read(TUNE, key="G major"), TUNE)
    assert shift_of(read(piece._replace(key="G major")), TUNE) == in_g
    assert shift_of(read(piece._replace(key="A minor"), key="G major"), TUNE) == in_g


def test_the_key_changes_what_follows(go_on):
    here, there = (go_on(TUNE, 40, seed=1, key=key)[0] for key in ("D major", "G major"))
    assert not np.array_equal(here, there)


def test_onsets_tell_a_repeated_note_from_a_held_one(read, go_on):
    melody = np.array([62, 62, 62, 62, 64, 64])
    struck = np.array([1, 0, 1, 0, 1, 0], bool)
    held, repeated = ["D5 4", "E5 2"], ["D5 2", "D5 2", "E5 2"]
    assert read(melody, key="D major").words == held
    for onsets in (struck, struck.tolist(), struck.astype(int), struck & [1, 1, 1, 1, 0, 0]):
        assert read(melody, key="D major", onsets=onsets).words == repeated
    piece = make_piece(melody, [0], key="D major")
    assert read(piece).words == held
    assert read(piece._replace(onsets=struck[:, None])).words == repeated
    with pytest.raises(ValueError, match="^This music brings its onsets: .* bare pitches alone.$"):
        go_on(piece, 8, onsets=struck)
    with pytest.raises(ValueError, match="Onsets"):
        go_on(melody, 8, onsets=struck[1:])


@pytest.mark.parametrize("melody", [TUNE, [62], [40, 62], [70, 100], [30, 99], [20], [120], [REST]])
def test_nothing_new_is_below_the_fiddle_or_above_it_unless_the_melody_is(read, go_on, melody):
    notes = [pitch for pitch in melody if pitch != REST]
    lowest, highest = min([55, *notes]), max([83, *notes])
    found = set()
    for seed in range(3):
        more, _ = go_on(melody, 120, seed=seed, temperature=5.0)
        found |= set(more[more != REST].tolist())
    assert lowest <= min(found) and max(found) <= highest and len(found) > 15
    seen = read(melody, key="D major")
    shift = next_note_rnn._shift(np.array(melody), 2)
    for word in EVENTS:
        pitch = read_word(word)[0]
        assert (word in seen.banned) == (pitch != REST and not lowest <= pitch - shift <= highest)
    assert rnn.END in seen.banned


@pytest.mark.parametrize("best", range(4))
def test_the_most_probable_metre_is_chosen(read, best):
    seen = read([74, 74, 75, 73], best, key="D major")
    metre = next_note_rnn.METRES[best]
    assert seen.first == [0, 0, rnn.SIGNATURES.index(metre), 0]
    assert seen.words == ["D5 2", "D#5 1", "C#5 1"]


def test_the_network_itself_says_which_metre_is_most_probable(go_on, tiny_rnn, monkeypatch):
    """Its losses of the four readings, each judged alone."""
    firsts = []
    compose = rnn.compose

    def listen(network, words, first, *arguments, **options):
        firsts.append(first[0].tolist())
        return compose(network, words, first, *arguments, **options)

    monkeypatch.setattr(rnn, "compose", listen)
    for seed in range(3):
        melody = np.repeat(np.random.default_rng(seed).choice([62, 64, 66, 69, 74], 24), 2)
        go_on(melody, 1, seed=0, key="D major")
        shift, losses = next_note_rnn._shift(melody, 2), []
        struck = default_onsets(melody)[:, 0]
        for metre in next_note_rnn.METRES:
            _, looking = next_note_rnn._as_fiddle_tune(
                melody, struck, [0], shift, [metre], None, tiny_rnn, VOCABULARY
            )
            inputs, targets = rnn.pad([looking])
            losses.append(np.sum(rnn.judge_batch(tiny_rnn, inputs, targets)[0]))
        best = next_note_rnn.METRES[int(np.argmin(losses))]
        assert firsts[-1] == [0, 0, rnn.SIGNATURES.index(best), 0]


@pytest.mark.parametrize(("style", "metre"), [("jig", "6/8"), ("slip jig", "9/8"), ("reel", "2/2")])
def test_a_style_tells_the_metre_and_the_kind(read, style, metre):
    seen = read([86, 62], 5, style=style)
    assert seen.first == [0, 0, rnn.SIGNATURES.index(metre), 1 + KINDS.index(style)]


@pytest.mark.parametrize(
    ("time_signature", "best", "metre"),
    [("6/8", 3, "6/8"), ("2/4", 0, "2/4"), ("12/16", 0, "6/8"), ("12/16", 1, "3/4")]
    + [("5/4", 2, "3/4"), ("7/8", 3, "9/8"), ("18/16", 2, "9/8")],
)
def test_music_is_read_in_its_own_metre_or_one_as_long(read, time_signature, best, metre):
    seen = read(make_piece(TUNE, [0], time_signature), best, style="reel")
    assert seen.first[2:] == [rnn.SIGNATURES.index(metre), 1 + KINDS.index("reel")]


@pytest.mark.parametrize(
    ("steps", "bars", "time_signature", "first"),
    [
        (32, [0, 16], "4/4", [0, 0]),
        (32, [], "4/4", [0, 0]),
        (36, [4, 20], "4/4", [72, 7]),  # a pickup
        (28, [4, 16], "3/4", [48, 7]),
        (2, [2], "6/8", [60, 7]),  # no more than a pickup
        (56, [0, 16, 24, 40], "4/4", [48, 0]),  # a half bar: where it ends is told by its bars
        (40, [0, 16, 32], "4/4", [0, 0]),
        (32, [20], "3/4", [24, 6]),  # a pickup of more than a bar
        (4, [20], "3/4", [24, 4]),
    ],
)
def test_where_a_melody_stands_in_its_bars(read, steps, bars, time_signature, first):
    seen = read(make_piece(np.resize(TUNE, steps), bars, time_signature))
    assert seen.first == [*first, rnn.SIGNATURES.index(time_signature), 0]


def test_of_a_long_melody_the_last_bars_are_heard(read):
    melody = np.arange(500 * 16) % 12 + 68
    seen = read(melody, style="reel", key="D major")
    heard, shift = 16 * next_note_rnn.HEARD, shift_of(read(melody[:9], key="D major"), melody)
    assert len(seen.words) == heard - 16  # the bar that begins after the melody is the last
    assert seen.first[:2] == [0, (501 - next_note_rnn.HEARD) % 8]
    last = [event_word(int(pitch) + shift, 1) for pitch in melody[16 - heard :]]
    assert seen.words == last


def test_a_long_melody_is_gone_on_with_as_its_end_is(go_on):
    long = np.resize(np.repeat([62, 66, 69, 74], 4), 16 * 320)
    assert np.array_equal(
        go_on(long, 40, seed=1, key="D major", style="reel"),
        go_on(long[-16 * 128 :], 40, seed=1, key="D major", style="reel"),
    )


@pytest.mark.parametrize(
    ("steps", "bars", "time_signature", "following"),
    [
        (16, [0], "4/4", [16, 32]),
        (12, [0], "6/8", [12, 24, 36]),
        (12, [0], "3/4", [12, 24, 36]),
        (20, [0], "5/4", [20, 40]),
        (44, [4, 24], "5/4", [44, 64]),
        (14, [0], "7/8", [14, 28, 42]),
        (36, [4, 20], "4/4", [36, 52]),
        (7, [4], "3/4", [16, 28]),
        (3, [], "4/4", [0, 16, 32]),
        (56, [0, 16, 24, 40], "4/4", [56, 72]),
        (40, [0, 16, 32], "4/4", [48, 64]),
    ],
)
@pytest.mark.parametrize("resting", [False, True])
def test_a_piece_comes_back_untouched_and_longer(
    go_on, steps, bars, time_signature, following, resting
):
    melody = np.full(steps, REST) if resting else np.resize([62, 62, 66, REST, 69], steps)
    piece = make_piece(melody, bars, time_signature, key="D major", tempo=93.0)
    piece.onsets[1, 0] = not resting
    longer = go_on(piece, 31, seed=1)
    assert longer.voices.shape == longer.onsets.shape == (steps + 31, 1)
    assert np.array_equal(longer.voices[:steps], piece.voices)
    assert np.array_equal(longer.onsets[:steps], piece.onsets)
    assert longer.bar_starts.tolist() == [*bars, *following]
    assert is_music(longer.voices[steps:, 0], longer.onsets[steps:, 0], 31)
    for field in ("name", "time_signature", "key", "tempo"):
        assert getattr(longer, field) == getattr(piece, field)
    assert np.array_equal(go_on(piece, 31, seed=1).voices, longer.voices)


# --- notebook 02: a whole tune -----------------------------------------------------------------


def saying_end(units, bias):
    """A tiny network that ends a tune as readily as is asked."""
    network = lively(rnn.build_looking_rnn(len(VOCABULARY), units=units), size=0.7)
    *weights, biases = network.get_weights()
    biases[rnn.END_TOKEN] = bias
    network.set_weights([*weights, biases])
    return network


@pytest.fixture(scope="module")
def endless():
    return saying_end(8, -1e3)


@pytest.fixture
def write_tune(endless, monkeypatch):
    """``compose_tune`` with a tiny network that never ends."""
    monkeypatch.setattr(next_note_rnn, "_vocabulary", lambda: VOCABULARY)
    monkeypatch.setattr(next_note_rnn, "ROUNDS", 2)
    return functools.partial(pretrained.compose_tune, network=endless)


@pytest.mark.parametrize(
    ("style", "key", "bars"),
    [("reel", "G major", bars) for bars in (1, 8, 12, 16)]
    + [("slip jig", "e dorian", bars) for bars in (np.int64(3), 40)],
)
def test_a_tune_has_its_bars_style_key_and_range(write_tune, bars, style, key):
    tune = write_tune(style, key, bars, seed=1)
    assert isinstance(tune, Tune) and (tune.kind, tune.key) == (style, key)
    assert tune.time_signature == data.usual_signature(style)
    assert len(metrics.bars_of(tune)) == len(tune.bar_starts) == bars
    assert np.allclose(np.diff(tune.bar_starts), tune.bar_steps)
    starts, ends, pitches = tune.notes.T
    assert (starts < ends).all() and (starts[1:] >= ends[:-1] - 1e-6).all()
    assert starts[0] >= 0 and ends[-1] <= bars * tune.bar_steps + 1e-6
    assert 55 <= pitches.min() and pitches.max() <= 83
    assert len(set(pitches)) > 2


@pytest.mark.parametrize("key", ["Ab major", "A major", "F# minor", "C major", "Eb mixolydian"])
def test_a_tune_is_the_fiddles_in_every_key(write_tune, key):
    pitches = write_tune(key=key, bars=16, seed=1, temperature=3.0).notes[:, 2]
    assert 55 <= pitches.min() < 60 and 78 < pitches.max() <= 83


def test_the_seed_decides_the_tune(write_tune):
    """Neighbours try nothing in common."""
    notes = [write_tune(bars=8, seed=seed).notes.tolist() for seed in (*range(6), 2**31, -1, None)]
    assert notes[6] == notes[0]  # as everywhere in the course
    assert write_tune(bars=8, seed=3).notes.tolist() == notes[3]
    assert len({str(one) for one in notes}) == len(notes) - 1


def test_no_two_seeds_share_a_draw(write_tune, monkeypatch):
    draws, compose = [], rnn.compose

    def listen(network, words, first, count, seed, *arguments, **options):
        draws.append(seed)
        return compose(network, words, first, count, seed, *arguments, **options)

    monkeypatch.setattr(rnn, "compose", listen)
    for seed in range(5):  # at such a temperature no draft has all that is wanted
        write_tune(bars=1, seed=seed, temperature=5.0)
    assert len(draws) > 5 and len(set(draws)) == len(draws)


def test_a_greedy_tune_needs_no_seed(write_tune):
    runs = [write_tune(bars=8, temperature=0, seed=seed).notes.tolist() for seed in (1, 2)]
    assert runs[0] == runs[1] and runs[0]


def test_a_network_of_ones_own_brings_its_words(endless):
    tune = pretrained.compose_tune(bars=4, seed=1, network=endless, vocabulary=VOCABULARY)
    assert len(metrics.bars_of(tune)) == 4


def test_a_tune_of_nothing_is_the_worst(write_tune):
    """Where nearly all drafts end before they have begun."""
    readily = saying_end(8, 8.0)
    assert len(write_tune(bars=None, seed=1, network=readily).notes)
    nothing = write_tune(bars=None, seed=1, network=saying_end(8, 1e3))
    assert nothing.notes.shape == (0, 3) and not len(nothing.bar_starts)


def draft(pitches, bars, ended=True, key="G major"):
    words = [f"{pitch} 8" for pitch in pitches.split()]
    tune = next_note_rnn._as_tune(words, 0, "reel", key, "2/2")
    return next_note_rnn._merits(tune, ended, bars)


def test_what_is_good_about_a_draft_by_hand():
    """It lasts so long, ends, has the third of the key, comes home, and ends by itself."""
    assert draft("G4 B4 A4 G4", 2) == (True,) * 5
    assert draft("G4 B4 A4 G4", None) == (True,) * 5
    assert draft("G4 B4 A4 G4", 2, ended=False) == (True, True, True, True, False)
    assert draft("G4 B4 A4 G4", None, ended=False) == (True, False, True, True, False)
    assert draft("G4 B4 A4 A4", 3) == (False, True, True, False, True)
    assert draft("G4 A#4 A4 G4", 2) == (True, True, False, True, True)
    assert draft("G4 A#4 A4 G4", 2, key="G dorian") == (True,) * 5
    assert draft("G4 A4 A4 G4", 2)[2] is draft("G4 A4 A4 G4", 2, key="g minor")[2] is False
    assert draft("", None) == (False, True, False, False, True)


@pytest.mark.parametrize(
    ("style", "name"), [("jig", "A jig"), ("air", "An air"), ("other", "A tune")]
)
def test_a_tune_is_named(write_tune, style, name):
    assert write_tune(style, "A minor", 2, seed=1).name == f"{name} in A minor"


def test_a_tune_is_music(write_tune, tmp_path):
    """It plays, is measured and judged, goes on, and is written and read again."""
    tune = write_tune("jig", "E minor", 8, seed=2)
    assert to_midi(tune).get_end_time() > 5
    assert set(metrics.form_figures([tune])) and to_timeline(tune).key == "E minor"
    again = files.read_music(write(tmp_path / "a.abc", files.to_abc(tune)))
    assert np.array_equal(to_piece(again).voices, tune.to_piece().voices)
    assert to_piece(again).key == "E minor"
    longer = pretrained.accompany(tune, seed=1)
    assert np.array_equal(longer.voices[:, 0], tune.to_piece().voices[:, 0])


def write(path, text):
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("style", ["polka", "", "Reel", 3])
def test_an_unknown_style_is_told_the_styles(go_on, style):
    with pytest.raises(ValueError) as error:
        go_on(TUNE, 8, style=style)
    assert all(kind in str(error.value) for kind in KINDS)
    assert str(error.value).count(". ") == 0


BAD_STEPS = [0, -3, 2.5, "4", None, arguments.MAX_MELODY_STEPS + 1]
BAD_TEMPERATURES = [-0.1, float("nan"), float("inf"), "hot", None, [1.0]]


@pytest.mark.parametrize(
    "bad",
    [{"temperature": temperature} for temperature in BAD_TEMPERATURES]
    + [{"top_k": top_k} for top_k in (0, -1, 2.5, "5", float("nan"))]
    + [{"top_p": top_p} for top_p in (0, -0.1, 1.5, float("nan"), "0.9")],
)
def test_bad_choices_get_one_sentence(go_on, bad):
    with pytest.raises(ValueError) as error:
        go_on(TUNE, 8, seed=0, **bad)
    assert str(error.value).count(". ") == 0 and "\n" not in str(error.value)


@pytest.mark.parametrize("steps", BAD_STEPS)
def test_a_bad_number_of_steps_gets_one_sentence(go_on, steps):
    for function in (lambda: go_on(TUNE, steps), lambda: pretrained.compose_chorale(steps)):
        with pytest.raises(ValueError, match="^steps is .* a whole number from 1 to 20,000"):
            function()


@pytest.mark.parametrize("bad", [[], [[60, 62]], [60.5], ["C4"], [128], [-2], None])
def test_no_melody_gets_one_sentence_in_notebook_02_too(go_on, tiny_chorales, bad):
    functions = [
        lambda: go_on(bad, 8),
        lambda: pretrained.compose_chorale(1, soprano=[[60]] if bad is None else bad),
    ]
    for function in functions:
        with pytest.raises(ValueError) as error:
            function()
        assert str(error.value).count(". ") == 0


# --- notebook 07: chorales ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny_chorales():
    alone = ("hints", "moves", "parallels", "chords")
    ahead, alone = (
        lively(four_voices.build_chorale_network(sees, units=8), size=0.3)
        for sees in ((*alone, "ahead"), alone)
    )
    return {"network": ahead, "composer": alone}


@pytest.mark.parametrize("steps", [1, 5, 33])
def test_a_chorale_of_any_length(tiny_chorales, steps):
    voices = pretrained.compose_chorale(steps, seed=0, **tiny_chorales)
    assert voices.shape == (steps, 4) and voices.dtype == np.int16
    assert voices.min() >= REST and voices.max() <= four_voices.HIGHEST


def test_500_steps_and_their_soprano(tiny_chorales):
    soprano = np.resize(SCALE, 500)
    voices = pretrained.compose_chorale(500, soprano, seed=0, **tiny_chorales)
    assert voices.shape == (500, 4)
    assert np.array_equal(voices[:, 0], soprano)


def test_the_seed_decides_the_chorale(tiny_chorales):
    first, again, other = (
        pretrained.compose_chorale(12, seed=seed, **tiny_chorales) for seed in (3, 3, 4)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    free = [pretrained.compose_chorale(12, **tiny_chorales) for _ in range(2)]
    assert not np.array_equal(*free)


@pytest.mark.parametrize("seed", [-1, 2**31, 2**40])
def test_any_whole_number_is_a_seed(tiny_chorales, go_on, seed):
    first, again = (pretrained.compose_chorale(6, seed=seed, **tiny_chorales) for _ in range(2))
    assert np.array_equal(first, again)
    assert np.array_equal(go_on(TUNE, 6, seed=seed), go_on(TUNE, 6, seed=seed))


@pytest.mark.parametrize(
    "soprano",
    [SCALE[::4] + 24, SCALE[::4] - 36, [0, 127] * 8, [REST] * 12, [60, REST] * 6, [127], [0]]
    + [[30, 100, 60, REST] * 3],
)
def test_a_soprano_stays_untouched_wherever_it_lies(tiny_chorales, soprano):
    soprano = np.array(soprano)
    voices = pretrained.compose_chorale(len(soprano), soprano, seed=1, **tiny_chorales)
    assert np.array_equal(voices[:, 0], soprano)
    assert voices.dtype == np.int16 and voices.min() >= REST and voices.max() <= 127


@pytest.mark.parametrize("octaves", [-24, 12, 24])
def test_a_soprano_out_of_range_is_moved_by_octaves_and_back(tiny_chorales, octaves):
    soprano = SCALE[::4] + octaves
    shift = arguments.fitting_shift(soprano)
    assert shift % 12 == 0 and shift != 0
    moved, expected = (
        pretrained.compose_chorale(16, melody, seed=1, **tiny_chorales)
        for melody in (soprano, soprano + shift)
    )
    assert_moved_back(moved, expected, shift)


@pytest.fixture
def asked(monkeypatch):
    """What the chapter is asked for: the pieces, and how."""
    calls = []

    def harmonise(network, pieces, *arguments, **how):
        calls.append((pieces, how))
        return [np.repeat(piece.voices[:, :1], 4, axis=1) for piece in pieces]

    monkeypatch.setattr(four_voices, "harmonise", harmonise)
    return calls


@pytest.mark.parametrize(("pickup", "places"), [(0, [0, 1, 2]), (1, [15, 0, 1]), (4, [12, 13, 14])])
def test_a_pickup_stands_before_the_first_downbeat(asked, pickup, places):
    pretrained.compose_chorale(soprano=[60, 62, 64], pickup=pickup, network=print)
    (((piece,), _),) = asked
    assert four_voices.places_in_bars(piece).tolist() == places


def test_a_loaded_melody_brings_its_metre_onsets_and_phrases(asked, monkeypatch):
    monkeypatch.setattr(four_voices, "strike_repeats", lambda network, piece, seed: piece)
    monkeypatch.setattr("helpers.pretrained.four_voices._network", lambda name: None)
    chorale = load_chorales("test", time_signature="3/4")[0]
    found = pretrained.compose_chorale(soprano=chorale, network=print)
    (((piece,), how),) = asked
    assert piece.time_signature == "3/4" and np.array_equal(piece.bar_starts, chorale.bar_starts)
    assert np.array_equal(piece.onsets, chorale.onsets[:, :1])
    own = [notes.start for notes in fermata_notes(chorale)]
    assert how["phrase_ends"][0].tolist() == own
    assert np.array_equal(found.voices[:, 0], chorale.voices[:, 0])
    assert np.array_equal(found.onsets[:, 0], chorale.onsets[:, 0])


def fermata_notes(piece):
    notes = voice_notes(piece.voices[:, 0], piece.onsets[:, 0])
    return [note for note in notes if piece.fermatas[note.start : note.end].any()]


def test_named_phrase_ends_and_guessed_ones(asked):
    pretrained.compose_chorale(soprano=SCALE, phrase_ends=[28, 60], network=print)
    pretrained.compose_chorale(soprano=SCALE, network=print)
    named, guessed = (how["phrase_ends"][0] for _, how in asked)
    assert list(named) == [28, 60]
    piece = four_voices_tune(SCALE)
    assert guessed.tolist() == guess_phrase_ends(piece).tolist()


def four_voices_tune(melody):
    melody = np.asarray(melody, np.int16)[:, None]
    return Piece("", melody, default_onsets(melody), np.arange(0, len(melody), 16))


def test_drafts_compete_unless_they_may_not(asked):
    for how in ({}, {"rules": False}, {"temperature": 0}):
        pretrained.compose_chorale(soprano=[60] * 8, network=print, **how)
    assert [how.get("particles") for _, how in asked] == [32, None, None]


def test_a_choir_sings_in_its_ranges(tiny_chorales):
    ranges = {"alto": ("A3", "C4"), "tenor": (52, 55), "bass": ["E2", "G2"]}
    voices = pretrained.compose_chorale(40, seed=1, ranges=ranges, **tiny_chorales)
    for voice, (low, high) in zip(voices[:, 1:].T, [(57, 60), (52, 55), (40, 43)], strict=True):
        sung = voice[voice != REST]
        assert low <= sung.min() and sung.max() <= high
    # An octave below where sopranos sing, the others still sing in their own.
    low_tune = SCALE[::4] - 12
    voices = pretrained.compose_chorale(16, low_tune, seed=1, ranges=ranges, **tiny_chorales)
    sung = voices[:, 2][voices[:, 2] != REST]
    assert set(sung % 12) <= {4, 5, 6, 7}
    with pytest.raises(ValueError, match="the alto cannot sing from A3 to C4"):
        pretrained.compose_chorale(16, low_tune - 12, seed=1, ranges=ranges, **tiny_chorales)


@pytest.mark.parametrize(
    ("ranges", "sentence"),
    [
        ({"soprano": (60, 72)}, "'soprano'"),
        ({"viola": (60, 72)}, "'viola'"),
        ({"bass": "E2"}, "two notes"),
        ({"bass": ("E2",)}, "two notes"),
        ({"bass": ("H2", "C4")}, "H2"),
        ({"bass": (60, 50)}, "highest note"),
        ({"bass": (20, 50)}, "lowest note"),
        ([("bass", 40, 60)], "ranges"),
    ],
)
def test_wrong_ranges_get_one_sentence(ranges, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        pretrained.compose_chorale(8, ranges=ranges)
    assert str(error.value).count(". ") == 0


@pytest.mark.parametrize("ends", [[8], [-1], ["a"], [1.5], 3])
def test_wrong_phrase_ends_get_one_sentence(ends):
    with pytest.raises(ValueError, match="Phrase ends") as error:
        pretrained.compose_chorale(8, phrase_ends=ends)
    assert str(error.value).count(". ") <= 1


def test_without_temperature_no_seed_matters(tiny_chorales):
    runs = [
        pretrained.compose_chorale(8, temperature=0, seed=seed, **tiny_chorales) for seed in (1, 2)
    ]
    assert np.array_equal(*runs)


@pytest.mark.parametrize("steps", [63, 65])
def test_a_soprano_of_another_length_is_refused(steps):
    with pytest.raises(ValueError, match=rf"^This soprano has 64 steps, not the {steps} asked for"):
        pretrained.compose_chorale(steps, SCALE)


@pytest.mark.parametrize("temperature", BAD_TEMPERATURES)
def test_a_bad_temperature_of_a_chorale_gets_one_sentence(tiny_chorales, temperature):
    with pytest.raises(ValueError, match="temperature") as error:
        pretrained.compose_chorale(4, temperature=temperature, **tiny_chorales)
    assert str(error.value).count(". ") == 0


# --- notebook 02: the published networks -------------------------------------------------------


def test_the_published_network_goes_on():
    pitches, onsets = pretrained.continue_melody(SCALE, 64, temperature=0.8, top_p=0.9, seed=1)
    assert is_music(pitches, onsets, 64)
    assert len(set(pitches[pitches != REST])) > 3
    again = pretrained.continue_melody(SCALE, 64, temperature=0.8, top_p=0.9, seed=1)
    assert np.array_equal((pitches, onsets), again)


def test_the_published_network_goes_on_in_every_style():
    for style in KINDS:
        assert is_music(*pretrained.continue_melody(TUNE, 16, style=style, seed=1), 16)


@pytest.mark.parametrize("melody", [[60], [REST] * 16, np.resize(SCALE, 500)])
def test_the_published_network_goes_on_from_odd_melodies(melody):
    assert is_music(*pretrained.continue_melody(melody, 16, seed=0), 16)


def test_the_published_network_goes_on_a_fifth_higher():
    """Where neither comes near the ends of a fiddle's range."""
    pitches, onsets = pretrained.continue_melody(TUNE, 48, 0, key="D major")
    higher, higher_onsets = pretrained.continue_melody(TUNE + 7, 48, 0, key="A major")
    assert np.array_equal(higher, np.where(pitches == REST, REST, pitches + 7))
    assert np.array_equal(higher_onsets, onsets)


@pytest.mark.parametrize(
    ("style", "key", "two_parts"),
    [("reel", "D major", 4), ("jig", "E minor", 2), ("air", "G major", 2)],
)
def test_the_published_network_composes_tunes_of_two_parts_that_come_home(style, key, two_parts):
    tunes = [pretrained.compose_tune(style, key, 16, seed) for seed in range(6)]
    assert all(len(metrics.bars_of(tune)) == 16 for tune in tunes)
    assert len({str(tune.notes.tolist()) for tune in tunes}) == 6
    assert sum(metrics.is_two_part(tune) for tune in tunes) >= two_parts
    assert sum(metrics.ends_on_tonic(tune) for tune in tunes) >= 5
    third = 3 if key.endswith("minor") else 4
    for tune in tunes:
        degrees = (tune.notes[:, 2] - tune.tonic) % 12
        assert (degrees == third).sum() > (degrees == 7 - third).sum()
        assert 55 <= tune.notes[:, 2].min() and tune.notes[:, 2].max() <= 83


@pytest.mark.parametrize("bars", [8, 12, 24, 32, None])
def test_the_published_network_composes_tunes_of_other_lengths(bars):
    tune = pretrained.compose_tune("jig", "A mixolydian", bars, seed=1)
    found = len(metrics.bars_of(tune))
    assert found == bars if bars else 8 <= found <= 48
    assert metrics.ends_on_tonic(tune) == 1


def test_the_published_network_composes_chorales():
    voices = pretrained.compose_chorale(64, temperature=0.8, seed=1)
    assert voices.shape == (64, 4) and voices.dtype == np.int16
    assert np.array_equal(voices, pretrained.compose_chorale(64, temperature=0.8, seed=1))
    sounding = np.where(voices == REST, np.nan, voices)
    assert (np.diff(np.nanmean(sounding, axis=0)) < 0).all()  # soprano, alto, tenor, bass
    assert (voices[1:] == voices[:-1]).mean() > 0.5  # notes are held


@pytest.mark.parametrize("octaves", [0, 24, -24])
def test_the_published_network_harmonises_a_soprano(octaves):
    soprano = SCALE[::2] + octaves
    voices = pretrained.compose_chorale(32, soprano, temperature=0.7, seed=1)
    assert np.array_equal(voices[:, 0], soprano)
    assert ((voices == REST) | ((voices >= 0) & (voices <= 127))).all()


# --- notebook 03: how good music is ------------------------------------------------------------

PHRASE = np.array([[0, 0.5, 60, 80], [0.5, 1, 64, 72], [0.5, 1.2, 67, 90], [1.5, 2.5, 65, 101]])


class Says:
    """A critic with one logit for all music."""

    def __init__(self, logit):
        self.logit = logit

    def __call__(self, segments, training):
        return tf.fill(tf.shape(segments)[:1], float(self.logit))


@pytest.fixture(scope="module")
def tiny_critic():
    return lively(cc.build_critic(units=6, embedding=4), size=0.5)


@pytest.mark.parametrize("count", [4, 400])
def test_a_judgement_is_a_probability(tiny_critic, count):
    notes = PHRASE if count == 4 else cc.uniform_notes(count, np.random.default_rng(0))
    probability = pretrained.judge(notes_to_midi(notes), network=tiny_critic)
    assert type(probability) is float and 0 < probability < 1
    logit = cc.judge_music(tiny_critic, notes_to_events(midi_to_notes(notes_to_midi(notes))))
    if notes[:, 0].min() == 0:
        assert np.log(probability / (1 - probability)) == pytest.approx(logit, abs=1e-3)
    assert pretrained.judge(notes_to_midi(notes), network=tiny_critic) == probability


@pytest.mark.parametrize(
    ("logit", "probability"), [(0, 0.5), (np.log(3), 0.75), (-np.log(3), 0.25), (50, 1), (-50, 0)]
)
def test_a_logit_as_a_probability(logit, probability):
    found = pretrained.judge(notes_to_midi(PHRASE), network=Says(logit))
    assert found == pytest.approx(probability, abs=1e-6)


@pytest.mark.parametrize(("logit", "probability"), [(2000, 1), (-2000, 0)])
def test_a_critic_may_be_quite_sure(logit, probability):
    assert pretrained.judge(notes_to_midi(PHRASE), network=Says(logit)) == probability


def test_a_file_and_its_midi_are_judged_alike(tiny_critic, tmp_path):
    path = tmp_path / "a.mid"
    noise = cc.uniform_notes(90, np.random.default_rng(1))
    # MIDI files cannot hold two notes of one pitch at once, and no more can events.
    for notes in (PHRASE, events_to_notes(notes_to_events(noise))):
        midi = notes_to_midi(notes)
        midi.write(str(path))
        expected = pretrained.judge(midi, network=tiny_critic)
        for music in (path, str(path), pretty_midi.PrettyMIDI(str(path))):
            assert pretrained.judge(music, network=tiny_critic) == pytest.approx(expected, rel=1e-6)


def test_a_tune_in_abc_is_judged(tiny_critic, tmp_path):
    path = tmp_path / "a.abc"
    path.write_text("X:1\nT:A\nM:4/4\nL:1/4\nK:C\nC E G2|\n")
    notes = [[0, 0.6, 60, 80], [0.6, 1.2, 64, 80], [1.2, 2.4, 67, 80]]
    expected = pretrained.judge(notes_to_midi(notes), network=tiny_critic)
    assert pretrained.judge(path, network=tiny_critic) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("silence", [0.01, 0.99, 1, 3.21, 60])
def test_silence_before_the_first_note_does_not_matter(tiny_critic, silence):
    expected = pretrained.judge(notes_to_midi(PHRASE), network=tiny_critic)
    later = notes_to_midi(PHRASE + [silence, silence, 0, 0])
    assert pretrained.judge(later, network=tiny_critic) == pytest.approx(expected, rel=1e-6)


def test_drums_and_empty_instruments_do_not_matter(tiny_critic):
    midi = notes_to_midi(PHRASE)
    expected = pretrained.judge(midi, network=tiny_critic)
    drums = pretty_midi.Instrument(0, is_drum=True)
    drums.notes.append(pretty_midi.Note(100, 36, 0, 5))
    midi.instruments += [drums, pretty_midi.Instrument(40)]
    assert pretrained.judge(midi, network=tiny_critic) == expected


def test_music_without_pitched_notes_gets_one_sentence(tiny_critic, tmp_path):
    drums = pretty_midi.PrettyMIDI()
    drums.instruments.append(pretty_midi.Instrument(0, is_drum=True))
    drums.instruments[0].notes.append(pretty_midi.Note(100, 36, 0, 1))
    (tmp_path / "bad.mid").write_bytes(b"MThd and no more")
    bad = [pretty_midi.PrettyMIDI(), notes_to_midi(np.zeros((0, 4))), drums, PHRASE, None, 3]
    bad += [notes_to_events(PHRASE), b"a.mid", tmp_path / "bad.mid", tmp_path, "nowhere.mid"]
    for number, midi in enumerate(bad[:3]):
        midi.write(str(tmp_path / f"{number}.mid"))
        bad.append(tmp_path / f"{number}.mid")
    for music in bad:
        with pytest.raises(ValueError) as error:
            pretrained.judge(music, network=tiny_critic)
        assert str(error.value).count(". ") == 0 and "\n" not in str(error.value)
        assert str(error.value).endswith(".")


# --- notebook 03: composing --------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny_composer():
    """It knows nothing, but likes to wait: at any event the music may go on or end."""
    network = lively(cc.build_composer(depth=1, units=6, embedding=4), size=0.5)
    weights = network.get_weights()
    weights[-1][FIRST_WAIT : FIRST_WAIT + 30] += 4.0
    network.set_weights(weights)
    return network


@pytest.fixture
def guard(monkeypatch):
    """Composing fails where the music would never be long enough."""
    draw = cc.Composer.compose

    def guarded(self, start_notes, length, *arguments, **options):
        assert length < 20_000, "this would go on for ever"
        return draw(self, start_notes, length, *arguments, **options)

    monkeypatch.setattr(cc.Composer, "compose", guarded)


@pytest.fixture
def compose(tiny_composer, guard):
    """``compose`` with a tiny network."""

    def compose_it(start_pitch, seconds, *arguments, network=tiny_composer, **options):
        return pretrained.compose(start_pitch, seconds, *arguments, network=network, **options)

    return compose_it


@pytest.mark.parametrize("seconds", [0.004, 0.01, 0.5, 1, 7.77, np.float32(3), np.int64(2), 40])
def test_composed_music_has_its_length(compose, seconds):
    midi = compose(60, seconds, seed=1)
    assert isinstance(midi, pretty_midi.PrettyMIDI)
    (instrument,) = midi.instruments
    assert not instrument.is_drum and instrument.program == 0
    assert midi.get_end_time() <= seconds + 1e-9
    assert all(0 <= note.start < note.end <= seconds + 1e-9 for note in instrument.notes)
    assert all(note.start < seconds and 1 <= note.velocity <= 127 for note in instrument.notes)
    if seconds >= 7:
        assert midi.get_end_time() > 0.9 * seconds  # and not much less


def as_rows(midi):
    return [(n.start, n.end, n.pitch, n.velocity) for n in midi.instruments[0].notes]


def test_the_seed_decides_the_composed_music(compose):
    first, again, other = (as_rows(compose(60, 5, seed=seed)) for seed in (1, 1, 2))
    assert first == again and first != other
    assert as_rows(compose(60, 5)) != as_rows(compose(60, 5))


def test_longer_music_begins_with_the_shorter(compose):
    short, long = (as_rows(compose(60, seconds, seed=3)) for seconds in (3, 9))
    inside = [row for row in long if row[1] < 3]
    assert inside == [row for row in short if row[1] < 3] and inside


@pytest.mark.parametrize("seed", [-1, 2**31, 2**40])
def test_any_whole_number_is_a_seed_of_composed_music(compose, seed):
    assert as_rows(compose(60, 2, seed=seed)) == as_rows(compose(60, 2, seed=seed))


@pytest.mark.parametrize("start", [21, 108, np.int64(60)])
def test_every_key_of_a_piano_starts_music(compose, start):
    assert compose(start, 1, seed=1).instruments


@pytest.mark.parametrize("temperature", [0, 0.5, 1, 3.0, np.float32(0.8), np.int64(2)])
def test_composing_at_any_temperature(compose, temperature):
    assert compose(60, 2, temperature, seed=1).get_end_time() <= 2


class OnlySays:
    """A composer's network that always wants to say the same; then rather wait."""

    def __init__(self, *tokens):
        row = np.zeros(cc.EVENTS + 1, np.float32)
        row[list(tokens)] = range(100 * len(tokens), 0, -100)
        self.row = tf.constant(row)
        self.inputs = cc.build_composer(depth=1, units=2, embedding=2).inputs

    def __call__(self, inputs, training):
        return tf.broadcast_to(self.row, (*inputs[0].shape, cc.EVENTS + 1)), inputs[1]


@pytest.mark.parametrize(
    "tokens",
    [
        [FIRST_WAIT + 49],
        [cc.START_VELOCITY],
        [FIRST_UP + 60, FIRST_WAIT + 99],
        [FIRST_UP + 60, cc.START_VELOCITY],
        [FIRST_UP + 60, FIRST_DOWN + 60],
    ],
    ids=["waits", "velocities", "lifts and waits", "lifts and says velocities", "no time"],
)
def test_a_network_that_says_the_same_for_ever_comes_to_an_end(compose, tokens):
    """Greedy networks do: the music is silent then, or shorter."""
    midi = compose(60, 4, temperature=0, seed=1, network=OnlySays(*tokens))
    assert midi.get_end_time() <= 4


def test_without_temperature_composed_music_needs_no_seed(compose):
    assert as_rows(compose(60, 1, 0, seed=1)) == as_rows(compose(60, 1, 0, seed=2))


@pytest.mark.parametrize(
    ("word", "arguments"),
    [("pitch", (start, 4)) for start in (20, 109, -1, 60.0, "C4", None, True, [60])]
    + [("seconds", (60, seconds)) for seconds in (0, -1, 601, "4", None, True, [4])]
    + [("seconds", (60, seconds)) for seconds in (float("nan"), float("inf"))]
    + [("temperature", (60, 4, temperature)) for temperature in BAD_TEMPERATURES],
)
def test_bad_wishes_for_music_get_one_sentence(compose, word, arguments):
    with pytest.raises(ValueError, match=word) as error:
        compose(*arguments, seed=0)
    assert str(error.value).count(". ") == 0 and "\n" not in str(error.value)


def test_composed_music_can_be_judged(compose, tiny_critic):
    assert 0 < pretrained.judge(compose(60, 4, seed=0), network=tiny_critic) < 1


# --- notebook 03: the published networks -------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.8, 1.0])
def test_the_published_composer_composes(guard, temperature):
    midi = pretrained.compose(62, 8, temperature, seed=1)
    rows = as_rows(midi)
    assert len(rows) > 8 and len({row[2] for row in rows}) > 3
    assert 62 in {row[2] for row in rows if row[0] < 0.2}
    assert 6 < midi.get_end_time() <= 8
    assert rows == as_rows(pretrained.compose(62, 8, temperature, seed=1))


@pytest.mark.parametrize("start", [21, 60, 74, 108])
def test_the_published_composer_comes_to_an_end_without_temperature(guard, start):
    midi = pretrained.compose(start, 20, temperature=0)
    assert as_rows(midi) and midi.get_end_time() <= 20


def test_the_published_critic_prefers_real_tunes_to_uniform_noise():
    rng = np.random.default_rng(1)
    tunes = [cc.tune_score(tune) for tune in data.load_tunes("test")[:9]]
    real = [pretrained.judge(notes_to_midi(cc.perform(score, rng))) for score in tunes]
    noise = [pretrained.judge(notes_to_midi(cc.uniform_notes(150, rng))) for _ in range(9)]
    assert np.median(real) > max(noise)
    assert np.mean(real) > 0.5 > np.mean(noise)


# --- notebook 05 -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def drummer():
    """A tiny drum generator whose beats depend on noise, style and touch."""
    generator = drum_chapter.build_generator(32, latent=4, depth=2, width=8)
    rng = np.random.default_rng(1)
    generator.set_weights([rng.normal(0, 0.5, w.shape) for w in generator.get_weights()])
    return functools.partial(pretrained.drum_loop, generator=generator)


@pytest.mark.parametrize("bars", [1, 2, 3, 4, 9, np.int64(2)])
def test_a_drum_loop_has_its_bars(drummer, bars):
    drums = drummer(bars, seed=1, style="rock")
    assert drums.shape == (16 * bars, 9, 3) and drums.dtype == np.float32
    drum_notes(drums)  # raises where it is no music


def test_the_pairs_of_a_drum_loop_are_variations_of_the_first(drummer):
    loop = drummer(6, seed=2, style="funk")
    assert np.array_equal(drummer(2, seed=2, style="funk"), loop[:32])
    assert np.array_equal(drummer(1, seed=2, style="funk"), loop[:16])
    pairs, other = loop.reshape(3, 32, 9, 3), drummer(2, seed=3, style="funk")
    assert not np.array_equal(pairs[0], pairs[1])
    assert np.mean(pairs[0, ..., 0] != pairs[1, ..., 0]) < np.mean(
        pairs[0, ..., 0] != other[..., 0]
    )


def test_seed_style_and_temperature_of_a_drum_loop(drummer):
    first = drummer(2, seed=1, style="rock")
    assert np.array_equal(first, drummer(2, seed=1, style="rock"))
    assert not np.array_equal(first, drummer(2, seed=2, style="rock"))
    assert not np.array_equal(first, drummer(2, seed=1, style="jazz"))
    assert not np.array_equal(drummer(2, style="rock"), drummer(2, style="rock"))
    cold = drummer(4, temperature=0, seed=1, style="rock")
    assert np.array_equal(cold[:32], cold[32:])
    assert np.array_equal(cold, drummer(4, temperature=0, seed=9, style="rock"))


@pytest.mark.parametrize(
    ("word", "wish"),
    [("bars", {"bars": bars}) for bars in (0, -1, 2.0, "2", None, True, 10**6)]
    + [("temperature", {"temperature": temperature}) for temperature in BAD_TEMPERATURES]
    + [("style", {"style": style}) for style in ("polka", "", 3, "jazz/swing")],
)
def test_bad_wishes_for_drums_get_one_sentence(drummer, word, wish):
    with pytest.raises(ValueError, match=word) as error:
        drummer(**{"seed": 0, "style": "rock"} | wish)
    assert str(error.value).count(". ") == 0 and "\n" not in str(error.value)


def test_the_published_drummer_plays():
    for style in (None, "rock", "jazz"):
        drums = pretrained.drum_loop(4, seed=1, style=style)
        assert drums.shape == (64, 9, 3)
        assert 6 < drums[..., 0].sum() / 4 < 40  # real bars have 19 hits or so
    unlike = pretrained.drum_loop(seed=1, style="rock") != pretrained.drum_loop(
        seed=1, style="jazz"
    )
    assert unlike.any()


# --- notebook 06 -------------------------------------------------------------------------------


def test_the_rewarded_generator_knows_where_the_bar_begins():
    plain, later = (pretrained.accompany_rl(FAST_SCALE, seed=2, pickup=some) for some in (0, 4))
    assert not np.array_equal(plain, later)
    assert np.array_equal(plain, pretrained.accompany_rl(FAST_SCALE, seed=2, pickup=16))


def test_without_chance_there_is_one_accompaniment():
    runs = [pretrained.accompany_rl(FAST_SCALE, temperature=0, seed=seed) for seed in (1, 2)]
    assert np.array_equal(*runs)
    assert metrics.rest_share(runs[0][:, 1:]) < 0.1


@pytest.mark.parametrize("temperature", [-1, "hot", np.inf, np.nan, None, True])
def test_no_temperature_gets_one_sentence_from_the_rewarded_generator(temperature):
    with pytest.raises(ValueError, match="temperature"):
        pretrained.accompany_rl(SCALE, temperature=temperature)


def test_another_rewarded_generator_can_be_given():
    from helpers.chapters import gan_with_rl

    other = gan_with_rl.build_generator(64)
    given = pretrained.accompany_rl(SCALE, seed=1, generator=other)
    assert given.shape == (64, 4)
    assert not np.array_equal(given, pretrained.accompany_rl(SCALE, seed=1))


# --- music in, music out -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tune(tmp_path_factory):
    """A waltz of five bars with a pickup of a quarter, a repeated note and a tempo of its own."""
    path = tmp_path_factory.mktemp("tunes") / "waltz.abc"
    path.write_text(
        "X:1\nT:A waltz\nM:3/4\nL:1/4\nQ:1/4=150\nK:G\nD|G2G|B2B|d>cB|A3|G2|]\n", "utf-8"
    )
    return data.load_melody(path)


def plays_as(piece, tune):
    """Whether a piece begins with the tune's own notes, bars, metre, tempo and name."""
    steps = len(tune.melody)
    return (
        np.array_equal(piece.voices[:steps, 0], tune.melody)
        and np.array_equal(piece.onsets[:steps, 0], tune.onsets)
        and np.array_equal(piece.bar_starts[: len(tune.bar_starts)], tune.bar_starts)
        and (piece.time_signature, piece.tempo) == (tune.time_signature, tune.tempo)
        and piece.name == tune.name
    )


@both_systems
def test_a_tune_comes_back_as_a_piece_with_its_pickup_onsets_metre_and_tempo(accompany, tune):
    piece = accompany(tune, seed=1)
    assert piece.voices.shape == (len(tune.melody), 4) and plays_as(piece, tune)
    bare = accompany(tune.melody, seed=1, pickup=tune.pickup)
    of_bars = accompany is pretrained.accompany  # it hears bars, and bare pitches have no 3/4
    assert np.array_equal(piece.voices, bare) is not of_bars
    assert plays_as(tune.with_voices(bare), tune) and plays_as(tune.with_voices(piece), tune)
    with pytest.raises(ValueError, match="steps"):
        tune.with_voices(bare[1:])
    assert not np.array_equal(bare, accompany(tune.melody, seed=1))  # the pickup counts
    again = accompany(piece, seed=1)  # of a piece the first voice is the melody
    assert np.array_equal(again.voices, piece.voices) and plays_as(again, tune)


def test_a_tune_goes_on_in_its_own_metre(tune):
    piece = pretrained.continue_melody(tune, 36, seed=2, temperature=0.8)
    assert piece.voices.shape == (len(tune.melody) + 36, 1) and plays_as(piece, tune)
    assert set(np.diff(piece.bar_starts)) == {12}
    assert piece.bar_starts[-1] >= len(piece.voices) - 12


def test_a_chorale_on_a_tune(tune):
    piece = pretrained.compose_chorale(soprano=tune, seed=3)
    assert piece.voices.shape == (len(tune.melody), 4) and plays_as(piece, tune)
    bare = pretrained.compose_chorale(
        len(tune.melody), soprano=tune.melody, seed=3, pickup=tune.pickup
    )
    assert np.array_equal(bare[:, 0], tune.melody)
    assert not np.array_equal(piece.voices, bare)  # notes alone tell no metre and no repeats
    with pytest.raises(ValueError, match="steps"):
        pretrained.compose_chorale()


def test_notes_and_music_that_tells_no_more_get_the_same_chorale():
    voices = SCALE[:, None]
    music = Piece("a scale", voices, default_onsets(voices), np.arange(0, len(SCALE), 16))
    piece = pretrained.compose_chorale(soprano=music, seed=3)
    assert np.array_equal(piece.voices, pretrained.compose_chorale(soprano=SCALE, seed=3))


def test_fiddle_tunes_and_chorales_are_melodies_too():
    jig = data.load_tunes("test", kind="jig")[0]
    assert pretrained.accompany(jig, seed=1).time_signature == jig.time_signature
    chorale = data.load_chorales("test")[0]
    longer = pretrained.continue_melody(chorale, 16, seed=1)
    assert np.array_equal(longer.voices[:-16, 0], chorale.voices[:, 0])
    assert 0 <= pretrained.judge(jig) <= 1 and 0 <= pretrained.judge(chorale) <= 1


def test_other_libraries_music_is_a_melody_too_and_a_path_is_told_the_way(tune):
    midi = to_midi(tune)
    assert np.array_equal(pretrained.accompany(midi, seed=1).voices[:, 0], tune.melody)
    with pytest.raises(ValueError, match="load_melody"):
        pretrained.accompany("my_tune.mid")


@pytest.mark.parametrize(
    "bad", [{"pickup": 2.5}, {"pickup": -1}, {"pickup": "2"}, {"seed": "a"}, {"seed": 1.7}], ids=str
)
def test_bad_pickups_and_seeds_get_one_sentence(bad):
    with pytest.raises(ValueError, match="whole number"):
        pretrained.accompany(SCALE, **bad)


def test_large_and_negative_seeds_are_seeds():
    for seed in (2**31, 2**40 + 3, -1):
        assert pretrained.compose_chorale(8, seed=seed).shape == (8, 4)
