"""Hostile mail is shown as text, wherever it is shown: no element, attribute, link, formula or control character of its own.

What HTML may be made of is what it is made of for the mails of the catalogue.
"""

import json

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from IPython.core.interactiveshell import InteractiveShell

from labs.cli import main
from labs.cluster.configuration import Change
from labs.cluster.connections import Connections
from labs.errors import LabError
from labs.smtp.stream import Stream
from labs.widgets import display
from tests.hostile.displays import (
    after_questions,
    html_of,
    in_widgets,
    labels_of,
    of_the_project,
    on_its_way,
    texts_of,
)
from tests.hostile.mails import SHORT, mails, quiet, worst
from tests.hostile.page import FORMULA, Page, forbidden

NOT_OF_A_MAIL = {Change, Connections, Stream}
"""They show the reader's configuration, the cluster and sample mails."""
ENVELOPE = {"ip": "192.0.2.10", "from_": "lena.hartwig@partner.example", "rcpt": "erika.muster@firma.example"}


def hostile(count):
    """Run a test with two chosen mails and so many others, always the same; not shrunk, for every try is a real scan."""
    fixed = settings(
        max_examples=count, derandomize=True, database=None, deadline=None, phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    return lambda test: fixed(example(mail=worst())(example(mail=quiet())(given(mail=mails)(test))))


@pytest.fixture(scope="module")
def shell(tmp_path_factory):
    """An IPython in which the project's displays are registered, as in a notebook."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(tmp_path_factory.mktemp("ipython")))
        shell = InteractiveShell.instance()
        display.register()
        yield shell
        InteractiveShell.clear_instance()


@pytest.fixture(scope="module")
def cluster(running_cluster):
    running_cluster.reset()
    return running_cluster


@pytest.fixture(scope="module")
def show(shell):
    """HTML and text of a value, as the kernel sends them; a widget's HTML is what its parts hold."""

    def show(value):
        shown, _ = shell.display_formatter.format(value)
        return shown.get("text/html", ""), shown["text/plain"]

    return show


@pytest.fixture(scope="module")
def allowed(cluster, show):
    """The kinds of elements, attributes and schemes in what is shown of benign mails, and the types of what was shown."""
    sent = [cluster.send(*mail) for mail in (("makro", "mx"), ("hausmitteilung", "internal"))]
    verdicts = [cluster.scan(name) for name in ("sauber", "phishing", "eicar", "gtube", "newsletter", "makro")]
    shown = [
        *verdicts,
        verdicts[0].compare(verdicts[1]),
        *after_questions(cluster, verdicts[-1]),
        *(one for mail in sent for one in on_its_way(cluster, mail)),
    ]
    pages = [html for one in in_widgets(cluster, verdicts[-1]) for html in html_of(one)]
    pages += [show(one)[0] for one in shown]
    return {part for html in pages for part in Page(html).parts()}, {type(one) for one in shown}


def check_page(html, allowed):
    page = Page(html)
    assert not page.made_by_mail()
    assert page.parts() <= allowed[0]
    assert not page.forbidden()
    return page


def check(value, show, allowed):
    html, text = show(value)
    assert not check_page(html, allowed).formulas()
    assert not forbidden(text)


def test_everything_with_an_html_form_is_tried(shell, allowed):
    registered = {kind for kind in shell.display_formatter.formatters["text/html"].type_printers if kind is not str}
    assert len(registered) > 8
    assert registered | of_the_project() <= allowed[1] | NOT_OF_A_MAIL


@hostile(300)
def test_a_verdict_is_text(cluster, show, allowed, mail):
    verdict = cluster.scan(mail, **ENVELOPE)
    check(verdict, show, allowed)
    for text in texts_of(cluster, verdict):
        assert not forbidden(text)


@hostile(30)
def test_two_verdicts_side_by_side_are_text(cluster, show, allowed, mail):
    check(cluster.scan(mail).compare(cluster.scan(worst())), show, allowed)


@hostile(8)
def test_a_mail_on_its_way_is_text(cluster, show, allowed, mail):
    delivery = cluster.send(mail, "internal", **ENVELOPE)
    for one in on_its_way(cluster, delivery):
        check(one, show, allowed)
    assert not forbidden(delivery.transcript)


def test_a_mailbox_has_a_hostile_mail_as_text(cluster):
    assert cluster.send(quiet(), "internal", **ENVELOPE).trace().finished
    row = cluster.mailbox("erika.muster", 1).iloc[0]
    assert row["Betreff"] == row["Text"] == SHORT.replace("\x1b", r"\x1b").replace("\u202e", r"\u202e")


def test_the_answers_to_all_questions_about_a_mail_are_text(cluster, show, allowed):
    evil = "".join(character for character in SHORT if character.isprintable() or character > "\x9f")
    for one in after_questions(cluster, cluster.scan(worst(), hostname=evil, helo=evil, user=evil, **ENVELOPE)):
        check(one, show, allowed)


def test_a_mail_in_a_widget_is_text(cluster, allowed):
    for widget in in_widgets(cluster, cluster.scan(worst(), **ENVELOPE)):
        for html in html_of(widget):
            check_page(html, allowed)
        assert not [label for label in labels_of(widget) if FORMULA.search(label)]


def test_the_logs_are_text(cluster):
    cluster.scan(worst())
    assert "\\u202e" in cluster.logs(lines=20) and not forbidden(cluster.logs(lines=20))


@hostile(10)
def test_the_command_line_shows_text_and_gives_data_unchanged(cluster, mail):
    run = CliRunner(env={"LABS_NAME": cluster.cluster.name}).invoke
    assert not forbidden(run(main, ["scan", "-"], input=mail).output)
    printed = json.loads(run(main, ["scan", "--json", "-"], input=mail).output)["symbols"]
    raw = cluster.scan(mail).raw["symbols"]
    assert {name: printed[name]["options"] for name in raw} == {name: raw[name].get("options", []) for name in raw}


@given(text=st.text())
@settings(derandomize=True, database=None)
def test_an_error_quotes_as_text(text):
    error = LabError(text, why=text, next_step=text)
    assert not forbidden(str(error) + error.html())
