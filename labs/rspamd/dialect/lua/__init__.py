"""The Lua that the workbook gives Rspamd, a file each; its first line says what it does."""

from importlib.resources import files


def lua(name: str) -> str:
    """The text of a file beside this one, without its ending."""
    return (files(__package__) / f"{name}.lua").read_text("utf-8")
