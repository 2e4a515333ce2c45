"""Why a service does not start: the last error in its own words, wherever it wrote it."""

from __future__ import annotations

import re
from pathlib import Path

from labs.cluster.topology import Service

_ERROR = re.compile(
    r"\b(error|fatal|panic|fail(s|ed|ure)|can(no|'|’)t|could(n't| not)|unable|invalid|bad|unknown|abort(ing|ed)|denied|"
    r"no such|not found|in use)\b|>>>",  # the last one is Redis quoting a line of its configuration
    re.IGNORECASE,
)
_HARMLESS = re.compile(r"is not found, but it can be loaded automatically later")
"""What Rspamd says at every start of the maps that nobody has written."""
_END = 20_000
"""So many characters of a log are looked at."""


def complaint(service: Service, folder: Path) -> str:
    """The last error of a service, one or two lines of the log written last; without any how its process ended.

    ``folder``: where the supervisor keeps its own log and what each program prints.
    """
    logs = [*(service.folder / "log").glob("*.log"), folder / f"{service.program}.log"]
    newest_first = sorted(filter(Path.exists, logs), key=lambda path: path.stat().st_mtime_ns, reverse=True)
    ends = [line for line in _lines(folder / "supervisord.log") if f" exited: {service.program} " in line]
    return next(filter(None, map(_last_error, newest_first)), "\n".join(ends[-1:]))


def _last_error(log: Path) -> str:
    lines = _lines(log)
    last = next((number for number in reversed(range(len(lines))) if _ERROR.search(lines[number])), None)
    if last is None:
        return ""
    return "\n".join(dict.fromkeys(line for line in lines[max(last - 1, 0) : last + 1] if _ERROR.search(line)))


def _lines(path: Path) -> list[str]:
    lines = path.read_text(errors="replace")[-_END:].splitlines()
    return [line for line in lines if line.strip() and not _HARMLESS.search(line)]
