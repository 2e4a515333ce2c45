"""Read the expression of a composite as a tree, and say in German where it is wrong.

Source: https://docs.rspamd.com/configuration/composites, and Rspamd itself, against which the tests hold it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import reduce
from operator import or_

from labs.errors import LabError
from labs.rspamd.composites.tree import Atom, Node, Number, Operation, Option

PREFIXES = "-~^"
PRIORITIES = {"*": 6, "/": 6, "+": 5, "-": 5, ">": 4, ">=": 4, "<": 4, "<=": 4, "=": 4, "!=": 4, "&": 3, "|": 2}
"""How strongly the operators between two operands bind; "!" binds strongest of all."""
CHAINS = "*+&|"
"""A & B & C is one operation with three operands; all others have two."""
_END_OF_NAME = "[; \t()><!|&\n"
_NUMBER = re.compile(r"[+-]?(?:\d*\.)?\d+(?=\s|\)|$)")
_OPERATORS = re.compile(r"&&?|\|\|?|>=?|<=?|==?|!=?|[()+*/-]")
_WORDS = {"and": "&", "or": "|", "not": "!"}
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE, "u": 0, "O": 0, "r": 0}


class ExpressionError(LabError):
    """What is wrong with an expression. ``position``: at which character, counted from 1."""

    def __init__(self, what: str, text: str, at: int, next_step: str = "") -> None:
        self.position = at + 1
        shown = f"{text[:at]}▸{text[at:]}".replace("\n", " ").strip()
        super().__init__(f"{what} (Zeichen {self.position})", why=f"Hier: {shown}", next_step=next_step)


def parse(expression: str) -> Node:
    """The tree of an expression. Raises ExpressionError with the position of the mistake.

    Stricter than Rspamd in one thing: an operator must stand between its operands (Rspamd takes "& A B", too).
    """
    reader = _Reader(expression)
    if not expression.strip():
        raise ExpressionError("Der Ausdruck ist leer.", expression, 0, "Schreibe zum Beispiel: DBL_SPAM & !MAILLIST")
    tree = reader.expression()
    if reader.at < len(expression):
        raise reader.error("Diese schließende Klammer hat keine öffnende.")
    return tree


class _Reader:
    """Reads an expression from left to right; ``at``: how far it has come."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0

    def error(self, what: str, next_step: str = "", at: int | None = None) -> ExpressionError:
        return ExpressionError(what, self.text, self.at if at is None else at, next_step)

    def expression(self, least: int = 0, after: str = "") -> Node:
        """Operands and all operators between them that bind at least as strongly as ``least``, grouped from the right."""
        left = self.operand(after)
        while True:
            operator, end = self.operator()
            if operator in ("!", "(") or (not operator and self.at < len(self.text)):
                raise self.error(*self._no_operator())
            if operator in ("", ")") or PRIORITIES[operator] < least:
                return left
            self.at = end
            left = _join(operator, left, self.expression(PRIORITIES[operator], operator))

    def operand(self, after: str) -> Node:
        operator, end = self.operator()
        number = _NUMBER.match(self.text, self.at) if PRIORITIES.get(after, 0) > PRIORITIES["&"] else None
        if operator == "!":
            self.at = end
            return Operation("!", (self.operand("!"),))
        if operator == "(":
            begin, self.at = self.at, end
            inner = self.expression()
            if self.operator()[0] != ")":
                raise self.error("Diese Klammer wird nicht geschlossen.", at=begin)
            self.at = self.operator()[1]
            return inner
        if operator or self.at == len(self.text):
            raise self.error(*self._no_operand(operator, after))
        if number:
            self.at = number.end()
            return Number(float(number[0]), number[0])
        return self.atom()

    def operator(self) -> tuple[str, int]:
        """The operator that stands next, and where it ends; empty when something else does."""
        self.skip_spaces()
        rest = self.text[self.at :]
        for word, operator in _WORDS.items():
            if rest.lower().startswith(f"{word} ") and len(rest) > len(word) + 2:
                return operator, self.at + len(word)
        found = _OPERATORS.match(rest)
        if (
            not found
            or rest[1:2] == ":"
            or (rest[0] == "-" and rest[1:2].strip())
            or (rest[0] == "/" and not _NUMBER.match(rest[1:].lstrip()))
        ):
            return "", self.at
        return {"&&": "&", "||": "|", "==": "="}.get(found[0], found[0]), self.at + found.end()

    def skip_spaces(self) -> None:
        while self.at < len(self.text) and self.text[self.at] in " \t\n\r\f\v":
            self.at += 1

    def atom(self) -> Atom:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in _END_OF_NAME:
            self.at += 1
        word = self.text[start : self.at]
        name = re.search(r"[A-Za-z0-9].*", word, re.DOTALL)
        if not name:
            what = f"„{word or self.text[start]}“ ist kein Symbol."
            raise self.error(what, "Der Name eines Symbols besteht aus Buchstaben, Ziffern und „_“.", at=start)
        options = self.options() if self.text[self.at : self.at + 1] == "[" else ()
        prefixes = re.match(rf"[{re.escape(PREFIXES)}]*", word)[0]
        return Atom(name[0], prefixes, options, self.text[start : self.at], start)

    def options(self) -> tuple[Option, ...]:
        """What stands in brackets: texts and /regular expressions/, separated by commas."""
        begin, found = self.at, []
        self.at += 1
        while True:
            start = self.at
            if self.text[start : start + 1] == "/":
                self.at += 1
                while self.at < len(self.text) and self.text[self.at] != "/":
                    self.at += 2 if self.text[self.at] == "\\" else 1
            while self.at < len(self.text) and self.text[self.at] not in ",]":
                self.at += 1
            if self.at >= len(self.text):
                raise self.error("Diese eckige Klammer wird nicht geschlossen.", at=begin)
            found.append(self._option(start))
            separator, self.at = self.text[self.at], self.at + 1
            if separator == ",":
                self.skip_spaces()
                if self.text[self.at : self.at + 1] == "]":
                    separator, self.at = "]", self.at + 1
            if separator == "]":
                return tuple(found)

    def _option(self, start: int) -> Option:
        text = self.text[start : self.at]
        if not text.startswith("/"):
            return Option(text.strip())
        body, _, flags = text[1:].rpartition("/")
        if wrong := flags.strip(" ").strip("".join(_FLAGS)):
            raise self.error(f"Den Schalter „{wrong}“ kennt Rspamd nicht.", at=start)
        try:
            return Option(text, re.compile(body, reduce(or_, (_FLAGS[flag] for flag in flags.strip()), re.ASCII)))
        except re.error as error:
            what = f"Diesen regulären Ausdruck versteht der Erkunder nicht: {error.msg}."
            raise self.error(what, at=start) from None

    def _no_operator(self) -> tuple[str, str]:
        rest = self.text[self.at :]
        if re.match(r"(and|or|not)\b", rest, re.IGNORECASE):
            return f"„{rest.split()[0]}“ ist hier kein Operator.", "Setze danach ein Leerzeichen, oder nimm & | !."
        return "Hier fehlt ein Operator.", "Verbinde Symbole mit & (und), | (oder), ! (nicht)."

    def _no_operand(self, operator: str, after: str) -> tuple[str, str]:
        if operator == "-":
            return "Hier fehlt ein Symbol.", "Das Präfix „-“ steht ohne Leerzeichen vor dem Symbol."
        place = f"Nach „{after}“" if after else f"Vor „{operator}“" if operator else "Am Ende"
        return f"{place} fehlt ein Symbol.", ""


def _join(operator: str, left: Node, right: Node) -> Operation:
    """Two operands under an operator; a chain takes the other one in, as Rspamd does."""
    if operator in CHAINS:
        if isinstance(left, Operation) and left.operator == operator:
            return Operation(operator, (*left.operands, _merged(right)))
        if isinstance(right, Operation) and right.operator == operator:
            return Operation(operator, (_merged(left), *right.operands))
    return Operation(operator, (left, right))


def _merged(node: Node) -> Node:
    return replace(node, merged=True) if isinstance(node, Atom) else node
