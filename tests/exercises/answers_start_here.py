"""Answers to the exercise of notebook 00, in which B is Bach's."""

from exercise import Answers

ANSWERS = {
    "bach_or_network": Answers(
        given=("B",),
        right=[("B",), (" b ",)],
        wrong=[
            (("A",), "A is the network's"),
            (("a",), "A is the network's"),
            (("Bach",), "quotation marks"),
            (("AB",), "quotation marks"),
            ((["A", "B"],), "quotation marks"),
            ((True,), "quotation marks"),
            ((2,), "quotation marks"),
        ],
        names={"letter_of_bach": "B"},
    )
}
