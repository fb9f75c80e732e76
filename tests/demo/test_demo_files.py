"""What a demonstration writes: the same bytes for the same arguments, in the documented shapes."""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from mono_recon.demo.faults.catalogue import FAULTS
from mono_recon.demo.ordinary import Company
from mono_recon.demo.write import make_world, quiet_world, write_demo
from mono_recon.settings import load_settings, resolve_secret
from tests.demo.reading import Archive

DAY = timedelta(days=1)
TRUTH_KEYS = {
    "break_type",
    "subject_type",
    "subject_id",
    "business_date",
    "amount_minor",
    "difference_minor",
    "detectable_at",
}
NEW_FIELD = "clearing_cycle"
TRANSFER = {
    "amount",
    "batch",
    "declination_reason",
    "description",
    "entity_id",
    "fallback_routing",
    "id",
    "inserted_at",
    "payee",
    "recipient_handle",
    "reference",
    "routing",
    "state",
    "updated_at",
}
BATCH = {"account_id", "id", "inserted_at", "origin", "state", "total_amount", "updated_at"}
CREDIT = {"account", "amount", "description", "extra", "id", "payer", "transaction_at", "type"}
INTENT = {
    "account_id",
    "amount",
    "collection_link_id",
    "external_id",
    "id",
    "inserted_at",
    "note",
    "payer",
    "payment",
    "reference",
    "state",
    "updated_at",
}
SHAPES = {
    "bank_transfer_approved": TRANSFER,
    "bank_transfer_rejected": TRANSFER,
    "bank_transfer_fallback_routing": TRANSFER | {"fallback_reason"},
    "bank_transfer_change_final_state": TRANSFER | {"previous_state"},
    "batch_authorization_requested": BATCH | {"transfers"},
    "batch_sent": BATCH | {"transfers", "approved_by_user"},
    "batch_canceled": BATCH | {"transfers", "canceled_by_user"},
    "batch_duplicated": BATCH | {"transfers"},
    "account_credited": CREDIT,
    "collection_intent_confirmed": INTENT,
    "collection_intent_credited": INTENT,
    "collection_intent_failed": INTENT,
}


def contents(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_equal_arguments_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_demo(tmp_path / name, days=4, transfers_per_day=20, seed=11)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_compressed_files_bear_no_time(archive: Archive) -> None:
    packed = list((archive.root / "archive").rglob("*.gz"))
    assert {path.read_bytes()[4:8] for path in packed} == {bytes(4)}


def test_another_seed_gives_another_world(tmp_path: Path) -> None:
    for seed in (1, 2):
        write_demo(tmp_path / str(seed), days=2, transfers_per_day=5, seed=seed)
    assert contents(tmp_path / "1") != contents(tmp_path / "2")


def test_a_fortnight_has_every_kind_of_fault(archive: Archive) -> None:
    assert {row["break_type"] for row in archive.truth} == {fault.break_type for fault in FAULTS}


@pytest.mark.parametrize("seed", range(3))
def test_labels_have_the_documented_keys_and_one_row_per_break(tmp_path: Path, seed: int) -> None:
    write_demo(tmp_path, seed=seed, transfers_per_day=30)
    rows = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert all(row.keys() == TRUTH_KEYS for row in rows)
    assert len({(row["break_type"], row["subject_id"]) for row in rows}) == len(rows)
    assert all(isinstance(row["amount_minor"], int) and row["amount_minor"] >= 0 for row in rows)
    assert all(row["detectable_at"].endswith("Z") for row in rows)


def test_no_break_is_due_before_its_date_is_over_or_after_the_archive_ends(archive: Archive) -> None:
    fetched = (at for resource in ("transfers-", "accounts-") for at, _ in archive.pages(resource))
    last_known = max(*(received for received, _ in archive.deliveries), *fetched)
    for row in archive.truth:
        local = datetime.fromisoformat(row["detectable_at"]) - timedelta(hours=5)
        assert local.date() > date.fromisoformat(row["business_date"])
        assert datetime.fromisoformat(row["detectable_at"]) <= last_known


def test_every_event_type_of_banking_is_sent_in_its_documented_shape(archive: Archive) -> None:
    seen: dict[str, set[frozenset[str]]] = {}
    for _, body in archive.deliveries:
        assert body.keys() == {"event", "timestamp"}
        seen.setdefault(body["event"]["type"], set()).add(frozenset(body["event"]["data"]) - {NEW_FIELD})
    assert {kind: shapes for kind, shapes in seen.items() if kind in SHAPES} == {
        kind: {frozenset(shape)} for kind, shape in SHAPES.items()
    }


def test_nothing_is_refused_but_what_is_labelled(archive: Archive) -> None:
    assert (archive.refused, archive.broken) == (1, 1)
    kinds = {body["event"]["type"] for _, body in archive.deliveries}
    unknown = {str(key).split(":")[0] for _, key in archive.labelled("unknown_event_type")}
    assert kinds - SHAPES.keys() - {"ledger_account_transaction_created"} == unknown


def test_deliveries_repeat_and_overtake_each_other(archive: Archive) -> None:
    told = [datetime.fromisoformat(body["timestamp"]) for _, body in archive.deliveries]
    assert told != sorted(told)
    texts = [json.dumps(body) for _, body in archive.deliveries]
    assert len(set(texts)) < len(texts)


def page_numbers(pages: list[dict[str, Any]]) -> list[int]:
    return [page["response"]["body"]["pagination"]["page_number"] for page in pages]


def question(pages: list[dict[str, Any]]) -> str:
    return str(pages[0]["request"]["url"]).split("&page_size", maxsplit=1)[0]


def is_whole(pages: list[dict[str, Any]]) -> bool:
    answered = [page for page in pages if page["response"]["status"] == 200]
    if not answered:
        return False
    pagination = answered[0]["response"]["body"]["pagination"]
    key = next(key for key in answered[0]["response"]["body"] if key != "pagination")
    ids = {row["id"] for page in answered for row in page["response"]["body"][key]}
    is_paged = page_numbers(answered) == list(range(1, pagination["total_pages"] + 1))
    return is_paged and len(ids) == pagination["total_items"]


def test_exports_that_are_not_taken_whole_at_last_are_labelled(archive: Archive) -> None:
    taken = {name: pages for name, pages in archive.exports.items() if not name.startswith("banks")}
    broken = {name for name, pages in taken.items() if not is_whole(pages)}
    answered = {question(pages) for name, pages in taken.items() if name not in broken}
    assert {name for name in broken if question(taken[name]) in answered}
    assert {name for name in broken if question(taken[name]) not in answered} == {
        key for _, key in archive.labelled("incomplete_export")
    }


def test_no_webhook_arrives_on_the_sunday_of_the_outage(archive: Archive) -> None:
    days = {(received - timedelta(hours=5)).date() for received, _ in archive.deliveries}
    silent = {key for _, key in archive.labelled("feed_missing") if key.startswith("webhooks:")}
    span = [date(2026, 3, 2) + n * DAY for n in range(15)]
    assert {f"webhooks:{day}" for day in span if day not in days} == silent
    assert silent


def test_a_run_on_it_needs_no_environment(tmp_path: Path) -> None:
    write_demo(tmp_path, days=1, transfers_per_day=1)
    settings = load_settings(tmp_path, None, {})
    (secret,) = settings.webhooks.secrets
    assert resolve_secret(secret, {}) == (tmp_path / "webhook_secret.txt").read_bytes()
    assert len(settings.credits.known_payers) == 5


@pytest.mark.parametrize("transfers_per_day", [1, 50, 2000])
def test_the_volume_of_a_business_day_is_the_one_asked_for(transfers_per_day: int) -> None:
    world = make_world(days=1, transfers_per_day=transfers_per_day, seed=3, first_day=date(2026, 3, 3))
    payments = [t for t in world.transfers[0] if t.description != "Traslado"]
    assert transfers_per_day <= len(payments) <= transfers_per_day * 1.3 + 3


@pytest.mark.parametrize(
    ("days", "last_morning"), [(4, date(2026, 3, 20)), (5, date(2026, 3, 24)), (7, date(2026, 3, 24))]
)
def test_the_archive_goes_on_until_the_next_business_day(days: int, last_morning: date) -> None:
    world = quiet_world(days=days, transfers_per_day=1, seed=1, first_day=date(2026, 3, 16))
    assert world.end - timedelta(hours=14, minutes=45) == datetime.combine(last_morning, time(), UTC)


def test_free_days_are_quiet(archive: Archive) -> None:
    inserted: dict[date, int] = {}
    for story in archive.transfers().values():
        day = (datetime.fromisoformat(story.last["inserted_at"]) - timedelta(hours=5)).date()
        inserted[day] = inserted.get(day, 0) + 1
    assert max(n for day, n in inserted.items() if day.weekday() > 4) < 30
    assert min(n for day, n in inserted.items() if day.weekday() < 5) > 100


@pytest.mark.parametrize("seed", range(6))
def test_ordinary_transfers_leave_no_final_state(seed: int) -> None:
    world = quiet_world(days=15, transfers_per_day=120, seed=seed, first_day=date(2026, 3, 2))
    company = Company(world)
    for day in world.dates:
        company.live(day, 120)
    final = {"approved", "declined", "cancelled", "duplicated"}
    for transfer in (transfer for day in world.transfers for transfer in day):
        assert not {step.state for step in transfer.steps[:-1]} & final


@pytest.mark.parametrize(("days", "transfers"), [(0, 10), (3, 0)])
def test_an_empty_demonstration_is_refused(tmp_path: Path, days: int, transfers: int) -> None:
    with pytest.raises(ValueError, match="at least one day"):
        write_demo(tmp_path, days=days, transfers_per_day=transfers)


@pytest.mark.parametrize("days", [1, 2, 3, 7, 16, 40])
def test_any_number_of_days_can_be_written(tmp_path: Path, days: int) -> None:
    summary = write_demo(tmp_path, days=days, transfers_per_day=2, first_day=date(2026, 12, 20))
    assert summary.last_day == date(2026, 12, 20) + (days - 1) * DAY
    assert sum(summary.labels.values()) == len((tmp_path / "truth.jsonl").read_text().splitlines())
