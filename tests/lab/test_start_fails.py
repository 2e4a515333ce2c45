"""A start that cannot succeed says so at once, with the reason; what a bare system lacks does not keep it from starting."""

import os
import shutil
import sys
import time

import pytest

from labs.cluster import render
from labs.errors import LabError
from tests.fixtures import silent
from tests.lab.test_start import LOOPBACK_UP, apart


@pytest.mark.parametrize(
    ("file", "text", "role", "reason"),
    [
        ("redis/redis.conf", "maxmemoryy 1mb", "redis", ">>> 'maxmemoryy 1mb'"),
        ("unbound/unbound.conf", "unsinn: ja", "unbound", "Could not read config file"),
        ("rspamd-worker/override.d/worker-normal.inc", 'bind_socket = "300.1.1.1:1";', "rspamd-worker", "300.1.1.1:1"),
    ],
)
def test_a_server_that_keeps_dying_is_named_with_its_last_error(
    cluster, monkeypatch, tmp_path, file, text, role, reason
):
    shutil.copytree(render.CONFIG, tmp_path, dirs_exist_ok=True)
    with (tmp_path / file).open("a") as broken:
        broken.write(f"\n{text}\n")
    monkeypatch.setattr(render, "CONFIG", tmp_path)
    started = time.monotonic()
    with pytest.raises(LabError, match=rf"startet nicht \({role}\)") as error:
        cluster.start(silent)
    assert time.monotonic() - started < 10 and reason in error.value.why
    assert not cluster.running


def elsewhere(*setup, code, name):
    """Run Python in name spaces of its own for network and mounts, after ``setup`` (lines for sh)."""
    user, group = os.getuid(), os.getgid()
    again = f"unshare --user --map-user={user} --map-group={group}" if user else ""  # the lab is nobody's root
    script = "\n".join((*setup, f'exec {again} "$0" -c "$1"'))
    command = ["sh", "-ec", script, sys.executable, code]
    return apart("--net", "--mount", command=command, env=os.environ | {"LABS_NAME": name})


@pytest.mark.parametrize("command", ["up", "start"])
def test_without_loopback_the_start_says_so_at_once(cluster, command):
    started = time.monotonic()
    result = elsewhere(code=f"from labs.cli import main; main(['{command}'])", name=cluster.name)
    assert result.stderr.splitlines()[-3:] == [
        "Loopback ist nicht eingeschaltet.",
        "Dieser Rechner erreicht sich selbst nicht: Network is unreachable.",
        "Nächster Schritt: sudo ip link set lo up",
    ]
    assert time.monotonic() - started < 10


def test_without_localhost_in_etc_hosts_everything_starts(cluster):
    code = """
from labs import Lab
lab = Lab.start(profile="cluster")
print({node.state for node in lab.cluster.status()}, lab.scan("phishing").action)
lab.stop()
"""
    result = elsewhere(LOOPBACK_UP, "mount --bind /dev/null /etc/hosts", code=code, name=cluster.name)
    assert result.stdout == "{'up'} reject\n", result.stderr


def test_without_any_resolver_a_configuration_is_still_checked(cluster):
    """As on a laptop without network: /etc/resolv.conf names nobody."""
    code = """
from labs import Lab
from labs.errors import LabError
lab = Lab.start()
print(lab.write("actions.conf", "reject = 16;").files)
try:
    lab.write("composites.conf", 'X { expression = "A & B; }')
except LabError as error:
    print(error.what)
lab.stop()
"""
    result = elsewhere(LOOPBACK_UP, "mount --bind /dev/null /etc/resolv.conf", code=code, name=cluster.name)
    assert result.stdout == "('local.d/actions.conf',)\n" + (
        "Rspamd lehnt diese Konfiguration ab (local.d/composites.conf, Zeile 1). Die bisherige läuft weiter.\n"
    ), result.stderr
