"""The private apt root takes its mirror from the machine's own sources."""

import pytest

from labs import bundle
from labs.bundle import apt
from labs.errors import LabError

DEBIAN_12 = {"ID": "debian", "VERSION_CODENAME": "bookworm"}
DEBIAN_13 = {"ID": "debian", "VERSION_CODENAME": "trixie"}
UBUNTU = {"ID": "ubuntu", "VERSION_CODENAME": "noble"}
TARGETS = """\
http://mirror.example/debian/ bookworm main
http://mirror.example/debian/ bookworm-updates main
http://security.example/debian-security/ bookworm-security main
https://other.example/ nodistro main
"""


@pytest.fixture(autouse=True)
def keyrings(monkeypatch):
    monkeypatch.setattr(apt, "_keyring", lambda distribution: f"/keys/{distribution}.gpg")


def test_older_debian_gets_the_taught_release_from_its_own_mirror():
    lines = [source.line("amd64") for source in apt.sources(TARGETS, DEBIAN_12, "trixie")]
    assert lines == [
        "deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.example/debian/ trixie main",
        "deb [arch=amd64 signed-by=/keys/debian.gpg] http://mirror.example/debian/ trixie-updates main",
        "deb [arch=amd64 signed-by=/keys/debian.gpg] http://security.example/debian-security/ trixie-security main",
    ]


def test_sources_that_say_stable_are_understood():
    found = apt.sources("http://mirror.example/debian/ stable main\n", DEBIAN_13, "trixie")
    assert [(source.uri, source.release) for source in found] == [("http://mirror.example/debian/", "trixie")]


def test_ubuntu_gets_its_own_release_with_universe():
    targets = (
        "http://mirror.example/ubuntu/ noble main\nhttp://mirror.example/ubuntu/ noble universe\n"
        "http://mirror.example/ubuntu/ noble-updates main\nhttp://mirror.example/ubuntu/ noble-security main\n"
    )
    found = apt.sources(targets, UBUNTU, "trixie")
    assert [source.release for source in found] == ["noble", "noble-updates", "noble-security"]
    assert {source.components for source in found} == {"main universe"}
    assert {source.keyring for source in found} == {"/keys/ubuntu.gpg"}


def test_a_named_mirror_wins_and_serves_debian_on_ubuntu():
    found = apt.sources(
        "http://mirror.example/ubuntu/ noble main\n", UBUNTU, "trixie", mirror="http://deb.example/debian"
    )
    assert [source.line("arm64") for source in found] == [
        "deb [arch=arm64 signed-by=/keys/debian.gpg] http://deb.example/debian trixie main"
    ]


def test_a_machine_without_a_usable_mirror_gets_a_next_step():
    with pytest.raises(LabError, match="LABS_DEBIAN_MIRROR"):
        apt.sources("https://other.example/ nodistro main\n", DEBIAN_12, "trixie")


def test_missing_apt_names_the_alternatives(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LabError, match="LABS_BUNDLE=system"):
        apt.PrivateApt(tmp_path, "trixie")


def test_apt_complaints_become_german():
    offline = apt._translated("E: Failed to fetch http://m.example/x  Could not resolve 'm.example'\n")
    assert "nicht erreichbar" in str(offline) and "doctor" in str(offline)
    assert "Platz" in str(apt._translated("E: You don't have enough free space in /x/.\n"))


def test_programs_of_the_system_replace_the_bundle(monkeypatch, tmp_path):
    program = tmp_path / "rspamd"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("LABS_BUNDLE", "system")
    assert bundle.require().program("rspamd") == program
    with pytest.raises(LabError, match="nicht im PATH"):
        bundle.require().program("gibt-es-nicht")
