"""Whatever ends, and however: nothing stays behind, and the next start works."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from labs.cluster import leftovers
from labs.cluster.network import taken
from labs.cluster.sockets import internet_sockets, unix_sockets
from labs.doctor import examine
from labs.lab import Lab
from labs.nodes import new_cluster
from tests.fixtures import silent
from tests.lab.test_start import wait_until

MAIL = (
    b"From: lena.hartwig@partner.example\r\nTo: erika.muster@firma.example\r\nSubject: %s\r\n"
    b"Date: Tue, 24 Nov 2026 08:00:00 +0000\r\nMessage-ID: <%s@partner.example>\r\n\r\nHallo Erika.\r\n"
)
SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))
PROGRAMS = re.compile(r"rspamd|rhm|hs-|redis|unbound|clam|postfix|dovecot|fake|supervisor|arbeitsbuch", re.IGNORECASE)
START = "import sys; from labs.nodes import new_cluster; new_cluster(sys.argv[1]).start(lambda part, text: None, 'cluster'); print('up', flush=True); input()"


def words(process):
    """All that says where a process belongs: its command line, its place, its variables."""
    try:
        return [*process.cmdline(), process.cwd(), *process.environ().values()]
    except (psutil.Error, OSError):
        return []


def processes(cluster):
    """Every process that has anything to do with the lab's folder."""
    return [
        (process.pid, process.name())
        for process in psutil.process_iter(["name"])
        if process.pid != os.getpid() and any(f"{cluster.folder}" in word for word in words(process))
    ]


def strangers(cluster):
    """The processes of other labs: one of them may take the network as soon as it is free."""
    labs = "/arbeitsbuch/labs/"
    found = {process.pid for process in psutil.process_iter() if any(labs in word for word in words(process))}
    return found - {pid for pid, _ in processes(cluster)}


def listeners(cluster, net):
    """What of this user's listens in the lab's network or folder, but for labs that took the network meanwhile."""
    others = strangers(cluster)
    theirs = {f"{one.laddr.ip}:{one.laddr.port}" for one in psutil.net_connections("inet") if one.pid in others}
    inet = [name for name, user in internet_sockets().items() if user == os.getuid() and name not in theirs]
    return [name for name in inet if name.startswith(f"127.{net}.")] + [
        name for name in unix_sockets() if str(cluster.folder) in name
    ]


def ipc():
    """The identifiers of all System V queues, semaphores and segments."""
    tables = [path.read_text().splitlines()[1:] for path in Path("/proc/sysvipc").iterdir()]
    return {tuple(line.split()[:2]) for lines in tables for line in lines}


def files(cluster):
    """All paths below the lab's folder but the names that Postfix makes up and what Rspamd compiles when it has time."""
    return {
        re.sub(r"127\.\d+\.", "127.N.", str(path.relative_to(cluster.folder)))
        for path in cluster.folder.rglob("*")
        if not re.search(r"/spool/(?!pid|private|public)\w+/|\.\d+$|\.hs$", str(path))
    }


def shared():
    return {path for folder in SHARED if folder.exists() for path in folder.iterdir() if PROGRAMS.search(path.name)}


def assert_nothing_left(cluster, net):
    assert processes(cluster) == [] and not cluster.running
    wait_until(lambda: listeners(cluster, net) == [] or taken(net))  # by another lab: the network is free again


def test_five_cycles_leave_what_two_leave(cluster):
    outside, queues, once = shared(), ipc(), set()
    for number in range(5):
        assert cluster.start(silent, "cluster") is True
        net = cluster.settings["net"]
        assert len(processes(cluster)) > 15 and len(listeners(cluster, net)) > 20
        assert taken(net)
        assert cluster.stop() is True
        assert_nothing_left(cluster, net)
        once |= files(cluster) if number < 2 else set()  # some write a file when they end, if they have the time
        assert len(once) > 100 and sorted(files(cluster) - once) == [], f"cycle {number + 1}"
    assert ipc() <= queues and shared() <= outside


def test_foreign_processes_in_stale_pid_files_are_left_alone(cluster):
    """After a crash the numbers in all pid files belong to somebody else."""
    cluster.start(silent, "cluster")
    net = cluster.settings["net"]
    crash(cluster)
    stale = [*cluster.folder.rglob("*.pid"), *cluster.folder.rglob("master.lock")]
    assert {"supervisord.pid", "master.pid", "master.lock"} <= {path.name for path in stale}
    stale += [cluster.node(name).main.folder / "run/rspamd.pid" for name in ("rspamd1", "rspamd2")]
    with subprocess.Popen(["sleep", "120"]) as foreign:
        for path in stale:
            path.write_text(f"{foreign.pid}\n")
        assert cluster.start(silent, "cluster") is True
        assert {node.state for node in cluster.status()} == {"up"} and foreign.poll() is None
        cluster.stop()
        assert foreign.poll() is None
        foreign.kill()
    assert_nothing_left(cluster, net)


def crash(cluster):
    """All processes of the lab at once, as when a container is killed."""
    for pid, _ in processes(cluster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    wait_until(lambda: processes(cluster) == [])


def test_two_clusters_deliver_side_by_side(cluster, big):
    cluster.start(silent, "cluster")
    labs = [big, Lab(cluster)]
    assert labs[0].cluster.settings["net"] != labs[1].cluster.settings["net"]
    marks = [f"Z{number}-{time.time_ns()}".encode() for number in range(2)]
    for lab, mark in zip(labs, marks, strict=True):
        envelope = {"from_": "lena.hartwig@partner.example", "rcpt": "erika.muster@firma.example"}
        assert lab.send(MAIL % (mark, mark), "mx", ip="192.0.2.10", **envelope).accepted
    for lab, own, other in zip(labs, marks, reversed(marks), strict=True):
        wait_until(lambda lab=lab, own=own: any(own in mail for mail in mailbox(lab)), 20)
        assert not any(other in mail for mail in mailbox(lab))


def mailbox(lab):
    return [path.read_bytes() for path in (lab.cluster.node("imap1").main.folder / "mail").glob("*/new/*")]


@pytest.fixture
def started(cluster):
    """A cluster that another process has started and owns, as a kernel does."""
    with subprocess.Popen(
        [sys.executable, "-c", START, cluster.name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout.readline() == "up\n"
        yield cluster, owner, cluster.settings["net"]
        owner.kill()


SECONDS = 15
"""Until nothing of a lab is left, whatever was killed; on a machine that is not busy it takes a third of it."""


def test_the_lab_ends_when_its_starter_was_killed(started):
    cluster, owner, net = started
    owner.kill()
    owner.wait()
    wait_until(lambda: processes(cluster) == [], SECONDS)
    assert_nothing_left(cluster, net)


def test_the_lab_ends_when_the_supervisor_was_killed(started):
    cluster, _, net = started
    cluster.signal("hub1", signal.SIGSTOP)
    os.kill(cluster.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: processes(cluster) == [], SECONDS)
    assert_nothing_left(cluster, net)


def test_a_killed_leash_is_replaced(started):
    cluster, _, net = started
    for _ in range(2):
        leash = leash_of(cluster)
        leash.kill()
        wait_until(lambda leash=leash: (new := leash_of(cluster)) and new.pid != leash.pid)
    time.sleep(1)
    os.kill(cluster.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: processes(cluster) == [], SECONDS)
    assert_nothing_left(cluster, net)


def leash_of(cluster):
    children = psutil.Process(cluster.supervisor_pid).children()
    return next((child for child in children if any("LABS_PYTHON" in word for word in words(child))), None)


def test_every_python_process_killed_at_once_leaves_nothing(started):
    """As ``pkill -9 python`` does: the supervisor and whoever started the lab."""
    cluster, owner, net = started
    for pid in (owner.pid, cluster.supervisor_pid):
        os.kill(pid, signal.SIGKILL)
    owner.wait()
    wait_until(lambda: processes(cluster) == [], SECONDS)
    assert_nothing_left(cluster, net)


def test_a_doctor_ends_what_has_no_supervisor(started):
    """The leash was stopped first, so that nobody else could."""
    cluster = started[0]
    leash = leash_of(cluster)
    leash.suspend()
    os.kill(cluster.supervisor_pid, signal.SIGKILL)
    wait_until(lambda: not cluster.running)
    assert leftovers.find(cluster.folder)
    found = {finding.what: finding for finding in examine()}["Reste"]
    assert cluster.name in found.found
    assert leftovers.find(cluster.folder) == []
    with suppress(psutil.NoSuchProcess):  # the kernel ends an orphan that is stopped, but not one that is just stopping
        leash.kill()


def test_stop_after_every_main_process_was_killed(started):
    cluster, _, net = started
    mains = [cluster.processes_of(service)[0] for node in cluster.nodes.values() for service in node.services.values()]
    assert len(mains) > 15
    for main in mains:
        main.kill()
    assert cluster.stop() is True
    assert_nothing_left(cluster, net)


def test_stop_ends_frozen_nodes(started):
    cluster, _, net = started
    for node in ("mx1", "rspamd1", "redis1", "av1"):
        cluster.signal(node, signal.SIGSTOP)
    assert cluster.stop() is True
    assert_nothing_left(cluster, net)


def test_a_start_that_was_killed_half_way_is_made_good(cluster):
    """Killed as soon as the supervisor answers: some nodes run, some wait for others, nobody owns them."""
    with subprocess.Popen([sys.executable, "-c", START, cluster.name], stdin=subprocess.PIPE) as half:
        wait_until(lambda: cluster.running, 60)
        half.kill()
    new_cluster(cluster.name).start(silent, "cluster")
    assert {node.state for node in cluster.status()} == {"up"}
    net = cluster.settings["net"]
    cluster.stop()
    assert_nothing_left(cluster, net)
    shutil.rmtree(cluster.folder)


def test_a_late_leash_spares_a_lab_that_was_started_meanwhile(cluster):
    """It comes to life a second after its supervisor's end; by then the folder may belong to the next lab."""
    cluster.start(silent)
    before = {process.pid for process in leftovers.find(cluster.folder)}
    late = os.environ | {"LABS_NAME": cluster.name}
    assert subprocess.run([sys.executable, "-m", "labs.cluster.leash"], env=late, check=True).returncode == 0
    assert cluster.running and len(before) >= 6
    assert {process.pid for process in leftovers.find(cluster.folder)} == before
