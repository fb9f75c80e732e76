"""Errors as a person reads them, and the exit codes they end with."""

from cyclopts import CycloptsError

FAILED = 1
WRONG_USE = 2

_WRONG_USE = frozenset(
    {"SettingsError", "NotOverError", "ArchiveError", "UsageError", "QuestionError", "DecisionError"}
    | {"ServeError", "UserError"}
)
"""By name, so that telling an error loads nothing."""


class UsageError(ValueError):
    """A command that was given something it cannot take."""


def exit_code(error: Exception) -> int:
    """2 for wrong usage or settings, else 1."""
    wrong = isinstance(error, CycloptsError) or any(kind.__name__ in _WRONG_USE for kind in type(error).__mro__)
    return WRONG_USE if wrong else FAILED


def told(error: Exception) -> str:
    """The error on one line."""
    text = " ".join(str(error).split())
    return text or type(error).__name__
