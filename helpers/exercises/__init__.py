"""Instant checks of the exercises, a module a chapter, and the check of the machine.

Each check prints one line and never raises on a student's answer. ``...`` means not tried yet;
anything else is right, or wrong with a hint.
"""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "accompaniment_gan": ("class_numbers loss_by_hand parallel_fifths second_bar_only"),
        "critic_and_composer": "backwards composer_critic laziest_critic p_value",
        "drum_gan": "backbeat_share distinct_shares drum_lengths success_by_hand",
        "gan_with_rl": ("contrary_motion finished_stretch rl_loss_by_hand share_before"),
        "machine": "check_machine report",
        "music_as_data": "forgotten_notes one_note_in_events tick_length",
        "next_note_rnn": "chord_repetition loss_and_perplexity stopped_clock top_p",
        "start_here": "bach_or_network",
    },
)
