"""The command line: ``mono-recon``, also ``python -m mono_recon``.

Here belongs what all commands share: global options, errors on one line, exit codes, the choice between
words and JSON. Commands are loaded when they are called, so that help needs no Dagster.
"""

import sys
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, CycloptsError, Parameter
from rich.console import Console

from mono_recon.cli.answer import Answer, consoles, dumped
from mono_recon.cli.failures import exit_code, told
from mono_recon.cli.session import Session
from mono_recon.pipeline.logs import write_logs


def _version() -> str:
    from mono_recon.pipeline.code import code_version  # noqa: PLC0415  help needs it not

    return code_version()


app = App(
    name="mono-recon",
    help="Reconcile Mono's webhooks with its API exports, to the centavo, every day.",
    help_format="plaintext",
    version=_version,
)
app.command("mono_recon.cli.runs:run")
app.command("mono_recon.cli.runs:backfill")
app.command("mono_recon.cli.runs:ingest")
# Else --version of a report would be taken for that of the program.
app.meta.version_flags = ()
report = App(name="report", help="What has been issued.", version_flags=())
report.command("mono_recon.cli.reports:list_issued", name="list")
report.command("mono_recon.cli.reports:show")
report.command("mono_recon.cli.versions:diff")
report.command("mono_recon.cli.versions:verify")
app.command(report)
app.command("mono_recon.cli.explain:explain")
app.command("mono_recon.cli.breaks:breaks")
app.command("mono_recon.cli.breaks:resolve")
app.command("mono_recon.cli.query:query")
app.command("mono_recon.cli.demo:demo")
app.command("mono_recon.cli.serve:serve")
user = App(name="user", help="Who may sign in to the site.", version_flags=())
user.command("mono_recon.cli.users:add")
user.command("mono_recon.cli.users:remove")
user.command("mono_recon.cli.users:list_users", name="list")
app.command(user)
app.command("mono_recon.cli.doctor:doctor")
app.command("mono_recon.cli.metrics:metrics")
app.command("mono_recon.cli.compact:compact")


@app.meta.default
def launcher(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    data: Path | None = None,
    config: Path | None = None,
    as_json: Annotated[bool, Parameter(name="--json", negative=())] = False,
    quiet: Annotated[bool, Parameter(negative=())] = False,
    debug: Annotated[bool, Parameter(negative=())] = False,
    log: Literal["text", "json"] | None = None,
) -> int:
    """Run a command.

    Args:
        tokens: The command and its arguments.
        data: The data root; else MONO_RECON_DATA, else ./data.
        config: The settings file; else the usual places.
        as_json: Print the result as JSON.
        quiet: Print no progress and no words.
        debug: Show where in the code an error arose.
        log: Write what happens to standard error, a line an event, as text or as JSON.
    """
    if log is not None:
        write_logs(log)
    out, err = consoles()
    session = Session(data=data, config=config, is_quiet=quiet or as_json, progress_console=err)
    try:
        command, bound, ignored = app.parse_args(tokens, exit_on_error=False, print_error=False)
        given = {name: session for name, kind in ignored.items() if kind is Session}
        return _tell(command(*bound.args, **bound.kwargs, **given), out, as_json=as_json, quiet=quiet)
    except KeyboardInterrupt:
        err.print("mono-recon: stopped; what was under way is undone", soft_wrap=True)
        return 130
    except Exception as error:
        if debug:
            raise
        err.print(f"mono-recon: {told(error)}", soft_wrap=True)
        return exit_code(error)


def _tell(answer: object, out: Console, *, as_json: bool, quiet: bool) -> int:
    """Print what a command answered, if it has not written it itself."""
    if not isinstance(answer, Answer):
        return 0
    if as_json:
        sys.stdout.write(dumped(answer.data))
    elif not quiet:
        answer.show(out)
    return answer.exit_code


def main() -> None:
    """Entry point of the console script."""
    try:
        code = app.meta(sys.argv[1:], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        consoles()[1].print(f"mono-recon: {told(error)}", soft_wrap=True)
        code = 2
    sys.exit(code if isinstance(code, int) else 0)
