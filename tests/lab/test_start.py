"""The lab starts, is joined, survives, ends, and leaves nothing behind."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from labs import bundle
from labs.cluster import leftovers
from labs.cluster.cluster import Cluster
from labs.cluster.network import ports_free
from labs.cluster.topology import Node, Service
from labs.errors import LabError
from labs.lab import Lab
from labs.nodes import new_cluster
from tests.fixtures import silent


def processes_of(cluster):
    return leftovers.find(cluster.folder)


def wait_until(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def test_a_second_start_joins_what_runs(cluster):
    assert cluster.start(silent) is True
    pid = cluster.processes("rspamd1")[0].pid
    assert new_cluster(cluster.name).start(silent) is False
    assert cluster.processes("rspamd1")[0].pid == pid


def test_two_starts_at_once_make_one_lab(cluster):
    code = (
        f"from labs.nodes import new_cluster; print(new_cluster({cluster.name!r}).start(lambda p, t: None, keep=True))"
    )
    starts = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert sorted(start.communicate(timeout=60)[0].strip() for start in starts) == ["False", "True"]
    assert {node.state for node in cluster.status()} == {"up"}


def test_three_labs_that_start_at_once_find_three_networks():
    names = [f"gleich{number}-{os.getpid()}" for number in range(3)]
    code = "import sys; from labs.nodes import new_cluster; c = new_cluster(sys.argv[1]); c.start(lambda p, t: None, keep=True); print(c.settings['net'])"
    starts = [subprocess.Popen([sys.executable, "-c", code, name], stdout=subprocess.PIPE, text=True) for name in names]
    try:
        nets = [start.communicate(timeout=90)[0].strip() for start in starts]
        assert all(nets) and len(set(nets)) == 3
    finally:
        for name in names:
            Cluster(name).stop()
            shutil.rmtree(Cluster(name).folder, ignore_errors=True)


def test_labs_that_know_nothing_of_each_other_find_two_networks(tmp_path):
    """Two users share loopback, not their locks: whoever finds a port taken goes on to the next network."""
    code = "from labs.nodes import new_cluster; c = new_cluster('x'); c.start(lambda p, t: None, keep=True); print(c.settings['net'])"
    homes = [os.environ | {"XDG_STATE_HOME": str(tmp_path / name)} for name in "ab"]
    starts = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=home) for home in homes
    ]
    try:
        nets = [start.communicate(timeout=90)[0].strip() for start in starts]
        assert all(nets) and nets[0] != nets[1]
    finally:
        for home in homes:
            subprocess.run([sys.executable, "-m", "labs", "down"], env=home | {"LABS_NAME": "x"}, capture_output=True)


@pytest.mark.parametrize("name", ["../x", "böser name", "a/b", "x" * 33])
def test_a_name_that_is_no_folder_is_refused(name):
    with pytest.raises(LabError, match="LABS_NAME"):
        Cluster(name)


def test_two_labs_do_not_meet(cluster, running_lab):
    cluster.start(silent)
    assert cluster.settings["net"] != running_lab.cluster.settings["net"]
    assert cluster.secrets["redis"] != running_lab.cluster.secrets["redis"]
    cluster.stop()
    assert {node.state for node in running_lab.cluster.status()} == {"up"}


def test_nothing_listens_outside_loopback(running_lab):
    found = []
    for process in processes_of(running_lab.cluster):
        for connection in process.net_connections("inet"):
            if connection.status in (psutil.CONN_LISTEN, psutil.CONN_NONE):
                found.append(connection.laddr)
    assert len(found) >= 5
    assert all(address.ip.startswith("127.") for address in found), found


def test_stop_leaves_no_process_and_no_socket(cluster):
    cluster.start(silent)
    assert len(processes_of(cluster)) >= 6
    assert cluster.stop() is True
    assert processes_of(cluster) == [] and not cluster.running
    assert cluster.stop() is False


def test_stop_spares_a_readers_shell_in_the_labs_folder(cluster):
    cluster.start(silent)
    with subprocess.Popen(["sleep", "60"], cwd=cluster.folder) as shell:
        cluster.stop()
        assert shell.poll() is None
        shell.kill()


def test_the_lab_ends_with_its_last_owner(cluster):
    code = f"from labs.nodes import new_cluster; new_cluster({cluster.name!r}).start(lambda p, t: None); print('up', flush=True); input()"
    owners = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    assert [owner.stdout.readline() for owner in owners] == ["up\n", "up\n"]
    owners[0].kill()
    owners[0].wait()
    time.sleep(6)
    assert cluster.running
    owners[1].kill()
    owners[1].wait()
    wait_until(lambda: not processes_of(cluster))


@pytest.mark.parametrize("node", ["dns", "redis1", "rspamd1"])
def test_a_killed_node_is_restarted_and_reported(lab, node):
    before = lab.cluster.processes(node)[0].pid
    lab.kill(node)
    wait_until(lambda: (new := lab.cluster.processes(node)) and new[0].pid != before)
    assert lab.cluster.wait_ready(node)
    states = {event["state"] for event in lab.cluster.events() if event["node"] == node}
    assert "starting" in states and states & {"exited", "backoff"}
    assert lab.status().set_index("Knoten").loc[node, "Neustarts"] >= 1


def test_every_new_start_of_a_node_counts_as_one_restart(cluster):
    """Killed again within its first second, the supervisor calls it no exit but a failed start."""
    cluster.start(silent)
    lab = Lab(cluster)
    for _ in range(2):
        before = cluster.processes("redis1")[0].pid
        lab.kill("redis1")
        wait_until(lambda before=before: (new := cluster.processes("redis1")) and new[0].pid != before)
    lab.restart("redis1")
    restarts = lab.status().set_index("Knoten")["Neustarts"]
    assert restarts["redis1"] == 3 and restarts.sum() == 3
    assert {"backoff", "stopped"} <= {event["state"] for event in cluster.events()}


def scanners(lab):
    """The process numbers of Rspamd's normal workers; a process that is just ending has no command line any more."""
    found = set()
    for process in lab.cluster.processes("rspamd1"):
        with suppress(psutil.NoSuchProcess):
            if "normal" in " ".join(process.cmdline()):
                found.add(process.pid)
    return found


def test_a_killed_worker_process_is_replaced_by_rspamd_itself(lab):
    before = scanners(lab)
    assert len(before) == 1
    os.kill(next(iter(before)), signal.SIGKILL)
    wait_until(lambda: scanners(lab) - before)
    assert lab.scan("sauber").action == "no action"


def test_the_next_start_clears_what_a_killed_supervisor_left(cluster):
    cluster.start(silent)
    psutil.Process(cluster.supervisor_pid).kill()
    wait_until(lambda: not cluster.running)
    assert cluster.start(silent) is True
    assert {node.state for node in cluster.status()} == {"up"}
    assert len([p for p in processes_of(cluster) if "main process" in " ".join(p.cmdline())]) == 1


def test_a_frozen_node_is_seen_and_resumed(lab):
    lab.freeze("redis1")
    assert lab.status().set_index("Knoten").loc["redis1", "Zustand"] == "eingefroren"
    lab.resume("redis1")
    assert lab.cluster.wait_ready("redis1")


def test_an_unknown_node_is_named(lab):
    with pytest.raises(LabError, match="rspamd1"):
        lab.kill("rspamd7")


@pytest.mark.parametrize(("name", "kind"), [("worker", "STREAM"), ("dns", "STREAM"), ("dns", "DGRAM")])
def test_a_port_in_use_everywhere_is_named(name, kind):
    type = getattr(socket, f"SOCK_{kind}")
    with socket.socket(type=type) as taken:
        taken.bind(("127.77.200.1", 0))
        port = taken.getsockname()[1]
        if kind == "STREAM":
            taken.listen()
        assert not ports_free([a_node(name, port)]), "taken on one address only: the next network is tried"
    assert ports_free([a_node(name, port)])
    with holding(kind, port) as other:
        with pytest.raises(LabError, match=rf"Der (UDP-)?Port {port} .*PID {other.pid}"):
            ports_free([a_node(name, port)])
        code = f"from tests.lab.test_start import *; ports_free([a_node({name!r}, {port})])"
        result = apart("--pid", "--fork", "--mount-proc", command=[sys.executable, "-c", code])
        assert f"sudo ss -lntup 'sport = :{port}'" in result.stderr, "a program that this user cannot see"


@contextmanager
def holding(kind, port):
    """Another program that has a port on all addresses."""
    listen = "s.listen(); " if kind == "STREAM" else ""
    code = f"import socket; s = socket.socket(type=socket.SOCK_{kind}); s.bind(('0.0.0.0', {port})); {listen}print('ok', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "ok\n"
        yield other
        other.kill()


LOOPBACK_UP = f"""{sys.executable} -c '
import fcntl, socket, struct
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh", b"lo", IFF_UP))'
"""


def apart(*spaces, command, **options):
    """Run a command in name spaces of its own."""
    unshare = ["unshare", *spaces] + ([] if os.geteuid() == 0 else ["--user", "--map-root-user"])
    if subprocess.run([*unshare, "true"], capture_output=True).returncode:
        pytest.skip("this machine does not let its users make name spaces")
    return subprocess.run([*unshare, *command], capture_output=True, text=True, timeout=100, **options)


def a_node(name, port):
    service = Service("redis", "x", "127.77.200.1", {name: port}, Path("/nonexistent"), True)
    return Node("x", "Ein Server", "filter", "127.77.200.1", {"redis": service})


def test_a_full_disk_is_named(cluster):
    """A real file system of 64 KB, in a mount namespace of its own."""
    script = """
import os, sys
from labs.cluster import leftovers
from labs.nodes import new_cluster
try:
    new_cluster(sys.argv[1]).start(lambda part, text: None)
except Exception as error:
    print(type(error).__name__, error)
"""
    cluster.folder.mkdir(parents=True)
    mount = f"mount -t tmpfs -o size=64k tmpfs {cluster.folder} && exec {sys.executable} -c '{script}' {cluster.name}"
    result = apart("--mount", command=["sh", "-c", mount])
    assert result.stdout.startswith("LabError Der Platz auf der Platte reicht nicht."), result.stdout + result.stderr


def test_the_bundle_needs_no_network_once_it_is_there(cluster):
    """In a network namespace without any interface but loopback."""
    code = "from labs import Lab; lab = Lab.start(); print(lab.scan('phishing').action); lab.stop()"
    command = ["sh", "-ec", f'{LOOPBACK_UP}exec {sys.executable} -c "{code}"']
    result = apart("--net", command=command, env=os.environ | {"LABS_NAME": cluster.name})
    assert result.stdout == "reject\n", result.stderr


def test_the_manifest_records_names_versions_and_checksums():
    packages = {package["name"]: package for package in bundle.require().manifest["packages"]}
    assert {"rspamd", "redis-server", "unbound", "libc6"} <= set(packages)
    assert all(len(package["sha256"]) == 64 and package["version"] for package in packages.values())


def test_an_interrupted_fetch_starts_again(tmp_path, monkeypatch):
    """Killed while it downloads; the second call finishes and uses what was there."""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path)}
    code = "from labs import bundle; bundle.ensure('servers', lambda p, t: print(p, flush=True)); print('done')"
    first = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True)
    for line in first.stdout:
        if float(line) > 0.1:
            break
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert not list(tmp_path.glob("arbeitsbuch/servers-*/manifest.json"))
    second = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=110)
    if "nicht erreichbar" in second.stderr:
        pytest.skip("the package mirror cannot be reached now")
    assert second.stdout.endswith("done\n"), second.stderr
    assert list(tmp_path.glob("arbeitsbuch/servers-*/manifest.json"))


def test_no_network_and_no_bundle_is_a_german_error(tmp_path, cluster):
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "LABS_DEBIAN_MIRROR": "http://127.0.0.1:9/debian"}
    environment["LABS_NAME"] = cluster.name
    result = subprocess.run([sys.executable, "-m", "labs", "up"], env=environment, capture_output=True, text=True)
    assert result.returncode == 1
    assert "nicht erreichbar" in result.stderr and "Traceback" not in result.stderr


def kernel(name):
    """A started kernel with its client; its parent, the "JupyterLab", is this process."""
    from jupyter_client.manager import start_new_kernel

    return start_new_kernel(kernel_name="python3", env=os.environ | {"LABS_NAME": name})


def run_in(client, code):
    texts = []
    client.execute_interactive(
        code,
        timeout=60,
        output_hook=lambda m: texts.append(m["content"].get("text", "") + str(m["content"].get("ename", ""))),
    )
    return "".join(texts)


def test_a_second_kernel_joins_and_a_restart_changes_nothing(cluster):
    start = "from labs import Lab; lab = Lab.start(); print(lab.cluster.processes('rspamd1')[0].pid)"
    manager, client = kernel(cluster.name)
    second, other = kernel(cluster.name)
    try:
        pid = run_in(client, start)
        assert pid.strip().isdigit() and run_in(other, start) == pid
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert run_in(client, start) == pid
    finally:
        for one in (manager, second):
            one.shutdown_kernel(now=True)
    assert cluster.running, "the kernels are gone, their JupyterLab is not"


def test_the_lab_is_gone_when_its_jupyterlab_was_killed(cluster):
    server = """
import os, sys
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3", env=os.environ)
client.execute_interactive("from labs import Lab; Lab.start()", timeout=60, output_hook=lambda m: None)
print("up", flush=True)
input()
"""
    environment = os.environ | {"LABS_NAME": cluster.name}
    jupyter = subprocess.Popen(
        [sys.executable, "-c", server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    )
    assert jupyter.stdout.readline() == "up\n" and cluster.running
    jupyter.kill()
    jupyter.wait()
    wait_until(lambda: not processes_of(cluster))
