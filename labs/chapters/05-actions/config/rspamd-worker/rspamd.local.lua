-- Nur für dieses Kapitel: Die Kopfzeile „X-Punkte: 7.5“ gibt einer Mail so viele Punkte. So lässt sich jede Schwelle
-- gezielt erreichen. Im Betrieb wäre das eine Einladung: Jeder könnte sich Punkte abziehen.
rspamd_config:register_symbol{
  name = "REGLER",
  score = 1.0,
  group = "kapitel",
  description = "Punkte aus der Kopfzeile X-Punkte",
  callback = function(task)
    local points = tonumber(task:get_header("X-Punkte"))
    -- Nur auf dem MX: Der HUB soll der Mail nicht noch einmal Punkte geben.
    if points and task:has_symbol("INCOMING_DEFAULT") then
      task:insert_result("REGLER", points, tostring(points))
    end
  end,
}
-- Als Letztes: Ist die Schwelle für reject erreicht, laufen weitere Regeln nicht mehr.
rspamd_config:register_dependency("REGLER", "DMARC_CHECK")
