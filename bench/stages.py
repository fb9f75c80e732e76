"""What an ingest spends its time on, stage by stage.

One run of the whole ingest is profiled in its main process, and the decoding of a first stretch of the same archive
here, where the work of the worker processes can be seen. The main process is told by its CPU time, which leaves out
its waiting for the others.
"""

import cProfile
import os
import pstats
import tempfile
import time
from collections.abc import Iterable, Mapping
from itertools import islice
from pathlib import Path

from bench import deliveries
from mono_recon.archive.chunks import iter_chunks
from mono_recon.archive.decode import decode_chunk
from mono_recon.archive.files import list_archive
from mono_recon.archive.parallel import hash_files
from mono_recon.archive.rules import Rules, Secret
from mono_recon.pipeline.ingest import ingest
from mono_recon.settings import load_settings

_SAMPLE_CHUNKS = 4
_MAIN = {
    "open the warehouse": ("open_warehouse",),
    "list and hash files": ("list_archive", "hash_files"),
    "sort files into new, moved and copied": ("take_inventory", "unchanged", "held_files"),
    "hand files over, unpack what was decoded": ("decode_files",),
    "put chunks together": ("_combined",),
    "ask what is held": ("held_events", "held_pages", "bodies", "page_bodies"),
    "merge duplicates": ("merge_events", "merge_pages", "contested", "contested_pages", "_of_new"),
    "count": ("_counts", "_counted"),
    "write rows": ("append", "update", "delete"),
    "exports": ("settle_exports",),
    "publish": ("publish",),
}
_DECODING = {
    "split into records": ("records_of",),
    "take deliveries out of their records, verify": ("unwrap",),
    "take rows and members apart": ("take_rows_apart", "_members_apart"),
    "find layouts, cut texts": ("_of_one_count",),
    "hold them against their type": ("flat_objects",),
    "columns": ("core_rows",),
    "frames, validated": ("_held",),
}


def profile_ingest(root: Path) -> str:
    """Two tables of stages, as Markdown."""
    return f"{_profile_main(root)}\n\n{_profile_decoding(root)}"


def _profile_main(root: Path) -> str:
    with tempfile.TemporaryDirectory(dir=root.parent) as scratch:
        settings = load_settings(
            root,
            None,
            {
                "MONO_RECON_WAREHOUSE__CATALOG": str(Path(scratch) / "catalog.sqlite"),
                "MONO_RECON_WAREHOUSE__FILES": str(Path(scratch) / "files"),
            },
        )
        before, begin, profiler = os.times(), time.perf_counter(), cProfile.Profile(time.process_time)
        profiler.runcall(ingest, settings, environ={deliveries.SECRET_VARIABLE: deliveries.SECRET})
        after, seconds = os.times(), time.perf_counter() - begin
    own = after.user + after.system - before.user - before.system
    workers = after.children_user + after.children_system - before.children_user - before.children_system
    head = f"Main process: {seconds:.1f} s; CPU {own:.1f} s there and {workers:.1f} s in the workers."
    return f"{head}\n\n{_table(_seconds(profiler, _MAIN), own)}"


def _profile_decoding(root: Path) -> str:
    files = list_archive(root / "archive").files
    rules = Rules((Secret("bench", deliveries.SECRET.encode()),))
    chunks = list(islice(iter_chunks(zip(files, hash_files(files), strict=True), rules), _SAMPLE_CHUNKS))
    begin = time.process_time()
    records = sum(decode_chunk(chunk, rules).deliveries.height for chunk in chunks)
    plain = time.process_time() - begin
    profiler, begin = cProfile.Profile(), time.perf_counter()
    for chunk in chunks:
        profiler.runcall(decode_chunk, chunk, rules)
    seconds = time.perf_counter() - begin
    head = (
        f"Decoding, one core: {plain / records * 1e6:.1f} µs a record ({records:,} records); shares under a profiler:"
    )
    return f"{head}\n\n{_table(_seconds(profiler, _DECODING), seconds)}"


def _seconds(profiler: cProfile.Profile, stages: Mapping[str, Iterable[str]]) -> dict[str, float]:
    spent: dict[str, float] = {}
    for (_, _, function), (_, _, _, cumulative, _) in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined]  # typeshed lacks it
        spent[function] = spent.get(function, 0.0) + cumulative
    return {stage: sum(spent.get(function, 0.0) for function in functions) for stage, functions in stages.items()}


def _table(stages: Mapping[str, float], total: float) -> str:
    rest = total - sum(stages.values())
    lines = ["| Stage | s | share |", "|---|---:|---:|"]
    lines += [f"| {stage} | {spent:.2f} | {spent / total:.0%} |" for stage, spent in {**stages, "rest": rest}.items()]
    return "\n".join(lines)
