"""Expectations: what should happen to a mail, written as TOML, judged against Rspamd's verdict."""
