"""The one line that says why a server does not start is found, whichever log it is in."""

import os
from pathlib import Path

import pytest

from labs.cluster.complaint import complaint
from labs.cluster.topology import Service

NOISE = "2026-11-24 21:04:22 #17(main) <6e>; cfg; rspamd_config_set_action_score: action reject has been registered"
STARTS = "2026-11-24 21:04:22 #17(main) <9f>; main; main: rspamd 3.12.1 is loading configuration, build id: release"
NO_NAME = (
    "2026-11-24 21:04:22 #17(main) <52>; upstreams; rspamd_resolve_addrs: address resolution for localhost failed: x"
)
NO_HOST = "2026-11-24 21:04:22 #17(main) <6e>; cfg; rspamd_config_read: rcl parse error: bad hosts definition"
MASTER = "Nov 24 21:13:10 mx1 postfix/master[7]: fatal: bind 127.77.1.1 port 2525: Address already in use"
REDIS = "7:M # >>> 'maxmemoryy 1mb'", "7:M # Module Configuration detected without loadmodule directive: aborting"
EXITED = "2026-11-24 21:14:31,8 WARN exited: mx1.postfix-mx (terminated by SIGSEGV; not expected)"


@pytest.fixture
def logs(tmp_path):
    """Write the lines of three logs, the last one newest: what the program printed, its own, the supervisor's."""
    (tmp_path / "log").mkdir()
    service = Service("postfix-mx", "mx1", "127.77.1.1", {}, tmp_path / "node", False)
    (service.folder / "log").mkdir(parents=True)

    def write(printed=(), own=(), supervisor=()):
        paths = ("log/mx1.postfix-mx.log", "node/log/mail.log", "log/supervisord.log")
        for age, (name, lines) in enumerate(zip(paths, (printed, own, supervisor), strict=True)):
            path = Path(tmp_path / name)
            path.write_text("".join(f"{line}\n" for line in lines))
            os.utime(path, (age, age))
        return complaint(service, tmp_path / "log")

    return write


def test_the_last_error_is_told_and_what_led_to_it(logs):
    assert logs(printed=[STARTS, STARTS], own=[NO_HOST, NOISE, NO_NAME, NO_HOST, NOISE]) == f"{NO_NAME}\n{NO_HOST}"
    assert logs(printed=[STARTS, *REDIS]) == "\n".join(REDIS)
    assert logs(printed=["doveconf: Fatal: x", "doveconf: Fatal: x"]) == "doveconf: Fatal: x"


def test_the_log_written_last_comes_first(logs):
    assert logs(printed=[NO_HOST], own=[MASTER]) == MASTER
    assert logs(printed=[NO_HOST], own=[NOISE]) == NO_HOST


def test_a_program_that_says_nothing_is_told_by_its_end(logs):
    other = EXITED.replace("mx1.postfix-mx", "mx1.postfix-mx2")
    assert logs(supervisor=[EXITED, other, "INFO spawned: 'mx1.postfix-mx' with pid 7"]) == EXITED
    assert logs() == ""
