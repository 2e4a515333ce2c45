"""Nodes join and leave a running lab; of those that run, only the chapter's take part in its mails."""

import shutil
import signal
from itertools import pairwise, permutations
from pathlib import Path

import pytest

from labs import Lab
from labs.bundle import Bundle
from labs.chapters import chapters
from labs.cluster import render
from labs.cluster.configuration import MEMORY
from labs.cluster.topology import named
from labs.errors import LabError
from labs.nodes import ROLES, new_cluster
from tests.fixtures import silent

CHAPTERS = list(chapters())


def pids(cluster):
    return {name: [process.pid for process in cluster.processes(name)][:1] for name in cluster.nodes}


def around(names):
    """A closed walk that goes once from each to each other one (Hierholzer)."""
    left, walk, path = {name: [one for one in names if one != name] for name in names}, [], [names[0]]
    while path:
        if left[path[-1]]:
            path.append(left[path[-1]].pop())
        else:
            walk.append(path.pop())
    return walk[::-1]


def test_the_walk_meets_every_pair():
    walk = around(CHAPTERS)
    assert set(pairwise(walk)) == set(permutations(CHAPTERS, 2)) and len(walk) == 111


@pytest.fixture
def own(cluster, monkeypatch):
    """Lab.start() makes and joins a lab of this test's own."""
    monkeypatch.setenv("LABS_NAME", cluster.name)
    return cluster


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(4))
def test_a_chapter_is_the_same_after_every_other_one(own, part):
    """Just its nodes run, with just its configuration."""
    walk = around(CHAPTERS)
    quarter = walk[28 * part : 28 * part + 29]
    assert len(quarter) > 20
    for name in quarter:
        lab = Lab.start(chapter=name)
        nodes = own.nodes
        assert list(nodes) == named(*chapters()[name].nodes)
        for node in nodes.values():
            for service in node.services.values():
                wanted = render.files(service, own.everyone, nodes, own.secrets, own.bundle, name)
                folder = service.folder / "etc"
                found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
                assert found.keys() - {MEMORY} == wanted.keys(), (name, service.program)
                assert all(found[file].read_text() == text for file, text in wanted.items()), (name, service.program)
        assert (lab.scan("eicar").symbol("CLAM_VIRUS") is not None) is ("av1" in nodes), name


def test_a_node_that_joins_leaves_the_others_alone(own):
    lab = Lab.start(chapter="06-composites")
    before = pids(own)
    lab.scan("pillen")
    lab = Lab.start(profile="av1")
    assert list(own.nodes) == named("core", "av1") and own.processes("av1")
    assert {name: pid for name, pid in pids(own).items() if name != "av1"} == before
    assert lab.scan("eicar").symbol("CLAM_VIRUS") is None, "chapter 06 has no scanner, whoever runs"
    lab.reset()
    assert lab.scan("eicar").action == "reject"
    Lab.start(chapter="06-composites")
    assert pids(own) == before and not (own.folder / "nodes/av1").exists()
    assert "av1" not in lab.status()["Knoten"].tolist() and lab.status()["Neustarts"].sum() == 0


def test_a_frozen_node_can_be_dropped(own):
    Lab.start(chapter="03-kapseln-und-dimensionieren")
    own.signal("mx1", signal.SIGSTOP)
    Lab.start(chapter="04-symbole")
    assert list(own.nodes) == named("core")


def test_a_node_that_does_not_start_leaves_the_lab_as_it_was(own, tmp_path, monkeypatch):
    Lab.start(chapter="04-symbole")
    before, settings = pids(own), own.settings
    shutil.copytree(render.CONFIG, tmp_path / "config")
    (tmp_path / "config/clamav/clamd.conf").write_text("Gibt es nicht\n")
    monkeypatch.setattr(render, "CONFIG", tmp_path / "config")
    with pytest.raises(LabError, match=r"ClamAV.*startet nicht"):
        Lab.start(profile="av1")
    assert pids(own) == before and own.settings == settings and not (own.folder / "nodes/av1").exists()
    monkeypatch.undo()
    own.start(silent, "av1")
    assert {node.state for node in own.status()} == {"up"}


def test_a_chapter_says_which_nodes_it_lacks(lab):
    with pytest.raises(LabError, match=r"av1.*\n.*Lab\.start\(chapter="):
        lab.reset("05-actions")


def test_an_unknown_node_is_refused(lab):
    with pytest.raises(LabError, match="„sandkasten“"):
        Lab.start(profile="sandkasten")


def test_a_lab_runs_the_bundle_that_it_is_given(own, tmp_path):
    """As two versions of Rspamd side by side need it."""
    other = tmp_path / "andere"
    other.symlink_to(own.bundle.prefix)
    given = new_cluster(own.name, Bundle(other, own.bundle.manifest))
    given.start(silent)
    prefix = own.bundle.prefix  # also for whoever joins it
    assert other in (prefix, prefix.readlink()) and str(prefix) in (own.folder / "supervisord.conf").read_text()
    assert own.bundle.version("rspamd")
    assert Path(own.bundle.program("rspamd")).exists()


def test_the_memory_of_a_role_is_about_what_it_takes(own):
    own.start(silent, "cluster")
    for state in own.status():
        stated = sum(ROLES[role].memory for role in own.node(state.name).services)
        assert 0.25 * stated < state.pss_mb < 2.5 * stated, state
