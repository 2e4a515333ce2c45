"""What chapter 07 says in passing, without a cell that shows it."""


def test_least_with_no_action_lowers_a_reject(lab):
    """„least“."""
    rule = 'rules {{ MILD {{ action = "{action}"; expression = "DBL_SPAM"; require_action = ["reject"]; least = true; }} }}\n'
    lab.set_up({"force_actions.conf": rule.format(action="no action")})
    assert lab.scan("pillen").action == "no action"
    lab.set_up({"force_actions.conf": rule.format(action="add header")})
    assert lab.scan("pillen").action == "reject"
