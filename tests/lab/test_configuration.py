"""Changing the configuration is a transaction: what is wrong never takes the lab down."""

import pytest

from labs.cluster import render
from labs.errors import LabError

GOOD = 'MEINE_REGEL {\n  expression = "MISSING_MID & MISSING_DATE";\n  score = 3.0;\n}\n'


def test_a_change_is_in_force_when_it_returns(lab):
    lab.reset("04-symbole")
    before = lab.scan("ohne-kopfzeilen").score
    change = lab.write("composites.conf", GOOD)
    assert change.files == ("local.d/composites.conf",) and "+  score = 3.0;" in change.diff and not change.warnings
    verdict = lab.scan("ohne-kopfzeilen")
    assert verdict.symbol("MEINE_REGEL").score == 3.0
    assert verdict.score != before


def test_the_same_again_changes_nothing(lab):
    lab.write("composites.conf", GOOD)
    assert lab.write("composites.conf", GOOD).files == ()


def test_the_shipped_configuration_gives_no_warning(lab, big):
    for one in (lab, big):
        assert one.configuration.warnings(one.configuration.read()) == []


def test_undo_and_reset_bring_back_what_was(lab):
    lab.write("actions.conf", "reject = 12;\n")
    lab.write("actions.conf", "reject = 11;\n")
    lab.undo()
    assert lab.scan("sauber").required_score == 12
    lab.undo()
    assert lab.scan("sauber").required_score == 15
    with pytest.raises(LabError, match="nichts rückgängig"):
        type(lab)(lab.cluster).undo()
    lab.write("actions.conf", "reject = 11;\n")
    lab.reset()
    assert lab.scan("sauber").required_score == 15


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        (
            "composites.conf",
            'A {\n  expression = "B;\n}\n',
            ("local.d/composites.conf, Zeile 2", "Anführungszeichen", "Zeile 2:"),
        ),
        ("composites.conf", 'A {\n  expression = "B & C";\n', ("geschweifte Klammer aus Zeile 1",)),
        (
            "composites.conf",
            'X { expression = "B"; }\nA { expression = "(B & C"; }\n',
            ("local.d/composites.conf, Zeile 2", "Composites A"),
        ),
        (
            "multimap.conf",
            'A {\n  type = "frmo";\n  map = "${LOCAL_CONFDIR}/maps.d/suffixes.txt";\n}\n',
            ("Zeile 1", "„frmo“ gibt es nicht"),
        ),
        ("rspamd.local.lua", "local x = function()\n  return\n", ("rspamd.local.lua", "In Lua fehlt ein „end“")),
        (
            "rspamd.local.lua",
            'rspamd_config:gibtsnicht("x")\n',
            ("rspamd.local.lua, Zeile 1", "„gibtsnicht“ gibt es in Rspamd nicht"),
        ),
    ],
    ids=["quote", "brace", "expression", "type", "lua syntax", "lua call"],
)
def test_errors_name_the_place_and_the_old_configuration_stays(lab, file, text, parts):
    before = lab.configuration.read()
    with pytest.raises(LabError) as error:
        lab.write(file, text)
    assert all(part in str(error.value) for part in (*parts, "Die bisherige läuft weiter")), str(error.value)
    assert lab.configuration.read() == before
    assert lab.scan("newsletter").action == "no action"


@pytest.mark.parametrize(
    ("file", "text", "part"),
    [
        ("composites.conf", 'A { expression = "MISSING_MIDD"; }\n', "Meintest du MISSING_MID?"),
        (
            "force_actions.conf",
            'rules { A { action = "rejct"; expression = "MISSING_MID"; } }\n',
            "Meintest du reject?",
        ),
        ("multimap.conf", 'A { type = "from"; map = "${LOCAL_CONFDIR}/maps.d/weg.map"; }\n', "maps.d/weg.map"),
    ],
    ids=["symbol", "action", "map"],
)
def test_what_rspamd_accepts_in_silence_is_warned_of(lab, file, text, part):
    assert any(part in warning for warning in lab.write(file, text).warnings)


@pytest.mark.parametrize("file", ["../x.conf", "/etc/passwd", "composits.conf", "override.d/options.inc", ""])
def test_names_that_lead_nowhere_are_refused(lab, file):
    with pytest.raises(LabError):
        lab.write(file, "x = 1;\n")


def test_a_configuration_that_passes_the_check_and_does_not_run_is_rolled_back(lab):
    edits = {"override.d/worker-normal.inc": 'bind_socket = "127.0.0.1:1";\n'}
    with pytest.raises(LabError, match="die alte gilt wieder"):
        lab.configurations.apply({"rspamd-worker": ("", edits)})
    assert lab.scan("sauber").action == "no action"


def test_an_endless_loop_in_a_rule_does_not_keep_reset_from_working(lab):
    lab.write("rspamd.local.lua", "rspamd_config.ENDLOS = { callback = function(task) while true do end end }\n")
    with pytest.raises(LabError):
        lab.scan("sauber", timeout=1)
    lab.reset()
    assert lab.scan("sauber").action == "no action"


def test_plain_configtest_overlooks_what_the_strict_one_finds(lab):
    """Chapter 00, "Im Betrieb"."""
    broken = lab.configuration.base() | {"local.d/multimap.conf": 'A { type = "frmo"; map = "/x.map"; }\n'}
    candidate = lab.cluster.node("rspamd1").main.folder / "probe"
    render.write(broken, candidate)
    results = [lab.configuration.rspamadm(candidate, "configtest", *strict).returncode for strict in ((), ("-s",))]
    assert results == [0, 1]


def test_check_all_filters_shows_every_symbol_of_a_refused_mail(lab):
    """Chapter 04, "Wann hört Rspamd auf?"."""
    lab.reset("04-symbole")
    every = {hit.name for hit in lab.scan("exe-im-zip").hits}
    lab.write("actions.conf", "reject = 5;\nadd_header = 4;\n")
    assert {hit.name for hit in lab.scan("exe-im-zip").hits} < every
    lab.write("options.inc", "check_all_filters = true;\n")
    assert {hit.name for hit in lab.scan("exe-im-zip").hits} == every


@pytest.mark.parametrize(("limit", "score"), [("", 1.7), ("one_shot = true;", 1.0), ("nshots = 2;", 1.2)], ids=str)
def test_shots_limit_how_often_a_symbol_counts(lab, limit, score):
    """Chapter 04: one_shot counts the strongest hit, nshots as many hits as it says."""
    hits = "".join(f'task:insert_result("SCHUSS", {weight}, "{weight}") ' for weight in (0.2, 1.0, 0.5))
    lab.write(
        "rspamd.local.lua",
        f'rspamd_config:register_symbol{{ name = "SCHUSS", score = 1.0, callback = function(task) {hits}end }}\n',
    )
    if limit:
        lab.write("groups.conf", f'symbols = {{ "SCHUSS" {{ weight = 1.0; {limit} }} }}\n')
    points = lab.scan("sauber").points("SCHUSS")
    assert points == pytest.approx(score)


def test_a_learner_cannot_open_a_port_to_the_network(lab):
    lab.write("worker-fuzzy.inc", 'count = 1;\nbind_socket = "*:11335";\nbackend = "redis";\n')
    listening = [
        c.laddr.ip
        for p in lab.cluster.processes("rspamd1")
        for c in p.net_connections("inet")
        if c.status in ("LISTEN", "NONE")
    ]
    assert listening and all(ip.startswith("127.") for ip in listening)
