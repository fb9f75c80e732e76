"""What the assets are given: settings, read when a run begins and never at import."""

import os
from pathlib import Path

import dagster as dg

from mono_recon.settings import Settings, load_settings

DATA_VARIABLE = "MONO_RECON_DATA"
DEFAULT_DATA = "data"


class SettingsSource(dg.ConfigurableResource):  # type: ignore[type-arg]  # it provides itself
    """Where the settings are read from.

    Attributes:
        data: The data root; empty: the environment's, else ``data``.
        config: The settings file; empty: found by the usual order.
    """

    data: str = ""
    config: str = ""

    def load(self) -> Settings:
        """Read the settings.

        Raises:
            SettingsError: They cannot be read.
        """
        data = Path(self.data or os.environ.get(DATA_VARIABLE) or DEFAULT_DATA)
        return load_settings(data=data, config=Path(self.config) if self.config else None, environ=os.environ)
