"""What is left out of a pack although the warehouse keeps it: e-mail addresses in free text.

Here belongs the removal of personal data from the tables of a pack before anything is written.
Account numbers come here as their last four digits already.
"""

import polars as pl

from mono_recon.report.content import FACTS

LEFT_OUT = "[e-mail]"

_EMAIL = r"[\w.!#$%&'*+/=?^`{}~-]+@[\w-]+(?:\.[\w-]+)+"


def without_emails(name: str, frame: pl.DataFrame) -> pl.DataFrame:
    """A table of a pack with ``[e-mail]`` in place of each address in its texts.

    The facts of a line are left as they are: they are codes, ids and the labels of the settings, and
    the content hash covers them. So is the lineage: a path of the archive must be found again.

    Args:
        name: Name of the table.
        frame: Its rows; columns and dtypes stay the same, and the frame itself where no text holds an at sign.
    """
    if name == "lineage":
        return frame
    kept = {column for key, columns in [FACTS.get(name, ("", ()))] for column in (key, *columns)}
    texts = [
        column
        for column, dtype in frame.schema.items()
        if dtype == pl.String and column not in kept and _holds_at_sign(frame[column])
    ]
    return frame.with_columns(pl.col(texts).str.replace_all(_EMAIL, LEFT_OUT)) if texts else frame


def _holds_at_sign(texts: pl.Series) -> bool:
    """Whether the slow pattern is worth trying."""
    return bool(texts.str.contains("@", literal=True).any())
