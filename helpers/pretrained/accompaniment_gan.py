"""The accompaniment GAN of notebook 04 as a function."""

from __future__ import annotations

from ..course.errors import check_number
from .arguments import as_seed, as_tune, check_network, check_phrase_ends, harmonise, take_melody
from .published import published, say_first_call

CHAPTER = "04_accompaniment_gan"
DRAFTS = 16  # as in the notebook


def accompany(
    melody,
    seed: int | None = None,
    generator=None,
    pickup: int | None = None,
    phrase_ends=None,
    drafts: int = DRAFTS,
    critic=None,
):
    """Alto, tenor and bass to a melody, by the accompaniment GAN of notebook 04.

    melody: music, such as ``load_melody`` gives or a ``Piece`` (its first voice counts); or bare
    pitches ``(steps,)``, whole numbers on the sixteenth grid, of any length from one step. pickup:
    steps before the first downbeat; None is the music's own, or 0. phrase_ends: the steps at which
    the last notes of phrases begin; None takes the music's fermatas, else guesses. drafts: so many
    are written of each two bars, and the best ones taken, by the critic and the rules of the
    notebook; 1 writes a single one, with a little less noise. generator, critic: of one's own; None
    are the published ones.
    Returns for music a ``Piece`` that plays as that music, for pitches voices ``(steps, 4)`` int16:
    the melody stands untouched in column 0.

    The network learned 4/4. Other music is written in windows of two 4/4 bars, too; its places in
    the bar are those of its own metre. Bare pitches are taken for 4/4.
    A melody outside the trained range is moved, by octaves where that is enough, and the music
    moved back; no voice goes below C2 for that. Raises ValueError with one sentence where the
    melody is no melody.
    """
    check_network(generator)
    check_network(critic)
    check_number("drafts", drafts, 1, 1000)
    taken = pitches, _, piece = take_melody(melody, pickup)
    ends = check_phrase_ends(phrase_ends, len(pitches))
    seed = as_seed(seed)

    def write(moved, pickup):
        say_first_call("accompany")
        from ..chapters.accompaniment_gan import accompany_piece

        network = generator or published(CHAPTER).network("generator")
        judge = (critic or published(CHAPTER).network("critic")) if drafts > 1 else None
        tune = as_tune(moved, pickup, piece)
        return accompany_piece(network, tune, seed, drafts, judge, phrase_ends=ends)

    return harmonise(taken, write)
