"""What lies in a mailbox of the lab. Source: virtual(8), which writes Maildirs; https://cr.yp.to/proto/maildir.html"""

from __future__ import annotations

import email
import email.policy
import time
from pathlib import Path
from typing import TYPE_CHECKING

from labs.cluster.topology import Service
from labs.errors import LabError
from labs.smtp.headers import HEAD
from labs.visible import one_line, visible

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["Zeit", "Absender", "Betreff", "Text"]


def messages(service: Service, user: str, newest: int) -> pd.DataFrame:
    """The ``newest`` mails of a user, the latest first: time, sender, subject, text, of the first 64 KB of each.

    ``service``: the Postfix with the mailboxes. Raises LabError when the user has none.
    """
    import pandas as pd

    lines = (service.folder / "etc/mailboxes").read_text(encoding="utf-8").splitlines()
    known = [line.partition("@")[0] for line in lines if "@" in line and not line.startswith("#")]
    if user not in known:
        raise LabError(f"Ein Postfach „{user}“ gibt es nicht.", next_step=f"Vorhanden sind: {', '.join(known)}.")
    found = sorted(
        (service.folder / "mail" / user / "new").glob("*"), key=lambda path: path.stat().st_mtime, reverse=True
    )
    return pd.DataFrame([_row(path) for path in found[:newest]], columns=COLUMNS)


def _row(path: Path) -> tuple[str, str, str, str]:
    clock = time.strftime("%H:%M:%S", time.localtime(path.stat().st_mtime))
    try:
        with path.open("rb") as file:  # the parser needs seconds for a huge header
            message = email.message_from_bytes(file.read(HEAD), policy=email.policy.default)
        body = message.get_body(("plain",))
        text = body.get_content().strip() if body else ""
        sender, subject = (one_line(str(message.get(name, ""))) for name in ("From", "Subject"))
        return clock, sender, subject, visible(text)
    except Exception:  # the parser of the standard library fails in many ways on hostile mail
        return clock, "", "(nicht lesbar)", ""
