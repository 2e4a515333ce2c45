-- Hält fest, was jede Regel von force_actions sieht, und welche Regeln und Composites es gibt.
local logger, ucl = require "rspamd_logger", require "ucl"
rspamd_config:register_symbol{
  name = "LAB_WATCH", type = "connfilter", flags = "empty",
  callback = function(task)
    local class = getmetatable(task).__index
    if class.lab_action then return end
    class.lab_action = class.get_metric_action
    class.get_metric_action = function(seen, ...)
      local action, symbols = seen:lab_action(...), {}
      for _, symbol in ipairs(seen:get_symbols_all()) do symbols[symbol.name] = symbol.score end
      logger.infox(seen, "lab sees %s", ucl.to_format({action = action, symbols = symbols}, "json-compact"))
      return action
    end
  end,
}
rspamd_config:add_post_init(function(cfg)
  local composites, known = {}, {}
  for name in pairs(cfg:get_all_opt("composites") or {}) do composites[#composites + 1] = name end
  for name in pairs(cfg:get_symbols()) do known[#known + 1] = name end
  local rules = (cfg:get_all_opt("force_actions") or {}).rules or {}
  local file = io.open(rspamd_paths["DBDIR"] .. "/force_actions.json", "w")
  file:write(ucl.to_format({rules = rules, composites = composites, known = known}, "json-compact"))
  file:close()
end)
