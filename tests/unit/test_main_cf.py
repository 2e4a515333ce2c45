"""What a change of main.cf leaves of the shipped file."""

from labs.cluster.render import CONFIG
from labs.smtp.configuration import without

MAIN = """# Kopf
a = 1
# Wer darf:
b =
  eins,
# warum
  zwei
# Ende
c_b = 3
"""


def test_a_parameter_given_anew_is_taken_out_with_all_its_lines():
    assert without(MAIN, "b = x\n") == "# Kopf\na = 1\n# Wer darf:\n# Ende\nc_b = 3\n"
    assert without(MAIN, "# b = x\n") == MAIN and without(MAIN, "") == MAIN
    assert without(MAIN, "a=\nc_b = 4\n") == MAIN.replace("a = 1\n", "").replace("c_b = 3\n", "")


def test_the_longest_parameter_that_is_shipped_goes_as_a_whole():
    shipped = (CONFIG / "postfix-mx/main.cf").read_text()
    left = without(shipped, "smtpd_recipient_restrictions = permit\n")
    assert "reject_unknown_sender_domain" in shipped and "reject_unknown_sender_domain" not in left
    assert "reject_unverified_recipient\n" not in left and "unverified_recipient_reject_code = 550" in left
