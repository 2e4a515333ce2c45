-- Welche Symbole es gibt und wer ihr Callback ist, als JSON.
rspamd_config:add_post_init(function(cfg)
  local symbols = cfg:get_symbols()
  for name, symbol in pairs(symbols) do symbol.parent = cfg:get_symbol_parent(name) end
  local file = io.open(rspamd_paths["DBDIR"] .. "/symbols.json", "w")
  file:write(require "ucl".to_format(symbols, "json-compact"))
  file:close()
end)
