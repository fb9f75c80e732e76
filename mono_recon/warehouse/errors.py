"""What can be wrong with a warehouse as a whole.

Here belong errors that a person can mend. A broken statement is a defect and stays DuckDB's error.
"""


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says what, where and what to do."""
