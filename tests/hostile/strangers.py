"""Another user of the same machine: code of a test that runs under a uid of its own."""

import json
import os
import signal
import socket
import traceback
from contextlib import contextmanager

import pytest

STRANGER = 65534

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user of this machine")


def become_stranger():
    os.setgroups([])
    os.setgid(STRANGER)
    os.setuid(STRANGER)


def as_stranger(function, *arguments):
    """What ``function`` returns (as JSON) when another user calls it; an assertion that fails there fails here."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        try:
            become_stranger()
            answer = {"value": function(*arguments)}
        except BaseException:
            answer = {"error": traceback.format_exc()}
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        answer = json.loads(pipe.read())
    os.waitpid(child, 0)
    assert "error" not in answer, answer["error"]
    return answer["value"]


@contextmanager
def stranger_listens(host, port):
    """Another user sits on a port while the block runs."""
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        become_stranger()
        with socket.create_server((host, port)):
            os.write(writer, b"ok")
            signal.pause()
    try:
        assert os.read(reader, 2) == b"ok"
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
