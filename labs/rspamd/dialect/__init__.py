"""How Rspamd speaks, and what another version may say otherwise: its log, its tools' words, its order, our Lua in it."""
