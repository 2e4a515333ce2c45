"""Make the reader's configuration run in the lab: only what leads to other servers is taken out of it.

The lab's own servers take their place: Redis, DNS, the workers' sockets and keys, ClamAV's address, the log. What needs
the Internet is off. Source: https://docs.rspamd.com/configuration (local.d, override.d), lua_redis.lua, antivirus.lua.
"""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from labs.bundle import Bundle
from labs.cluster import render
from labs.cluster.cluster import Cluster
from labs.cluster.topology import Node, Service
from labs.cluster.transaction import apply_one
from labs.errors import LabError
from labs.rspamd.configuration import WorkerConfiguration
from labs.rspamd.dialect.lua import lua
from labs.rspamd.own.files import Own
from labs.rspamd.programs import shared_variables

_REDIS_FILES = (
    "redis", "classifier-bayes", "statistic", "greylist", "ratelimit", "history_redis", "reputation", "replies", "arc",
    "dkim_signing", "known_senders", "neural", "url_redirector", "mx_check", "dmarc", "bimi", "spamtrap",
)  # fmt: skip
_REDIS_KEYS = (
    "server", "servers", "read_servers", "write_servers", "sentinels", "sentinel_masters_pattern", "username",
    "password", "db", "dbname", "database",
)  # fmt: skip
_EXPORTERS = ("clickhouse", "elastic", "metadata_exporter", "metric_exporter")
_IF_ASKED = ("greylist",)
"""Off in the lab, unless the reader's files say something of it."""

_PATHS = """
pidfile = "$RUNDIR/rspamd.pid";
dynamic_conf = "$DBDIR/rspamd_dynamic";
history_file = "$DBDIR/rspamd.history";
cache_file = "$DBDIR/symbols.cache";
stats_file = "$DBDIR/stats.ucl";
rrd = "$DBDIR/rspamd.rrd";
hs_cache_dir = "$DBDIR/";
"""
_INCLUDE = re.compile(r"^\s*\.include.*$", re.MULTILINE)


@dataclass(frozen=True)
class Fitted:
    """A configuration ready for the lab. ``parsed``: those of its files that must be rewritten, as data."""

    own: Own
    parsed: Mapping[str, Any]

    @classmethod
    def of(cls, own: Own, bundle: Bundle) -> Fitted:
        """Look for ways out of the lab; a file that Rspamd cannot parse stays as it is, for its own error message."""
        kept = {name: text for name, text in own.files.items() if PurePosixPath(name).name != "logging.inc"}
        parsed = parse(bundle, {name: text for name, text in kept.items() if _leads_to(name)})
        return cls(replace(own, files=kept), {name: data for name, data in parsed.items() if isinstance(data, dict)})

    @property
    def scanners(self) -> set[str]:
        """The types of virus scanners that the reader asks, such as "clamav"."""
        found = [data for name, data in self.parsed.items() if _leads_to(name) == "antivirus"]
        return {section["type"] for data in found for section in data.values() if _is_scanner(section)}

    def files(self, base: Mapping[str, str], nodes: Mapping[str, Node], secrets: Mapping[str, str]) -> dict[str, str]:
        """The files of a worker. ``base``: what the workbook ships for it, of which only the lab's own part stays."""
        lab = {name: text for name, text in base.items() if not name.startswith("local.d/")}
        lab |= _connections(base, nodes["redis1"], secrets)
        for module in filter(self.own.says, _IF_ASKED):
            lab.pop(f"override.d/{module}.conf", None)
        result = {name: self._text(name, text, nodes) for name, text in self.own.files.items()}
        for name, text in lab.items():
            if name in result and name.startswith("override.d/"):  # the reader's first, the lab's on top of it
                inner = f"override.d/own/{name.removeprefix('override.d/')}"
                result[inner] = result[name]
                text = f'.include(priority=9) "$LOCAL_CONFDIR/{inner}"\n{text}'
            result[name] = text
        return result

    def notes(self) -> list[str]:
        """German lines: what was replaced, and what the lab cannot offer."""
        clamav = ["ClamAV"] if "clamav" in self.scanners else []
        replaced = ["Redis", "DNS", "Sockets und Schlüssel der Worker", "Protokoll", *clamav]
        off = ["fuzzy_check", "asn", "neural", "Exporte", *(name for name in _IF_ASKED if not self.own.says(name))]
        lines = [f"Aus dem Labor statt aus {self.own.folder}: {', '.join(replaced)}. Abgeschaltet: {', '.join(off)}."]
        missing = sorted(self.scanners - {"clamav"})
        return lines + ([f"Diese Virenscanner gibt es im Labor nicht: {', '.join(missing)}."] if missing else [])

    def _text(self, name: str, text: str, nodes: Mapping[str, Node]) -> str:
        if name not in self.parsed:
            return text
        data = self.parsed[name]
        if _leads_to(name) == "redis":
            return _ucl(_without(data, _REDIS_KEYS), text)
        av = nodes.get("av1")
        server = {"servers": av.main.endpoint("clamd")} if av else {}
        return _ucl({key: one | server if _is_scanner(one, "clamav") else one for key, one in data.items()}, text)


class OwnConfiguration(WorkerConfiguration):
    """The reader's configuration on the workers of a lab of its own."""

    proven = False

    def __init__(self, cluster: Cluster, own: Own) -> None:
        super().__init__(cluster)
        self.home = cluster.folder / "own"
        mapped = own.mapped(self.home, cluster.bundle)
        self.fitted = Fitted.of(mapped, cluster.bundle)
        render.write(mapped.files, self.home)

    def base(self, chapter: str = "", service: Service | None = None) -> dict[str, str]:
        """The reader's files with the lab's connections."""
        return self.fitted.files(super().base(chapter, service), self.cluster.nodes, self.cluster.secrets)

    def take(self) -> tuple[str, ...]:
        """Take the files into use; warnings. Raises LabError with file and line when Rspamd refuses them."""
        try:
            change = apply_one(self, {})
        except LabError as error:
            raise LabError(
                self._as_written(error.what.removesuffix(" Die bisherige läuft weiter.")),
                why=self._as_written(error.why),
                next_step="Ändere die Datei und prüfe noch einmal.",
            ) from None
        return tuple(map(self._as_written, change.warnings))

    def _as_written(self, text: str) -> str:
        """The reader's own paths instead of the copy's."""
        return text.replace(str(self.home), "/etc/rspamd")


def parse(bundle: Bundle, files: Mapping[str, str]) -> dict[str, Any]:
    """Each file as Rspamd's own parser reads it; None for one that it cannot read. Variables stay as they are."""
    if not files:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        script, paths = Path(folder) / "parse.lua", []
        script.write_text(lua("parse"), encoding="utf-8")
        for number, text in enumerate(files.values()):
            paths.append(Path(folder) / f"{number}.conf")
            paths[-1].write_text(_INCLUDE.sub("", text), encoding="utf-8", errors="surrogateescape")
        result = subprocess.run(
            [
                bundle.program("rspamadm"), *shared_variables(bundle), "lua", "-b", script,
                *(word for path in paths for word in ("-a", path)),
            ],
            capture_output=True, text=True, errors="replace", cwd=folder, timeout=30,
        )  # fmt: skip
    lines = result.stdout.split("\n")[: len(files)]
    return {name: json.loads(line) if line else None for name, line in zip(files, lines, strict=True)}


def _leads_to(name: str) -> str:
    """Whether a file leads to "redis", to "antivirus" scanners or nowhere ("")."""
    path = PurePosixPath(name)
    if str(path.parent) not in ("local.d", "override.d") or path.suffix != ".conf":
        return ""
    return "antivirus" if path.stem == "antivirus" else "redis" if path.stem in _REDIS_FILES else ""


def _is_scanner(section: Any, kind: str = "") -> bool:
    return isinstance(section, dict) and "type" in section and kind in ("", section["type"])


def _without(data: Any, keys: tuple[str, ...]) -> Any:
    """The data without these keys, however deep they stand."""
    if isinstance(data, dict):
        return {key: _without(value, keys) for key, value in data.items() if key not in keys}
    return [_without(value, keys) for value in data] if isinstance(data, list) else data


def _ucl(data: Mapping[str, Any], text: str) -> str:
    """The data as UCL, after the lines of ``text`` that include other files."""
    lines = [line.strip() for line in _INCLUDE.findall(text)]
    lines += [f"{json.dumps(key)} = {json.dumps(value, ensure_ascii=False)};" for key, value in data.items()]
    return "\n".join([*lines, ""])


def _connections(base: Mapping[str, str], redis: Node, secrets: Mapping[str, str]) -> dict[str, str]:
    """What leads to the lab's own servers, as files of override.d."""
    keypair = f'keypair {{ pubkey = "{secrets["worker_public"]}"; privkey = "{secrets["worker_private"]}"; }}\n'
    return {
        "override.d/redis.conf": f'servers = "{redis.address}:{redis.ports["redis"]}";\npassword = "{secrets["redis"]}";\n',
        "override.d/worker-normal.inc": f"{base['override.d/worker-normal.inc']}count = 1;\n{keypair}",
        "override.d/worker-controller.inc": (
            f'{base["override.d/worker-controller.inc"]}enable_password = "{secrets["controller"]}";\n'
        ),
        "override.d/options.inc": base["override.d/options.inc"] + _PATHS,
        **{f"override.d/{name}.conf": "enabled = false;\n" for name in _EXPORTERS},
    }
