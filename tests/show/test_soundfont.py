"""The synthesizer, on a sound font made here of sines, and in tune on the one that is used."""

import struct

import numpy as np
import pytest

from helpers.music.seconds import hold
from helpers.music.timeline import Part
from helpers.show import soundfont, synthesis
from helpers.show.soundfont import SoundFont, SoundFontError, render

RATE = 44100
CYCLE = 100  # samples of one turn of the test font's sine: 441 Hz at its root, pitch 69


def chunk(name, data):
    return name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def bags_and_generators(zones):
    """The two tables of zones that are lists of (generator, value)."""
    bags, table = b"", b""
    count = 0
    for zone in [*zones, []]:
        bags += struct.pack("<HH", count, 0)
        for kind, value in zone:
            table += struct.pack("<HH", kind, value & 0xFFFF)
            count += 1
    return bags, table + struct.pack("<HH", 0, 0)


def make_font(path, zones, bank=0):
    """A font of one program: an instrument of zones over one sine of two seconds."""
    wave = 0.5 * np.sin(2 * np.pi * np.arange(2 * RATE) / CYCLE)
    samples = (wave * 32767).astype("<i2").tobytes()
    zones = [[*zone, (soundfont.SAMPLE, 0)] for zone in zones]
    ibag, igen = bags_and_generators(zones)
    pbag, pgen = bags_and_generators([[(soundfont.INSTRUMENT, 0)]])
    header = struct.pack("<20sIIIIIBbHH", b"sine", 0, 2 * RATE, 0, RATE, RATE, 69, 0, 0, 1)
    pdta = b"pdta" + b"".join(
        [
            chunk(
                b"phdr",
                struct.pack("<20sHHHIII", b"one", 0, bank, 0, 0, 0, 0)
                + struct.pack("<20sHHHIII", b"EOP", 0, 0, 1, 0, 0, 0),
            ),
            chunk(b"pbag", pbag),
            chunk(b"pgen", pgen),
            chunk(
                b"inst",
                struct.pack("<20sH", b"one", 0) + struct.pack("<20sH", b"EOI", len(zones)),
            ),
            chunk(b"ibag", ibag),
            chunk(b"igen", igen),
            chunk(b"shdr", header + struct.pack("<20sIIIIIBbHH", b"EOS", *[0] * 9)),
        ]
    )
    body = b"sfbk" + chunk(b"LIST", b"sdta" + chunk(b"smpl", samples)) + chunk(b"LIST", pdta)
    path.write_bytes(chunk(b"RIFF", body))
    return SoundFont(path)


def song(*notes, drums=False, program=0, **controls):
    """Notes (start, end, pitch, velocity) of one part as the synthesizer takes them."""
    changes = [(t, int(n[2:]), v) for n, pairs in controls.items() for t, v in pairs]
    controls = np.array(changes, float).reshape(-1, 3)
    part = Part("part", np.array(notes, float), program, drums, controls)
    return [part._replace(notes=hold(part, part.notes[:, 1].max()))]


def level(samples, start, end):
    part = samples[int(start * RATE) : int(end * RATE)]
    return float(np.sqrt(np.mean(part**2)))


def hertz(samples, rate=RATE):
    """The strongest frequency, to a few cents."""
    size = 8 * len(samples)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), size))
    return spectrum.argmax() * rate / size


LOOP = (soundfont.LOOP_MODE, 1)


def test_a_note_has_its_pitch_loudness_and_length(tmp_path):
    font = make_font(tmp_path / "a.sf2", [[LOOP]])
    sound = render(song((0.5, 3.5, 69, 127)), font, RATE)  # longer than the sample: it loops
    assert hertz(sound[RATE : 3 * RATE]) == pytest.approx(441, rel=1e-3)
    assert level(sound, 0, 0.49) == 0
    assert level(sound, 1, 3.4) == pytest.approx(0.5 / np.sqrt(2), rel=0.01)
    assert level(sound, 3.52, 4) == 0


@pytest.mark.parametrize(
    ("zone", "pitch", "expected"),
    [
        ([], 81, 882),
        ([(soundfont.ROOT, 57)], 69, 882),
        ([(soundfont.FINE_TUNE, 50)], 69, 441 * 2 ** (0.5 / 12)),
        ([(soundfont.SCALE, 50)], 81, 441 * 2 ** (6 / 12)),
        ([(soundfont.MOD_TO_PITCH, 1200)], 69, 882),  # the envelope stays at its full height
    ],
)
def test_tuning(tmp_path, zone, pitch, expected):
    font = make_font(tmp_path / "a.sf2", [[LOOP, *zone]])
    sound = render(song((0, 1, pitch, 100)), font, RATE)
    assert hertz(sound[4410:RATE]) == pytest.approx(expected, rel=2e-3)


def test_velocity_attenuation_and_controllers(tmp_path):
    font = make_font(tmp_path / "a.sf2", [[LOOP]])
    full = level(render(song((0, 1, 69, 100)), font, RATE), 0.1, 0.9)
    soft = level(render(song((0, 1, 69, 50)), font, RATE), 0.1, 0.9)
    assert soft / full == pytest.approx(0.25, rel=0.01)
    half = level(render(song((0, 1, 69, 100), cc7=[(0, 50)]), font, RATE), 0.1, 0.9)
    assert half / full == pytest.approx(0.25, rel=0.01)
    quiet = make_font(tmp_path / "b.sf2", [[LOOP, (soundfont.ATTENUATION, 500)]])
    # 50 decibels, of which sound cards that fonts are made for take four tenths: 20.
    assert level(render(song((0, 1, 69, 100)), quiet, RATE), 0.1, 0.9) / full == pytest.approx(
        0.1, rel=0.01
    )


def test_the_volume_envelope(tmp_path):
    attack, _, decay, sustain, release = soundfont.VOLUME_ENVELOPE[1:]
    zone = [LOOP, (attack, 0), (decay, 0), (sustain, 200), (release, 0)]  # a second each
    font = make_font(tmp_path / "a.sf2", [zone])
    sound = render(song((0, 3, 69, 127)), font, RATE)
    top = 0.5 / np.sqrt(2)
    assert level(sound, 0.49, 0.51) == pytest.approx(0.5 * top, rel=0.05)
    assert level(sound, 0.99, 1.0) == pytest.approx(top, rel=0.05)
    assert level(sound, 2, 3) == pytest.approx(0.1 * top, rel=0.05)  # 20 decibels down
    assert level(sound, 3.19, 3.21) == pytest.approx(0.01 * top, rel=0.1)  # 100 a second


def test_the_low_pass_filter(tmp_path):
    # A cutoff an octave below the tone: two poles take 12 decibels and a little more.
    cents = round(1200 * np.log2(441 / 2 / 8.176))
    open_font = make_font(tmp_path / "a.sf2", [[LOOP]])
    dull_font = make_font(tmp_path / "b.sf2", [[LOOP, (soundfont.CUTOFF, cents)]])
    full = level(render(song((0, 1, 69, 100)), open_font, RATE), 0.2, 0.8)
    dull = level(render(song((0, 1, 69, 100)), dull_font, RATE), 0.2, 0.8)
    assert dull / full == pytest.approx(1 / np.sqrt(17), rel=0.03)


def test_key_ranges(tmp_path):
    low, high = (soundfont.KEYS, 20 | 60 << 8), (soundfont.KEYS, 61 | 127 << 8)
    zones = [[low, (soundfont.FINE_TUNE, 1)], [high, (soundfont.FINE_TUNE, 2)]]
    font = make_font(tmp_path / "a.sf2", zones)
    assert [r[soundfont.FINE_TUNE] for r in font.regions(0, 0, 60)] == [1]
    assert [r[soundfont.FINE_TUNE] for r in font.regions(0, 0, 61)] == [2]
    assert font.regions(0, 0, 10) == []
    assert font.regions(0, 99, 60) == font.regions(0, 0, 60)  # no such program
    assert font.regions(128, 0, 60) == []


def test_the_font_asks_for_nothing_that_is_left_out():
    font = soundfont.load_sound_font(str(synthesis.SOUND_FONT))
    presets = [zone for zones in font._presets.values() for zone in zones]
    assert {kind for zone in presets for kind in zone} == {soundfont.INSTRUMENT}
    kinds = {kind for zones in font._instruments for zone in zones for kind in zone}
    # Where samples begin and end, in parts and in 32,768s; velocities; semitones; fixed notes.
    assert not kinds & {0, 1, 4, 12, 44, 45, 46, 47, 50, 51}


def test_an_unlooped_sample_ends_by_itself(tmp_path):
    font = make_font(tmp_path / "a.sf2", [[(soundfont.VOLUME_ENVELOPE[5], 8000)]])
    sound = render(song((0, 4, 69, 100)), font, RATE)
    assert level(sound, 1.5, 1.9) > 0.1
    assert level(sound, 2.05, 4) == 0


def test_a_class_of_drums_chokes_itself(tmp_path):
    zone = [LOOP, (soundfont.EXCLUSIVE_CLASS, 1), (soundfont.VOLUME_ENVELOPE[5], 2400)]
    font = make_font(tmp_path / "a.sf2", [zone], bank=soundfont.DRUM_BANK)
    alone = render(song((0, 0.1, 69, 100), drums=True), font, RATE)
    assert level(alone, 0.6, 0.9) > 0.02
    for end in (0.1, 2):  # ringing on, and still held
        choked = render(song((0, end, 69, 100), (0.5, 0.55, 81, 1), drums=True), font, RATE)
        assert level(choked, 0.6, 0.9) < 0.001


def test_the_sustain_pedal_holds_until_it_is_lifted_or_the_key_is_struck(tmp_path):
    font = make_font(tmp_path / "a.sf2", [[LOOP]])
    pedal = [(0.2, 127), (1.5, 0)]
    later = (2, 2.5, 40, 1)  # so that the end of the music is no end of the note
    held = render(song((0, 0.5, 69, 100), later, cc64=pedal), font, RATE)
    assert level(held, 1.0, 1.4) > 0.1
    assert level(held, 1.55, 1.95) == 0
    again = song((0, 0.5, 69, 100), (1, 1.1, 69, 1), later, cc64=pedal)
    assert level(render(again, font, RATE), 1.2, 1.4) < 0.001


def test_half_the_rate_has_the_same_sound(tmp_path):
    font = make_font(tmp_path / "a.sf2", [[LOOP]])
    parts = song((0.5, 1.5, 69, 100))
    full, half = render(parts, font, RATE), render(parts, font, RATE // 2)
    assert len(half) == pytest.approx(len(full) / 2, abs=2)
    assert np.allclose(half[: len(full) // 2 - 2], full[: len(half) * 2 - 4 : 2], atol=0.01)


@pytest.mark.parametrize("content", [b"", b"RIFF....sfbk", b"not a font at all" * 10])
def test_a_damaged_font(tmp_path, content):
    path = tmp_path / "broken.sf2"
    path.write_bytes(content)
    with pytest.raises(SoundFontError, match="broken.sf2 is no sound font"):
        SoundFont(path)


def test_a_font_cut_off_in_the_middle(tmp_path):
    path = tmp_path / "cut.sf2"
    path.write_bytes(synthesis.SOUND_FONT.read_bytes()[:3_000_000])
    with pytest.raises(SoundFontError, match="cut.sf2"):
        SoundFont(path)


def test_a_missing_font(tmp_path):
    with pytest.raises(SoundFontError, match="gone.sf2 cannot be read"):
        SoundFont(tmp_path / "gone.sf2")


@pytest.mark.parametrize("program", [0, 11, 19, 24, 40, 42, 48, 53, 56, 68, 71, 73])
@pytest.mark.parametrize("pitch", [48, 60, 69, 79])
def test_the_instruments_of_the_course_are_in_tune(program, pitch):
    """Most of the energy stands within a quarter of a semitone of the note's overtones, or of
    those of the octave below, which the organ adds."""
    font = soundfont.load_sound_font(str(synthesis.SOUND_FONT))
    parts = song((0, 1.5, pitch, 90), program=program)
    sound = render(parts, font, synthesis.SAMPLE_RATE)[4000:30000]
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
    frequencies = np.fft.rfftfreq(len(sound), 1 / synthesis.SAMPLE_RATE)[1:]
    base = 440 * 2 ** ((pitch - 69) / 12) / 2
    nearest = np.maximum(np.round(frequencies / base), 1) * base
    cents = np.abs(1200 * np.log2(frequencies / nearest))
    inside = (cents < 25) & (frequencies < 6 * base)
    below = frequencies < 6 * base
    assert power[1:][inside].sum() > 0.75 * power[1:][below].sum()
