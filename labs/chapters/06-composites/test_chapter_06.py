"""What chapter 06 says of composites and no cell prints: its explorers against Rspamd, and the remarks for production."""

import re

import nbformat
import pytest

from labs import paths
from labs.chapters import FOLDER
from labs.errors import LabError
from labs.rspamd.inquiry.spare import spare
from labs.widgets.composite_model import CompositeModel

CHAPTER = "06-composites"
CELLS = {cell.id: cell.source for cell in nbformat.read(paths.NOTEBOOKS / f"{CHAPTER}.ipynb", 4).cells}
FIRES = {
    "baum": True,
    "praefix": True,
    "vorrang": True,
    "gruppen": True,
    "optionen": True,
    "zaehlen-falsch": False,
    "zaehlen-richtig": True,
    "ungeprueft": True,
}


@pytest.fixture
def chapter(lab):
    lab.reset(CHAPTER)
    return lab


class Asked:
    """Stands for the lab in a cell and keeps what its explorer was opened with."""

    def reset(self, chapter):
        assert chapter == CHAPTER

    def composite(self, *arguments):
        self.arguments = arguments


def explorer(lab, cell, **changes):
    """The model behind the explorer that a cell opens."""
    asked = Asked()
    exec(CELLS[cell], {"lab": asked})
    model = CompositeModel(lab.system, *asked.arguments)
    for name, value in changes.items():
        setattr(model, name, value)
    return model


def test_every_explorer_of_the_chapter_is_held_against_rspamd():
    assert {cell for cell, source in CELLS.items() if "lab.composite(" in source} == set(FIRES)


def test_every_explorer_opens_with_the_chapters_own_composites():
    """What an earlier cell wrote would have its say, too."""
    changed, opened = False, 0
    for source in CELLS.values():
        changed = changed or "%%rspamd" in source or "lab.write(" in source
        if "lab.reset(" in source or "lab.undo()" in source:
            changed = False
        if "lab.composite(" in source:
            assert not changed, source
            opened += 1
    assert opened == len(FIRES)


@pytest.mark.parametrize("cell", FIRES)
def test_the_tree_shows_what_rspamd_says(chapter, cell):
    model = explorer(chapter, cell)
    check = model.check()
    assert not check.differences and check.fired is FIRES[cell]
    assert not model.forecast().warnings()


def fates(lab, cell, **changes):
    """Symbol -> (symbol stays, points stay) of what the composite of a cell names."""
    model = explorer(lab, cell, **changes)
    assert not model.check().differences
    return {fate.symbol.name: (fate.stays, fate.keeps_points) for fate in model.forecast().touched}


def test_prefixes_protect_from_the_policy(chapter):
    """ "-" and "~" as told; with "leave" the "~" does nothing."""
    assert fates(chapter, "praefix") == {
        "MISSING_MID": (True, True),
        "MISSING_DATE": (True, False),
        "RCPT_COUNT_ONE": (False, False),
    }
    assert set(fates(chapter, "praefix", policy="leave").values()) == {(True, True)}


def test_what_the_reader_is_asked_to_change_does_what_the_text_says(chapter):
    assert sum(not branch.true for branch in explorer(chapter, "baum", mail="sauber").forecast().result.parts) == 3
    grouped = explorer(chapter, "vorrang", expression="(DBL_SPAM | MAILLIST) & DMARC_POLICY_ALLOW")
    assert not grouped.check().fired
    two_gone = explorer(chapter, "zaehlen-richtig", expression="!!MAILLIST + !!MAILLIST + !!MISSING_DATE >= 2")
    assert not two_gone.check().fired
    assert "'" in explorer(chapter, "optionen").snippet()


def test_below_not_nothing_is_removed(chapter):
    """Not even below two of them: a symbol that is only counted keeps everything."""
    assert fates(chapter, "zaehlen-richtig", policy="remove_all") == {}


def test_a_group_of_four_symbols_has_points_in_one(chapter):
    hits = [hit for hit in chapter.scan("pillen").hits if "policies" in hit.groups]
    assert len(hits) == 4 and sum(hit.score != 0 for hit in hits) == 1


def test_signs_of_groups_ask_for_the_weight_not_for_the_points(chapter):
    chapter.write(
        "rspamd.local.lua",
        'rspamd_config:register_symbol{name = "VERKEHRT", score = 1, group = "haus", callback = function(task)\n'
        '  task:insert_result("VERKEHRT", -1.0)\nend}\n',
    )
    rules = ("g+:haus", "g-:haus")
    chapter.write(
        "composites.conf",
        "".join(f'R{n} {{ expression = "{rule}"; policy = "leave"; }}\n' for n, rule in enumerate(rules)),
    )
    verdict = chapter.scan("sauber")
    assert verdict.points("VERKEHRT") == -1
    assert verdict.symbol("R0") and not verdict.symbol("R1")


def test_all_options_in_the_brackets_must_match(chapter):
    both, one = "DMARC_POLICY_ALLOW[partner.example, quarantine]", "DMARC_POLICY_ALLOW[partner.example, none]"
    assert CompositeModel(chapter.system, both, "sauber").check().fired
    assert not CompositeModel(chapter.system, one, "sauber").check().fired


def test_a_backslash_needs_single_quotes(chapter):
    chapter.write(
        "composites.conf",
        "EINFACH { expression = 'DMARC_POLICY_ALLOW[/^partner\\Sexample$/]'; }\n"
        'DOPPELT { expression = "DMARC_POLICY_ALLOW[/^partner\\Sexample$/]"; }\n',
    )
    verdict = chapter.scan("sauber")
    assert verdict.symbol("EINFACH") and not verdict.symbol("DOPPELT")


def test_a_composite_removes_those_that_it_names(chapter):
    chapter.write(
        "composites.conf",
        'OBEN { expression = "UNTEN & MIME_GOOD"; }\nUNTEN { expression = "MIME_TRACE"; policy = "leave"; }\n',
    )
    verdict = chapter.scan("sauber")
    assert verdict.symbol("OBEN") and verdict.symbol("MIME_TRACE") and not verdict.symbol("UNTEN")


def test_a_composite_without_score_weighs_nothing(chapter):
    chapter.write("composites.conf", 'OHNE_SCORE { expression = "MIME_GOOD"; policy = "leave"; }\n')
    assert chapter.scan("sauber").symbol("OHNE_SCORE").score == 0


def test_local_d_changes_one_line_and_override_d_replaces_all(chapter):
    before = chapter.scan("phishing").points("VIOLATED_DIRECT_SPF")
    chapter.write("composites.conf", "VIOLATED_DIRECT_SPF { score = 1.0; }\n")
    assert (before, chapter.scan("phishing").points("VIOLATED_DIRECT_SPF")) == (3.5, 1.0)
    chapter.reset(CHAPTER)
    (content, envelope), alone = chapter.load("phishing"), 'VIOLATED_DIRECT_SPF { expression = "R_SPF_FAIL"; }\n'
    with spare(chapter.configuration, {"override.d/composites.conf": alone}) as second:
        verdict = second.worker.scan(content, envelope, {})
    assert verdict.symbol("VIOLATED_DIRECT_SPF").score == 0, "score and policy are gone, too"
    assert not verdict.symbol("R_SPF_FAIL")


def test_and_without_a_blank_is_no_operator(chapter):
    with pytest.raises(LabError, match="versteht den Ausdruck"):
        chapter.write("composites.conf", 'X { expression = "MISSING_MID and(MISSING_DATE)"; }\n')


def test_the_sum_of_points_over_a_threshold_is_what_the_text_says(chapter):
    model = CompositeModel(chapter.system, "MISSING_MID + MISSING_DATE > 3", "ohne-kopfzeilen")
    check = model.check()
    assert check.fired and not check.differences


def test_composites_at_work_are_not_told_of_an_early_end_or_of_an_old_verdict(chapter):
    with pytest.raises(LabError, match="keine Composites"):
        chapter.composites(chapter.scan("gtube"))
    old = chapter.scan("weitergeleitet")
    chapter.write("composites.conf", "VIOLATED_DIRECT_SPF { enabled = false; }\n")
    with pytest.raises(LabError, match="passt nicht zur Konfiguration"):
        chapter.composites(old)


@pytest.mark.parametrize("mail", ["weitergeleitet", "pillen", "hausmitteilung", "sauber"])
def test_composites_at_work_have_a_picture(chapter, mail):
    shown = chapter.composites(chapter.scan(mail))
    html = shown._repr_html_()
    assert re.search(r'role="img" aria-label="(\d+ Composites? schl|Kein Composite)', html)
    assert str(shown).startswith("Angeschlagen: ")


def test_the_chapters_files_name_only_symbols_that_exist(chapter):
    folder = FOLDER / CHAPTER / "exercises"
    files = sorted(folder.glob("*/solution/composites.conf"))
    assert len(files) == 4
    for file in files:
        assert not chapter.write("composites.conf", file.read_text()).warnings, file
