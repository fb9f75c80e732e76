"""``demo``: a believable fortnight with labelled faults, to try everything on."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter, validators

from mono_recon.cli.answer import Answer
from mono_recon.cli.failures import UsageError
from mono_recon.cli.session import Shared
from mono_recon.pipeline.progress import advance

Count = Annotated[int, Parameter(validator=validators.Number(gte=1))]


def demo(
    *,
    dir: Path = Path("demo"),  # noqa: A002  the option's name
    days: Count = 15,
    transfers_per_day: Count = 120,
    seed: int = 7,
    session: Shared,
) -> Answer:
    """Write a data root with an archive, settings and the truth about its faults.

    Args:
        dir: Folder to write; it must not hold another archive.
        days: How many business dates.
        transfers_per_day: How many outgoing transfers a business day has, about.
        seed: Another seed makes another world.
        session: Global options.
    """
    from mono_recon.demo.write import write_demo  # noqa: PLC0415  help needs it not

    with session.progress():
        try:
            written = write_demo(dir, days=days, transfers_per_day=transfers_per_day, seed=seed, on_progress=advance)
        except FileExistsError as error:
            raise UsageError(str(error)) from error
    data = asdict(written) | {
        "folder": str(written.folder),
        "first_day": written.first_day.isoformat(),
        "last_day": written.last_day.isoformat(),
        "labels": dict(written.labels),
    }
    return Answer(
        data,
        lambda console: console.print(
            f"Wrote {written.first_day} to {written.last_day} under {dir}: {written.deliveries} deliveries,"
            f" {written.pages} pages, {sum(written.labels.values())} labelled faults.\n"
            f"Next: mono-recon --data {dir} backfill --from {written.first_day} --to {written.last_day}",
            soft_wrap=True,
        ),
    )
