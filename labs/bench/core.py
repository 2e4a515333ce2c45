"""The small lab: start, scan, picture, change of configuration, memory."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import time
from dataclasses import replace
from pathlib import Path

import psutil
import requests

from labs import bundle
from labs.bench.rows import Row, median, row, seconds, silent
from labs.cluster import http
from labs.cluster.cluster import Cluster
from labs.cluster.topology import Service
from labs.lab import Lab
from labs.nodes import new_cluster
from labs.rspamd.programs import rspamd_variables
from labs.widgets.sender import Sender


def measure() -> list[Row]:
    """Starts a lab of its own and one stock Rspamd, and ends both."""
    cluster = new_cluster(f"bench-{os.getpid()}")
    try:
        cold = seconds(lambda: cluster.start(silent))
        lab = Lab(cluster)
        rows = [
            row("Kaltstart von core gegen Rspamd im Auslieferungszustand", cold, _stock_start(cluster), 0.15),
            *_scans(lab),
            _memory(cluster),
        ]
        cluster.stop()
        warm = seconds(lambda: cluster.start(silent))
        rows.insert(1, row("Warmstart von core, Sekunden", warm, 1.0, 2.0))
        reload = seconds(lambda: Lab(cluster).write("actions.conf", "reject = 14;\n"))
        rows.insert(2, row("Änderung der Konfiguration, Sekunden", reload, 1.0, 1.0))
        chapters = [seconds(lambda name=name: Lab(cluster).reset(name)) for name in ("04-symbole", "06-composites") * 3]
        rows.insert(3, row("Wechsel des Kapitels in core, Sekunden", statistics.median(chapters), 1.0, 1.0))
        return rows
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


def _scans(lab: Lab) -> list[Row]:
    content, envelope = lab.load("phishing")
    session, url = http.session(), f"{lab.worker.url}/checkv2"
    headers = {
        "IP": envelope.ip,
        "From": envelope.from_,
        "Rcpt": envelope.rcpt[0],
        "Helo": envelope.helo,
        "Hostname": envelope.hostname,
    }
    headers["MTA-Name"] = envelope.mta_name
    bare = median(lambda: session.post(url, data=content, headers=headers))
    arguments = {
        "ip": envelope.ip,
        "from_": envelope.from_,
        "rcpt": envelope.rcpt,
        "helo": envelope.helo,
        "hostname": envelope.hostname,
    }
    scan = median(lambda: lab.scan(content, mta_name=envelope.mta_name, **arguments))
    sender = Sender(lab, "phishing")
    click = median(sender.send_button.click, 20)
    return [
        row("lab.scan gegen ein bloßes HTTP-POST", scan, bare, 1.5),
        row("Klick bis Bild, ohne die Prüfung, Millisekunden", 1000 * (click - scan), 1.0, 150),
    ]


def _memory(cluster: Cluster) -> Row:
    supervisor = psutil.Process(cluster.supervisor_pid).memory_full_info().pss / 1e6
    return row("Speicher von core (PSS), MB", sum(node.pss_mb for node in cluster.status()) + supervisor, 1.0, 120)


def _stock_start(cluster: Cluster) -> float:
    """Seconds from exec to "pong" of a Rspamd with nothing but its own configuration, and a full list of suffixes."""
    node, own = cluster.node("rspamd1").main, cluster.bundle
    folder = cluster.folder / "stock"
    for part in ("etc/override.d", "db", "run", "log"):
        (folder / part).mkdir(parents=True)
    settings = {
        "options.inc": f'url_tld = "{own.path("usr/share/publicsuffix/effective_tld_names.dat")}";\ncontrol_socket = "{folder}/run/c.sock";\n',
        "worker-normal.inc": f'bind_socket = "{folder}/worker.sock";\n',
        "worker-controller.inc": f'bind_socket = "{folder}/controller.sock";\n',
        "worker-proxy.inc": "enabled = false;\n",
        "lang_detection.inc": f'languages = "{own.path("usr/share/rspamd/languages")}";\n',
    }
    for name, text in settings.items():
        (folder / "etc/override.d" / name).write_text(text)
    command, ping = _stock_command(own, folder, node), f"{http.url(str(folder / 'worker.sock'))}/ping"
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while time.perf_counter() - started < 120:
                try:
                    if http.session().get(ping, timeout=1).ok:
                        return time.perf_counter() - started
                except requests.RequestException:
                    time.sleep(0.02)
            return 120.0
        finally:
            for child in psutil.Process(process.pid).children(recursive=True):
                child.kill()
            process.kill()


def _stock_command(own: bundle.Bundle, folder: Path, service: Service) -> list[str]:
    insecure = ["--insecure"] if os.geteuid() == 0 else []
    main = str(own.path("etc/rspamd/rspamd.conf"))
    variables = rspamd_variables(own, folder / "etc", replace(service, folder=folder))
    return [str(own.program("rspamd")), "-f", *insecure, "-c", main, *variables]
