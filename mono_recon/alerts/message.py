"""What a message says: reasons, a subject, lines for a person, and the same figures for a program.

Here belongs the wording. It holds figures, names of break types and feeds, and a link: never a text that Mono
or a payer wrote, and of an error only what was written for people.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mono_recon.alerts.digest import Digest, Sum
from mono_recon.money import format_pesos
from mono_recon.settings.operations import FAILURE, FEED_MISSING, NEW_BREAKS, VERDICT, Alerts

_BALANCED = "balanced"
_WORDS: Mapping[str, Mapping[str, str]] = {
    "es": {
        "balanced": "cuadrado",
        "awaiting": "en espera",
        "breaks": "con diferencias",
        "incomplete": "incompleto",
        "verdict": "Veredicto: {verdict} (versión {version}, con lo conocido a {as_of})",
        "new": "Diferencias nuevas: {sum}",
        "open": "Diferencias abiertas en total: {sum}",
        "feeds": "No llegó nada de: {feeds}",
        "quarantined": "Registros rechazados: {count}",
        "unexplained": "Sin explicar en saldos: {money}",
        "link": "Ver: {link}",
        "failure": "la conciliación falló",
        "failed": "La ejecución {run_id} falló: {error}",
        "then": "No se emitió nada a medias. La próxima ejecución retoma lo pendiente.",
    },
    "en": {
        "balanced": "balanced",
        "awaiting": "awaiting",
        "breaks": "breaks",
        "incomplete": "incomplete",
        "verdict": "Verdict: {verdict} (version {version}, as of {as_of})",
        "new": "New breaks: {sum}",
        "open": "Open breaks in all: {sum}",
        "feeds": "Nothing came from: {feeds}",
        "quarantined": "Records refused: {count}",
        "unexplained": "Unexplained in balances: {money}",
        "link": "See: {link}",
        "failure": "the reconciliation failed",
        "failed": "Run {run_id} failed: {error}",
        "then": "Nothing was half-issued. The next run takes up what is left.",
    },
}


@dataclass(frozen=True, slots=True)
class Message:
    """Something to tell people.

    Attributes:
        key: Names it once and for all: ``<date>_v<version>``, or ``failure_<run id>``.
        subject: One line.
        lines: The text.
        link: Where to look; empty if no link is set.
        reasons: Why it is told, of ``settings.operations.REASONS``.
        says: What would make it the same message again.
        figures: The same for a program; amounts are centavos.
    """

    key: str
    subject: str
    lines: tuple[str, ...]
    link: str
    reasons: tuple[str, ...]
    says: tuple[str, ...]
    figures: dict[str, Any]

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(self.lines)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values for JSON."""
        return asdict(self)


def about_version(digest: Digest, alerts: Alerts, language: str) -> Message | None:
    """The message about an issued version; None if nobody has to look.

    Args:
        digest: What the version says.
        alerts: What people want to hear of.
        language: ``es`` or ``en``.
    """
    reasons = tuple(_reasons(digest, alerts))
    if not reasons:
        return None
    words, day = _WORDS[language], digest.business_date.isoformat()
    link = alerts.link.replace("{date}", day).replace("{version}", str(digest.version))
    verdict = words[digest.verdict]
    return Message(
        key=f"{day}_v{digest.version}",
        subject=f"mono_recon {day}: {verdict}",
        lines=tuple(_lines(digest, words, link)),
        link=link,
        reasons=reasons,
        says=(digest.verdict, *digest.missing_feeds, *(f"{name} {_told(each)}" for name, each in digest.new_breaks)),
        figures=asdict(digest) | {"business_date": day},
    )


def about_failure(run_id: str, error: str, language: str) -> Message:
    """The message about a run that failed.

    Args:
        run_id: Its id in Dagster.
        error: What happened, written for people.
        language: ``es`` or ``en``.
    """
    words = _WORDS[language]
    return Message(
        key=f"failure_{run_id}",
        subject=f"mono_recon: {words['failure']}",
        lines=(words["failed"].format(run_id=run_id, error=error), words["then"]),
        link="",
        reasons=(FAILURE,),
        says=(),
        figures={"run_id": run_id, "error": error},
    )


def _reasons(digest: Digest, alerts: Alerts) -> Iterator[str]:
    new = digest.new
    is_above = new.count > alerts.new_breaks or any(minor > alerts.new_breaks_minor for _, minor in new.minor)
    found = {VERDICT: digest.verdict != _BALANCED, NEW_BREAKS: is_above, FEED_MISSING: bool(digest.missing_feeds)}
    return (reason for reason, holds in found.items() if holds and reason in alerts.on)


def _lines(digest: Digest, words: Mapping[str, str], link: str) -> Iterator[str]:
    verdict = words[digest.verdict]
    yield words["verdict"].format(verdict=verdict, version=digest.version, as_of=digest.as_of)
    yield words["new"].format(sum=_told(digest.new))
    for name, each in digest.new_breaks:
        yield f"  {name}: {_told(each)}"
    yield words["open"].format(sum=_told(digest.open_breaks))
    if digest.missing_feeds:
        yield words["feeds"].format(feeds=", ".join(digest.missing_feeds))
    if digest.quarantined:
        yield words["quarantined"].format(count=digest.quarantined)
    if digest.unexplained:
        yield words["unexplained"].format(money=_money(digest.unexplained))
    if link:
        yield words["link"].format(link=link)


def _told(total: Sum) -> str:
    return f"{total.count}, {_money(total.minor)}" if total.minor else str(total.count)


def _money(minor: tuple[tuple[str, int], ...]) -> str:
    return " + ".join(f"{currency} {format_pesos(amount)}" for currency, amount in minor)
