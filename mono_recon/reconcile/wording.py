"""The sentence that explains a break, in Spanish and in English.

Here belongs how figures, states and sources are put into words. The sentences themselves stand in
the catalogue; their placeholders are ``{subject}``, ``{amount}``, ``{difference}``, ``{left}``,
``{right}``, ``{left_money}``, ``{right_money}``, ``{left_source}`` and ``{right_source}``. Amount, date
and sources end every sentence about money, the date every one about a feed.
"""

import re

import polars as pl

from mono_recon.reconcile.catalogue import CATALOGUE

LANGUAGES = ("es", "en")
_SOURCE_NAMES = {
    "es": {"webhook": "el webhook", "export": "la exportación"},
    "en": {"webhook": "the webhook", "export": "the export"},
}
_SEPARATORS = {"es": (".", ","), "en": (",", ".")}
_SHOWN_REFS = 2
_SHOWN_DIGITS = 14
_NOTHING = "—"
_MONEY_TAIL = "; {amount}, {date} {sources}"
_FEED_TAIL = "; {date}"


def pesos(minor: pl.Expr, language: str) -> pl.Expr:
    """Centavos as money with two decimals, in a language's form; exact, since it only moves digits.

    Args:
        minor: Int64 centavos.
        language: ``es`` or ``en``.
    """
    thousands, decimal = _SEPARATORS[language]
    whole = (minor.abs() // 100).cast(pl.String).str.reverse()
    grouped = whole.str.replace_all(r"(\d{3})", "${1}" + thousands).str.reverse().str.strip_chars_start(thousands)
    cents = (minor.abs() % 100).cast(pl.String).str.zfill(2)
    sign = pl.when(minor < 0).then(pl.lit("-")).otherwise(pl.lit(""))
    return pl.concat_str(sign, grouped, pl.lit(decimal), cents)


def explain(breaks: pl.DataFrame) -> pl.DataFrame:
    """Add ``explanation_es`` and ``explanation_en``.

    Args:
        breaks: Rows with ``break_type``, ``subject_id``, the two sides, the amounts, ``currency``,
            ``break_date`` and ``source_refs``.
    """
    if breaks.is_empty():
        return breaks.with_columns(pl.lit("").alias(f"explanation_{language}") for language in LANGUAGES)
    numbered = breaks.with_row_index("position")
    told = [
        part.with_columns(_sentence(str(name), language).alias(f"explanation_{language}") for language in LANGUAGES)
        for (name,), part in numbered.group_by("break_type")
    ]
    return pl.concat(told).sort("position").drop("position")


def _sentence(break_type: str, language: str) -> pl.Expr:
    kind = CATALOGUE[break_type]
    template = getattr(kind, language) + (_FEED_TAIL if kind.subject_type == "feed" else _MONEY_TAIL)
    words = _words(language)
    names = re.findall(r"{(\w+)}", template)
    return pl.format(re.sub(r"{\w+}", "{}", template), *(words[name].fill_null(_NOTHING) for name in names))


def _words(language: str) -> dict[str, pl.Expr]:
    currency = pl.col("currency").fill_null("")

    def money(minor: pl.Expr) -> pl.Expr:
        return pl.concat_str(currency, pl.lit(" "), pesos(minor, language)).str.strip_chars_start()

    shown = pl.col("source_refs").list.head(_SHOWN_REFS).list.eval(pl.element().str.head(_SHOWN_DIGITS) + "…")
    return {
        "subject": pl.col("subject_id"),
        "amount": money(pl.col("amount_minor")),
        "difference": money(pl.col("difference_minor")),
        "date": pl.col("break_date").cast(pl.String),
        "left": pl.col("left_value"),
        "right": pl.col("right_value"),
        "left_money": money(pl.col("left_value").cast(pl.Int64, strict=False)),
        "right_money": money(pl.col("right_value").cast(pl.Int64, strict=False)),
        "left_source": pl.col("left_source").replace(_SOURCE_NAMES[language]),
        "right_source": pl.col("right_source").replace(_SOURCE_NAMES[language]),
        "sources": pl.concat_str(pl.lit("["), shown.list.join(", "), pl.lit("]")),
    }
