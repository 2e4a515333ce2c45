"""Every exercise: the start does not pass, the solution passes, each wrong answer gets its hint."""

import pytest

from labs import paths
from labs.errors import LabError
from labs.exercises.engine import Outcome, exercises, find, mail_answer
from labs.widgets.exercise import ExerciseView

ALL = exercises()
BIG = {path.stem for path in paths.NOTEBOOKS.glob("*.ipynb") if r"profile=\"cluster\"" in path.read_text()}
WRONG = [(name, wrong) for name, exercise in ALL.items() for wrong in exercise.wrong()]


@pytest.fixture
def lab_of(request):
    """Gives the lab in which an exercise is done: with all nodes where its chapter needs them."""
    return lambda exercise: request.getfixturevalue("big" if exercise.chapter in BIG else "lab")


def answer(lab, exercise, files):
    """The result of an answer, given as the reader would give it."""
    if exercise.about_mail:
        return exercise.check(lab, mail_answer(lab, files))
    lab.reset(exercise.chapter)
    for name, text in files.items():
        lab.write(name, text)
    return exercise.check(lab)


@pytest.mark.parametrize("name", list(ALL))
def test_the_start_does_not_pass_and_is_seen_as_untouched(lab_of, name):
    lab = lab_of(ALL[name])
    lab.reset(ALL[name].chapter)
    assert ALL[name].check(lab).outcome is Outcome.UNTOUCHED


@pytest.mark.parametrize("name", list(ALL))
def test_the_solution_passes(lab_of, name):
    lab = lab_of(ALL[name])
    result = answer(lab, ALL[name], ALL[name].solution())
    assert result.outcome is Outcome.RIGHT, str(result)


@pytest.mark.parametrize(("name", "wrong"), WRONG)
def test_a_wrong_answer_gets_its_hint(lab_of, name, wrong):
    lab = lab_of(ALL[name])
    files, hint = ALL[name].wrong()[wrong]
    result = answer(lab, ALL[name], files)
    assert result.outcome is Outcome.NOT_YET
    assert any(hint in text for text in result.hints), result.hints


def test_there_are_exercises_with_wrong_answers():
    assert len(ALL) >= 5 and all(len(exercise.wrong()) >= 2 for exercise in ALL.values())


def test_an_unknown_exercise_is_named():
    with pytest.raises(LabError, match="sperrliste"):
        find("gibt-es-nicht")


def test_while_rspamd_is_down_an_exercise_cannot_be_checked(lab):
    lab.kill("rspamd1")
    assert find("schwelle").check(lab).outcome is Outcome.IMPOSSIBLE
    assert lab.cluster.wait_ready("rspamd1")


def test_the_widget_checks_hints_and_shows_the_solution(lab):
    lab.reset("04-symbole")
    view = ExerciseView(lab, find("gewicht"))
    view.check_button.click()
    assert "nicht bearbeitet" in view.answer.value
    view.hint_button.click()
    assert view.hints.value.count("<li>") == 1
    view.hint_button.click()
    assert view.hints.value.count("<li>") == 2
    view.solution_button.click()
    assert "MIME_ENCRYPTED_ARCHIVE" in view.solution.value
    lab.write("groups.conf", find("gewicht").solution()["groups.conf"])
    view.check_button.click()
    assert "richtig" in view.answer.value and view.hints.value == ""
