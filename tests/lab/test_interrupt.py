"""Ctrl-C ends ``start`` and ``test`` in good order, also where SIGINT was ignored when they began (a script's "&", CI)."""

import os
import signal
import subprocess
import sys

import psutil

from tests.lab.test_check import ignore_interrupts


def test_start_ends_with_its_jupyterlab(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "labs", "start"], stdout=subprocess.PIPE, text=True, preexec_fn=ignore_interrupts,
        env={name: value for name, value in os.environ.items() if "DISPLAY" not in name} | {"XDG_STATE_HOME": str(tmp_path)},
    )  # fmt: skip
    try:
        assert any("Beenden: Strg+C" in line for line in iter(process.stdout.readline, ""))
        servers = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGINT)
        assert "Ich beende JupyterLab" in process.communicate(timeout=30)[0] and process.returncode == 0
    finally:
        process.terminate()
    assert len(servers) == 1 and not any(server.is_running() for server in servers)


STEP = "import os, sys; from labs.selftest import step; step([sys.executable, '-c', sys.argv[1]], os.environ)"
SLOW = "import time\ntry: print('up', flush=True); time.sleep(60)\nexcept KeyboardInterrupt: time.sleep(1); print('ended', flush=True)"


def test_the_tests_have_time_to_end_their_servers():
    process = subprocess.Popen(
        [sys.executable, "-c", STEP, SLOW], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30)[0] == "ended\n" and process.returncode != 0
