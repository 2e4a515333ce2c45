"""A lab of its own for the tests: the reader's lab is never touched."""

from __future__ import annotations

import os
import shutil

import pytest

os.environ.setdefault("LABS_NAME", f"test-{os.getpid()}")


def pytest_addoption(parser):
    parser.addoption("--chaos", type=int, default=40, metavar="SECONDS", help="how long nodes are killed at random")


@pytest.fixture(scope="session")
def running_lab():
    """The lab that all tests share; it ends with the session."""
    from labs import Lab

    lab = Lab.start()
    yield lab
    lab.stop()
    remove(lab.cluster)


@pytest.fixture
def lab(running_lab):
    """The shared lab with the configuration as shipped, before and after the test."""
    running_lab.reset()
    yield running_lab
    running_lab.reset()


@pytest.fixture(scope="session")
def running_cluster():
    """A lab with all nodes that all tests share."""
    from labs.lab import Lab
    from labs.nodes import new_cluster

    cluster = new_cluster(f"big-{os.getpid()}")
    cluster.start(silent, "cluster")
    yield Lab(cluster)
    cluster.stop()
    remove(cluster)


@pytest.fixture
def big(running_cluster):
    """The shared cluster with everything as shipped, before and after the test."""
    running_cluster.reset()
    yield running_cluster
    running_cluster.reset()


@pytest.fixture
def cluster(request):
    """A cluster of its own, not started; ended and removed after the test."""
    from labs.nodes import new_cluster

    own = new_cluster(f"t{os.getpid()}-{abs(hash(request.node.name)) % 10000}")
    yield own
    own.stop()
    remove(own)


def remove(cluster):
    """Leave nothing of a test's lab behind."""
    from labs.exercises.progress import Progress

    shutil.rmtree(cluster.folder, ignore_errors=True)
    Progress(cluster.name).erase()


def silent(part: float, text: str) -> None:
    """A progress callback for tests."""
