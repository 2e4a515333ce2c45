"""What an expression lacks: who carries it, who holds it back, what would make it true."""

import pytest

from labs.rspamd.composites.parser import parse
from labs.rspamd.composites.tree import evaluate
from labs.rspamd.decision.question import Question
from labs.rspamd.dialect.passes import fires
from labs.rspamd.verdict import Symbol


def question(expression, *there):
    hits = [Symbol(name, 1.0, 1.0, (name.lower(),), "", (), 0.0) for name in there]
    return Question(evaluate(parse(expression), lambda atom: [hit for hit in hits if atom.admits(hit)]), fires)


def names(leaves):
    return [leaf.node.text for leaf in leaves]


@pytest.mark.parametrize(
    ("expression", "there", "true", "held", "carriers", "holders"),
    [
        ("A & !B", "A", True, False, ["A"], []),
        ("A & !B", "AB", False, True, ["A"], ["B"]),
        ("A & C & !B", "AB", False, False, ["A"], ["B"]),
        ("A & !!B", "A", False, False, ["A"], []),
        ("A & !(B | C)", "AC", False, True, ["A"], ["C"]),
        ("A & !(B & !C)", "AB", False, True, ["A"], ["B"]),
        ("g:a & !g:b", "AB", False, True, ["g:a"], ["g:b"]),
        ("A | !B", "AB", True, False, ["A"], ["B"]),
        ("A & A & !A", "A", False, True, ["A", "A"], ["A"]),
    ],
)
def test_who_carries_and_who_holds_back(expression, there, true, held, carriers, holders):
    asked = question(expression, *there)
    assert (asked.true, asked.held) == (true, held)
    assert (names(asked.carriers), names(asked.holders)) == (carriers, holders)


@pytest.mark.parametrize(
    ("expression", "there", "missing", "alone"),
    [
        ("(A | B) & C", "C", ["A", "B"], True),
        ("A & C", "C", ["A"], True),
        ("A & B & C", "C", ["A", "B"], False),
        ("A & C & !B", "CB", ["A"], True),
    ],
)
def test_what_it_would_need(expression, there, missing, alone):
    assert question(expression, *there).missing == (missing, alone)
