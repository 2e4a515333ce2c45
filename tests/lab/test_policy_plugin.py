"""The pytest plugin: expect.toml as tests, against real Rspamd, and without a trace in any other session."""

from importlib.metadata import entry_points

import pytest

from labs import paths

pytest_plugins = ["pytester"]

CACHE, STATE = paths.cache().parent, paths.state().parent  # before pytester gives its sessions another home
LABS = paths.state() / "labs"
ACTIONS = "reject = 15;\nadd_header = 6;\ngreylist = null;\n"
EXPECT = """
[[mail]]
title = "sauber kommt durch"
mail = "sauber"
expect = { action = "no action", without = ["DBL_*"] }

[[mail]]
title = "Phishing ist harmlos"
mail = "phishing"
expect = { action = "no action" }
"""


@pytest.fixture
def project(pytester, monkeypatch):
    """An empty project of somebody else; pytester gives it a home of its own, the servers stay where they are."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))
    monkeypatch.setenv("XDG_STATE_HOME", str(STATE))
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    return pytester


def policy(project, folder="rspamd", expect=EXPECT, name="expect.toml"):
    for file, text in {"local.d/actions.conf": ACTIONS, name: expect}.items():
        path = project.path / folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def test_the_plugin_is_installed():
    assert "labs.pytest_plugin" in [one.value for one in entry_points(group="pytest11")]


def test_each_case_is_a_test_and_a_failure_is_the_report(project):
    policy(project)
    project.makeconftest("import os\ndef pytest_configure(config): open('pid', 'w').write(str(os.getpid()))\n")
    result = project.runpytest_subprocess("-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "rspamd/expect.toml::sauber kommt durch PASSED*",
            "rspamd/expect.toml::Phishing ist harmlos FAILED*",
            "✗ Phishing ist harmlos",
            "*erwartet: no action, gekommen: *",
            "*Das bedeutet meist: *",
            "Aus dem Labor statt aus *rspamd: Redis, DNS, *",
        ]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    result.stdout.no_fnmatch_line("*pytest_plugin.py*")
    assert not list(LABS.glob(f"check-{(project.path / 'pid').read_text()}-*"))


def test_files_of_one_configuration_share_a_lab(project):
    policy(project)
    policy(
        project,
        name="liste.expect.toml",
        expect=EXPECT.replace("Phishing ist harmlos", "Phishing")[: EXPECT.find("[[", 9)],
    )
    policy(project, "anders", expect=EXPECT[: EXPECT.find("[[", 9)])
    project.makeconftest(
        "import labs.check\n"
        "original = labs.check.new_cluster\n"
        "def counted(name):\n"
        "    print('Labor', name)\n"
        "    return original(name)\n"
        "labs.check.new_cluster = counted\n"
    )
    result = project.runpytest_subprocess("-s", "-k", "sauber")
    result.assert_outcomes(passed=3, deselected=1)
    assert sum("Labor check-" in line for line in result.outlines) == 2


def test_the_configuration_may_lie_elsewhere(project):
    policy(project)
    (project.path / "tests").mkdir()
    (project.path / "rspamd/expect.toml").rename(project.path / "tests/expect.toml")
    result = project.runpytest_subprocess("tests", "--labs-config", "rspamd", "-k", "sauber")
    result.assert_outcomes(passed=1, deselected=1)


@pytest.mark.parametrize(
    ("files", "part"),
    [
        ({"expect.toml": EXPECT}, "*liegt keine Konfiguration von Rspamd.*"),
        ({"expect.toml": EXPECT, "local.d/actions.conf": "reject = {\n"}, "Rspamd lehnt diese Konfiguration ab*"),
    ],
)
def test_a_configuration_that_cannot_run_fails_every_case_with_its_reason(project, files, part):
    for name, text in files.items():
        (project.path / name).parent.mkdir(exist_ok=True)
        (project.path / name).write_text(text)
    result = project.runpytest_subprocess()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines([part])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_mistake_in_the_file_is_an_error_of_collection(project):
    policy(project, expect='[[mail]]\nmail = "sauba"\nexpect = { action = "reject" }\n')
    result = project.runpytest_subprocess()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*expect.toml, Zeile 2, *sauba*", "*Meintest du „sauber“?*"])


def test_a_title_is_shown_as_text(project):
    policy(project, expect=EXPECT.replace("sauber kommt durch", r"\u001b]0;neu\u0007"))
    assert r"::\x1b]0;neu\x07" in project.runpytest_subprocess("--collect-only", "-q").stdout.str()


def test_a_session_without_such_files_loads_nothing_of_the_workbook(project):
    project.makepyfile(
        "import sys\n"
        "def test_quiet():\n"
        "    mine = {name for name in sys.modules if name.startswith('labs')}\n"
        "    assert mine == {'labs', 'labs.policy', 'labs.policy.names', 'labs.pytest_plugin'}\n"
        "    assert not {'pandas', 'requests', 'jinja2'} & sys.modules.keys()\n"
    )
    (project.path / "andere.toml").write_text("x = 1\n")
    project.runpytest_subprocess().assert_outcomes(passed=1)
