"""``labs check`` with real servers: the reader's configuration in a lab of its own, and nothing of it afterwards."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from labs import paths

ACTIONS = "reject = 15;\nadd_header = 6;\ngreylist = null;\n"
BLOCKED = {
    "local.d/actions.conf": ACTIONS,
    "local.d/multimap.conf": 'SENDER_BLOCKED { type = "from"; regexp = true; map = "/etc/rspamd/maps.d/blocked.map"; score = 20.0; }\n',
    "maps.d/blocked.map": "/@partner\\.example$/ # {{ kein Jinja }}\n",
    "local.d/redis.conf": 'servers = "redis.intern.invalid:6380"; sentinels = "10.255.0.4"; username = "u"; password = "x"; db = 3;\n',
    "local.d/options.inc": 'dns { nameserver = ["192.0.2.53"]; }\npidfile = "/nonexistent/rspamd.pid";\n',
    "local.d/worker-normal.inc": 'bind_socket = "*:11333";\ncount = 8;\n',
    "local.d/worker-controller.inc": 'bind_socket = "*:11334";\nenable_password = "q";\n',
    "local.d/logging.inc": 'type = "syslog";\nlevel = "error";\n',
}
EXPECT = """
[[mail]]
title = "Gesperrte werden abgelehnt"
mail = "sauber"
expect = { action = "reject", scores = { SENDER_BLOCKED = 20 }, headers = { "X-Spam" = false } }

[[mail]]
title = "Andere kommen durch"
mail = "mails/brief.eml"
from = "erika@kunde.example"
ip = "192.0.2.10"
expect = { action = "no action", without = ["SENDER_*"], score = [-5, 5], ran = [20, 100] }

[[setting]]
title = "Die Schwelle gilt"
role = "rspamd-worker"
name = "actions.reject"
expect = { value = 15 }
"""
LETTER = b"From: Erika <erika@kunde.example>\r\nTo: x@firma.example\r\nSubject: Hallo\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\nMessage-ID: <1@kunde.example>\r\n\r\nGuten Tag\r\n"


@pytest.fixture
def policy(tmp_path):
    """Writes a configuration with its expectations; a function of {file: text} and of the text of expect.toml."""

    def write(files, expect):
        for name, text in {**files, "expect.toml": expect}.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        (tmp_path / "mails").mkdir()
        (tmp_path / "mails/brief.eml").write_bytes(LETTER)
        return tmp_path

    return write


def started(*arguments):
    """As a script's "&" starts it: with SIGINT ignored."""
    command = [sys.executable, "-m", "labs", "check", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ignore_interrupts
    )


def ignore_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def check(*arguments):
    """(exit code, standard output, standard error); nothing may be left of the lab."""
    process = started(*arguments)
    out, err = process.communicate(timeout=90)
    assert left_of(process.pid) == []
    return process.returncode, out, err


def left_of(pid):
    """Folders and processes of the lab that the process ``pid`` had started."""
    folders = list((paths.state() / "labs").glob(f"check-{pid}-*"))
    return folders + [one.info for one in psutil.process_iter(["cwd", "cmdline"]) if f"/check-{pid}-" in str(one.info)]


def snapshot(folder):
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()}


def test_a_good_configuration_holds_and_stays_as_it_was(policy):
    folder = policy(BLOCKED, EXPECT)
    before = snapshot(folder)
    code, out, err = check(folder, "--json")
    found = json.loads(out)
    assert code == 0 and err == "", (out, err)
    assert (found["passed"], found["failed"]) == (3, 0)
    assert "Redis, DNS, Sockets" in found["notes"][0] and len(found["notes"]) == 1
    assert snapshot(folder) == before


def test_a_wrong_one_is_told_what_is_wrong(policy):
    folder = policy(BLOCKED | {"maps.d/blocked.map": "/@andere\\.example$/\n"}, EXPECT)
    code, out, _ = check(folder)
    assert code == 1
    assert "✗ Gesperrte werden abgelehnt" in out and "✓ Andere kommen durch" in out
    assert "erwartet: reject, gekommen: no action" in out and "Das bedeutet meist: Die Punkte" in out
    assert "es fehlt das Symbol SENDER_BLOCKED" in out and "ihre Bedingung trifft hier nicht zu" in out


def test_a_refused_one_names_file_and_line(policy):
    folder = policy(BLOCKED | {"local.d/composites.conf": 'EIGENES {\n  expression = "A & B;\n}\n'}, EXPECT)
    code, out, err = check(folder, "--json")
    assert code == 1 and "Rspamd lehnt diese Konfiguration ab (local.d/composites.conf, Zeile 2)." in err
    assert "Die bisherige" not in err and "Zelle" not in err and "Traceback" not in err
    assert json.loads(out)["error"] == err.strip() and json.loads(out)["cases"] == []


def test_a_map_that_is_not_there_is_a_warning_with_the_reader_s_path(policy):
    files = {name: text for name, text in BLOCKED.items() if not name.startswith("maps.d")}
    code, out, _ = check(policy(files, EXPECT))
    assert code == 1 and "benutzt die Map /etc/rspamd/maps.d/blocked.map; die Datei gibt es nicht" in out


SCANNER = {
    "local.d/antivirus.conf": 'eigener { type = "clamav"; symbol = "MY_VIRUS"; servers = "/run/clamav/clamd.ctl"; scan_mime_parts = true; action = "reject"; message = "Virus \\"${VIRUS}\\""; }\n',
    "local.d/actions.conf": ACTIONS + 'umleiten { flags = ["no_threshold"]; }\n',
    "local.d/force_actions.conf": 'rules { UMLEITEN { action = "umleiten"; expression = "HAS_ATTACHMENT & !MY_VIRUS"; require_action = ["no action"]; } }\n',
}
THROUGH = """
actions = ["umleiten"]

[[mail]]
title = "EICAR wird abgelehnt"
mail = "eicar"
expect = { action = "reject", symbols = ["MY_VIRUS"], reply = 'Virus "*' }

[[mail]]
title = "auch durch Postfix"
mail = "eicar"
via = "mx"
expect = { smtp = 554, reply = '5.7.1 Virus "*', path = ["mx1"] }

[[mail]]
title = "ohne Virenscanner nicht"
mail = "eicar"
stopped = ["av1"]
expect = { without = ["MY_VIRUS"], symbols = ["MY_VIRUS_FAIL"] }

[[mail]]
title = "eine eigene Action kommt durch den Proxy"
mail = "mit-anhang"
via = "mx"
expect = { smtp = 250, action = "umleiten", headers = { "Subject" = "*", "X-Spam" = false } }
"""


def test_virus_scanner_and_own_actions_work_in_the_cluster(policy):
    code, out, err = check(policy(SCANNER, THROUGH))
    assert code == 0, out + err
    assert "ClamAV" in out and "die Proxys kennen deine actions.conf" in out


GREYLIST = {
    "local.d/greylist.conf": 'timeout = 1;\nservers = "10.255.0.2";\n',
    "local.d/actions.conf": "reject = 15;\nadd_header = 6;\ngreylist = -20;\n",
    "rspamd.local.lua": "local t = {{1}, {2}}\n"
    'rspamd_config:register_symbol{ name = "FROM_LUA", score = 0.25 * #t, callback = function() return true end }\n',
}
LATER = """
[[mail]]
title = "beim ersten Mal vertröstet Greylisting"
mail = "sauber"
expect = { action = "soft reject", symbols = ["GREYLIST"], scores = { FROM_LUA = 0.5 } }

[[mail]]
title = "später kommt die Mail durch"
mail = "sauber"
again = 2
pause = 2.5
expect = { action = "no action", symbols = ["GREYLIST"] }

[[mail]]
title = "jeder Fall beginnt mit leerem Redis"
mail = "sauber"
expect = { action = "soft reject" }
"""
RATELIMIT = {
    "local.d/actions.conf": ACTIONS,
    "local.d/ratelimit.conf": 'rates { viele { bucket { burst = 2; rate = "1 / 1h"; } selector = "from"; } }\nservers = "10.255.0.1";\n',
}
TOO_MANY = """
[[mail]]
title = "zwei Mails sind erlaubt"
mail = "newsletter"
again = 2
expect = { action = "no action" }

[[mail]]
title = "die vierte ist zu viel"
mail = "newsletter"
again = 4
expect = { action = "soft reject", reply = "Ratelimit*" }
"""
BAYES = {
    "local.d/actions.conf": ACTIONS,
    "local.d/classifier-bayes.conf": "servers = '10.255.0.3';\nautolearn { spam_threshold = 12; ham_threshold = -0.5; check_balance = true; }\n",
}
LEARNED = """
[[mail]]
title = "eine gute Mail lernt Bayes als Ham"
mail = "sauber"
expect = { learned = "ham" }

[[mail]]
title = "dieselbe noch einmal nicht"
mail = "sauber"
again = 2
expect = { learned = false }

[[mail]]
title = "Erzwungenes nie"
mail = "gtube"
expect = { learned = false, ran = [0, 0] }
"""


@pytest.mark.parametrize(
    ("files", "expect"),
    [(GREYLIST, LATER), (RATELIMIT, TOO_MANY), (BAYES, LEARNED)],
    ids=["greylist", "ratelimit", "bayes"],
)
def test_what_needs_redis_uses_the_lab_s(policy, files, expect):
    code, out, err = check(policy(files, expect))
    assert code == 0, out + err
    assert "✓" in out


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("moment", ["start", "run"])
def test_whoever_interrupts_it_leaves_nothing_behind(policy, number, moment):
    slow = EXPECT.replace('mail = "sauber"\n', 'mail = "sauber"\nagain = 30\npause = 1\n')
    process = started(policy(BLOCKED, slow))
    folder = paths.state() / "labs" / f"check-{process.pid}-1"
    wanted = folder / ("supervisor.sock" if moment == "start" else "own")
    deadline = time.monotonic() + 30
    while not wanted.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    assert wanted.exists()
    if moment == "run":
        time.sleep(1.5)
    os.kill(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert process.returncode not in (0, 2) and "Traceback" not in err
    assert left_of(process.pid) == []


def test_the_lab_that_runs_is_not_touched(lab, policy):
    before = lab.configuration.read()
    pids = {process.pid for name in lab.cluster.nodes for process in lab.cluster.processes(name)}
    assert check(policy(BLOCKED, EXPECT))[0] == 0
    assert lab.configuration.read() == before
    assert {process.pid for name in lab.cluster.nodes for process in lab.cluster.processes(name)} == pids
