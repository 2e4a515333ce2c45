"""The pictures: what they say, that nothing overlaps, and that hostile mail stays text."""

import tomllib
import warnings
from importlib.resources import files
from itertools import combinations, pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Bbox

from labs.plots.bars import MAX_BARS, bars, totals
from labs.plots.colours import FAMILIES, THEME, of_family
from labs.plots.comparison import MAX_ROWS, alternative_text_comparison, changes, comparison
from labs.plots.flags import flags
from labs.plots.scale import Scale
from labs.plots.svg import MAX_TIP, svg
from labs.plots.text import clean, fit, width
from labs.plots.tooltips import tooltips, tooltips_comparison
from labs.plots.waterfall import alternative_text, waterfall
from labs.rspamd.verdict import Verdict

SVG = "{http://www.w3.org/2000/svg}"
THRESHOLDS = {"greylist": 4, "add header": 6, "reject": 15}
GROUPS = ["policies", "rbl", "hfilter", "headers", "mime", "antivirus", "statistics", "composite", "multimap"]
HOSTILE = (
    "$x^2$ <script>alert(1)</script></text></svg> \x00 \ud800 😀 漢字 ابجد \u202e &amp; #212223 \"' --> ]]> \uffff"
)

SPAM = {
    "R_SPF_FAIL": 1,
    "DMARC_POLICY_REJECT": 2,
    "DBL_PHISH": 6.5,
    "RBL_SPAMHAUS_CSS": 3,
    "PHISHING": 4,
    "MIME_HTML_ONLY": 0.2,
    "SUBJ_ALL_CAPS": 1.1,
    "HFILTER_FROMHOST_NORES_A_OR_MX": 1.5,
    "BAYES_HAM": -1.8,
    "INCOMING": 0,
    "FROM_NEQ_ENVFROM": 0,
}


def verdict(
    scores=SPAM, action="reject", *, score=None, thresholds=THRESHOLDS, subject="Ihr Konto", options=(), **reply
):
    """A verdict of these symbols, spread over all families."""
    symbols = {
        name: {"score": value, "options": list(options), "description": f"{name} & <b>"}
        for name, value in scores.items()
    }
    groups = {name: [GROUPS[i % len(GROUPS)]] for i, name in enumerate(scores)}
    reply = {
        "action": action,
        "score": sum(scores.values()) if score is None else score,
        "required_score": 15,
        "thresholds": thresholds,
        "symbols": symbols,
        "time_real": 0.003,
    } | reply
    return Verdict.parse(reply, groups, subject=subject)


MANY = {f"SYMBOL_{i:02}": round((-1) ** (i % 4 == 0) * (i % 13 + 1) / 4, 2) for i in range(40)}
CLOSE = {"greylist": 4, "add header": 4.5, "rewrite subject": 14, "reject": 15, "quarantine": 15, "discard": 15.2}
VERDICTS = {
    "spam": verdict(),
    "nothing": verdict({}, "no action", subject=""),
    "one": verdict({"ONE": 0.3}, "no action"),
    "no points": verdict({f"NULL_{i}": 0 for i in range(20)}, "no action"),
    "forty": verdict(MANY),
    "negative": verdict({"WHITELIST_DKIM": -5, "BAYES_HAM": -3, "MISSING_TO": 2}, "no action"),
    "gtube": verdict({"GTUBE": 0}, score=15, passthrough_module="gtube"),
    "hundreds": verdict({"BLACKLIST": 300, "BAYES_HAM": -120.5, "R_SPF_FAIL": 1}),
    "close": verdict(thresholds=CLOSE, action="discard"),
    "close, hundreds": verdict({"BLACKLIST": 300}, thresholds=CLOSE),
    "no thresholds": verdict(thresholds={}),
    "far threshold": verdict(thresholds={"greylist": 4, "reject": 9999}, action="greylist", required_score=9999),
    "long": verdict({"W" * 300: 3, "M" * 300: 0}, "A" * 200, thresholds={"A" * 200: 2}, subject="Betreff " * 90),
    "hostile": verdict(
        {HOSTILE: 3, f"{HOSTILE}2": 0}, HOSTILE, thresholds={HOSTILE: 2}, subject=HOSTILE, options=[HOSTILE]
    ),
}
COMPARISONS = {
    "other": VERDICTS["negative"].compare(VERDICTS["spam"]),
    "same": VERDICTS["spam"].compare(VERDICTS["spam"]),
    "many": VERDICTS["forty"].compare(VERDICTS["spam"]),
    "nothing": VERDICTS["nothing"].compare(VERDICTS["nothing"]),
    "changed": verdict({**SPAM, "BAYES_HAM": -3, "DBL_PHISH": 0}).compare(VERDICTS["spam"]),
    "thresholds": VERDICTS["close"].compare(VERDICTS["spam"]),
    "hostile": VERDICTS["hostile"].compare(VERDICTS["long"]),
}
FIGURES = {name: (waterfall, value) for name, value in VERDICTS.items()}
FIGURES |= {f"comparison: {name}": (comparison, value) for name, value in COMPARISONS.items()}

each_figure = pytest.mark.parametrize(("draw", "value"), FIGURES.values(), ids=FIGURES)


def rendered(draw, value) -> str:
    if draw is waterfall:
        return svg(waterfall(value), alternative_text(value), tooltips(value))
    return svg(comparison(value), alternative_text_comparison(value), tooltips_comparison(value))


def parsed(text: str) -> Element:
    return ElementTree.fromstring(text)


def texts(figure: Figure) -> list[str]:
    return [artist.get_text() for artist in figure.findobj(Text)]


def boxes(figure: Figure) -> list[tuple[str, Bbox]]:
    """Text and bounding box in points, of every text; at a resolution at which hinting does not widen it."""
    figure.dpi = 720
    renderer = FigureCanvasAgg(figure).get_renderer()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        found = [(artist.get_text(), artist.get_window_extent(renderer)) for artist in figure.findobj(Text)]
    figure.dpi = 72
    return [(text, box.transformed(Affine2D().scale(0.1))) for text, box in found]


def check_legible(figure: Figure, found: list[tuple[str, Bbox]]) -> None:
    """No text of ``found`` (see ``boxes``) leaves the picture or lies on another one."""
    for text, box in found:
        assert box.x0 >= 0 and box.x1 <= figure.bbox.width, text
        assert box.y0 >= 0 and box.y1 <= figure.bbox.height, text
    for (one, box), (other, second) in combinations(found, 2):
        covered = min(box.x1, second.x1) - max(box.x0, second.x0), min(box.y1, second.y1) - max(box.y0, second.y0)
        assert min(covered) < 1, f"{one!r} lies on {other!r}"


@each_figure
def test_no_text_overlaps_another_or_is_cut_off(draw, value):
    figure = draw(value)
    found = boxes(figure)
    assert len(found) > 3
    check_legible(figure, found)


@each_figure
def test_bars_stay_inside_the_picture_and_are_never_empty(draw, value):
    figure = draw(value)
    figure.dpi = 72
    for bar in figure.findobj(Rectangle):
        box = bar.get_window_extent()
        assert 0 <= box.x0 < box.x1 <= figure.bbox.width


@each_figure
def test_svg_is_well_formed_inline_and_described(draw, value):
    text = rendered(draw, value)
    root = parsed(text)
    assert text.startswith("<svg") and root.tag == f"{SVG}svg"
    assert root.get("role") == "img" and len(root.get("aria-label")) > 20
    assert root.get("viewBox") and root.get("width") is None and "width: 100%" in root.get("style")
    assert not root.findall(f".//{SVG}metadata") and not root.findall(f".//{SVG}style")
    assert not root.findall(f"./{SVG}title"), "a title of the whole picture would hide every tooltip"
    assert len(root.findall(f".//{SVG}text")) > 3, "text stays text"
    assert text.count("</svg>") == 1 and "<script" not in text


@each_figure
def test_rendering_twice_gives_the_same(draw, value):
    assert rendered(draw, value) == rendered(draw, value)


@each_figure
def test_text_and_axes_follow_the_theme(draw, value):
    root = parsed(rendered(draw, value))
    styles = [element.get("style", "") for element in root.iter()]
    assert not any(stand_in in style for stand_in in THEME for style in styles)
    for element in root.iter(f"{SVG}text"):
        assert "fill: var(--jp-" in element.get("style") and "sans-serif" in element.get("style")


def test_hostile_text_is_shown_literally_without_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        root = parsed(rendered(waterfall, VERDICTS["hostile"]))
    shown = [element.text for element in root.iter(f"{SVG}text")]
    assert any("$x^2$ <script>alert(1)</script>" in text for text in shown)
    assert not any(character in text for text in shown for character in "\x00\ud800\u202e\uffff")
    assert "#212223" in clean(HOSTILE)


def test_tooltips_show_explanation_options_and_score_escaped():
    value = verdict({"R_SPF_FAIL": 1.5}, "no action", options=["</title><script>", "a & b", "\ud800\x1b[31m"])
    text = rendered(waterfall, value)
    assert "&lt;/title&gt;&lt;script&gt;" in text
    root = parsed(text)
    titles = {title.text for title in root.iter(f"{SVG}title")}
    assert len(titles) == 1, "bar, name and score share one tooltip"
    lines = titles.pop().split("\n")
    assert lines[0] == "R_SPF_FAIL +1,5"
    assert "SPF" in lines[1]
    assert lines[2] == r"Optionen: </title><script>, a & b, \ud800\x1b[31m"


def test_tooltips_are_limited():
    value = verdict({"ONE": 1}, "no action", options=["x" * 100_000])
    title = next(parsed(rendered(waterfall, value)).iter(f"{SVG}title"))
    assert len(title.text) == MAX_TIP


def test_tooltip_of_merged_symbols_names_them():
    tips = tooltips(VERDICTS["forty"])
    merged = [tip for name, tip in tips.items() if "weitere" in name]
    assert merged
    assert all(tip.count("\n") >= 1 for tip in merged)


def test_ids_do_not_collide_between_pictures():
    def clipped(n: int) -> str:
        figure = Figure()
        figure.add_subplot().plot(range(n), marker="o")
        return svg(figure, "Linie")

    ids = [{element.get("id") for element in parsed(clipped(n)).iter()} - {None} for n in (3, 4)]
    assert all(ids) and not ids[0] & ids[1]
    root = parsed(clipped(3))
    used = [element.get("href", "")[1:] for element in root.iter(f"{SVG}use")]
    assert used and set(used) <= ids[0]


def test_families_are_ordered_by_contribution_and_symbols_by_score():
    steps = bars(VERDICTS["spam"])
    contributions = [abs(score) for score in totals(steps).values()]
    assert len(contributions) > 4
    assert contributions == sorted(contributions, reverse=True)
    for one, other in pairwise(steps):
        assert one.end == other.start
        assert one.family != other.family or abs(one.score) >= abs(other.score)
    assert steps[-1].end == pytest.approx(VERDICTS["spam"].score)


def test_many_symbols_are_merged_by_family():
    steps = bars(VERDICTS["forty"])
    assert 15 <= len(steps) <= MAX_BARS
    assert sum(len(bar.symbols) for bar in steps) == 40
    merged = [bar for bar in steps if len(bar.symbols) > 1]
    assert merged and all(bar.label == f"{len(bar.symbols)} weitere" for bar in merged)
    assert len({bar.key for bar in steps}) == len(steps)


def test_up_to_24_symbols_have_bars_of_their_own():
    assert len(bars(verdict({f"S{i}": 1 for i in range(MAX_BARS)}))) == MAX_BARS


def test_symbols_without_points_are_named_but_not_drawn():
    shown = " ".join(texts(waterfall(VERDICTS["no points"])))
    assert "20 Symbole ohne Punkte" in shown
    assert "Ohne Punkte: NULL_0, NULL_1," in shown
    assert "… und 12 weitere" in shown
    assert bars(VERDICTS["no points"]) == ()


def test_empty_verdict_is_a_sentence():
    assert "Keine Regel hat angeschlagen." in texts(waterfall(VERDICTS["nothing"]))


def test_title_names_action_points_and_subject():
    assert texts(waterfall(verdict(score=16)))[0] == "REJECT · 16,0 von 15 Punkten · „Ihr Konto“"


def test_score_beyond_the_symbols_is_a_difference():
    last = bars(VERDICTS["gtube"])[-1]
    assert (last.label, last.score) == ("Differenz", 15)
    assert "zusammen 0,0 Punkte" in tooltips(VERDICTS["gtube"])["Differenz"]
    rounded = verdict({"ONE": 1.004}, "no action", score=1)
    assert [bar.label for bar in bars(rounded)] == ["ONE"]


@pytest.mark.parametrize(
    ("value", "note"),
    [
        (VERDICTS["gtube"], "Action erzwungen (Modul gtube), nicht durch Punkte"),
        (verdict({"CLAMAV": 0.5}), "Action erzwungen, nicht durch Punkte"),
        (verdict(action="no action"), "Action erzwungen, nicht durch Punkte"),
        (verdict({"CLAMAV": 0.5}, thresholds={}), "Action erzwungen, nicht durch Punkte"),
        (verdict({"A": 5}, "quarantine"), "Action erzwungen, nicht durch Punkte"),
    ],
)
def test_forced_action_is_said(value, note):
    assert note in texts(waterfall(value))
    assert note in alternative_text(value)


@pytest.mark.parametrize(
    "value",
    [
        VERDICTS["spam"],
        VERDICTS["negative"],
        verdict({"A": 5}, "greylist"),
        verdict({"A": 5}, "soft reject"),
        verdict({"A": 5}, "no action"),
        verdict({"A": 14.996}, "add header", score=15),
        verdict({"A": 5}, "add header", thresholds={}),
        verdict({"A": 20}, "add header", score=12),
        verdict({"A": 5}, "no action", thresholds={"reject": 15}),
    ],
)
def test_action_by_points_is_not_called_forced(value):
    assert "erzwungen" not in " ".join([*texts(waterfall(value)), alternative_text(value)])


@pytest.mark.parametrize("limits", [{"greylist": 4, "add header": 6}, {"reject": 14, "discard": 15}, CLOSE])
@pytest.mark.parametrize("factor", [0.5, 5.0, 25.0])
def test_names_of_thresholds_lie_on_no_other_name_or_line(limits, factor):
    placed = flags(limits.items(), Scale(0, 600, 0, factor, 0))
    assert len(placed) == len(limits)
    for one, other in combinations(placed, 2):
        if one.level == other.level:
            assert one.right < other.x
        low, high = sorted((one, other), key=lambda flag: flag.level)
        assert not low.x < high.x < low.right, "the line to the higher name strikes through the lower one"


def test_far_threshold_is_named_instead_of_drawn():
    shown = texts(waterfall(VERDICTS["far threshold"]))
    assert any("reject erst ab 9999" in text for text in shown)
    assert "greylist ab 4" in shown and "reject ab 9999" not in shown


@pytest.mark.parametrize("span", [(0, 0.3), (0, 15), (-8, 15), (-400, 1000), (0, 1e6)])
def test_scale_has_few_round_ticks(span):
    ticks = Scale.fit(150, 600, [(value, 30) for value in span]).ticks()
    assert 4 <= len(ticks) <= 12
    assert 0 in ticks


def test_families_of_the_catalogue_have_colours_of_their_own():
    labels = set(tomllib.loads((files("labs.rspamd") / "symbols.toml").read_text("utf-8"))["families"].values())
    assert labels
    assert labels <= set(FAMILIES)
    assert len(set(FAMILIES.values())) == len(FAMILIES)


def test_family_has_the_same_colour_in_every_picture():
    def colour(figure: Figure, tip: str) -> tuple:
        [bar] = [bar for bar in figure.findobj(Rectangle) if bar.get_gid() == tip]
        return bar.get_facecolor()

    alone = waterfall(verdict({"R_SPF_FAIL": 9}, "add header"))
    assert colour(alone, "tip-R_SPF_FAIL") == colour(waterfall(VERDICTS["spam"]), "tip-R_SPF_FAIL")
    assert of_family("Eigene Familie") == of_family("Eigene Familie")


def test_alternative_text_says_what_the_picture_shows():
    assert alternative_text(VERDICTS["spam"]) == (
        "REJECT · 17,5 von 15 Punkten. Schwellen: greylist ab 4, add header ab 6, reject ab 15. "
        "9 Symbole mit Punkten, am stärksten DBL_PHISH +6,5, PHISHING +4,0, RBL_SPAMHAUS_CSS +3,0."
    )


def test_alternative_text_of_a_comparison_says_what_changed():
    text = alternative_text_comparison(COMPARISONS["changed"])
    assert text.startswith("Vorher REJECT · 17,5 von 15 Punkten; nachher REJECT · 9,8 von 15 Punkten: −7,7 Punkte.")
    assert "DBL_PHISH −6,5 geändert (+6,5 → 0,0), BAYES_HAM −1,2 geändert (−1,8 → −3,0)" in text


def test_comparison_labels_what_came_and_went():
    shown = texts(comparison(COMPARISONS["other"]))
    assert "−5,0 neu" in shown and "−6,5 weg" in shown and "−1,2 geändert (−1,8 → −3,0)" in shown
    assert "17,5 · reject" in shown and "−6,0 · no action" in shown
    assert "Ohne Punkte weg: FROM_NEQ_ENVFROM, INCOMING" in shown


def test_comparison_of_the_same_is_a_sentence():
    assert "Beide Male dieselben Symbole mit denselben Punkten." in texts(comparison(COMPARISONS["same"]))


def test_comparison_draws_the_largest_differences():
    found = changes(COMPARISONS["many"])
    assert len(found) > MAX_ROWS
    shown = texts(comparison(COMPARISONS["many"]))
    assert found[0].name in shown and found[MAX_ROWS - 1].name in shown
    assert found[MAX_ROWS].name not in shown
    assert any(text.startswith("Nicht gezeichnet:") for text in shown)


def test_comparison_with_other_thresholds_names_both():
    shown = texts(comparison(COMPARISONS["thresholds"]))
    assert "Schwellen vorher: greylist ab 4, add header ab 6, reject ab 15" in shown
    assert any(text.startswith("Schwellen nachher: greylist ab 4, add header ab 4,5") for text in shown)


@pytest.mark.parametrize("text", ["HFILTER_FROMHOST_NORES_A_OR_MX", "Wörter, die fehlen", "😀漢字 ábc", "iiii"])
def test_text_is_at_most_as_wide_as_said(text):
    figure = Figure()
    figure.add_artist(Text(0, 0, text, fontsize=10, parse_math=False, transform=None))
    [(_, box)] = boxes(figure)
    assert box.width <= width(text, 10) + 1
    assert width(fit(text, 20, 10), 10) <= 20


def test_characters_that_the_font_lacks_are_measured_in_silence():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert width("\U000f6dce\U0001f1ed", 10) > 0
