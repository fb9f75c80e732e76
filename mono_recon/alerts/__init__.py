"""Messages to people about what a run issued, or why it failed; knows neither Dagster nor the database."""
