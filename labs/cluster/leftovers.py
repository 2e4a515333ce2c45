"""Servers of a lab that nobody supervises any more: find them, end them. Source: pidfd_open(2)."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

from labs import paths
from labs.bundle import recipe


def find(folder: Path) -> list[psutil.Process]:
    """The servers that run in ``folder`` (a lab's, or that of all labs) and belong to this user."""
    return [process for process in _inside(folder) if _is_server(process, folder)]


def _inside(folder: Path) -> Iterator[psutil.Process]:
    """The processes that may work in ``folder``: of hundreds on a machine only few need a closer look."""
    for pid in psutil.pids():
        with suppress(psutil.Error, OSError):
            if str(Path(f"/proc/{pid}/cwd").readlink()).startswith(str(folder)):
                yield psutil.Process(pid)


def end(folder: Path) -> int:
    """Kill what runs in ``folder``, also what is born meanwhile; how many processes that were."""
    count = 0
    while left := find(folder):
        for process in left:
            try:
                process.kill()
            except psutil.NoSuchProcess:
                continue
        for process in left:
            await_end(process.pid, 3)
        count += len(left)
    return count


def _is_server(process: psutil.Process, folder: Path) -> bool:
    """It works in the folder and is one of our programs, not a reader's shell there."""
    try:
        if process.uids().real != os.getuid() or not Path(process.cwd()).is_relative_to(folder):
            return False
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        program, words = Path(process.exe()), process.cmdline()
        return (
            program.is_relative_to(paths.cache().resolve())
            or any(word.startswith(f"{paths.cache()}/") for word in words[:1])  # an environment's interpreter is a link
            or program.name in {*recipe()["servers"]["programs"], *recipe()["servers"]["cluster"]}
            or any(word.endswith("/supervisord.conf") for word in words)
        )
    except (psutil.Error, OSError):
        return False


def await_end(pid: int, seconds: float | None) -> None:
    """Wait until a process has ended (None: however long that takes), whether or not its parent has noticed."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        poll = select.poll()
        poll.register(process, select.POLLIN)
        poll.poll(None if seconds is None else 1000 * seconds)
    finally:
        os.close(process)
