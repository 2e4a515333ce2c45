-- Legt die Änderung über die Settings, die für die Mail gelten. Rspamd nimmt Settings nur einmal an: also genau dann.
local change = require("ucl").parser()
change:parse_file(rspamd_paths["LOCAL_CONFDIR"] .. "/what-if.json")
change = change:get_object()

local function merged(settings)
  local all = {}
  for key, value in pairs(settings) do all[key] = value end
  for _, part in ipairs { "scores", "actions" } do
    all[part] = {}
    for _, source in ipairs { settings[part] or {}, change[part] } do
      for name, value in pairs(source) do
        all[part][part == "actions" and name:gsub("_", " ") or name] = value
      end
    end
  end
  return all
end

local wrapped = false
local function before(task)  -- vor SETTINGS_CHECK: wer immer Settings setzt, setzt sie mit der Änderung
  if wrapped then return end
  wrapped = true
  local class = getmetatable(task).__index
  local set_settings = class.set_settings
  class.set_settings = function(one, settings) return set_settings(one, merged(settings)) end
end

local function after(task)  -- nach SETTINGS_CHECK: für Mails, für die kein Profil gilt
  if not task:get_settings() then task:set_settings({}) end
end

local flags = "empty,nostat,explicit_disable,ignore_passthrough"
rspamd_config:register_symbol { name = "WHAT_IF_1", type = "prefilter", priority = 100, flags = flags, callback = before }
rspamd_config:register_symbol { name = "WHAT_IF_2", type = "prefilter", priority = 9, flags = flags, callback = after }
