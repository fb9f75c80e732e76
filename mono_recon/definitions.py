"""Dagster's entry point."""

from mono_recon.defs.assembly import assemble

defs = assemble()
