"""How Postfix' programs run without root: the accounts and the DNS that they see, and the age of their files."""

from __future__ import annotations

import os
import time
from pathlib import Path

from labs.cluster.topology import Service


def postfix_environment(service: Service) -> dict[str, str]:
    """The cwrap libraries play root, accounts and DNS (Postfix cannot ask port 5353); the programs find them by RPATH.

    Source: uid_wrapper(1), nss_wrapper(1), resolv_wrapper(1).
    """
    return {
        "LANG": "C",
        "LD_PRELOAD": "libnss_wrapper.so:libuid_wrapper.so:libresolv_wrapper.so",
        "UID_WRAPPER": "1",
        "UID_WRAPPER_ROOT": "1",
        "NSS_WRAPPER_PASSWD": str(service.folder / "accounts/passwd"),
        "NSS_WRAPPER_GROUP": str(service.folder / "accounts/group"),
        "RESOLV_WRAPPER_HOSTS": str(service.folder / "etc/hosts"),
    }


def age(folder: Path) -> None:
    """Make the files of ``folder`` look an hour old: Postfix waits a second for a file that was just written."""
    for path in folder.iterdir():
        os.utime(path, (time.time() - 3600,) * 2)
