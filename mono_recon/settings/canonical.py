"""Settings written back: one canonical spelling of each value.

Here belongs the way from a typed value to what the file would hold, the reverse of ``kinds``. Equal
settings come out equal, however they were written.
"""

from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from functools import singledispatch
from pathlib import Path
from typing import Any

from mono_recon.calendar import Limit
from mono_recon.settings.tables import key_of


@singledispatch
def written(value: Any) -> Any:  # noqa: ANN401  any setting there is
    """A setting as the file would have it: values of JSON, tables as dicts."""
    if not is_dataclass(value):
        return value
    items = [(item, getattr(value, item.name)) for item in fields(value)]
    return {key_of(item): written(given) for item, given in items if given is not None or item.default is not None}


@written.register
def _(value: None) -> str:  # noqa: ARG001  the type says it all
    return ""


@written.register(Path)
@written.register(Limit)
def _(value: Path | Limit) -> str:
    return str(value)


@written.register
def _(value: time) -> str:
    return f"{value:%H:%M}"


@written.register
def _(value: timedelta) -> str:
    return str(Limit(span=value))


@written.register
def _(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


@written.register
def _(value: date) -> str:
    return value.isoformat()


@written.register
def _(value: tuple) -> list[Any]:  # type: ignore[type-arg]  # dispatch takes no parametrised type
    return [written(item) for item in value]


@written.register
def _(value: dict) -> dict[str, Any]:  # type: ignore[type-arg]  # dispatch takes no parametrised type
    return {key: written(item) for key, item in value.items()}
