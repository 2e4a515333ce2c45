-- Liest UCL-Dateien wie Rspamd selbst; je Datei eine Zeile JSON, leer bei einem Fehler.
local ucl = require "ucl"
for _, name in ipairs(arg) do
  local parser = ucl.parser()
  print(parser:parse_file(name) and parser:get_object_wrapped():tostring("json-compact") or "")
end
