"""The same mails under several configurations, side by side: what Rspamd decided, what the sender heard, what was learned."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from labs.policy.judges import shown
from labs.policy.observation import Observation
from labs.rspamd.rspamd import Rspamd
from labs.rspamd.verdict import Verdict
from labs.smtp.client import Delivery

LEARNED = {"spam": "als Spam", "ham": "als Ham", "": "nein", None: "?"}


def side_by_side(rspamd: Rspamd, variants: Mapping[str, Mapping[str, Verdict | Delivery]]) -> pd.DataFrame:
    """One row a case and variant. ``variants``: variant -> {name of the case: what came of its mail}.

    The row tells action, number of symbols, the SMTP reply (without Postfix the text that Rspamd asks for) and what
    Bayes learned of its own accord; of a delivery it is the first node's verdict.
    """
    names = dict.fromkeys(name for results in variants.values() for name in results)
    rows = [
        (name, variant, *_row(Observation.of(results[name], rspamd)))
        for name in names
        for variant, results in variants.items()
        if name in results
    ]
    return pd.DataFrame(rows, columns=["Fall", "Variante", "Action", "Symbole", "Antwort an den Absender", "Gelernt"])


def _row(seen: Observation) -> tuple[str, int, str, str]:
    reply = shown(seen.reply if seen.code is None else f"{seen.code} {seen.reply}")
    return seen.action, len(seen.symbols), reply, LEARNED[seen.learned]
