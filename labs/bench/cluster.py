"""The cluster: start, memory, chapters, one mail, many mails, stop."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from pathlib import Path

import psutil

from labs.bench.rows import Row, median, row, seconds, silent
from labs.cluster.cluster import Cluster
from labs.lab import Lab
from labs.nodes import new_cluster

MAILS, CLIENTS, BATCHES, ROUNDS = 200, 8, 3, 3
ENVELOPE = {
    "ip": "192.0.2.10",
    "helo": "mail.partner.example",
    "hostname": "mail.partner.example",
    "from_": "lena.hartwig@partner.example",
    "rcpt": "max.beispiel@firma.example",
}


def measure() -> list[Row]:
    """Starts several labs one after the other and ends them."""
    cluster = new_cluster(f"bench-{os.getpid()}")
    try:
        rows = _starts(cluster)
        cluster.start(silent, "cluster")
        lab = Lab(cluster)
        rows.append(_memory(cluster))
        rows += _changes(lab)
        rows += _mails(lab)
        stop = seconds(cluster.stop)
        rows.append(row("Stopp des Clusters, Sekunden", stop, 1.0, 3.0))
        rows.append(row("Prozesse, die nach dem Stopp noch laufen", _left(cluster), 1.0, 0))
        return rows
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


def _starts(cluster: Cluster) -> list[Row]:
    """Cold (no folder of the lab) and warm (its second start) against the slowest part alone, medians of ROUNDS.

    The slowest part is a Rspamd worker with its controller. It does not run without DNS and Redis, so what is started
    alone is the profile core; both take less than a tenth of its time and start beside it.
    """
    times: dict[tuple[str, str], list[float]] = {}
    for _ in range(ROUNDS):
        for profile in ("core", "cluster"):
            for kind in ("cold", "warm"):
                times.setdefault((profile, kind), []).append(seconds(lambda p=profile: cluster.start(silent, p)))
                cluster.stop()
            shutil.rmtree(cluster.folder)
    medians = {key: statistics.median(values) for key, values in times.items()}
    return [
        row(f"{title} des Clusters gegen core allein", medians["cluster", kind], medians["core", kind], 2.0)
        for title, kind in (("Kaltstart", "cold"), ("Warmstart", "warm"))
    ]


def _memory(cluster: Cluster) -> Row:
    supervisor = psutil.Process(cluster.supervisor_pid).memory_full_info().pss / 1e6
    total = sum(node.pss_mb for node in cluster.status()) + supervisor
    return row("Speicher des Clusters (PSS), MB", total, 1.0, 300)


def _changes(lab: Lab) -> list[Row]:
    """From chapter to chapter with the same nodes, and a small node that joins (and leaves before each round)."""
    chapters = ["05-actions", "07-force-actions"]
    change = [seconds(lambda name=name: lab.reset(name)) for name in chapters * ROUNDS]
    joins = []
    for _ in range(ROUNDS):
        lab.cluster.start(silent, *(name for name in lab.cluster.nodes if name != "av1"), only=True)
        joins.append(seconds(lambda: lab.cluster.start(silent, "av1")))
    lab.reset()
    return [
        row("Wechsel des Kapitels im Cluster, Sekunden", statistics.median(change), 1.0, 2.0),
        row("Ein kleiner Knoten kommt dazu, Sekunden", statistics.median(joins), 1.0, 1.5),
    ]


def _mails(lab: Lab) -> list[Row]:
    """One mail from connect to the file in the Maildir, and many: against the same way without milters."""
    content, _ = lab.load("sauber")
    one, many = median(lambda: _deliver(lab, content), 30), _many(lab, content)
    scan = median(lambda: lab.scan(content, mta_name="incoming_default", **ENVELOPE), 30)
    for role in ("postfix-mx", "postfix-hub"):
        lab.write(f"{role}/main.cf", "smtpd_milters =\n")
    plain_one, plain_many = median(lambda: _deliver(lab, content), 30), _many(lab, content)
    name = "Eine Mail MX → HUB → Postfach gegen zwei Sprünge und zwei Prüfungen, ms"
    return [
        row(name, 1000 * one, 1000 * (plain_one + 2 * scan), 2.0),
        row(f"{MAILS} Mails bis zur letzten im Postfach, mit gegen ohne Prüfung, Sekunden", many, plain_many, 3.0),
    ]


def _deliver(lab: Lab, content: bytes) -> None:
    before = _arrived(lab)
    delivery = lab.send(content, "mx", **ENVELOPE)
    if not delivery.accepted:
        raise RuntimeError(str(delivery))
    _wait(lab, before + 1, 0.0005)


def _many(lab: Lab, content: bytes) -> float:
    """Seconds until the last of MAILS mails lies in the mailbox; Postfix' own client sends, CLIENTS at a time.

    The best of BATCHES, as timeit does it: other programs on the machine only ever add to the time.
    """
    _deliver(lab, content)
    source = lab.cluster.folder / "bench.eml"
    source.write_bytes(content.replace(b"\r\n", b"\n"))
    node = lab.cluster.node("mx1")
    command = [
        lab.cluster.bundle.program("smtp-source"), "-s", str(CLIENTS), "-m", str(MAILS), "-M", ENVELOPE["helo"],
        "-f", ENVELOPE["from_"], "-t", ENVELOPE["rcpt"], "-F", source, f"inet:{node.address}:{node.ports['smtp']}",
    ]  # fmt: skip

    def batch() -> None:
        before = _arrived(lab)
        subprocess.run(command, check=True, capture_output=True)
        _wait(lab, before + MAILS, 0.005)

    return min(seconds(batch) for _ in range(BATCHES))


def _arrived(lab: Lab) -> int:
    """How many mails lie in the mailbox."""
    mailbox: Path = lab.cluster.node("imap1").main.folder / "mail" / ENVELOPE["rcpt"].split("@")[0] / "new"
    return sum(1 for _ in mailbox.iterdir()) if mailbox.exists() else 0


def _wait(lab: Lab, count: int, pause: float) -> None:
    deadline = time.monotonic() + 60
    while _arrived(lab) < count:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{_arrived(lab)} of {count} mails arrived")
        time.sleep(pause)


def _left(cluster: Cluster) -> int:
    """Processes that were started from the lab's folder and still run."""
    found = 0
    for process in psutil.process_iter():
        try:
            found += any(str(cluster.folder) in word for word in process.cmdline())
        except psutil.Error:
            continue
    return found
