"""The checks of notebook 00."""

from __future__ import annotations

from .answers import say, tried


def bach_or_network(guess, bach) -> None:
    """Which of two settings, "A" or "B", is Bach's; ``bach`` is the answer."""
    if not tried(guess):
        return
    letter = str(guess).strip().upper()
    if letter not in ("A", "B"):
        say(False, hint='Answer "A" or "B", with the quotation marks.')
        return
    say(
        letter == str(bach),
        f"{letter} is Bach's. What gave the network away?",
        f"{letter} is the network's. Listen to both basses again: which one is a tune of its own?",
    )
