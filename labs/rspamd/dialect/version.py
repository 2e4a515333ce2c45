"""With which Rspamd the workbook was proven, and what to say of another one."""

from __future__ import annotations

import re
import subprocess

from labs.bundle import Bundle

PROVEN = ("3.12",)
"""The series of versions against which the tests hold this package, and all that is said of Rspamd elsewhere."""
WHAT_TO_DO = "Die erprobte Version nimmt das Arbeitsbuch ohne LABS_BUNDLE=system. Was bei deiner anders ist, zeigt `./arbeitsbuch test tests/lab`."


def installed(bundle: Bundle) -> str:
    """The version of the Rspamd that a lab with this bundle runs, such as "3.12.1"; "" when it does not say."""
    said = subprocess.run(
        [bundle.program("rspamd"), "--version"], capture_output=True, text=True, errors="replace", timeout=20
    ).stdout
    match = re.search(r"\bversion (\d[\w.]*)", said)
    return match[1] if match else ""


def differs(version: str) -> str:
    """That this version is none of the proven ones, and what may be different, in German; "" for a proven one."""
    if any(f"{version}.".startswith(f"{series}.") for series in PROVEN):
        return ""
    return (
        f"Hier läuft Rspamd {version or 'ohne Versionsangabe'}; erprobt ist das Arbeitsbuch mit {' und '.join(PROVEN)}. "
        "Scannen, senden und konfigurieren geht trotzdem. Anders sein kann, was es aus Rspamds Log liest (`why_not`, "
        "`force_actions`, `decision`, `ran`, der Weg einer Mail) und was es über Composites und Settings-Profile sagt."
    )


def warning(bundle: Bundle) -> str:
    """What a reader should know of the Rspamd that a lab with this bundle runs; "" when it is proven."""
    said = differs(installed(bundle))
    return f"{said} {WHAT_TO_DO}" if said else ""
