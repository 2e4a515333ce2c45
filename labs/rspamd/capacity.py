"""How many mails a second one worker node checks, measured with Rspamd's own client.

Source: rspamc(1), option -n: so many connections at the same time.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from labs.bundle import Bundle
from labs.errors import LabError
from labs.progress import Progress

if TYPE_CHECKING:
    import pandas as pd

CONNECTIONS = (1, 2, 4, 8, 16)


@dataclass(frozen=True)
class Capacity:
    """``rates``: (connections at the same time, mails a second), in this order."""

    node: str
    mails: int
    rates: tuple[tuple[int, float], ...]

    @property
    def best(self) -> float:
        """The most mails a second."""
        return max(rate for _, rate in self.rates)

    @property
    def table(self) -> pd.DataFrame:
        """Verbindungen, Mails pro Sekunde, Millisekunden je Mail (so long does one of them wait)."""
        import pandas as pd

        rows = [(number, round(rate), round(1000 * number / rate, 1)) for number, rate in self.rates]
        return pd.DataFrame(rows, columns=["Verbindungen", "Mails pro Sekunde", "Millisekunden je Mail"])

    def nodes_for(self, rate: float, *, used: float = 0.5, spare: int = 1) -> int:
        """How many such nodes ``rate`` mails a second need, each busy to at most ``used``, and ``spare`` more may fail."""
        return math.ceil(rate / (self.best * used)) + spare

    def __str__(self) -> str:
        lines = [f"{number:>3} Verbindungen: {rate:>5.0f} Mails pro Sekunde" for number, rate in self.rates]
        return "\n".join([f"{self.node}, {self.mails} Mails je Messung", *lines])

    __repr__ = __str__


def measure(
    bundle: Bundle, node: str, endpoint: str, mail: Callable[[], bytes], mails: int, progress: Progress
) -> Capacity:
    """Send ``mails`` different mails to one worker, with more and more connections at the same time."""
    with tempfile.TemporaryDirectory() as folder:
        for number in range(mails):
            Path(folder, f"{number}.eml").write_bytes(mail())
        rates = []
        for step, connections in enumerate(CONNECTIONS):
            progress(step / len(CONNECTIONS), f"{connections} Verbindungen zugleich")
            started = time.monotonic()
            result = subprocess.run(
                [bundle.program("rspamc"), "-h", endpoint, "-n", str(connections), "-t", "30", "symbols", folder],
                capture_output=True, text=True, errors="replace", timeout=120,
            )  # fmt: skip
            seconds = time.monotonic() - started
            done = result.stdout.count("Action: ")
            if done != mails:
                raise LabError(
                    f"{node} hat nur {done} von {mails} Mails geprüft.",
                    why=result.stderr.strip()[-200:],
                    next_step="Sieh mit `lab.status()` nach und miss noch einmal.",
                )
            rates.append((connections, mails / seconds))
    return Capacity(node, mails, tuple(rates))
