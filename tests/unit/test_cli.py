"""The command line speaks German and answers at once."""

import json
import os
import subprocess
import sys

import pytest
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from labs import paths

COMMANDS = [
    "bench",
    "check",
    "doctor",
    "down",
    "logs",
    "mails",
    "reset",
    "scan",
    "send",
    "start",
    "status",
    "test",
    "up",
]


def labs(*arguments, name="gibt-es-nicht"):
    return subprocess.run(
        [sys.executable, "-m", "labs", *arguments],
        capture_output=True,
        text=True,
        env=os.environ | {"LABS_NAME": name, "LC_ALL": "C"},
        check=False,
    )


@pytest.mark.parametrize(
    "command", [[], *([name] for name in COMMANDS)], ids=lambda command: " ".join(command) or "labs"
)
def test_help_is_german(command):
    result = labs(*command, "--help")
    assert result.returncode == 0
    assert "Aufruf: labs" in result.stdout and "Diese Hilfe zeigen." in result.stdout
    assert not any(word in result.stdout for word in ("Usage", "Options", "Show this"))


def test_the_catalogue_is_compiled_from_what_is_written():
    folder = paths.REPOSITORY / "labs/locale/de/LC_MESSAGES"
    with (folder / "messages.po").open("rb") as source, (folder / "messages.mo").open("rb") as compiled:
        written, read = (
            {(tuple(one.id), tuple(one.string)) for one in each if one.id}
            for each in (read_po(source), read_mo(compiled))
        )
    assert written == read, "run: pybabel compile -d labs/locale"


def test_help_imports_nothing_heavy():
    code = "import sys; from labs.cli import main; main(['--help'], standalone_mode=False); print([m for m in ('matplotlib', 'ipywidgets', 'pandas') if m in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["quatsch"], "gibt es nicht"),
        (["scan"], "Es fehlt das Argument"),
        (["up", "groß"], "Vorhanden sind: cluster, core"),
        (["status", "--jason"], "Die Option '--jason' gibt es nicht. Meintest du '--json'?"),
        (["down", "a", "b"], "Argumente zu viel: a b"),
    ],
)
def test_wrong_use_ends_with_2(arguments, part):
    result = labs(*arguments)
    assert result.returncode == 2 and part in result.stderr


@pytest.mark.parametrize(
    ("files", "arguments", "part"),
    [
        ({}, ["{}/fehlt"], "Einen Ordner"),
        ({"actions.conf": ""}, ["{}"], "liegt keine expect.toml"),
        ({"actions.conf": ""}, ["{}", "--expect", "{}/fehlt.toml"], "lassen sich nicht lesen"),
        ({"expect.toml": "[[mail]]\nmail = 'sauber'\nexpect = { action = 'reject' }\n"}, ["{}"], "keine Konfiguration"),
        ({"expect.toml": "\n[[mail]]\nmail = 'sauba'\nexpect = {}\n"}, ["{}"], "expect.toml, Zeile 4"),
        (
            {"expect.toml": "[[mail]]\nmail = 'sauba'\nexpect = { smtp = 1 }\n"},
            ["--expect", "{}/expect.toml"],
            "„sauber“",
        ),
    ],
)
def test_a_check_of_the_wrong_thing_ends_with_2_before_anything_starts(tmp_path, files, arguments, part):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    result = labs("check", *(argument.format(tmp_path) for argument in arguments))
    assert result.returncode == 2 and part in result.stderr and "Nächster Schritt" in result.stderr
    assert "Traceback" not in result.stderr and result.stdout == ""


@pytest.mark.parametrize("arguments", [["status"], ["scan", "sauber"], ["logs", "dns"], ["reset"]])
def test_without_a_lab_the_next_step_is_named(arguments):
    result = labs(*arguments)
    assert result.returncode == 1
    assert "Das Labor läuft nicht." in result.stderr and "./arbeitsbuch up" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_mail_can_come_from_standard_input_and_from_where_the_caller_stands(running_lab, tmp_path):
    (tmp_path / "brief.eml").write_bytes(b"Subject: x\r\n\r\nHallo\r\n")
    environment = os.environ | {"LABS_NAME": running_lab.cluster.name, "LABS_CWD": str(tmp_path)}
    for argument, stdin in (("brief.eml", b""), ("-", b"Subject: x\r\n\r\nHallo\r\n")):
        command = [sys.executable, "-m", "labs", "scan", "--json", argument]
        result = subprocess.run(command, input=stdin, capture_output=True, env=environment, check=False)
        assert "symbols" in json.loads(result.stdout), result.stderr


def test_down_without_a_lab_is_no_error():
    assert labs("down").stdout == "Es lief kein Labor.\n"


def test_doctor_reads_what_was_installed():
    findings = {finding["what"]: finding for finding in json.loads(labs("doctor", "--json").stdout)["findings"]}
    assert findings["Server"]["ok"] and "rspamd 3.12" in findings["Server"]["found"]
    assert all(finding["remedy"] for finding in findings.values() if not finding["ok"])
