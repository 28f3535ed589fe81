"""What is heard: length, loudness, pitch, size, the fallback, and the player's HTML."""

import base64
import io
import re
import socket
import sys
from html.parser import HTMLParser

import numpy as np
import pretty_midi
import pytest
import soundfile

from helpers.data.chorales import load_chorales
from helpers.data.windows import make_windows
from helpers.files.midi_writer import to_midi
from helpers.music.grid import REST
from helpers.show import player, synthesis

RATE = synthesis.SAMPLE_RATE


@pytest.fixture(scope="module")
def window():
    """Two bars of a chorale, ``(32, 4)``: 4.8 seconds at 100 quarters a minute."""
    return make_windows(load_chorales("test", "4/4")[:1])[0]


@pytest.fixture
def no_font(monkeypatch, tmp_path):
    monkeypatch.setattr(synthesis, "SOUND_FONT", tmp_path / "gone.sf2")


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("The player must not reach for the network.")

    monkeypatch.setattr(socket, "socket", refuse)


@pytest.fixture
def shown(monkeypatch):
    """What play() displays, in order."""
    import IPython.display

    things = []
    monkeypatch.setattr(IPython.display, "display", lambda *objects, **_: things.extend(objects))
    return things


def drums():
    grid = np.zeros((32, 9, 3))
    grid[::8, 0, :2] = 1, 0.9
    grid[4::8, 1, :2] = 1, 0.8
    grid[::2, 2, :2] = 1, 0.5
    grid[0, 7, :2] = 1, 0.7
    return grid


def rms(samples):
    return float(np.sqrt(np.mean(samples**2)))


def peaks(samples, count=5):
    """The strongest frequencies (Hz), the strongest first."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 4 * len(samples)))
    tops = np.flatnonzero((power[1:-1] > power[:-2]) & (power[1:-1] > power[2:])) + 1
    order = tops[np.argsort(power[tops])[::-1][:count]]
    return order * RATE / (4 * len(samples))


def are_overtones(frequencies, hertz):
    """Whether all are whole multiples of one frequency, and of no multiple of it."""
    multiples = np.round(frequencies / hertz).astype(int)
    in_tune = np.abs(frequencies / hertz - multiples).max() < 0.01 * multiples.max()
    return bool(in_tune and np.gcd.reduce(multiples) == 1)


# --- synthesis ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("program", [None, 0, 52])
def test_two_bars_are_whole_loud_enough_and_do_not_clip(window, program):
    samples, engine = synthesis.synthesize(to_midi(window, program=program))
    assert engine == "sound font TimGM6mb"
    assert samples.dtype == np.float32 and samples.ndim == 1
    assert 4.8 <= len(samples) / RATE < 4.8 + 2
    assert 0.2 < np.abs(samples).max() <= synthesis.PEAK + 1e-6
    assert rms(samples[: int(4.8 * RATE)]) == pytest.approx(synthesis.LOUDNESS, rel=0.1)
    assert np.abs(samples[-20:]).max() < 0.01  # no click at the end


def test_four_loud_voices_in_a_cluster_do_not_clip():
    loud = to_midi(np.tile([84, 83, 82, 81], (32, 1)))
    for part in loud.instruments:
        for note in part.notes:
            note.velocity = 127
    samples, _ = synthesis.synthesize(loud)
    assert np.abs(samples).max() <= synthesis.PEAK + 1e-6
    decoded, _ = soundfile.read(io.BytesIO(synthesis.encode_mp3(samples)))
    assert np.abs(decoded).max() < 1


def test_a_single_crack_is_held_below_the_peak():
    crack = np.zeros(RATE)
    crack[500] = -0.01
    finished = synthesis.finished(crack, RATE, RATE)
    assert finished.min() == pytest.approx(-synthesis.PEAK)
    assert len(finished) == RATE


def test_loudness_is_steady_whatever_the_velocity_and_the_rests(window):
    soft = to_midi(window)
    for part in soft.instruments:
        for note in part.notes:
            note.velocity = 12
    half = np.full_like(window, REST)
    half[:8] = window[:8]
    whole, _ = synthesis.synthesize(to_midi(window))
    assert rms(synthesis.synthesize(soft)[0]) == pytest.approx(rms(whole), rel=0.05)
    first_bar = slice(0, int(1.2 * RATE))
    halved = synthesis.synthesize(to_midi(half))[0]
    assert rms(halved[first_bar]) == pytest.approx(synthesis.LOUDNESS, rel=0.25)
    assert len(halved) >= int(4.8 * RATE)  # rests at the end are music
    assert rms(halved[int(3 * RATE) :]) < 1e-3


def test_a_rest_at_the_beginning_is_silent():
    samples, _ = synthesis.synthesize(to_midi([REST] * 8 + [69] * 8))
    assert np.abs(samples[: int(1.19 * RATE)]).max() < 1e-5
    assert rms(samples[int(1.3 * RATE) : int(2.3 * RATE)]) > 0.05


def test_a4_sounds_at_440_hertz():
    samples, _ = synthesis.synthesize(to_midi([69] * 16))
    assert are_overtones(peaks(samples[4000:50000]), 440)
    assert not are_overtones(peaks(samples[4000:50000]), 220)
    assert not are_overtones(peaks(samples[4000:50000]), 466.16)


def test_the_same_music_gives_the_same_samples(window):
    first, second = (
        synthesis.synthesize(to_midi(window))[0],
        synthesis.synthesize(to_midi(window))[0],
    )
    assert np.array_equal(first, second)


def test_drums_are_heard_where_they_are_hit():
    grid = np.zeros((32, 9, 3))
    grid[16, 1, :2] = 1, 0.8
    samples, _ = synthesis.synthesize(to_midi(grid))
    loudest = np.abs(samples).argmax() / RATE
    assert 2.4 <= loudest < 2.5
    assert rms(samples[: int(2.39 * RATE)]) < 1e-5


def test_an_open_hi_hat_is_choked_by_the_closed_one():
    ringing, choked = np.zeros((16, 9, 3)), np.zeros((16, 9, 3))
    ringing[0, 3, :2] = choked[0, 3, :2] = 1, 1
    choked[2, 2, :2] = 1, 0.01
    late = slice(int(0.45 * RATE), int(0.6 * RATE))
    level = [
        rms(x[late]) / np.abs(x).max()
        for x in (synthesis.synthesize(to_midi(m))[0] for m in (ringing, choked))
    ]
    assert level[1] < 0.3 * level[0]


def test_no_notes_are_silence_of_the_right_length():
    samples, _ = synthesis.synthesize(to_midi([REST] * 32))
    assert len(samples) == int(4.8 * RATE)
    assert not samples.any()
    assert len(synthesis.synthesize(to_midi([]))[0]) == 0
    assert len(synthesis.synthesize(pretty_midi.PrettyMIDI())[0]) == 0


def test_absurd_lengths_are_refused_in_a_sentence():
    long = to_midi([60] * 16, tempo=100)
    long.instruments[0].notes[0].end = 36_000
    with pytest.raises(ValueError, match="lasts 600.0 minutes; at most 10"):
        synthesis.synthesize(long)
    many = to_midi([60] * 4)
    many.instruments[0].notes *= synthesis.MOST_NOTES + 1
    with pytest.raises(ValueError, match="20001 notes"):
        synthesis.synthesize(many)


# --- without the sound font --------------------------------------------------------------------


@pytest.mark.usefixtures("no_font", "no_network")
def test_without_the_font_plain_tones_play_and_say_so(window):
    samples, engine = synthesis.synthesize(to_midi(window))
    assert engine == "plain tones (The sound font gone.sf2 cannot be read.)"
    assert 4.8 <= len(samples) / RATE < 7
    assert rms(samples[: int(4.8 * RATE)]) == pytest.approx(synthesis.LOUDNESS, rel=0.2)
    assert np.abs(samples).max() <= synthesis.PEAK + 1e-6
    tone, _ = synthesis.synthesize(to_midi([69] * 16))
    assert peaks(tone[4000:50000], 1)[0] == pytest.approx(440, rel=0.01)


@pytest.mark.usefixtures("no_font")
@pytest.mark.parametrize("drum", range(9))
def test_without_the_font_every_drum_is_heard(drum):
    grid = np.zeros((16, 9, 3))
    grid[4, drum, :2] = 1, 0.5
    samples, _ = synthesis.synthesize(to_midi(grid))
    start = int(0.6 * RATE)
    assert rms(samples[: start - 50]) < 1e-5
    assert rms(samples[start : start + 2000]) > 0.02


def test_a_damaged_font_is_named(monkeypatch, tmp_path):
    (tmp_path / "bad.sf2").write_bytes(b"nothing of the kind")
    monkeypatch.setattr(synthesis, "SOUND_FONT", tmp_path / "bad.sf2")
    samples, engine = synthesis.synthesize(to_midi([60] * 4))
    assert engine.startswith("plain tones (bad.sf2 is no sound font")
    assert samples.any()


def test_symusic_is_not_needed(monkeypatch, window):
    monkeypatch.setitem(sys.modules, "symusic", None)  # its import fails, as on Intel macOS
    assert synthesis.synthesize(to_midi(window))[1] == synthesis.SOUND_FONT_ENGINE


# --- MP3 ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [lambda w: w, lambda w: w[:, 0], lambda w: drums()])
def test_the_mp3_is_small_and_sounds_the_same(window, make):
    samples, _ = synthesis.synthesize(to_midi(make(window)))
    data = synthesis.encode_mp3(samples)
    assert len(data) < 45_000
    assert len(data) < 8_000 * len(samples) / RATE + 1_000
    decoded, rate = soundfile.read(io.BytesIO(data), dtype="float32")
    assert rate == RATE and decoded.ndim == 1
    assert abs(len(decoded) - len(samples)) < 0.05 * RATE
    assert rms(decoded) == pytest.approx(rms(samples), rel=0.05)
    end = min(len(decoded), len(samples))
    assert np.corrcoef(decoded[:end], samples[:end])[0, 1] > 0.95


def test_a_decoded_a4_is_still_at_440_hertz():
    samples, _ = synthesis.synthesize(to_midi([69] * 16))
    decoded, _ = soundfile.read(io.BytesIO(synthesis.encode_mp3(samples)))
    assert are_overtones(peaks(decoded[4000:50000]), 440)


# --- the player --------------------------------------------------------------------------------


def embedded(html, kind):
    """The bytes of a data URI in HTML."""
    return base64.b64decode(re.search(rf"data:{kind};base64,([A-Za-z0-9+/=]+)", html)[1])


@pytest.mark.usefixtures("no_network")
def test_play_shows_a_picture_a_player_and_the_midi_file(shown, window):
    assert player.play(window, title="Bach & <sons>") is None
    picture, output = shown
    assert picture._repr_png_()[:8] == b"\x89PNG\r\n\x1a\n"
    html = output.data
    assert html.count("<audio controls") == 1
    assert "autoplay" not in html and "<script" not in html and "http" not in html
    assert "Bach &amp; &lt;sons&gt;" in html
    assert 'download="bach_sons.mid"' in html
    assert "Played by" not in html
    sound, rate = soundfile.read(io.BytesIO(embedded(html, "audio/mpeg")))
    assert 4.8 <= len(sound) / rate < 7
    midi = pretty_midi.PrettyMIDI(io.BytesIO(embedded(html, "audio/midi")))
    expected = to_midi(window)
    for part, other in zip(midi.instruments, expected.instruments, strict=True):
        assert [n.pitch for n in part.notes] == [n.pitch for n in other.notes]


class Sanitizer(HTMLParser):
    """What JupyterLab 4 leaves of the HTML of an untrusted notebook (its packages/apputils/src/
    sanitizer.ts), as far as players use it: tags and attributes that it allows, ``href`` with
    addresses of the web only, ``style`` elements gone with their content."""

    TAGS = ("a", "audio", "b", "div", "p", "small", "span", "img", "details", "summary")
    ATTRIBUTES = ("class", "hidden", "id", "style", "title")
    MORE = {"a": ("href",), "audio": ("controls", "preload", "src"), "img": ("alt", "src")}
    WEB = ("http:", "https:", "ftp:", "mailto:", "tel:")

    def __init__(self, html):
        super().__init__()
        self.left, self.styles = [], 0  # [tag, attributes, text] of each element
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.styles += tag == "style"
        if tag in self.TAGS:
            allowed = {*self.ATTRIBUTES, *self.MORE.get(tag, ())}
            kept = {name: value for name, value in attributes if name in allowed}
            if not kept.get("href", "http:").startswith(self.WEB):
                del kept["href"]
            self.left.append([tag, kept, ""])

    def handle_endtag(self, tag):
        self.styles -= tag == "style"

    def handle_data(self, text):
        if self.left and not self.styles:
            self.left[-1][2] += text


def test_an_untrusted_notebook_shows_no_dead_link(shown, window):
    player.play(window, picture=False, title="Bach")
    left = Sanitizer(shown[0].data).left
    seen = [(tag, kept, text) for tag, kept, text in left if "hidden" not in kept]
    assert [kept for tag, kept, _ in left if tag == "a" and "href" in kept] == []
    assert not any(tag == "a" for tag, _, _ in seen)
    (sound,) = [kept for tag, kept, _ in seen if tag == "audio"]
    assert sound["src"].startswith("data:audio/mpeg;base64,") and "controls" in sound
    assert [text for tag, _, text in seen if tag == "small"] == [
        "Run this cell to get the MIDI file."
    ]
    assert "{" not in "".join(text for *_, text in left)


def test_a_trusted_notebook_shows_the_link_and_no_hint(shown, window):
    """By the style, which wins over ``hidden``: a rule with !important does."""
    player.play(window, picture=False)
    html = shown[0].data
    style = re.search("<style>(.*?)</style>", html)[1]
    link = re.search('<a class="([^"]+)" hidden download="music.mid" href="data:audio/midi', html)[
        1
    ]
    hint = re.search('<small class="([^"]+)">Run', html)[1]
    assert f".{link} {{ display: inline !important }}" in style
    assert f".{hint} {{ display: none }}" in style


def test_play_passes_everything_on(shown):
    onsets = np.array([True, False, True, False])
    player.play([60] * 4, tempo=60, onsets=onsets, program=5, picture=False, title="Two")
    (output,) = shown
    assert output.data.startswith("<p><b>Two</b></p>")
    midi = pretty_midi.PrettyMIDI(io.BytesIO(embedded(output.data, "audio/midi")))
    assert midi.instruments[0].program == 5
    assert len(midi.instruments[0].notes) == 2
    assert midi.get_end_time() == pytest.approx(1, abs=0.01)


def test_play_names_a_piece(shown):
    chorale = load_chorales("test")[0]
    player.play(chorale._replace(voices=chorale.voices[:16], onsets=chorale.onsets[:16]))
    picture, output = shown
    assert picture.axes[0].get_title(loc="left") == chorale.name
    file_name = re.sub("[^a-z0-9]+", "_", chorale.name)
    assert f'download="{file_name}.mid"' in output.data


def test_play_says_when_nothing_sounds(shown):
    player.play([REST] * 16)
    picture, output = shown
    assert output.data == "<p>Nothing sounds here.</p>"
    assert [text.get_text() for text in picture.axes[0].texts] == ["Nothing sounds here."]


@pytest.mark.usefixtures("no_font")
def test_play_names_the_fallback(shown):
    player.play([60] * 4, picture=False)
    assert "<small>Played by plain tones (The sound font gone.sf2" in shown[0].data


def test_play_shows_nothing_of_what_is_no_music(shown):
    with pytest.raises(TypeError, match="not str"):
        player.play("song.mid")
    assert shown == []


def test_samples_are_played_at_the_loudness_of_all_clips(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda page: shown.append(page.data))
    tone = 0.01 * np.sin(np.arange(16000) * 0.1)
    player.play_samples(tone, 16000, title="a <soft> tone")
    assert "a &lt;soft&gt; tone" in shown[0]
    data = base64.b64decode(re.search(r"base64,([^\"]+)", shown[0])[1])
    samples, rate = soundfile.read(io.BytesIO(data))
    assert rate == 16000 and len(samples) == pytest.approx(16000, abs=2500)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(synthesis.LOUDNESS, rel=0.1)
    assert tone.max() < 0.011  # what was given is not changed


@pytest.mark.parametrize(
    "samples", [np.zeros((2, 2)), np.zeros(0), [0.0, np.nan], np.zeros(22050 * 601)]
)
def test_what_is_no_sound_is_refused(samples):
    with pytest.raises(ValueError, match="[Ss]ound|[Ss]amples|finite"):
        player.play_samples(samples)
