"""``metrics``: the state of the reconciliation for a monitoring system."""

from datetime import UTC, datetime

from rich.console import Console

from mono_recon.cli.answer import Answer
from mono_recon.cli.session import Shared


def metrics(*, session: Shared) -> Answer:
    """Print metrics in Prometheus' text format.

    Args:
        session: Global options.
    """
    from mono_recon.pipeline.metrics import exposition  # noqa: PLC0415  help needs it not

    text = exposition(session.settings(), datetime.now(UTC)).decode()
    samples = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]

    def show(console: Console) -> None:
        console.file.write(text)  # as it is: a console would lay it out

    return Answer({name: float(value) for name, value in samples}, show)
