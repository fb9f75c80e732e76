"""All that is known of the entities that something new was told of.

Here belong the questions that find them, and that leave out early what lists of exports say again and again. Whether
what is left says anything new is decided in ``mono_recon.reconcile.touched``.
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import polars as pl

from mono_recon.schemas.table import Table, polars_schema, table_name
from mono_recon.warehouse.connect import Warehouse

_IS_NEWS = "known_at > $since"
_IS_LATE = f"""({_IS_NEWS} OR split_part(source_ref, ':', 1) || ':' || split_part(source_ref, ':', 2)
    IN (SELECT ref FROM late_refs))"""  # noqa: S608  constants of this module
_TOLD = """
    SELECT {key}, {is_listed} AS is_listed FROM {name} WHERE known_at <= $k AND {is_news} GROUP BY {key}
"""
# Lists repeat those of the day before. What only an older one said is found again where it is looked at closer.
_UNREPEATED = """
    WITH heard AS (
        SELECT {key}, max(event_at) AS until FROM {name}
        WHERE channel = 'webhook' AND event_at > $since - INTERVAL 2 DAYS - $lag AND known_at <= $k GROUP BY {key}
    )
    SELECT {key} FROM told WHERE NOT is_listed
    UNION ALL
    SELECT DISTINCT {key} FROM (
        SELECT {key} FROM {name} SEMI JOIN (FROM told WHERE is_listed) USING ({key}) LEFT JOIN heard USING ({key})
        WHERE channel = 'export' AND known_at <= $k AND (known_at > $since - INTERVAL 2 DAYS{or_late})
        GROUP BY {said} HAVING bool_or({is_news})
            AND NOT bool_or(NOT {is_news} AND coalesce(known_at >= until + $lag, true))
    )
"""
_ALL = """
    SELECT *, {is_news} AS is_news FROM {name} SEMI JOIN told USING ({key})
    WHERE known_at <= $k AND known_at >= (SELECT min(known_at) FROM {name} SEMI JOIN told USING ({key}))
"""
_SOURCE = {"channel", "event_type", "event_at", "known_at", "source_ref"}


def told_of(
    warehouse: Warehouse,
    table: type[Table],
    key: str,
    between: Mapping[str, Any],
    late: pl.DataFrame,
    lag: timedelta | None,
) -> pl.DataFrame:
    """Read them.

    Args:
        warehouse: The warehouse.
        table: A table of schema ``core``.
        key: Its column that names the entity.
        between: New is what became known after ``since`` and by ``k``, both instants (UTC).
        late: ``ref`` of the records with an older clock that are new too, since their files came late.
        lag: How long after an event an export must show it; None: nothing is left out.

    Returns:
        The table's columns, and ``is_news`` (Boolean).
    """
    columns, is_news = polars_schema(table).names(), _IS_NEWS if late.is_empty() else _IS_LATE
    words = {"key": key, "name": f"mono.core.{table_name(table)}", "is_news": is_news}
    ask = partial(warehouse.query, late_refs=late)
    told = ask(_TOLD.format(**words, is_listed="false" if lag is None else "bool_and(channel = 'export')"), between)
    if told["is_listed"].any():
        said = ", ".join(column for column in columns if column not in _SOURCE)
        or_late = "" if is_news == _IS_NEWS else f" OR {is_news}"
        unrepeated = _UNREPEATED.format(**words, said=said, or_late=or_late)
        told = ask(unrepeated, {**between, "lag": lag}, told=told)
    if told.is_empty():
        return pl.DataFrame(schema={**polars_schema(table), "is_news": pl.Boolean()})
    return ask(_ALL.format(**words), between, told=told).select(*columns, "is_news")
