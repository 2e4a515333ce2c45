"""Every exercise: the start does not pass, the solution passes, each wrong answer gets its hint."""

import re
import tomllib

import pytest

from labs import Lab
from labs.chapters import chapters
from labs.errors import LabError
from labs.exercises.engine import Outcome, exercises, find
from labs.exercises.progress import Progress
from labs.widgets.exercise import ExerciseView
from labs.widgets.progress import ProgressView

ALL = exercises()
BIG = {chapter.name for chapter in chapters().values() if "cluster" in chapter.nodes}
TASKS = [name for name, exercise in ALL.items() if not exercise.question]
QUESTIONS = [name for name, exercise in ALL.items() if exercise.question]
WRONG = [(name, wrong) for name in TASKS for wrong in ALL[name].wrong()]


@pytest.fixture
def lab_of(request):
    """Gives the lab in which an exercise is done: with all nodes where its chapter needs them."""
    return lambda exercise: request.getfixturevalue("running_cluster" if exercise.chapter in BIG else "running_lab")


def answer(lab, exercise, files):
    """The result of an answer, given as the reader would give it."""
    if exercise.about_mail:
        arguments = tomllib.loads(files["mail.toml"])
        ask = lab.send if "via" in arguments else lab.scan
        return exercise.check(lab.system, ask(arguments.pop("mail"), **arguments))
    return exercise.hand_in(lab.system, files)


@pytest.mark.parametrize("name", TASKS)
def test_the_start_does_not_pass_and_is_seen_as_untouched(lab_of, name):
    lab = lab_of(ALL[name])
    lab.set_up(ALL[name].start(), ALL[name].chapter)
    assert ALL[name].hand_in(lab.system, {}).outcome is Outcome.UNTOUCHED


@pytest.mark.parametrize("name", TASKS)
def test_the_solution_passes(running_cluster, name):
    """Also where more nodes run than the chapter needs: they do not take part."""
    lab = running_cluster
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
    assert len(TASKS) >= 5 and all(len(ALL[name].wrong()) >= 2 for name in TASKS)


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_makes_an_answer_right_holds_on_the_servers(lab_of, name):
    lab = lab_of(ALL[name])
    lab.set_up(ALL[name].proof(), ALL[name].chapter)
    lab.forget()
    found = {case.title: case.findings(lab.system) for case in ALL[name].cases}
    assert found and not any(found.values()), found


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_answer_of_a_question_is_explained(name):
    question = ALL[name].question
    assert question.right and len(question.answers) >= 3 and len(question.right) < len(question.answers)
    assert question.multiple or len(question.right) == 1
    assert ALL[name].answer(()).outcome is Outcome.UNTOUCHED
    assert ALL[name].answer(question.right).outcome is Outcome.RIGHT
    for position, answer in enumerate(question.answers):
        result = ALL[name].answer([position])
        assert answer.why and answer.why in result.hints
        assert (result.outcome is Outcome.RIGHT) is (question.right == (position,))


def test_there_are_questions():
    assert len(QUESTIONS) >= 2


def test_an_unknown_exercise_is_named():
    with pytest.raises(LabError, match="sperrliste"):
        find("gibt-es-nicht")


def test_while_rspamd_is_down_an_exercise_cannot_be_checked(lab):
    lab.reset("00-willkommen")
    lab.kill("rspamd1")
    assert find("schwelle").check(lab.system).outcome is Outcome.IMPOSSIBLE
    assert lab.cluster.wait_ready("rspamd1")


def test_without_a_lab_an_exercise_cannot_be_checked(cluster):
    result = find("schwelle").hand_in(Lab(cluster).system, {"actions.conf": "reject = 6;"})
    assert result.outcome is Outcome.IMPOSSIBLE and "läuft" in result.hints[0]


def test_the_widget_checks_hints_and_shows_the_solution(lab):
    lab.reset("04-symbole")
    view = ExerciseView(lab.system, find("gewicht"))
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
    assert view.editor["groups.conf"].value == find("gewicht").solution()["groups.conf"], "a cell's change is shown"


def test_an_error_is_quoted_as_text_also_by_the_hints(lab):
    view = ExerciseView(lab.system, find("gewicht"))
    view.editor["groups.conf"].value = "group [WEB](https://evil.example/) {"
    view.check_button.click()
    view.hint_button.click()
    for shown in (view.answer.value, view.hints.value):
        assert "[WEB](https://evil.example/)" in shown and "<a " not in shown


def test_the_editor_writes_checks_keeps_what_is_wrong_and_resets(lab):
    lab.reset("04-symbole")
    Progress(lab.cluster.name).erase()
    exercise = find("gewicht")
    view = ExerciseView(lab.system, exercise)
    field = view.editor["groups.conf"]
    started = field.value
    field.value = "group {"
    view.check_button.click()
    assert "noch nicht" in view.answer.value and "groups.conf" in view.answer.value and field.value == "group {"
    field.value = exercise.solution()["groups.conf"]
    assert "lab-stale" in view.answer._dom_classes
    view.check_button.click()
    assert "richtig" in view.answer.value and "lab-stale" not in view.answer._dom_classes
    entry = Progress(lab.cluster.name).entries()["gewicht"]
    assert entry.tries == 2 and entry.solved and not entry.revealed
    view.reset_button.click()
    assert field.value == started and not lab.configuration.edits and view.answer.value == ""


def test_another_chapters_configuration_solves_nothing(lab):
    """The base policy would satisfy some tasks; an untouched editor is untouched wherever the lab stands."""
    lab.reset()
    lab.write("groups.conf", find("gewicht").solution()["groups.conf"])
    assert find("gewicht").hand_in(lab.system, {}).outcome is Outcome.UNTOUCHED
    assert lab.configuration.state == ("04-symbole", {})


def test_a_partial_success_is_counted(lab):
    lab.reset("04-symbole")
    exercise = find("abschalten")
    view = ExerciseView(lab.system, exercise)
    view.editor["composites.conf"].value = exercise.wrong()["null-punkte"][0]["composites.conf"]
    view.check_button.click()
    assert re.search(r"[12] von 3 Punkten der Aufgabe stimmen schon", view.answer.value)


def test_the_progress_is_shown_and_erased_only_when_asked_twice(lab):
    progress = Progress(lab.cluster.name)
    progress.erase()
    view = ProgressView(progress)
    assert f"0 von {len(ALL)} Übungen" in view.table.value
    progress.note("gewicht", tried=True, solved=True)
    view.refresh_button.click()
    assert f"1 von {len(ALL)} Übungen" in view.table.value and "1 Versuch" in view.table.value
    view.erase_button.click()
    assert progress.entries()
    view.erase_button.click()
    assert not progress.entries() and f"0 von {len(ALL)}" in view.table.value


def test_a_damaged_progress_file_counts_as_none(lab):
    progress = Progress(lab.cluster.name)
    progress.note("gewicht", tried=True)
    progress.path.write_text('{"gewicht": {"tries": 1, "unknown": 2}}')
    assert progress.entries() == {}
    progress.note("gewicht", tried=True)
    assert progress.entries()["gewicht"].tries == 1
