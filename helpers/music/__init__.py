"""Music as arrays, and as what networks read."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "chords": "QUALITIES chord_names chord_pitches find_chord",
        "conversion": "to_piece to_timeline voices_to_multitrack",
        "drums": "DRUM_NAMES KIT_PITCHES TICKS_PER_STEP drum_of tick_features",
        "events": (
            "EVENTS FIRST_DOWN FIRST_UP FIRST_VELOCITY FIRST_WAIT PADDING event_name "
            "events_to_notes notes_to_events"
        ),
        "grid": (
            "REST STEPS_PER_BAR STEPS_PER_QUARTER VOICE_NAMES Piece bar_clock bar_length "
            "excerpt pitch_name pitch_number transpose voice_notes voices_to_roll with_voices"
        ),
        "keys": "guess_tonic is_minor key_tonic",
        "matrices": "matrices_to_timeline to_matrices",
        "phrases": "guess_phrase_ends phrase_clock",
        "timeline": "timeline_to_voices",
        "words": (
            "EVENT_WORD SIXTHS_PER_STEP Vocabulary is_timeless melody_words read_word "
            "voice_words word_ticks words_to_notes words_to_voice"
        ),
    },
)
