"""The expression of a composite: the tree, its worth, the mistakes, and what composites do to symbols."""

import pytest

from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.composites.tree import Atom, Number, Operation, atoms, evaluate, protected
from labs.rspamd.dialect.passes import Composite, fires, run, unknown, written
from labs.rspamd.verdict import Symbol


def symbol(name, score=1.0, groups=(), options=(), weight=None):
    return Symbol(name, score, score if weight is None else weight, tuple(groups), "", tuple(options), 0.0)


MAIL = [
    symbol("A", 2.0, ["rbl"], ["1.2.3.4:from", "zwei"]),
    symbol("B", 0.0, ["rbl", "policies"]),
    symbol("C", -1.0, ["policies"]),
    symbol("ANDERS", 3.0, ["kopf"]),
]


def shape(node):
    """The tree as nested tuples."""
    if isinstance(node, Operation):
        return (node.operator, *map(shape, node.operands))
    return node.text if isinstance(node, Number) else f"{node.prefixes}{node.name}"


def worth(expression):
    return evaluate(parse(expression), lambda atom: [hit for hit in MAIL if atom.admits(hit)])


@pytest.mark.parametrize(
    ("expression", "tree"),
    [
        ("A & B | C & D", ("|", ("&", "A", "B"), ("&", "C", "D"))),
        ("A | B & C | D", ("|", "A", ("&", "B", "C"), "D")),
        ("(A | B) & C", ("&", ("|", "A", "B"), "C")),
        ("A & B & C", ("&", "A", "B", "C")),
        ("A && B || !C", ("|", ("&", "A", "B"), ("!", "C"))),
        ("not AA and BB or CC", ("|", ("&", ("!", "AA"), "BB"), "CC")),
        ("NOT (AA OR BB)", ("!", ("|", "AA", "BB"))),
        ("!!A", ("!", ("!", "A"))),
        ("!A & B", ("&", ("!", "A"), "B")),
        ("A + B * 2 > 3 & C", ("&", (">", ("+", "A", ("*", "B", "2")), "3"), "C")),
        ("A - B - C", ("-", "A", ("-", "B", "C"))),
        ("-A & ~^B & -~g+:rbl", ("&", "-A", "~^B", "-~g+:rbl")),
        ("ANDERS & NOTIZ & ORT", ("&", "ANDERS", "NOTIZ", "ORT")),
        ("A>3&B", ("&", (">", "A", "3"), "B")),
    ],
)
def test_tree(expression, tree):
    assert shape(parse(expression)) == tree


def test_a_number_is_one_only_behind_a_comparison_and_before_a_blank():
    assert isinstance(parse("A > 3").operands[1], Number)
    assert isinstance(parse("A>3&B").operands[0].operands[1], Atom)
    assert isinstance(parse("3 < A").operands[0], Atom)


def test_options_are_texts_and_regular_expressions():
    (atom,) = atoms(parse(r"A[1.2.3.4:from, /^Z\/,w/i]"))
    assert [option.text for option in atom.options] == ["1.2.3.4:from", r"/^Z\/,w/i"]
    assert atom.options[1].matches("z/,wei") and not atom.options[1].matches("az/,w")
    assert atom.text == r"A[1.2.3.4:from, /^Z\/,w/i]" and atom.start == 0


@pytest.mark.parametrize(
    ("expression", "true"),
    [
        ("A", True),
        ("B", True),
        ("C", True),
        ("X", False),
        ("!X & A", True),
        ("a", False),
        ("A[zwei]", True),
        ("A[zwei, 1.2.3.4:from]", True),
        ("A[zwei, drei]", False),
        ("A[zw]", False),
        ("A[/^ZW/i]", True),
        ("A[/^ZW/]", False),
        ("g:rbl", True),
        ("g:rbl[zwei]", True),
        ("g:keine", False),
        ("g+:policies", False),
        ("g-:policies", True),
        ("g-:rbl", False),
        ("A + C > 0", True),
        ("A + C > 1", False),
        ("B + B + B >= 1", False),
        ("A - A", False),
        ("A / 2 = 1", True),
        ("g:policies = 1", True),
    ],
)
def test_worth(expression, true):
    assert fires(worth(expression)) == true


def test_a_group_knows_which_symbols_hit():
    assert [hit.name for hit in worth("g:rbl").hits] == ["A", "B"]


@pytest.mark.parametrize(
    ("expression", "position", "said"),
    [
        ("", 1, "leer"),
        ("A &", 4, "Nach „&“ fehlt ein Symbol"),
        ("A & & B", 5, "Nach „&“ fehlt ein Symbol"),
        ("| A", 1, "Vor „|“ fehlt ein Symbol"),
        ("A B", 3, "fehlt ein Operator"),
        ("A !B", 3, "fehlt ein Operator"),
        ("A & (B | C", 5, "Klammer wird nicht geschlossen"),
        ("A & B)", 6, "keine öffnende"),
        ("A & B[x", 6, "eckige Klammer"),
        ("A and B", 3, "„and“ ist hier kein Operator"),
        ("A & ~", 5, "kein Symbol"),
        ("A & - B", 5, "fehlt ein Symbol"),
        ("A[/(/]", 3, "regulären Ausdruck"),
        ("A[/x/q]", 3, "Schalter „q“"),
    ],
)
def test_mistakes_have_a_position(expression, position, said):
    with pytest.raises(ExpressionError, match=said) as caught:
        parse(expression)
    assert caught.value.position == position
    assert f"Zeichen {position}" in str(caught.value) and "▸" in str(caught.value)


def test_below_not_symbols_are_safe_except_the_first_of_a_chain():
    assert protected(parse("!(A & B & C)")) == [False, True, True]
    assert protected(parse("!((A & B) & C) | D")) == [True, True, False, False]


def outcome(*composites):
    return run(composites, MAIL, 4.0)


def composite(name, expression, policy="remove_all", weight=5.0):
    return Composite(name, parse(expression), policy, weight)


@pytest.mark.parametrize(
    ("expression", "policy", "stays", "keeps_points"),
    [
        ("A", "remove_all", False, False),
        ("A", "remove_symbol", False, True),
        ("A", "remove_weight", True, False),
        ("A", "leave", True, True),
        ("-A", "remove_all", True, True),
        ("~A", "remove_all", True, False),
        ("~A", "remove_symbol", True, True),
        ("^A", "leave", False, False),
        ("^-A", "leave", False, False),
        ("!!A", "remove_all", True, True),
        ("A & X", "remove_all", True, True),
        ("A | X", "remove_all", False, False),
        ("g:rbl", "remove_all", False, False),
    ],
)
def test_policy_and_prefixes_decide_what_stays(expression, policy, stays, keeps_points):
    found = outcome(composite("X1", expression, policy))
    fate = found.fates["A"]
    assert (fate.stays, fate.keeps_points) == (stays, keeps_points)
    assert ("A" in found.visible) == stays
    assert found.score == 4.0 + 5.0 * ("X1" in found.fired) - (0 if keeps_points else 2.0)


def test_the_more_careful_composite_wins_unless_one_forces():
    careful = outcome(composite("X1", "A"), composite("X2", "-A"))
    assert careful.visible["A"] == 2.0 and careful.score == 14.0
    forced = outcome(composite("X1", "-A"), composite("X2", "^A", "leave"))
    assert "A" not in forced.visible and forced.score == 12.0


def test_composites_see_each_other_in_any_order_and_all_symbols():
    found = outcome(composite("X1", "X2 & A"), composite("X2", "A"))
    assert set(found.fired) == {"X1", "X2"} and "X2" not in found.visible and found.score == 7.0


def test_a_circle_is_false():
    assert outcome(composite("X1", "X2 & A"), composite("X2", "X1 & A")).fired == ()


def test_unknown_names():
    tree = parse("A & -X & g:rbl & g+:keine & B[x]")
    assert [atom.text for atom in unknown(tree, {"A", "B"}, {"rbl"})] == ["-X", "g+:keine"]


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        ("A & B", 'expression = "A & B";'),
        (r"A[/\.x/]", r"expression = 'A[/\.x/]';"),
        (r"A['\.]", r"""expression = "A['\\.]";"""),
    ],
)
def test_written_composites_keep_backslashes(expression, line):
    text = written("X", expression, "", 1.5)
    assert line in text and "policy" not in text and "score = 1.5;" in text
    assert 'policy = "leave";' in written("X", expression, "leave", 0)


def test_configured_composites_are_read_without_those_that_are_off():
    section = {
        "EINS": {"expression": "A & B", "policy": "remove_none"},
        "ZWEI": {"expression": "A", "enabled": False},
        "DREI": {"expression": "A &"},
        "VIER": {"expression": "A"},
    }
    found = Composite.configured(section, {"EINS": 2.0}, {"EINS": ["x"]})
    assert [(one.name, one.policy, one.weight) for one in found] == [
        ("EINS", "leave", 2.0),
        ("VIER", "remove_all", 0.0),
    ]
