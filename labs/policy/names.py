"""Which files hold expectations. Nothing is imported here: pytest asks for every file that it meets."""


def is_expectation(name: str) -> bool:
    """Whether a file of that name holds expectations: expect.toml, mailing-lists.expect.toml."""
    return name == "expect.toml" or name.endswith(".expect.toml")
