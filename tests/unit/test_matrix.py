"""The matrix of connections: every cell in words, for eyes, screen readers and hostile answers."""

import re
from dataclasses import replace

from labs.cluster.connections import ALLOWED, BROKEN, OPEN, REFUSED, Connection, Connections, Port
from labs.cluster.probes import Answer
from labs.cluster.topology import Link
from labs.widgets.matrix import connections_html

SMTP, REDIS = Port("mx1", "smtp", 2525, "tcp"), Port("redis1", "redis", 6379, "tcp")
LINK = Link("client", "mx1", "smtp", "Post", "tcp", ())
YES, NO = Answer(True, frozenset(), "250 <b>Ok</b>"), Answer(False, frozenset(), "554 <script>x</script>")
CELLS = (
    Connection("client", SMTP, LINK, YES),
    Connection("client", REDIS, None, NO),
    Connection("mx1", REDIS, None, YES, finding="mx1 → redis1 redis: zu offen"),
    Connection("redis1", SMTP, replace(LINK, source="redis1"), NO),
)
FOUND = Connections(CELLS, {"client": "internet", "mx1": "dmz", "redis1": "filter"})


def test_the_four_states():
    assert [cell.state for cell in CELLS] == [ALLOWED, REFUSED, OPEN, BROKEN]
    assert list(FOUND.table["Ergebnis"]) == [ALLOWED, REFUSED, OPEN, BROKEN]


def test_a_cell_says_in_words_what_its_symbol_means():
    page = connections_html(FOUND)
    labels = re.findall(r'<span role="img" aria-label="([^"]+)">(.+?)</span>', page)
    assert [symbol for _, symbol in labels] == ["✓", "■", "□⚠", "✗"]
    assert labels[0][0] == "client → mx1 smtp: erlaubt" and "zu offen" in labels[2][0]
    legend = page.partition("</table>")[2].partition("<details>")[0]
    assert all(state in legend for state in (ALLOWED, REFUSED, OPEN, BROKEN))


def test_rows_and_columns_have_headers_for_screen_readers():
    page = connections_html(FOUND)
    assert page.count('scope="row"') == 3 and page.count('scope="rowgroup"') == 3
    assert page.count('scope="colgroup"') == 2 and page.count('scope="col"') == 3 and "<caption>" in page


def test_what_a_server_answers_is_escaped():
    page = connections_html(FOUND)
    assert "<script>" not in page and "<b>" not in page and "&lt;script&gt;" in page


def test_findings_come_first_and_aloud():
    page = connections_html(FOUND)
    assert page.index('role="alert"') < page.index("<table")
    assert 'role="alert"' not in connections_html(replace(FOUND, cells=CELLS[:2]))
