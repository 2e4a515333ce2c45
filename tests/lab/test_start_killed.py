"""``start`` runs JupyterLab, its kernels and the lab: whoever is killed, five seconds later none of them is left."""

import os
import re
import signal
import subprocess
import sys

import psutil
import pytest
import requests

from labs import paths
from labs.cluster import leftovers
from labs.nodes import new_cluster
from tests.fixtures import remove
from tests.lab.test_start import wait_until

SECONDS = 15
CODE = "from labs import Lab; Lab.start()"


@pytest.fixture
def start():
    """A running ``start`` with a kernel that has started the lab; the processes that belong to it."""
    name = f"start-{os.getpid()}"
    cluster = new_cluster(name)
    process = subprocess.Popen(
        [sys.executable, "-m", "labs", "start"], env=os.environ | {"LABS_NAME": name}, stdout=subprocess.PIPE, text=True
    )
    try:
        text = ""
        while not (found := re.search(r"(http://127\.0\.0\.1:\d+)/\S+token=(\w+)", text)):
            text += process.stdout.readline()
        kernel = requests.post(f"{found[1]}/api/kernels", params={"token": found[2]}, json={}, timeout=30).json()["id"]
        execute(kernel)
        assert cluster.running
        yield (
            process,
            cluster,
            [process.pid, *(one.pid for one in psutil.Process(process.pid).children(recursive=True))],
        )
    finally:
        process.kill()
        process.wait()
        cluster.stop()
        remove(cluster)


def execute(kernel):
    from jupyter_client import BlockingKernelClient

    client = BlockingKernelClient(connection_file=str(paths.state() / f"jupyter/run/kernel-{kernel}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    client.execute_interactive(CODE, timeout=60, output_hook=lambda message: None)
    client.stop_channels()


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("start", signal.SIGKILL), ("start", signal.SIGTERM), ("start", signal.SIGHUP), ("jupyterlab", signal.SIGKILL),
        ("jupyterlab", signal.SIGTERM), ("supervisor", signal.SIGKILL), ("supervisor", signal.SIGTERM),
    ],
)  # fmt: skip
def test_nothing_is_left(start, victim, number):
    process, cluster, pids = start
    assert len(pids) >= 3, "start, JupyterLab, a kernel"
    jupyterlab = psutil.Process(process.pid).children()[0].pid
    os.kill({"start": process.pid, "jupyterlab": jupyterlab, "supervisor": cluster.supervisor_pid}[victim], number)
    if victim != "supervisor":
        wait_until(lambda: not any(map(alive, pids)), SECONDS)
    wait_until(lambda: not leftovers.find(cluster.folder), SECONDS)


def alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
