"""Configuration only adds: the role's own, what of the recommended policy a chapter takes, and the chapter's files."""

import shutil
from pathlib import Path

import pytest

from labs import chapters
from labs.bundle import Bundle
from labs.cluster import render
from labs.cluster.topology import place

WORKER = "rspamd-worker"


@pytest.fixture
def configuration(tmp_path, monkeypatch):
    """A copy of labs/config and labs/chapters that a test may change: its folder."""
    for name in ("config", "chapters"):
        shutil.copytree(render.CONFIG.parent / name, tmp_path / name)
    monkeypatch.setattr(render, "CONFIG", tmp_path / "config")
    monkeypatch.setattr(render, "RECOMMENDED", tmp_path / "config/recommended")
    monkeypatch.setattr(chapters, "FOLDER", tmp_path / "chapters")
    return tmp_path


def test_a_chapter_adds_its_files_to_those_of_the_role(configuration):
    probe = configuration / "chapters/99-probe"
    (probe / "config/unbound").mkdir(parents=True)
    (probe / "config/unbound/extra.conf").write_text("port {{ node.ports.dns }}\n")
    (probe / "chapter.toml").write_text(
        'title = "Probe"\nsummary = ""\npromise = ""\nminutes = 1\nnodes = ["core"]\nbuilds_on = "04-symbole"\n'
    )
    nodes = place(77, Path("/lab"), "core")
    service, bundle = nodes["dns"].main, Bundle(Path("/prefix"), {})
    base = render.files(service, nodes, nodes, {"dkim_record": "v=DKIM1"}, bundle)
    laid = render.files(service, nodes, nodes, {"dkim_record": "v=DKIM1"}, bundle, "99-probe")
    assert laid == base | {"extra.conf": "port 5353\n"} and "interface: 127.77.0.53@5353" in base["unbound.conf"]


def test_a_new_module_of_the_policy_changes_no_chapter(configuration):
    def states():
        return {name: _read(render.sources(WORKER, name)) for name in ("", *chapters.chapters())}

    before = states()
    for file in ("local.d/rbl.conf", "local.d/multimap.d/neu.conf", "local.d/composites.d/neu.conf", "maps.d/neu.map"):
        path = render.RECOMMENDED / WORKER / file
        path.parent.mkdir(exist_ok=True)
        path.write_text("neu\n")
    after = states()
    assert [name for name in before if before[name] != after[name]] == [""] and len(after[""]) == len(before[""]) + 4


def test_every_file_that_a_chapter_takes_is_part_of_the_policy():
    policy = render.sources(WORKER)
    taken = {name for chapter in chapters.chapters().values() for name in chapter.policy}
    assert taken and taken <= {name for name, path in policy.items() if path.is_relative_to(render.RECOMMENDED)}


def test_no_file_only_blanks_another_one():
    for chapter in chapters.chapters():
        assert all(_statements(path) for path in render.sources(WORKER, chapter).values()), chapter


def test_writing_replaces_everything(tmp_path):
    render.write({"a/b.conf": "alt\n", "weg.conf": "x\n"}, tmp_path / "etc")
    render.write({"a/b.conf": "neu\n"}, tmp_path / "etc")
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == ["etc/a/b.conf"]


def _read(sources):
    return {name: path.read_text() for name, path in sources.items()}


def _statements(path):
    return [line for line in path.read_text().splitlines() if line.strip() and not line.strip().startswith(("#", "{"))]
