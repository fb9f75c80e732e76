"""JSON objects of one layout, read as columns.

Here belongs the reading of many texts at once that differ only in what stands between quotes and in their numbers, as
most objects of an archive do: where each value of one of them stands, it stands in all. A text of a rare layout is left
alone. So is one with a quote inside a text: the backslash before it ends a piece that may not end so.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import polars as pl

from mono_recon.archive.said import PLACE
from mono_recon.archive.strict_json import NotPlainError, decode_plain, is_flat, is_storable

_FEWEST = 32
"""Texts for which a layout is worth learning."""
_MOST_PIECES = 1_000
"""Pieces of a text up to which each may well have a column; an object of Mono's has some 150."""
_MOST_LAYOUTS = 16
"""Layouts that are tried on texts with equally many quotes."""

_NUMBER = re.compile(r"-?[0-9][0-9.eE+-]*")
_NUMBER_FORM = r"(-?(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?)"
_CONTROL = r"[\x00-\x1f]"
_TEXT = msgspec.json.Decoder(str)

Path = tuple[str | int, ...]
"""Names and indexes on the way to a value."""
Example = TypeVar("Example")


@dataclass(frozen=True, slots=True)
class Alike(Generic[Example]):
    """Texts of one layout.

    Attributes:
        example: What the reader said of one of them.
        pieces: A row for each: ``place`` (UInt32), where it stands among all texts, and what it says, in columns
            (String) that are named in ``texts`` and ``numbers``.
        texts: Columns with the meaning of a text, by path.
        numbers: Columns with a number as it is written, by path.
        fixed: What is the same in all, by path: None, True, False, an empty list or object, an unusual number.
    """

    example: Example
    pieces: pl.DataFrame
    texts: dict[Path, str]
    numbers: dict[Path, str]
    fixed: dict[Path, object]


@dataclass(frozen=True, slots=True)
class _Layout:
    """What stands in the pieces that its quotes cut a text into; a piece has the name of its index.

    Attributes:
        constants: What is alike in all texts: names, and what stands between texts.
        texts: Texts, by path.
        numbers: Numbers, by path.
        forms: Patterns of the pieces that numbers stand in.
        fixed: As in ``Alike``.
    """

    constants: dict[str, str]
    texts: dict[Path, str]
    numbers: dict[Path, str]
    forms: dict[str, str]
    fixed: dict[Path, object]


def read_alike(texts: pl.Series, read: Callable[[str], Example | None]) -> Iterator[Alike[Example]]:
    """Texts by layout. Every text that is given is strict JSON without odd values; others are not given.

    Args:
        texts: What may be JSON (String).
        read: What a text says if it is a good example: all of its layout with valid texts and numbers in the places
            of its own are alike to whoever asks. None where it is none.
    """
    counted = pl.DataFrame({"text": texts}).select(
        place=pl.int_range(pl.len(), dtype=pl.UInt32),
        pieces=pl.col("text").str.count_matches('"', literal=True) + 1,
    )
    # Without a quote there is nothing to tell apart.
    counted = counted.filter(pl.col("pieces").is_between(2, _MOST_PIECES))
    for (count,), group in counted.group_by("pieces", maintain_order=True):
        if group.height >= _FEWEST:
            yield from _of_one_count(texts, group["place"], int(str(count)), read)


def _of_one_count(
    texts: pl.Series, places: pl.Series, count: int, read: Callable[[str], Example | None]
) -> Iterator[Alike[Example]]:
    cut = pl.DataFrame({"cut": texts.gather(places).str.split('"').explode()})
    pieces = cut.select(pl.col("cut").gather_every(count, index).alias(str(index)) for index in range(count))
    pieces = pieces.insert_column(0, places.alias(PLACE))
    for _ in range(_MOST_LAYOUTS):
        if pieces.height < _FEWEST:
            return
        text = texts[pieces[PLACE][0]]
        layout, example = _learned(text), read(text)
        if layout is None or example is None:
            pieces = pieces[1:]
            continue
        is_alike = pieces.select(_likeness(layout)).to_series()
        if is_alike.all():
            yield _given(example, layout, pieces)
            return
        yield _given(example, layout, pieces.filter(is_alike))
        pieces = pieces.filter(~is_alike)


def _learned(text: str) -> _Layout | None:
    """The layout of a text, None of one that may be no example."""
    if not is_flat(text.encode()):
        return None
    try:
        value = decode_plain(text.encode())
    except NotPlainError:
        return None
    layout = _Layout({str(index): piece for index, piece in enumerate(text.split('"'))}, {}, {}, {}, {})
    piece = 0
    numbers: dict[str, dict[Path, object]] = defaultdict(dict)
    for path, written in _walk(value, ()):
        if isinstance(written, str):
            piece += 2
            if path is not None:
                layout.texts[path] = str(piece - 1)
                del layout.constants[str(piece - 1)]
        elif path is not None and type(written) in {int, float}:
            numbers[str(piece)][path] = written
        elif path is not None:
            layout.fixed[path] = written
    for place, found in numbers.items():
        form = _form(layout.constants[place])
        if form is None:
            layout.fixed.update(found)
            continue
        layout.numbers.update(dict.fromkeys(found, place))
        layout.forms[place] = form
        del layout.constants[place]
    return layout


def _form(piece: str) -> str | None:
    """The pattern of a piece that holds one number, written as usual."""
    around = _NUMBER.split(piece)
    form = f"^{_NUMBER_FORM.join(map(pl.escape_regex, around))}$"
    return form if len(around) == len(("before", "behind")) and re.search(form, piece) else None


def _walk(value: Any, path: Path) -> Iterator[tuple[Path | None, object]]:  # noqa: ANN401 - JSON is whatever it is
    """Everything that is written, in its order: names without a path, and values with theirs."""
    if isinstance(value, dict) and value:
        for name, member in value.items():
            yield None, name
            yield from _walk(member, (*path, name))
    elif isinstance(value, list) and value:
        for index, member in enumerate(value):
            yield from _walk(member, (*path, index))
    else:
        yield path, value


def _likeness(layout: _Layout) -> pl.Expr:
    same = [pl.col(index) == constant for index, constant in layout.constants.items()]
    return pl.all_horizontal(same + [pl.col(index).str.contains(form) for index, form in layout.forms.items()])


def _given(example: Example, layout: _Layout, pieces: pl.DataFrame) -> Alike[Example]:
    """Texts of a layout, without those that hold a text that is not valid or odd."""
    texts = list(layout.texts.values())
    joined = pl.concat_str(texts or [pl.lit("")])
    looked_at = pieces.select(
        is_broken=joined.str.contains(_CONTROL),
        is_escaped=joined.str.contains("\\", literal=True),
    )
    numbers = [pl.col(index).str.extract(form) for index, form in layout.forms.items()]
    pieces = pieces.with_columns(numbers)
    if looked_at["is_escaped"].any():
        pieces = pieces.with_columns(_unescaped(pieces[index]) for index in texts)
    if looked_at["is_broken"].any() or looked_at["is_escaped"].any():
        pieces = pieces.filter(~looked_at["is_broken"]).drop_nulls(texts)
    return Alike(example, pieces, layout.texts, layout.numbers, layout.fixed)


def _unescaped(texts: pl.Series) -> pl.Series:
    """What stands between quotes as the text it means; null where it means none, or one that no column holds."""
    escaped = texts.str.contains("\\", literal=True)
    return texts.scatter(escaped.arg_true(), [_meant(text) for text in texts.filter(escaped)])


def _meant(text: str) -> str | None:
    try:
        meant = _TEXT.decode(f'"{text}"')
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return meant if is_storable(meant) else None
