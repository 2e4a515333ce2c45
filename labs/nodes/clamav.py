"""ClamAV's daemon with the lab's own signatures. Source: clamd(8)."""

from __future__ import annotations

from labs.cluster.role import Role, says

ROLES = {
    "clamav": Role(
        lambda bundle, service: [str(bundle.program("clamd")), "-c", str(service.folder / "etc/clamd.conf")],
        lambda service, secrets: says(service, "clamd", b"PONG", b"zPING\0"),
        memory=9,
    )
}
