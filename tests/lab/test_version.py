"""The Rspamd that runs: proven here, and a warning in German where it is another one."""

import pytest

from labs import Lab, doctor
from labs.check import own_lab
from labs.rspamd.dialect import version
from tests.fixtures import silent


@pytest.fixture
def another_version(monkeypatch):
    monkeypatch.setattr(version, "PROVEN", ("3.11", "2"))


PARTS = ("Hier läuft Rspamd 3.12", "erprobt ist das Arbeitsbuch mit 3.11 und 2.", "Anders sein kann", "LABS_BUNDLE")


def warned(text):
    return all(part in text for part in PARTS)


@pytest.mark.parametrize(
    ("found", "said"),
    [("3.12", ""), ("3.12.7", ""), ("3.120", "Rspamd 3.120;"), ("4.0.1", "Rspamd 4.0.1;"), ("", "ohne Versionsangabe")],
)
def test_a_series_of_versions_is_proven(found, said):
    assert said in version.differs(found) and bool(said) == bool(version.differs(found))


def test_the_version_that_runs_is_proven(lab, capsys):
    running = version.installed(lab.cluster.bundle)
    assert running == lab.controller.get("stat")["version"] and not version.differs(running)
    Lab.start()
    assert "erprobt" not in capsys.readouterr().out
    assert next(one for one in doctor.examine() if one.what == "Rspamd").ok


def test_another_version_is_said_at_the_start_by_the_doctor_and_by_a_check(lab, another_version, capsys, tmp_path):
    Lab.start()
    assert warned(capsys.readouterr().out)
    finding = next(one for one in doctor.examine() if one.what == "Rspamd")
    assert not finding.ok and warned(f"{finding.found} {finding.remedy}")
    (tmp_path / "actions.conf").write_text("reject = 15;\n")
    with own_lab(tmp_path, [], silent) as own:
        assert warned(own.notes[0])
