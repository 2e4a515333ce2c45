"""What the explorer says of composites, held against Rspamd's own verdict."""

from __future__ import annotations

import random
import re
from contextlib import nullcontext

import pytest

from labs.errors import LabError
from labs.rspamd.composites.parser import ExpressionError, parse
from labs.rspamd.dialect.passes import POLICIES, Composite, run, written
from labs.rspamd.inquiry.before import before_composites
from labs.rspamd.inquiry.registry import Registry
from labs.widgets.composite import CompositeExplorer
from labs.widgets.composite_model import CompositeModel

MAILS = ("pillen", "weitergeleitet", "phishing", "newsletter", "hausmitteilung")
SHAPES = ("{0} & {1}", "{0} | {1}", "!{0}", "({0} | {1}) & {2}", "!({0} & {1} & {2})", "{0} & !{1} | {2}", "{0} and {1}",
          "not {0} or {1}", "({0} & {1}) | ({2} & {3})", "{0} | {1} & {2} | {3}", "!(!{0} | {1})", "{0} && {1} || !!{2}")  # fmt: skip
COUNTS = (
    "{0} + {1} > 1",
    "{0} + {1} + {2} >= 6.5",
    "{0} - {1} < 0",
    "{0} * 2 > 5",
    "{0} / 2 != 0",
    "{0} = 0",
    "{0} <= 0.5",
)


class Scans:
    """Each mail as it is before composites, with the configured composites, groups and weights."""

    def __init__(self, lab) -> None:
        self.lab, registry = lab, Registry.of(lab.rspamd)
        self.groups = registry.groups
        self.shipped = Composite.configured(registry.composites, lab.controller.weights(), self.groups)
        self.file = registry.files.get("local.d/composites.conf", "")
        self.mails = {name: lab.load(name) for name in MAILS}
        self.before = {
            name: before_composites(lab.configuration, self.now(name), registry.composites, self.groups)
            for name in MAILS
        }

    def add(self, composites: dict[str, tuple[str, str, float]]) -> None:
        """Into composites.conf, behind what stands there; a group of their own keeps them out of g:composite."""
        texts = [
            written(name, *rule).replace("{\n", '{\n  group = "erkunder";\n', 1) for name, rule in composites.items()
        ]
        self.lab.write("composites.conf", self.file + "".join(texts))

    def now(self, name):
        return self.lab.worker.scan(*self.mails[name], self.groups)

    def predicted(self, name, own):
        before = self.before[name]
        return run([*self.shipped, *own], before.hits, before.verdict.score)

    def visible(self, name, verdict):
        """The verdict's symbols without those of postfilters, which come after composites."""
        return {hit.name: hit.score for hit in verdict.hits if hit.name not in self.before[name].late}

    def atoms(self):
        """Names, groups and options that are there in some mails, in none, or nowhere at all."""
        hits = {hit.name: hit for before in self.before.values() for hit in before.hits}
        names = [*hits, *sorted(self.groups.keys() - hits.keys())[:12], "GIBT_ES_NICHT", "dbl_spam"]
        groups = sorted({group for hit in hits.values() for group in hit.groups if " " not in group})
        atoms = [*hits, *names, *(f"g{sign}:{group}" for group in [*groups, "keine"] for sign in ("", "+", "-"))]
        for hit in hits.values():
            for option in filter(re.compile(r"[\w.:@+-]+").fullmatch, hit.options):
                atoms += [f"{hit.name}[/^{re.escape(option[:3]).upper()}/i]", f"{hit.name}[x{option}]"]
                # SPF adds ":c" to its options when the record came from the cache
                atoms += [] if hit.name.startswith("R_SPF") else [f"{hit.name}[{option}]"]
        return atoms


@pytest.fixture(scope="module")
def shared_scans(running_lab):
    running_lab.reset()
    return Scans(running_lab)


@pytest.fixture
def scans(lab, shared_scans):
    return shared_scans


def expression(dice: random.Random, atoms: list[str], depth: int, shapes=SHAPES) -> str:
    """A random expression: a shape filled with atoms with prefixes, or with smaller expressions."""

    def part() -> str:
        if depth > 1 and dice.random() < 0.4:
            return f"({expression(dice, atoms, depth - 1)})"
        return dice.choice(["", "", "", "-", "~", "^", "-~"]) + dice.choice(atoms)

    return dice.choice(shapes).format(*(part() for _ in range(4)))


def own_composite(name: str, text: str, policy: str = "leave", weight: float = 0.0) -> Composite:
    return Composite(name, parse(text), policy, weight, ("erkunder",))


def test_without_composites_of_our_own_the_prediction_is_rspamds_verdict(scans):
    removed = 0
    for name in MAILS:
        verdict, predicted = scans.now(name), scans.predicted(name, [])
        assert predicted.visible == scans.visible(name, verdict)
        assert predicted.score == pytest.approx(verdict.score, abs=0.01)
        removed += sum(not fate.keeps_points for fate in predicted.fates.values())
    assert removed, "no sample mail has a composite that removes something"


def test_which_composites_fire_is_what_rspamd_says(scans):
    dice, atoms = random.Random(6), scans.atoms()
    assert len(atoms) > 100
    texts = [expression(dice, atoms, 3) for _ in range(90)] + [expression(dice, atoms, 1, COUNTS) for _ in range(20)]
    texts += [text for atom in atoms[-60:] for text in (atom, f"!{atom}")]
    rules = {f"E{number}": (text, "leave", 0.0) for number, text in enumerate(texts)}
    scans.add(rules)
    own = [own_composite(name, text) for name, (text, _, _) in rules.items()]
    answers: dict[bool, set[str]] = {True: set(), False: set()}
    for name in MAILS:
        fired = {hit.name for hit in scans.now(name).hits} & set(rules)
        predicted = set(scans.predicted(name, own).fired) & set(rules)
        wrong = {rule: rules[rule][0] for rule in fired ^ predicted}
        assert not wrong, f"{name}: {wrong}"
        answers[True] |= fired
        answers[False] |= set(rules) - fired
    assert len(answers[True]) > 60 and len(answers[False]) > 60, "one-sided expressions prove little"


def test_what_policies_and_prefixes_do_is_what_rspamd_does(scans):
    """Several composites at a time, over the same few symbols: their wishes meet, and some name each other."""
    dice = random.Random(2025)
    kinds = {(stays, points): 0 for stays in (True, False) for points in (True, False)}
    for _ in range(15):
        mail = dice.choice(MAILS)
        strong = [hit.name for hit in scans.before[mail].hits[:8]]
        atoms = [*strong, "g:policies", "g+:rbl", "g-:policies", "K0", "K1", "MAILLIST"]
        rules = {}
        for number in range(4):
            policy = dice.choice(["", *POLICIES])
            rules[f"K{number}"] = (expression(dice, atoms, 2), policy, dice.choice([0.0, 1.5, -2.0]))
        scans.add(rules)
        own = [
            own_composite(name, text, policy or "remove_all", weight) for name, (text, policy, weight) in rules.items()
        ]
        verdict, predicted = scans.now(mail), scans.predicted(mail, own)
        assert predicted.visible == scans.visible(mail, verdict), f"{mail}: {rules}"
        assert predicted.score == pytest.approx(verdict.score, abs=0.02), f"{mail}: {rules}"
        for fate in predicted.fates.values():
            kinds[fate.stays, fate.keeps_points] += bool(fate.requests)
    assert all(kinds.values()), kinds


WRONG = ["A &", "& A", "A & B)", "(A & B", "A B", "A !B", "!", "()", "A & () & B", "A[x", "A[/x]", "A[/x/", "A[/(/]", "A[x]B",
         "A;B", "and B", "A and B", "not B", "A && & B", "A & -", "A & ~", "A -B", "A, B", "A & +1", "+A", "A <> B", "A >", "g:a b",
         "A & B # c", "A | B | ", "(A) (B)", "A and  B C", "A and(BC)", "A / B"]  # fmt: skip
RIGHT = ["A", "A[]", "A[x, y]", "A[/x\\//]", "A[ /x/ ]", "A and BC", "A or BC", "not BC", "NOT (B)", "A - B", "A +B & C", "A+B",
         "A = B", "A == 1", "A != B", "A > x", "A / 2", "A * B", "A > 2 > 1", "1 < A", "!(A)", "! ! A", "g:", "g+:x & g-:y",
         'A & "B"', "A:B", "a.b & c-d", "A[x;y] & B", "A >=3", "A>3 & B", "A & -1B", "~-^A", "((A))", "A||B&&C"]  # fmt: skip


def test_rspamd_takes_the_same_expressions(lab):
    files = lab.configuration.read()
    for text in (*WRONG, *RIGHT):
        with pytest.raises(LabError) if text in WRONG else nullcontext():
            lab.configuration.check(files | {"local.d/composites.conf": written("X", text, "", 0)})


@pytest.mark.parametrize("text", WRONG)
def test_what_rspamd_rejects_is_explained(text):
    with pytest.raises(ExpressionError, match="Zeichen"):
        parse(text)


@pytest.mark.parametrize("text", RIGHT)
def test_what_rspamd_takes_is_read(text):
    assert parse(text)


@pytest.mark.parametrize(
    ("mail", "expression", "policy"),
    [
        ("pillen", "DBL_SPAM & ^RBL_SPAMHAUS_XBL", "leave"),
        ("weitergeleitet", r"-R_SPF_FAIL & FORWARDED & !DMARC_NA[/\.test$/]", ""),
        ("newsletter", "MAILLIST & GIBT_ES_NICHT", ""),
    ],
)
def test_rspamd_agrees_with_the_forecast_and_nothing_stays_behind(lab, mail, expression, policy):
    own = written("EIGENES", "MIME_TRACE", "leave", 0.5)
    lab.write("composites.conf", own)
    files = lab.configuration.read()
    model = CompositeModel(lab.system, expression, mail, policy)
    forecast, check = model.forecast(), model.check()
    assert not check.differences and "Die Vorhersage stimmt." in str(check)
    assert check.fired == ("GIBT_ES_NICHT" not in expression) and check.verdict.action == forecast.actions[1]
    assert check.verdict.symbol("EIGENES"), "the reader's own file was lost while Rspamd was asked"
    assert lab.configuration.read() == files and lab.show("composites.conf") == own.rstrip()


def test_a_forecast_that_rspamd_contradicts_is_called_wrong(lab):
    lab.write("rspamd.local.lua", MOODY)
    check = CompositeModel(lab.system, "!LAUNE & MIME_TRACE", "sauber").check()
    assert not check.fired and "Die Vorhersage stimmt nicht: " in str(check) and "LAUNE ist da" in str(check)


def test_an_action_that_another_rule_forces_is_no_wrong_forecast(lab):
    model = CompositeModel(lab.system, "MIME_TRACE", "exe-im-zip", "leave", 0.1)
    check = model.check()
    assert check.verdict.action == "reject" and not check.differences and "erzwungen, nicht nach Punkten" in str(check)
    assert "FORCE_ACTION_ATTACHMENT" in model.facts.before.late


def test_symbols_of_postfilters_are_announced_as_out_of_sight(lab):
    lab.write("rspamd.local.lua", LATE)
    model = CompositeModel(lab.system, "SPAET | MIME_TRACE & !SPAET", "sauber")
    assert [text for text in model.forecast().warnings() if "SPAET kommt von einem Postfilter" in text]
    assert not model.check().differences


def test_early_results_end_the_scan_before_composites(lab):
    with pytest.raises(LabError, match="keine Composites"):
        CompositeModel(lab.system, "GTUBE", "gtube").forecast()


@pytest.mark.parametrize("mail", ["antwort", "exe-im-zip", "eigene-domain-von-aussen", "zip-verschluesselt", "bounce"])
def test_whatever_profile_or_forced_action_a_mail_has_its_symbols_are_predicted(lab, mail):
    facts = CompositeModel(lab.system, "MIME_TRACE", mail).facts
    assert not facts.differences(facts.outcome(), facts.verdict)
    assert facts.before.hits and not facts.skipped


def test_a_rejected_composite_leaves_the_configuration_as_it_was(lab):
    files = lab.configuration.read()
    model = CompositeModel(lab.system, "MIME_TRACE", "sauber", name="UN GUELTIG {")
    with pytest.raises(LabError):
        model.check()
    assert lab.configuration.read() == files


def test_the_explorer_follows_what_is_typed(lab):
    explorer = CompositeExplorer(lab.system, mail="pillen")
    assert "MEIN_COMPOSITE schlägt an" in explorer.notice.value and "<svg" in explorer.picture.value
    explorer.expression.value = "-DBL_SPAM & ~R_SPF_PLUSALL & <b>"
    assert "R_SPF_PLUSALL" not in explorer.effects.value, "the picture of a wrong expression is the last good one"
    assert "lab-stale" in explorer.result._dom_classes and "<b>" not in explorer.notice.value
    explorer.expression.value = "-DBL_SPAM & ~R_SPF_PLUSALL & !DBL_SPAN"
    assert "Meintest du DBL_SPAM?" in explorer.warnings.value
    assert "Symbol bleibt</td><td>Punkte fallen weg" in explorer.effects.value
    explorer.policy.value, explorer.weight.value = "leave", 1.5
    assert "Punkte fallen weg" not in explorer.effects.value and "21,3" in explorer.notice.value
    explorer.show_button.value = True
    assert explorer.snippet.layout.display == "" and "policy = &quot;leave&quot;" in explorer.snippet.value
    explorer.check_button.click()
    assert "Die Vorhersage stimmt." in explorer.answer.value
    explorer.mail.value = "gtube"
    assert "keine Composites" in explorer.notice.value and not explorer.answer.value


def test_wrong_arguments_are_said_in_german(lab):
    with pytest.raises(LabError, match="remove_all, remove_symbol"):
        CompositeModel(lab.system, policy="loeschen")
    with pytest.raises(LabError, match="gibtesnicht"):
        CompositeModel(lab.system, mail="gibtesnicht")


@pytest.mark.parametrize("own", ["g:haus", "!g:haus", "g+:haus", "g-:haus"])
@pytest.mark.parametrize("first", [True, False])
def test_a_group_sees_composites_that_come_later(lab, own, first):
    asks = f'FRAGT {{ expression = "{own}"; policy = "leave"; }}\n'
    asked = 'HAUS { expression = "MIME_TRACE"; policy = "leave"; group = "haus"; score = 0.5; }\n'
    lab.write("composites.conf", asks + asked if first else asked + asks)
    facts = CompositeModel(lab.system, "MIME_TRACE", "sauber").facts
    assert not facts.differences(facts.outcome(), facts.verdict)
    assert (facts.verdict.symbol("FRAGT") is not None) is (own in ("g:haus", "g+:haus"))


MOODY = (  # there only when the composite is
    'rspamd_config:register_symbol{name = "LAUNE", score = 1, callback = function()\n'
    '  return rspamd_config:get_all_opt("composites").MEIN_COMPOSITE ~= nil\nend}\n'
)
LATE = 'rspamd_config:register_symbol{name = "SPAET", type = "postfilter", score = 1, callback = function() return true end}\n'


def test_composites_do_not_see_symbols_of_postfilters(lab):
    lab.write("rspamd.local.lua", LATE)
    lab.write("composites.conf", written("SIEHT", "SPAET", "", 1) + written("SIEHT_NICHT", "!SPAET", "", 1))
    names = {hit.name for hit in lab.scan("sauber").hits}
    assert {"SPAET", "SIEHT_NICHT"} <= names and "SIEHT" not in names
