"""The lake that everything is kept in: the only place that knows DuckDB."""
