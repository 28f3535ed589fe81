"""Instant checks of the exercises, a module a chapter, and the check of the machine.

Each check prints one line and never raises on a student's answer. ``...`` means not tried yet;
anything else is right, or wrong with a hint. Each public function of such a module is a check.
"""

from pathlib import Path

from .. import hand_on

CHAPTERS = {path.stem for path in Path(__file__).parent.glob("[!_]*.py")} - {"answers", "machine"}
__getattr__, __dir__, __all__ = hand_on(
    __name__, dict.fromkeys(sorted(CHAPTERS), "*") | {"machine": "check_machine report"}, "machine"
)
