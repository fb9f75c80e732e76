"""``serve``: the finance web page."""

import logging
from pathlib import Path

from mono_recon.cli.session import Shared
from mono_recon.pipeline.logs import ROOT, write_logs


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8321,
    certificate: Path | None = None,
    key: Path | None = None,
    session: Shared,
) -> None:
    """Show reports, breaks and stories to a browser, until Ctrl-C.

    Args:
        host: Address to listen on; one that other machines reach needs users, see mono-recon user add.
        port: Port to listen on.
        certificate: Certificate for HTTPS (PEM).
        key: Its private key (PEM).
        session: Global options.
    """
    from mono_recon.site.server import serve as serve_site  # noqa: PLC0415  help needs it not

    settings = session.settings()
    if not session.is_quiet and not logging.getLogger(ROOT).handlers:
        write_logs("text")

    def started(address: str) -> None:
        if not session.is_quiet:
            told = f"Serving {settings.paths.data} at {address}; Ctrl-C ends it."
            session.progress_console.print(told, soft_wrap=True)

    serve_site(settings, host, port, certificate=certificate, key=key, started=started)
