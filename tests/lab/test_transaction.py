"""A change is one transaction for all roles and all processes: what is in the files, remembered and in force agrees."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from labs.cluster.configuration import MEMORY
from labs.errors import LabError
from labs.lab import Lab
from tests.lab.test_start import wait_until

WRITER = """
import sys
from labs.nodes import new_cluster
from labs.lab import Lab
lab = Lab(new_cluster(sys.argv[1]))
for number in range(4):
    lab.write(f"maps.d/{sys.argv[2]}{number}.map", f"{number}")
print("ok", flush=True)
"""


def truths(lab):
    """reject's threshold in the files, in the memory and in the running worker."""
    text = lab.configuration.read().get("local.d/actions.conf", "")
    remembered = lab.configuration.edits.get("local.d/actions.conf", lab.configuration.base()["local.d/actions.conf"])
    return text == remembered, f"reject = {lab.scan('sauber').required_score:g};" in text


def test_edits_of_several_processes_all_stay(lab):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, lab.cluster.name, name], stdout=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    assert [writer.communicate(timeout=100)[0] for writer in writers] == ["ok\n"] * 3
    expected = {f"maps.d/{name}{number}.map" for name in "abc" for number in range(4)}
    assert lab.configuration.edits.keys() == expected and expected <= lab.configuration.read().keys()


def test_edits_of_several_threads_all_stay(lab):
    labs = [Lab(lab.cluster) for _ in range(4)]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda number: labs[number].write(f"maps.d/t{number}.map", "x"), range(4)))
    assert len(lab.configuration.edits) == 4


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.1, 0.2, 0.3, 0.45, 0.6])
def test_ctrl_c_during_a_change_leaves_one_truth(lab, delay):
    lab.write("actions.conf", "reject = 12;\n")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(delay, lambda: signal.pthread_kill(threading.main_thread().ident, signal.SIGINT))
    try:
        timer.start()
        lab.write("actions.conf", "reject = 9;\n")
        timer.join()
    except KeyboardInterrupt:
        pass
    finally:
        signal.signal(signal.SIGINT, before)
    assert truths(lab) == (True, True)
    assert lab.write("actions.conf", "reject = 8;\n").files and lab.scan("sauber").required_score == 8


def test_a_killed_change_leaves_files_and_memory_alike(lab):
    code = WRITER.replace(
        '"maps.d/{sys.argv[2]}{number}.map", f"{number}"', '"actions.conf", f"reject = {9 + number};"'
    )
    for _ in range(4):
        with subprocess.Popen([sys.executable, "-c", code, lab.cluster.name, "x"], stdout=subprocess.PIPE) as writer:
            folder = lab.configuration.folder
            stamp = folder.stat().st_ino
            wait_until(lambda folder=folder, stamp=stamp: folder.exists() and folder.stat().st_ino != stamp, 30)
            os.kill(writer.pid, signal.SIGKILL)
        assert truths(lab)[0]
    lab.reset()
    assert lab.configuration.edits == {} and lab.scan("sauber").required_score == 15


def test_set_up_of_several_roles_is_all_or_nothing(big):
    before = {role: one.read() for role, one in big.configurations.items()}
    with pytest.raises(LabError):
        big.set_up({"actions.conf": "reject = 9;", "postfix-mx/main.cf": "gibt_es_nicht_wirklich = ja"})
    assert {role: one.read() for role, one in big.configurations.items()} == before
    assert big.scan("sauber").required_score == 15


def test_a_role_that_does_not_come_back_takes_the_others_back(big):
    wrong = {"override.d/worker-normal.inc": 'bind_socket = "127.0.0.1:1";\n'}
    wanted = {"rspamd-worker": ("", wrong), "postfix-mx": ("", {"emergency_senders": "a@b.example REJECT\n"})}
    with pytest.raises(LabError, match="die alte gilt wieder"):
        big.configurations.apply(wanted)
    assert not big.configurations["postfix-mx"].edits and big.send("sauber", "mx").accepted


def test_undo_takes_back_what_set_up_did_on_all_roles(big):
    big.set_up({"actions.conf": "reject = 9;", "postfix-mx/emergency_senders": "a@b.example REJECT"})
    change = big.undo()
    assert {"local.d/actions.conf", "postfix-mx/emergency_senders"} <= set(change.files)
    assert big.scan("sauber").required_score == 15 and not big.configurations["postfix-mx"].edits


def test_nothing_of_a_change_stays_behind(lab):
    lab.write("actions.conf", "reject = 12;\n")
    with pytest.raises(LabError):
        lab.write("composites.conf", 'A { expression = "B;\n')
    found = {path.name for path in lab.configuration.first.folder.iterdir()}
    assert "etc" in found and not [name for name in found if name.startswith(("etc.", "candidate"))]


def test_a_change_that_was_killed_between_its_two_renames_is_mended(lab):
    lab.write("actions.conf", "reject = 12;\n")
    folder = lab.configuration.folder
    folder.rename(folder.with_name("etc.abc.old"))
    assert lab.write("actions.conf", "reject = 11;\n").files == ("local.d/actions.conf",)
    assert lab.scan("sauber").required_score == 11


def test_the_files_of_a_change_are_closed(lab):
    lab.write("actions.conf", "reject = 12;\n")
    assert (lab.configuration.folder / MEMORY).stat().st_mode & 0o077 == 0


def test_a_parameter_that_is_given_anew_is_given_once(big):
    """Else every process of Postfix warns of it, and so many warnings at once make it stand still."""
    log = big.cluster.node("mx1").main.folder / "log/mail.log"
    before = log.stat().st_size
    big.write("postfix-mx/main.cf", "milter_default_action = accept")
    assert big.configurations["postfix-mx"].value("milter_default_action") == "accept"
    assert "overriding earlier entry" not in log.read_bytes()[before:].decode(errors="replace")
    assert big.configurations["postfix-mx"].read()["main.cf"].count("\nmilter_default_action") == 1
