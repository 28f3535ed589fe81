"""What is measured, each figure with its definition and its source; drums apart, in ``drums``."""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "ngrams": "NGram",
        "voices": (
            "MAJOR_SCALE chord_share consonance difference empty_bars interval_distance leaps "
            "longest_copied_runs qualified_notes rate_of_change rest_share scale_consistency "
            "used_pitch_classes voice_crossing"
        ),
    },
    modules="drums",
)
