"""The trained systems as plain functions: music in, music out.

Each loads its published network on first use and keeps it. ``generator`` or ``network`` takes
another network of the same kind instead, one's own for example. ``seed``: the same seed gives the
same music, None something new each time.
"""

from .. import hand_on

__getattr__, __dir__, __all__ = hand_on(
    __name__,
    {
        "accompaniment_gan": "accompany",
        "critic_and_composer": "compose judge",
        "drum_gan": "drum_loop",
        "four_voices": "compose_chorale",
        "gan_with_rl": "accompany_rl",
        "next_note_rnn": "compose_tune continue_melody",
    },
)
