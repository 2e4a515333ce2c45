"""Look at this machine and say in German what is fine, what is not, and which command mends it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import tempfile
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from labs import bundle, nickname, paths
from labs.bundle.apt import PrivateApt
from labs.cluster.cluster import Cluster
from labs.cluster.network import EVERYWHERE, bindable, check_loopback, kinds
from labs.cluster.topology import named, topology
from labs.errors import LabError
from labs.nodes import ROLES
from labs.rspamd.dialect.version import WHAT_TO_DO, differs, installed

DISK_MB, MEMORY_MB = 600, 500


@dataclass(frozen=True)
class Finding:
    """One thing looked at. ``remedy``: the command or step that mends it, or what it means; empty when all is well."""

    what: str
    found: str
    ok: bool
    remedy: str = ""


def examine() -> list[Finding]:
    """All findings, in the order in which a start needs them."""
    return list(_findings())


def _findings() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield _finding(
        "Python",
        version,
        sys.version_info >= (3, 11),
        "Installiere Python 3.11 oder neuer: sudo apt-get install python3",
    )
    yield _finding(
        "Python-Umgebung", sys.prefix, sys.prefix != sys.base_prefix, "Rufe ./arbeitsbuch start auf; es legt .venv an."
    )
    modules = [
        name
        for name in ("jupyterlab", "ipywidgets", "matplotlib", "pandas", "supervisor")
        if importlib.util.find_spec(name) is None
    ]
    yield _finding(
        "Python-Pakete",
        f"es fehlen {', '.join(modules)}" if modules else "vollständig",
        not modules,
        "Lösche .venv und rufe ./arbeitsbuch start auf.",
    )
    tools = [name for name in ("apt-get", "dpkg-deb", "tar", "setpriv") if shutil.which(name) is None]
    yield _finding(
        "Werkzeuge",
        f"es fehlen {', '.join(tools)}" if tools else "apt, dpkg, tar, setpriv",
        not tools,
        "sudo apt-get install apt dpkg tar util-linux",
    )
    yield from _bundle()
    yield from _rspamd()
    yield from _mirror()
    for what, folder in (("Cache", paths.cache()), ("Zustand", paths.state())):
        yield _disk(what, folder)
    memory = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 10**6
    yield _finding(
        "Speicher",
        f"{memory} MB frei",
        memory >= MEMORY_MB,
        f"Beende andere Programme; das Labor braucht {_memory('core')} MB, der ganze Cluster {_memory('cluster')} MB, JupyterLab etwa 300 MB.",
    )
    yield _loopback()
    yield _leftovers()


def _memory(group: str) -> int:
    """How many MB the nodes of a group take together."""
    return sum(ROLES[role].memory for name in named(group) for role in topology()["nodes"][name]["services"])


def _finding(what: str, found: str, ok: bool, remedy: str) -> Finding:
    return Finding(what, found, ok, "" if ok else remedy)


def _bundle() -> Iterator[Finding]:
    found = bundle.find()
    if found is None:
        yield Finding("Server", "noch nicht geladen", False, "./arbeitsbuch start lädt sie (etwa 40 MB Download).")
        return
    if found.prefix == Path("/"):
        missing = []
        for name in bundle.recipe()["servers"]["programs"]:
            try:
                found.program(name)
            except LabError:
                missing.append(name)
        missing_text = f", es fehlen {', '.join(missing)}" if missing else ""
        text = f"vom System (LABS_BUNDLE=system){missing_text}"
        yield _finding("Server", text, not missing, "Installiere sie oder starte ohne LABS_BUNDLE.")
        return
    names = ("rspamd", "redis-server", "unbound")
    versions = ", ".join(f"{name} {found.version(name)}" for name in names)
    yield Finding(
        "Server", f"{versions} (aus {found.manifest['suite']}, {len(found.manifest['packages'])} Pakete)", True
    )


def _rspamd() -> Iterator[Finding]:
    """Whether the workbook was proven with the Rspamd that is there."""
    found = bundle.find()
    if found is None:
        return
    with suppress(LabError):  # that there is none, the servers' finding says
        version = installed(found)
        yield _finding(
            "Rspamd",
            differs(version) or f"{version}, damit ist das Arbeitsbuch erprobt",
            not differs(version),
            WHAT_TO_DO,
        )


def _mirror() -> Iterator[Finding]:
    if os.environ.get("LABS_BUNDLE") == "system":
        return
    needed = bundle.find() is None
    try:
        with tempfile.TemporaryDirectory(dir=_existing(paths.cache())) as folder, nickname.plain(Path(folder)) as plain:
            uri = PrivateApt(plain, bundle.recipe()["servers"]["suite"]).sources[0].uri
    except (LabError, OSError) as error:
        yield Finding("Paketspiegel", str(error).splitlines()[0], not needed, getattr(error, "next_step", ""))
        return
    try:
        urllib.request.urlopen(uri, timeout=5).close()  # noqa: S310
        reachable = True
    except urllib.error.HTTPError:
        reachable = True  # an answer, whatever it says
    except (OSError, ValueError):
        reachable = not uri.startswith("http")
    host = urllib.parse.urlsplit(uri).hostname or uri
    if reachable:
        yield Finding("Paketspiegel", f"{host} ist erreichbar", True)
    elif needed:
        yield Finding(
            "Paketspiegel",
            f"{host} ist nicht erreichbar",
            False,
            "Prüfe Netz und Proxy; LABS_DEBIAN_MIRROR nennt einen anderen Spiegel.",
        )
    else:
        yield Finding("Paketspiegel", f"{host} ist nicht erreichbar; das stört nicht, denn die Server sind da", True)


def _existing(folder: Path) -> Path:
    return next(parent for parent in (folder, *folder.parents) if parent.exists())


def _disk(what: str, folder: Path) -> Finding:
    free = shutil.disk_usage(_existing(folder)).free // 10**6
    writable = os.access(_existing(folder), os.W_OK)
    variable = "XDG_CACHE_HOME" if what == "Cache" else "XDG_STATE_HOME"
    if not writable:
        return Finding(
            what, f"{folder} ist nicht beschreibbar", False, f"Setze {variable} auf einen Ordner, der dir gehört."
        )
    return _finding(
        what,
        f"{folder}, {free} MB frei",
        free >= DISK_MB,
        f"Schaffe {DISK_MB} MB Platz oder setze {variable} auf eine andere Platte.",
    )


def _leftovers() -> Finding:
    """Servers of labs whose supervisor is gone; they are ended."""
    ended = {}
    for folder in sorted(path for path in (paths.state() / "labs").glob("*") if path.is_dir()):
        if count := Cluster(folder.name).end_leftovers():
            ended[folder.name] = count
    text = ", ".join(f"{count} Prozesse von {name}" for name, count in ended.items())
    return Finding("Reste", f"{text} beendet" if ended else "keine", True)


def _loopback() -> Finding:
    try:
        check_loopback()
    except LabError as error:
        return Finding("Loopback", error.what, False, error.next_step)
    services = [service for node in topology()["nodes"].values() for service in node["services"].values()]
    open_ports = [
        (name, port) for service in services for name, port in service.items() if name not in topology()["sockets"]
    ]
    sockets = {(port, kind) for name, port in open_ports for kind in kinds(name)}
    taken = sorted({port for port, kind in sockets if not bindable(EVERYWHERE, port, kind)})
    remedy = "Ein Programm lauscht dort auf allen Adressen; beende es (sudo ss -lntup zeigt es)."
    found = f"auf allen Adressen belegt: {', '.join(map(str, taken))}" if taken else "frei"
    return _finding("Ports", found, not taken, remedy)
