"""The charts of the page: shares, bars and steps, with the words beside them.

Here belong the figures of each chart and how they are written. How long a bar is drawn is worked out in the
template.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from mono_recon.report import glance
from mono_recon.report.glance import Figure
from mono_recon.report.labels import MARKS, label
from mono_recon.report.model import Report
from mono_recon.report.page_tables import amount
from mono_recon.report.phrases import Phrases
from mono_recon.schemas.report import BREAK_CLASSES, RECON_STATUSES

_TYPES_SHOWN = 12


class PageCharts:
    """Makes the charts of one page."""

    def __init__(self, report: Report, words: Phrases) -> None:
        self._tables = report.tables
        self._words = words
        self._language = report.settings.report.language

    def of_currency(self, currency: str) -> dict[str, Any]:
        """All charts of a currency, each as its template takes it."""
        tables, words = self._tables, self._words
        return {
            "currency": currency,
            "money": [
                self._side(words.money_out, "out", currency),
                self._side(words.money_in, "in", currency),
            ],
            "types": [*self._types(currency)],
            "ages": [
                {
                    "label": f"{bucket} {words.days}",
                    "value": self.counted(glance.total(parts.values()), currency),
                    "parts": [{"kind": kind, "size": parts[kind].minor} for kind in BREAK_CLASSES],
                }
                for bucket, parts in glance.by_age(tables, currency).items()
            ],
            "roll_forward": self._roll_forward(currency),
            "movement": [
                {
                    "label": label(kind, self._language),
                    "steps": self._steps(glance.movement(tables, kind, currency), words.movement_terms, currency),
                }
                for kind in glance.movement_classes(tables, currency)
            ],
        }

    def _types(self, currency: str) -> Iterator[dict[str, Any]]:
        """The types with most money, and all others as one."""
        types = glance.by_type(self._tables, currency)
        for name, kind, count, minor in types[:_TYPES_SHOWN].iter_rows():
            value = self.counted(Figure(count, minor), currency)
            yield {"kind": kind, "label": label(name, self._language), "size": minor, "value": value, "href": ""}
        if rest := [*types[_TYPES_SHOWN:].iter_rows()]:
            others = glance.total(Figure(count, minor) for _, _, count, minor in rest)
            name = self._words.other_types.format(count=len(rest))
            # Together they would be the longest bar, and say nothing by it.
            yield {"kind": "total", "label": name, "size": 0, "value": self.counted(others, currency), "href": ""}

    def _side(self, name: str, direction: str, currency: str) -> dict[str, Any]:
        figures = glance.money(self._tables, direction, currency)
        whole = glance.stated(self._tables, f"money.{direction}", currency)
        parts = [
            self._part(status, MARKS[status], label(status, self._language), figures[status], whole, currency)
            for status in RECON_STATUSES
        ]
        if rest := whole - glance.total(figures.values()):
            parts.append(self._part("total", "·", self._words.other_steps, rest, whole, currency))
        return {"label": f"{name}: {self.counted(whole, currency)}", "parts": parts}

    def _part(self, kind: str, mark: str, name: str, part: Figure, whole: Figure, currency: str) -> dict[str, Any]:
        return {
            "kind": kind,
            "mark": mark,
            "label": name,
            "size": max(part.minor, 0),
            "share": self._share(part.minor, whole.minor),
            "value": self.counted(part, currency),
        }

    def _roll_forward(self, currency: str) -> list[dict[str, Any]]:
        figures = glance.roll_forward(self._tables, currency)
        if not any(figures.values()):
            return []
        signs = glance.ROLL_FORWARD
        signed = {name: Figure(figure.count, figure.minor * (signs[name] or 1)) for name, figure in figures.items()}
        return self._steps(signed, {name: label(name, self._language) for name in signs}, currency)

    def _steps(self, terms: Mapping[str, Figure], names: Mapping[str, str], currency: str) -> list[dict[str, Any]]:
        """The bars of a waterfall: the first and the last stand on the ground, the others on the one before."""
        steps, at = [], 0
        for row, (term, figure) in enumerate(terms.items()):
            is_total = row in (0, len(terms) - 1)
            start = 0 if is_total else at
            at = start + figure.minor
            steps.append(
                {
                    "label": names[term],
                    "start": start,
                    "end": at,
                    "total": is_total,
                    "value": self.counted(figure, currency),
                }
            )
        return steps

    def counted(self, figure: Figure, currency: str) -> str:
        """How many and how much."""
        return f"{figure.count} · {amount(figure.minor, currency, self._language)}"

    def _share(self, part: int, whole: int) -> str:
        """A share in tenths of a percent, half up."""
        if not whole:
            return ""
        tenths = (2000 * part + whole) // (2 * whole)
        decimal = "," if self._language == "es" else "."
        return f"{tenths // 10}{decimal}{tenths % 10} %"
