"""Damaged files of the state folder count as none, and what is written is whole or not there."""

import json
import os
import stat

import pytest

from labs import files, paths
from labs.cluster.configuration import MEMORY
from labs.exercises.progress import Progress
from labs.nodes import new_cluster
from tests.fixtures import silent

DAMAGED = ["", '{"net": 7', "[]", '"x"', "\x00\xff", '{"anderes": 1}']


@pytest.fixture(params=DAMAGED, ids=["empty", "half", "list", "text", "bytes", "other version"])
def damaged(request):
    return request.param


def test_a_lab_with_a_damaged_lab_json_goes_on_and_heals_it(lab, damaged):
    path = lab.cluster.folder / "lab.json"
    whole = path.read_text()
    path.write_text(damaged)
    assert lab.scan("sauber").action == "no action" and lab.cluster.running
    assert json.loads(path.read_text()) == json.loads(whole)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_lab_that_is_down_starts_in_spite_of_a_damaged_lab_json(cluster, damaged):
    cluster.folder.mkdir(parents=True)
    (cluster.folder / "lab.json").write_text(damaged)
    assert not cluster.running and cluster.stop() is False
    assert cluster.start(silent) is True


def test_damaged_edits_count_as_none_and_reset_works(lab, damaged):
    lab.write("actions.conf", "reject = 12;\n")
    (lab.configuration.folder / MEMORY).write_text(damaged)
    assert lab.configuration.edits == {}
    lab.reset()
    assert lab.scan("sauber").required_score == 15
    lab.write("actions.conf", "reject = 11;\n")
    assert lab.scan("sauber").required_score == 11


def test_half_a_line_of_events_is_left_out(lab):
    path = lab.cluster.folder / "events.jsonl"
    before = list(lab.cluster.events())
    with path.open("a") as file:
        file.write('{"time": 17')
    assert list(lab.cluster.events()) == before and len(lab.status()) > 2


def test_damaged_progress_counts_as_none(damaged):
    progress = Progress(f"kaputt-{os.getpid()}")
    progress.path.parent.mkdir(parents=True, exist_ok=True)
    try:
        progress.path.write_text(damaged)
        assert progress.entries() == {}
        progress.note("gruppe", tried=True)
        assert progress.entries()["gruppe"].tries == 1
    finally:
        progress.erase()


def test_what_was_damaged_is_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "x.json"
    path.write_text("{")
    assert files.read_json(path, dict) is None and files.read_json(tmp_path / "fehlt.json", dict) is None
    lines = (paths.state() / "arbeitsbuch.log").read_text().splitlines()
    assert len(lines) == 1 and str(path) in lines[0]


def test_a_file_is_replaced_as_a_whole_or_not_at_all(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    path = tmp_path / "a.json"
    files.replace(path, "alt")
    monkeypatch.setattr(os, "fsync", lambda descriptor: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(OSError, match="No space"):
        files.replace(path, "neu")
    assert path.read_text() == "alt" and [one.name for one in tmp_path.iterdir() if one.is_file()] == ["a.json"]


def test_folders_and_secrets_are_closed_whatever_the_umask(cluster):
    before = os.umask(0)
    try:
        cluster.folder.mkdir(parents=True)
        cluster.folder.chmod(0o777)
        paths.state().chmod(0o777)
        cluster.start(silent, "cluster")
    finally:
        os.umask(before)
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o700 for path in (paths.state(), cluster.folder))
    secrets, found = cluster.secrets, 0
    for path in cluster.folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            text = path.read_text(errors="replace")
            if any(
                value in text for name, value in secrets.items() if name not in ("ca", "dkim_record", "worker_public")
            ):
                found += 1
                assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert found > 10
    assert new_cluster(cluster.name).running
