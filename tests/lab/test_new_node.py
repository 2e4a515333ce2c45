"""A node is a module, its files and an entry of the topology: with these there, everything else knows it."""

import os
import shutil
import subprocess
import sys
import zipfile

import pytest

from labs import paths

ROLE = '''
"""Answers each connection with the greeting of its configuration; a Python program that needs a package from PyPI."""

import re
import socket

from labs.bundle.environment import python
from labs.cells import Magic
from labs.cluster.configuration import Configuration
from labs.cluster.role import Role, says
from labs.cluster.secrets import password
from labs.errors import LabError

REQUIREMENTS = ("{wheel}",)


class ProbeConfiguration(Configuration):
    """probe.conf: one line, greeting = TEXT."""

    def __init__(self, cluster):
        super().__init__(cluster, "probe")

    def check(self, contents):
        if "greeting =" not in contents["probe.conf"]:
            raise LabError("In probe.conf fehlt greeting.")


def command(bundle, service):
    program = "import probelib, sys; probelib.serve(*sys.argv[1:])"
    return [str(python(REQUIREMENTS)), "-c", program, service.address, str(service.ports["probe"]), str(service.folder / "etc/probe.conf")]


ROLES = {{
    "probe": Role(
        command, lambda service, secrets: says(service, "probe", b"Guten Tag"), memory=15, secrets=(password("probe"),),
        requirements=REQUIREMENTS, configuration=ProbeConfiguration, magic=Magic("probe", "Die Probe", "probe/probe.conf", "%%probe"),
    )
}}
'''
LIBRARY = """
import pathlib, socket

def serve(address, port, path):
    server = socket.create_server((address, int(port)))
    while True:
        client, _ = server.accept()
        text = pathlib.Path(path).read_text().partition("greeting =")[2].splitlines()[0].strip()
        client.sendall(f"Guten Tag {text}".encode())
        client.close()
"""
NODE = """
[nodes.probe1]
title = "Probe"
zone = "filter"
address = "7.1"
groups = []
services = { probe = { probe = 7777 } }
"""
TRIAL = """
import socket
from labs import Lab
from labs.errors import LabError
from labs.nodes import MAGICS, first_line

lab = Lab.start()
before = [process.pid for name in lab.cluster.nodes for process in lab.cluster.processes(name)]
lab = Lab.start(profile="probe1")

def answer():
    service = lab.cluster.node("probe1").main
    with socket.create_connection((service.address, service.ports["probe"])) as client:
        return client.recv(200).decode()

assert answer() == f"Guten Tag {lab.cluster.secrets['probe']}", answer()
assert [process.pid for name in lab.cluster.nodes if name != "probe1" for process in lab.cluster.processes(name)] == before
row = lab.status().set_index("Knoten").loc["probe1"]
assert row["Zustand"] == "läuft" and row["Speicher (MB)"] > 1 and row["Aufgabe"] == "Probe", row
lab.write("probe/probe.conf", "greeting = Welt")
assert answer() == "Guten Tag Welt"
try:
    lab.write("probe/probe.conf", "unsinn")
except LabError as error:
    assert "greeting" in str(error)
lab.undo()
assert answer() != "Guten Tag Welt"
assert first_line("probe/probe.conf") == "%%probe" and "probe" in {magic.name for magic in MAGICS}
lab.kill("probe1")
assert lab.cluster.wait_ready("probe1")
lab = Lab.start(chapter="04-symbole")
assert "probe1" not in lab.cluster.nodes and not (lab.cluster.folder / "nodes/probe1").exists()
assert [process.pid for name in lab.cluster.nodes for process in lab.cluster.processes(name)][:1] == before[:1]
lab.stop()
print("alles da")
"""


@pytest.fixture
def checkout(tmp_path):
    """A copy of labs/ with one more node."""
    shutil.copytree(paths.REPOSITORY / "labs", tmp_path / "labs", ignore=shutil.ignore_patterns("__pycache__"))
    wheel = tmp_path / "probelib-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("probelib.py", LIBRARY)
        archive.writestr("probelib-1.dist-info/METADATA", "Metadata-Version: 2.1\nName: probelib\nVersion: 1\n")
        archive.writestr("probelib-1.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("probelib-1.dist-info/RECORD", "")
    (tmp_path / "labs/nodes/probe.py").write_text(ROLE.format(wheel=wheel))
    (tmp_path / "labs/config/probe").mkdir()
    (tmp_path / "labs/config/probe/probe.conf").write_text("greeting = {{ secrets.probe }}\n")
    with next((tmp_path / "labs").rglob("topology.toml")).open("a") as topology:
        topology.write(NODE)
    return tmp_path


def test_a_node_is_a_module_its_files_and_an_entry_of_the_topology(checkout):
    variables = os.environ | {
        "PYTHONPATH": str(checkout),
        "LABS_NAME": f"knoten-{os.getpid()}",
        "XDG_STATE_HOME": str(checkout / "state"),
    }
    try:
        result = subprocess.run(
            [sys.executable, "-c", TRIAL], cwd=checkout, env=variables, capture_output=True, text=True, timeout=200
        )
        assert result.returncode == 0 and "alles da" in result.stdout, result.stdout + result.stderr
    finally:
        subprocess.run([sys.executable, "-m", "labs", "down"], cwd=checkout, env=variables, capture_output=True)
        for environment in paths.cache().glob("python-*"):
            if "probelib" in str(list(environment.glob("lib/*/site-packages/*"))):
                shutil.rmtree(environment)
                environment.with_suffix(".lock").unlink(missing_ok=True)
