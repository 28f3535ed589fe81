"""The rule of the exercises: nothing entered is said to be so, wrong answers get a hint that names
the slip, the solution is right. It holds for every check that a notebook calls; the answers stand
in ``answers_CHAPTER.py``."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
from exercise import ROOT, Answers, all_exercises, answers_to, exercises_of, until_check

from helpers import exercises
from helpers.exercises import answers
from helpers.exercises.answers import NO_PERCENT, NO_TEXT, NOT_TRIED, Wanted

EXERCISES = all_exercises()
every_exercise = pytest.mark.parametrize(
    "exercise", EXERCISES, ids=[f"{each.notebook[:2]} {each.name}" for each in EXERCISES]
)


def said(capsys, exercise, entered) -> str:
    """What the check says to the answers that were entered: one line."""
    getattr(exercises, exercise.name)(*entered, *answers_to(exercise).given)
    text = capsys.readouterr().out
    assert text.endswith("\n") and text.count("\n") == 1
    return text.strip()


def run(capsys, exercise, *cells) -> list[str]:
    """What the check says when cells are run, one after the other, as far as to it."""
    heard = []

    def check(*arguments):
        capsys.readouterr()  # what the cell prints before
        result = getattr(exercises, exercise.name)(*arguments)
        heard.append(capsys.readouterr().out.strip())
        return result

    names = {"np": np, **answers_to(exercise).names}
    names["exercises"] = SimpleNamespace(**{exercise.name: check})
    for source in cells:
        exec(compile(until_check(source, exercise.name), exercise.notebook, "exec"), names)
    return heard


@every_exercise
def test_nothing_entered(exercise, capsys):
    right = answers_to(exercise).right[0]
    untouched = [(...,) * len(right)]
    for i, answer in enumerate(right):
        rest = right[i + 1 :]
        untouched.append((*right[:i], ..., *rest))
        if callable(answer):
            untouched.append((*right[:i], lambda *given: ..., *rest))
    for entered in untouched:
        assert said(capsys, exercise, entered) == NOT_TRIED


@every_exercise
def test_the_cell_as_it_stands(exercise, capsys):
    assert run(capsys, exercise, exercise.cell) == [NOT_TRIED]


@every_exercise
def test_wrong_answers_get_a_hint(exercise, capsys):
    wrong = answers_to(exercise).wrong
    assert len(wrong) >= 4
    for entered, hint in wrong:
        text = said(capsys, exercise, entered)
        assert text.startswith("Not yet. ") and hint in text, (entered, text)


@every_exercise
def test_right_answers(exercise, capsys):
    for entered in answers_to(exercise).right:
        text = said(capsys, exercise, entered)
        assert text.startswith("Right. "), (entered, text)


@pytest.mark.parametrize(
    "exercise",
    [each for each in EXERCISES if each.solution],
    ids=lambda exercise: f"{exercise.notebook[:2]} {exercise.name}",
)
def test_the_solution_is_right(exercise, capsys):
    untouched, solved = run(capsys, exercise, exercise.cell, exercise.solution)
    assert untouched == NOT_TRIED and solved.startswith("Right. ")


ODD = [None, "", "0,75", [], {}, [[1], [2, 3]], (), float("nan"), float("-inf"), 1j, object, -1]
ODD += [np.zeros(0), np.zeros((2, 2)), np.array("x"), len, 10**400, {"a": {"b": 1}}, {1: 2}, 7.25]


@every_exercise
def test_odd_answers_are_not_right_and_never_raise(exercise, capsys):
    right = answers_to(exercise).right[0]
    for odd in ODD:
        for i, answer in enumerate(right):
            other = (lambda *given, odd=odd: odd) if callable(answer) else odd
            for entered in {id(some): some for some in (odd, other)}.values():
                text = said(capsys, exercise, (*right[:i], entered, *right[i + 1 :]))
                assert text.startswith("Not yet. "), (odd, text)


def test_every_exercise_has_its_list_and_every_list_its_exercise():
    listed = {}
    for path in sorted(ROOT.glob("tests/exercises/answers_*.py")):
        namespace = __import__(path.stem).ANSWERS
        listed |= dict.fromkeys(namespace, path.stem.removeprefix("answers_"))
    assert listed == {each.name: each.notebook.partition("_")[2] for each in EXERCISES}
    checks = set(dir(exercises)) - {"machine", "check_machine", "report"}
    assert checks == listed.keys(), "a check that no notebook calls, or a list without a check"


def test_an_exercise_is_found_wherever_a_notebook_calls_its_check(tmp_path):
    """And one without its list fails."""
    code = {"cell_type": "code", "metadata": {}}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["exercises.no_cell(1)"]},
        code | {"source": ["# Exercise 9\n", "a = ...\n", "if exercises.ninth(a):\n", "    pass"]},
        code | {"source": ["exercises.ninth(9)"], "metadata": {"tags": ["solution"]}},
        code | {"source": ["print(exercises.report(exercises.check_machine()))"]},
    ]
    path = tmp_path / "01_music_as_data.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    (found,) = exercises_of(path)
    assert found.name == "ninth" and found.solution == "exercises.ninth(9)"
    assert until_check(found.cell, "ninth").endswith("pass")
    with pytest.raises(KeyError, match="ninth"):
        answers_to(found)


@pytest.mark.parametrize(
    ("answer", "hint"),
    [(0.25, None), ([0.25], None), (25, NO_PERCENT), (4, "upside down"), (0.26, "a quarter")]
    + [("1/4", NO_TEXT), ("0.25", NO_TEXT), ([0.25, 1], "a quarter"), ({0.25}, "a quarter")],
)
def test_a_slip_has_a_hint_of_its_own(answer, hint):
    wanted = [Wanted(0.25, "a quarter", 0.005, {4: "upside down"})]
    assert answers.slip([answer], wanted) == hint


def test_lists_are_lists_of_tuples():
    for each in EXERCISES:
        found = answers_to(each)
        assert isinstance(found, Answers) and found.right
        assert all(isinstance(entered, tuple) for entered in found.right)
        sizes = {len(entered) for entered in found.right} | {len(some) for some, _ in found.wrong}
        assert len(sizes) == 1, each.name


def test_a_judge_that_was_not_trained_is_not_taken(capsys):
    """However well its answers are counted."""
    from answers_critic_and_composer import COMPOSED, LAZY, REAL, judge_segments, reached, trained

    judge = trained(0)
    judge.means[0], judge.means[1] = judge.means[1], judge.means[0]  # it hears all the wrong way
    counted = reached(judge, 1), LAZY
    exercises.composer_critic(*counted, judge, REAL, COMPOSED, judge_segments)
    assert "train it first" in capsys.readouterr().out


class NoNumber:
    def __float__(self):
        raise RuntimeError("no number")


@pytest.mark.parametrize("odd", [NoNumber(), [NoNumber()], b"1", {1, 2}, np.array(["1"])])
def test_whatever_an_answer_raises_it_is_no_number(odd):
    assert np.isnan(answers.number(odd))


@pytest.mark.parametrize("dots", [[...], [[1, ...], 2], (1, ...), {"a": {"b": ...}}])
def test_dots_within_an_answer_are_not_tried(dots, capsys):
    assert not answers.tried(1, dots)
    assert capsys.readouterr().out.strip() == NOT_TRIED


@every_exercise
def test_what_the_notebook_hands_on_may_be_spoilt(exercise, capsys):
    """One line says so where a cell above was changed."""
    found = answers_to(exercise)
    check = getattr(exercises, exercise.name)
    for i in range(len(found.given)):
        for odd in (None, "text", len):
            check(*found.right[-1], *found.given[:i], odd, *found.given[i + 1 :])
            text = capsys.readouterr().out
            assert text.count("\n") == 1 and text.startswith(("Not yet. ", "Right. "))


def test_a_judge_or_pieces_that_are_none_are_named(capsys):
    from answers_critic_and_composer import COMPOSED, JUDGE, LAZY, REAL, judge_segments

    for judge, real, hint in (
        *((odd, REAL, "build_bag() makes one") for odd in (None, "bag", len)),
        *((JUDGE, odd, "lists of arrays") for odd in (None, 3, [], [None])),
    ):
        exercises.composer_critic(0.9, LAZY, judge, real, COMPOSED, judge_segments)
        assert hint in capsys.readouterr().out
