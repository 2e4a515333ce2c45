"""One mail scanned again in a spare worker that logs each step, and questions about its symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from labs.mails import Envelope
from labs.rspamd.composites.parser import parse
from labs.rspamd.composites.tree import atoms, negated
from labs.rspamd.dialect.trace import Trace, by_profile, switched_off
from labs.rspamd.inquiry.reason import Kind, WhyNot, points
from labs.rspamd.inquiry.registry import Registry
from labs.rspamd.inquiry.spare import Spare
from labs.rspamd.symbols import family
from labs.rspamd.verdict import Verdict, number

ELSEWHERE = "198.51.100.7"
"""An address of nobody (TEST-NET-2), to see whether a rule spares the lab's own addresses."""


class Inquiry:
    """One mail, scanned again with a trace; answers questions about its symbols."""

    def __init__(self, verdict: Verdict, registry: Registry, worker: Spare) -> None:
        self.verdict, self.registry, self.worker = verdict, registry, worker
        self.again, self.trace = self._scan(verdict.envelope)
        self.registered = worker.symbols()

    def _scan(self, envelope: Envelope) -> tuple[Verdict, Trace]:
        """Scan the mail with ``envelope``; what came out, and the trace."""
        again = self.worker.worker.scan(
            self.verdict.mail, envelope, self.registry.groups, settings_id=self.verdict.settings_id
        )
        return again, Trace.parse(self.worker.trace(again))

    def answer(self, symbol: str) -> WhyNot:
        """The reason for ``symbol``, which some rule or composite can give."""
        trace, hit = self.trace, self.verdict.symbol(symbol)
        if symbol in trace.removed:
            names = " und ".join(trace.removed[symbol])
            left = "Es steht noch da, seine Punkte zählen nicht mehr." if hit else "Es steht deshalb nicht im Ergebnis."
            sentence = f"{symbol} hat angeschlagen; das Composite {names} hat es entfernt. {left}"
            return WhyNot(symbol, Kind.REMOVED, (sentence,), tuple(map(self._expression, trace.removed[symbol])))
        if hit:
            return self._weaker(symbol)
        if self.again.symbol(symbol):
            sentence = "Bei derselben Mail schlägt es jetzt an: Seit der Prüfung hat sich die Konfiguration oder das Gelernte geändert."
            return WhyNot(symbol, Kind.NOW, (sentence, "Prüfe die Mail noch einmal."))
        if symbol in trace.barred:
            return self._forbidden(symbol, symbol, trace.barred[symbol], hit=True)
        if symbol in self.registry.composites:
            return self._composite(symbol)
        callback = self._callback(symbol)
        reason = self._callback_reason(callback, symbol)
        if callback == symbol:
            return reason
        gives = f"{symbol} vergibt die Regel {callback}."
        kind = Kind.DEPENDENCY if reason.kind is Kind.PROFILE and not self._listed(symbol) else reason.kind
        return replace(reason, symbol=symbol, kind=kind, sentences=(gives, *reason.sentences))

    def _callback(self, symbol: str) -> str:
        """The rule whose callback inserts ``symbol``; a rule of its own stands for itself."""
        return self.registered.get(symbol, {}).get("parent") or symbol

    # --- it fired -------------------------------------------------------------------------------------------------

    def _weaker(self, symbol: str) -> WhyNot:
        hit = self.verdict.symbol(symbol)
        sentences = (points(symbol, hit.score),)
        if cap := self.trace.capped.get(symbol):
            told = f"doch die Gruppe {cap.group} gibt zusammen höchstens {number(cap.limit)} Punkte (max_score)."
            sentences += (f"Sein Gewicht ist {number(hit.weight)}, {told}",)
            return WhyNot(symbol, Kind.FIRED, sentences, (cap.line,))
        sentences += (f"Sein Gewicht ist {number(hit.weight)}; die Regel selbst hat nur einen Teil davon vergeben.",)
        return WhyNot(symbol, Kind.FIRED, sentences)

    # --- a composite ----------------------------------------------------------------------------------------------

    def _expression(self, composite: str) -> str:
        return f"{composite}: {self.registry.composites.get(composite, {}).get('expression', '')}"

    def _composite(self, symbol: str) -> WhyNot:
        rule = self.registry.composites[symbol]
        expression = str(rule.get("expression", ""))
        if symbol not in self.trace.atoms:
            if self.trace.ends:
                return self._ended(symbol)
            return WhyNot(symbol, Kind.COMPOSITE, ("Rspamd hat es nicht berechnet.",), (self._expression(symbol),))
        seen = self.trace.atoms[symbol]
        tree = parse(expression)
        unwanted = dict(zip([atom.name for atom in atoms(tree)], negated(tree), strict=True))
        truth = {atom: seen.get(atom, self.again.symbol(atom) is not None) for atom in [*seen, *unwanted]}
        groups = [
            f"{title}: {', '.join(names)}."
            for title, wanted in (("Vorhanden", True), ("Nicht vorhanden", False))
            if (names := [atom for atom, true in truth.items() if true is wanted])
        ]
        lines = [
            f"{'✓' if true else '✗'} {atom}{' (darf nicht da sein)' if unwanted.get(atom) else ''}"
            f"{'' if atom in seen else ' (nicht mehr nachgesehen)'}"
            for atom, true in truth.items()
        ]
        return WhyNot(symbol, Kind.COMPOSITE, (f"Der Ausdruck {expression} ist nicht wahr.", *groups), tuple(lines))

    # --- a rule ---------------------------------------------------------------------------------------------------

    def _callback_reason(self, callback: str, symbol: str) -> WhyNot:
        """Why a callback did not run, or what it did when it ran."""
        trace = self.trace
        if callback in trace.denied:
            return self._forbidden(callback, callback, trace.denied[callback])
        if callback in self.registry.classifiers:
            return self._classifier(callback)
        if callback in trace.unchecked:
            return self._condition(callback, ("Rspamd: do not check " + callback,))
        if callback not in trace.executed:
            return self._ended(callback)
        if skips := trace.skips(callback):
            return self._dependency(callback, skips) or self._condition(callback, skips)
        return self._no_match(callback, symbol)

    def _forbidden(self, symbol: str, callback: str, words: str, *, hit: bool = False) -> WhyNot:
        """``words``: "is forbidden for settings id 1", "is not listed as allowed …", "is permanently disabled", …"""
        found = "Die Regel hat angeschlagen, doch das Symbol zählt nicht. " if hit else ""
        proof = f"Rspamd: {callback} {words}"
        if by_profile(words):
            return self._profile(symbol, found, proof)
        if switched_off(words):
            sentence = f"{found}{symbol} ist in groups.conf abgeschaltet (enabled = false)."
            return WhyNot(symbol, Kind.OFF, (sentence,), (proof,))
        kind = "eine leere Mail" if not self.verdict.mail else "diese Art von Mail"
        sentence = f"Für {kind} gibt es diese Prüfung nicht."
        return WhyNot(symbol, Kind.CONDITION, (sentence,), (proof,))

    def _profile(self, symbol: str, found: str, proof: str) -> WhyNot:
        name = self.trace.profile_name
        lists = self._lists(name, symbol)
        where = f" über {' und '.join(lists)}" if lists else ""
        role = self.verdict.envelope.mta_name
        chosen = (
            f"Das Profil gilt, weil die Mail mit dem MTA-Name {role} kam."
            if role
            else "Der MTA-Name fehlt; das Profil gilt aus einem anderen Grund."
        )
        sentence = f"{found}Das Settings-Profil {name} schaltet {symbol} ab{where}."
        evidence = (
            self.trace.profile,
            proof,
            *(f"settings.{name}.apply.{key} = {value}" for key, value in lists.items()),
        )
        return WhyNot(symbol, Kind.PROFILE, (sentence, chosen), evidence)

    def _lists(self, profile: str, symbol: str) -> dict[str, str]:
        """Which lists of the profile name ``symbol`` or one of its groups, or leave it out."""
        apply = self.registry.profile(profile).get("apply") or {}
        groups, names = set(self.registry.groups.get(symbol, ())), {symbol}
        found = {}
        for key, own in (("symbols", names), ("groups", groups)):
            off, on = apply.get(f"{key}_disabled") or [], apply.get(f"{key}_enabled")
            off, on = ([value] if isinstance(value, str) else value for value in (off, on))
            if own & set(off):
                found[f"{key}_disabled"] = ", ".join(sorted(own & set(off)))
            if on is not None and not own & set(on):
                found[f"{key}_enabled"] = ", ".join(on)
        return found

    def _listed(self, symbol: str) -> bool:
        return bool(self._lists(self.trace.profile_name, symbol))

    def _dependency(self, callback: str, skips: Sequence[str]) -> WhyNot | None:
        """The first rule on which ``callback`` waits and that did not check this mail either."""
        for needed in self.trace.needs.get(callback, ()):
            other = self._callback(needed)
            if other != callback and (other not in self.trace.executed or self.trace.skips(other)):
                reason = self._callback_reason(other, needed)
                sentence = f"{callback} braucht das Ergebnis von {other}, und das fehlt."
                return WhyNot(callback, Kind.DEPENDENCY, (sentence, *reason.sentences), (*skips, *reason.evidence))
        return None

    def _condition(self, callback: str, proof: Sequence[str]) -> WhyNot:
        """Try which part of the envelope makes the difference."""
        envelope = self.verdict.envelope
        trials: list[tuple[str, Envelope]] = []
        if envelope.user:
            sentence = f"{callback} prüft keine Post von angemeldeten Benutzern (user = {envelope.user}). Ohne Anmeldung prüft es."
            trials.append((sentence, replace(envelope, user="")))
        if envelope.ip:
            local = any("local" in line for line in proof)
            why = " Das ist für Rspamd eine eigene Adresse (options.local_addrs)." if local else ""
            sentence = f"{callback} prüft keine Post von {envelope.ip}.{why} Von {ELSEWHERE} prüft es."
        else:
            sentence = f"{callback} braucht die Adresse des Clients; sie fehlt. Mit {ELSEWHERE} prüft es."
        trials.append((sentence, replace(envelope, ip=ELSEWHERE)))
        for sentence, changed in trials:
            _, trace = self._scan(changed)
            if callback in trace.executed and not trace.skips(callback):
                return WhyNot(callback, Kind.CONDITION, (sentence,), tuple(proof))
        sentence = f"Eine Bedingung von {callback} trifft auf diese Mail nicht zu."
        return WhyNot(callback, Kind.CONDITION, (sentence,), (*proof, *self._shape()))

    def _ended(self, callback: str) -> WhyNot:
        """The scan had its result before ``callback`` could run."""
        if self.trace.whitelisted:
            sentence = f"Das Settings-Profil {self.trace.profile_name} nimmt die Mail ohne Prüfung an (whitelist)."
        elif self.trace.preset:
            module = self.again.raw.get("passthrough_module", "")
            sentence = f"{module} hat die Action {self.again.action} vorab festgelegt. Danach prüft Rspamd nichts mehr."
        elif self.trace.full:
            limit = number(self.again.required_score)
            sentence = f"Die Mail hatte schon {number(self.again.score)} Punkte, mehr als die Schwelle für reject ({limit}). Dann hört Rspamd auf."
        else:
            sentence = f"Rspamd hat {callback} für diese Mail nicht gestartet."
        return WhyNot(callback, Kind.ENDED, (sentence, f"{callback} lief deshalb nicht."), self.trace.ends)

    def _classifier(self, symbol: str) -> WhyNot:
        lines = self.trace.bayes
        if self.trace.untrained:
            sentence = "Bayes hat noch nicht genug Mails gelernt, also sagt es nichts."
            return WhyNot(
                symbol,
                Kind.UNTRAINED,
                (sentence, 'Es lernt mit `lab.learn(mail, "spam")` und `lab.learn(mail, "ham")`.'),
                lines,
            )
        return WhyNot(symbol, Kind.NO_MATCH, (f"Bayes hat die Mail geprüft und {symbol} nicht vergeben.",), lines)

    def _no_match(self, callback: str, symbol: str) -> WhyNot:
        times: Mapping[str, float] = self.again.raw.get("profile", {})
        spent = f" ({max(times[callback], 1):.0f} ms)" if callback in times else ""
        given = [name for name, rule in self.registered.items() if rule.get("parent") == callback]
        fired = [hit.name for hit in self.again.hits if hit.name in given]
        missed = "" if fired else "; auf diese Mail passt die Regel nicht"
        sentences = [f"{callback} lief{spent}{missed}."]
        sentences += [f"Vergeben hat die Regel: {', '.join(fired)}."] if fired else []
        evidence = [f"Rspamd: execute {callback}", *self.trace.said.get(callback, ())[:8]]
        if family(self.registry.groups.get(symbol, ())) == "Anhänge":
            evidence += self._shape()
        return WhyNot(callback, Kind.NO_MATCH, tuple(sentences), tuple(evidence))

    def _shape(self) -> list[str]:
        """The parts of the mail, as Rspamd's own symbol lists them."""
        parts = self.again.symbol("MIME_TRACE")
        return [f"Teile der Mail (MIME_TRACE): {parts.details}"] if parts else []
