"""German for what Rspamd says of a configuration."""

import pytest

from labs.rspamd.dialect.rspamadm import explain_errors
from labs.rspamd.lint import _warnings

FILES = {"local.d/composites.conf": 'MEIN {\n  expression = "A & B;\n}\n', "rspamd.local.lua": "x = {\n"}


@pytest.mark.parametrize(
    ("stderr", "expected"),
    [
        (
            "failed to load config: ucl parser error: error while parsing /c/local.d/composites.conf: line: 2, column: 42 - 'unexpected newline'",
            ("local.d/composites.conf, Zeile 2", "Anführungszeichen", 'expression = "A & B;'),
        ),
        (
            "ucl parser error: /c/local.d/composites.conf:4 unmatched open brace at 1; ",
            ("Zeile 4", "aus Zeile 1 wird nicht geschlossen"),
        ),
        (
            "cannot parse composite expression for MEIN: Braces mismatch",
            ("local.d/composites.conf, Zeile 1", "runden Klammern"),
        ),
        (
            "cannot init lua file /p/rspamd.lua: ...andidate/rspamd.local.lua:1: '}' expected near '<eof>'",
            ("rspamd.local.lua, Zeile 1", "In Lua fehlt"),
        ),
        ("ganz etwas anderes", ("Rspamd sagt: ganz etwas anderes",)),
    ],
)
def test_errors_name_file_line_and_reason(stderr, expected):
    text = str(explain_errors(stderr, "/c", FILES))
    assert "Die bisherige läuft weiter" in text
    for part in expected:
        assert part in text


def test_groups_prefixes_options_and_numbers_are_no_unknown_symbols(tmp_path):
    text = 'X { expression = "(-A & ~B[/x & y/]) | !g:rbl & g+:rbl & ^C_1 and not D > 2"; }\n'
    assert not list(
        _warnings({"local.d/composites.conf": text}, {"A": ("rbl",), "B": (), "C_1": (), "D": ()}, set(), tmp_path)
    )


def test_unknown_symbol_group_action_and_map_are_warned_of(tmp_path):
    files = {
        "local.d/composites.conf": 'EIGEN { expression = "MISSING_MIDD & ANDERES & g+:header"; }\nANDERES { expression = "EIGEN"; }\n',
        "local.d/force_actions.conf": 'rules { X { action = "rejct"; expression = "MISSING_MID"; } }\n',
        "local.d/multimap.conf": 'M { map = "${LOCAL_CONFDIR}/maps.d/weg.map"; }\nN { map = "$LOCAL_CONFDIR/maps.d/da.map"; }\n',
        "maps.d/da.map": "x\n",
    }
    found = list(_warnings(files, {"MISSING_MID": ("headers",)}, {"reject"}, tmp_path))
    assert len(found) == 4
    assert "MISSING_MIDD" in found[0] and "Meintest du MISSING_MID?" in found[0]
    assert "Die Gruppe „header“" in found[1] and "Meintest du headers?" in found[1]
    assert "rejct" in found[2] and "Meintest du reject?" in found[2]
    assert "maps.d/weg.map" in found[3]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("reject = sieben;\n", "reject in local.d/actions.conf ist keine Zahl (sieben)"),
        ('reject = "7";\n', 'ist keine Zahl ("7")'),
        (
            "rejct = 7;\n",
            "„rejct“ in local.d/actions.conf wird zu einer neuen Action; Rspamd meldet das nicht. Meintest du reject?",
        ),
        ("ablehnen = 7;\n", "„ablehnen“"),
    ],
)
def test_thresholds_that_say_nothing_are_warned_of(tmp_path, text, part):
    found = list(_warnings({"local.d/actions.conf": text}, {}, set(), tmp_path))
    assert len(found) == 1 and part in found[0]


def test_good_thresholds_are_not_warned_of(tmp_path):
    text = 'reject = 15;        # ablehnen\nadd_header = 6.5;\n"greylist" = null;\nrewrite_subject = 8\ndiscard { flags = ["no_threshold"]; }\nsubject = "***";\n'
    assert list(_warnings({"local.d/actions.conf": text}, {}, set(), tmp_path)) == []


def test_comments_are_not_configuration(tmp_path):
    assert not list(
        _warnings({"local.d/composites.conf": '# X { expression = "GIBTESNICHT"; }\n'}, {}, set(), tmp_path)
    )
