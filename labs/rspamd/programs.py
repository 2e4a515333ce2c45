"""How Rspamd's programs are called: where their configuration lies and what ``--var`` tells them."""

from __future__ import annotations

from pathlib import Path

from labs.bundle import Bundle
from labs.cluster.topology import Service


def shared_variables(bundle: Bundle) -> list[str]:
    """Rspamd's ``--var`` arguments for what comes with the bundle. Source: rspamd(8), src/rspamd.c."""
    share = bundle.path("usr/share/rspamd")
    folders = {
        "SHAREDIR": share,
        "PLUGINSDIR": share / "plugins",
        "RULESDIR": share / "rules",
        "LUALIBDIR": share / "lualib",
        "WWWDIR": share / "www",
        "CONFDIR": bundle.path("etc/rspamd"),
    }
    return [f"--var={name}={folder}" for name, folder in folders.items()]


def rspamd_variables(bundle: Bundle, local: Path, service: Service) -> list[str]:
    """All ``--var`` arguments: shared files from the bundle, everything written below the service's folder.

    ``local``: the folder that holds local.d and override.d.
    """
    own = {
        "LOCAL_CONFDIR": local,
        "DBDIR": service.folder / "db",
        "RUNDIR": service.folder / "run",
        "LOGDIR": service.folder / "log",
    }
    return [*shared_variables(bundle), *(f"--var={name}={folder}" for name, folder in own.items())]


def rspamd_main(bundle: Bundle, service: Service, folder: Path | None = None) -> Path:
    """The main configuration file: a worker's is Rspamd's own, a proxy has one of its own (``folder``: where it lies)."""
    if service.role == "rspamd-worker":
        return bundle.path("etc/rspamd/rspamd.conf")
    return (folder or service.folder / "etc") / "rspamd.conf"
