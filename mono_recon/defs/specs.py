"""An asset per table, described by the table's contract."""

from collections.abc import Sequence

import dagster as dg

from mono_recon.schemas.table import Table, describe, polars_schema, schema_name, table_name

OWNERS = ["team:finance-operations"]


def asset_spec(model: type[Table], deps: Sequence[dg.AssetKey]) -> dg.AssetSpec:
    """The asset that stands for a table, in the group of its schema."""
    descriptions = describe(model)
    columns = [
        dg.TableColumn(name, str(dtype), description=descriptions[name]) for name, dtype in polars_schema(model).items()
    ]
    return dg.AssetSpec(
        table_key(model),
        description=model.__doc__,
        group_name=schema_name(model),
        kinds={"duckdb", "polars"},
        owners=OWNERS,
        deps=deps,
        metadata={"dagster/column_schema": dg.TableSchema(columns)},
    )


def table_key(model: type[Table]) -> dg.AssetKey:
    """The key of a table's asset."""
    return dg.AssetKey([schema_name(model), table_name(model)])
