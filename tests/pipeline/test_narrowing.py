"""A report made from what it needs says the same as one made from the whole history, and misses no date."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest

from mono_recon.demo.write import write_demo
from mono_recon.pipeline.reports import issue_dates
from tests.pipeline.archives import ACCOUNT, Archive, ident
from tests.pipeline.lives import (
    ISSUES,
    NOW,
    OTHER_ACCOUNT,
    SETTINGS,
    WEEK,
    Body,
    BothWays,
    Lookout,
    Story,
    account,
    credit,
    data_root,
    intent,
    issue_each,
    issue_in_one_go,
    local,
    payee,
    stated,
    text,
    write_manifests_alone,
)

ADJUSTMENTS = "adjustment_id,account_id,currency,effective_at,amount_minor,kind,reason,actor,decided_at\n"


def returns_of_one_amount(story: Story) -> None:
    """Each credit takes what the one before it leaves; the first of them comes late."""
    same = {"amount": {"amount": 500, "currency": "COP"}, "payee": payee()}
    for number, at in ((1, local(2, "10:00:00.25")), (2, local(3, "08:00:00.25"))):
        story.tell(stated(number, "declined", at, at, **same), "bank_transfer_rejected")
    for number, at in ((1, local(3, "09:00:00")), (2, local(4, "07:00:00"))):
        story.tell(credit(number, at, 500), "account_credited")
    story.tell(credit(3, local(2, "12:00:00"), 500), "account_credited", received=local(5, "08:00:00"))


def a_batch_over_days(story: Story) -> None:
    """Its members are inserted and paid on several dates; the export of one is the last to be heard of."""
    begun = local(2, "09:00:00")
    total = {"amount": 999, "currency": "COP"}
    lot = stated(10, "created", begun, begun)["batch"] | {"total_amount": total}
    for number, day in ((10, 2), (11, 3), (12, 4)):
        sent = local(day, "09:00:00")
        story.tell(stated(number, "approved", sent, local(day, "11:00:00.25"), batch=lot))
    sent = local(3, "09:00:00")
    story.pull([stated(13, "approved", sent, sent, batch=lot)], local(6, "05:00:00"), f"account_id={ACCOUNT}&")


def a_payment_made_twice(story: Story) -> None:
    for number, day in ((20, 2), (21, 4)):
        at = local(day, "12:00:00")
        story.tell(stated(number, "approved", at, at, external_id="invoice 7"))


def a_payee_that_turns_out_to_be_own(story: Story) -> None:
    at = local(2, "13:00:00")
    story.tell(stated(30, "approved", at, local(2, "13:01:00.25"), payee=payee("7771", "611")))
    story.pull([account(OTHER_ACCOUNT, "777-1", None, at)], local(5, "05:00:00"), resource="accounts")


def a_collection_reported_twice(story: Story) -> None:
    opened = local(2, "15:00:00")
    story.tell(intent(1, "in_progress", opened, opened, 700), "collection_intent_confirmed")
    told = intent(1, "account_credited", opened, local(4, "10:10:00"), 700)
    story.tell(told, "collection_intent_credited")
    story.tell(credit(4, local(4, "10:20:00"), 700), "account_credited", received=local(6, "10:00:00"))


def another_currency(story: Story) -> None:
    for day in range(2, 8):
        midnight = local(day, "00:00:05")
        rows = [account(ident("acc", 5), "555", 10_000, midnight, "USD"), account(ident("acc", 6), "6", None, midnight)]
        story.pull(rows, midnight, "page_of=others&", "accounts")
    at, dollars = local(3, "16:00:00"), {"amount": 40, "currency": "USD"}
    lot = stated(40, "created", at, at)["batch"] | {"account_id": ident("acc", 5)}
    story.tell(stated(40, "approved", at, at, amount=dollars, batch=lot))


def a_reversal_and_an_earlier_outcome(story: Story) -> None:
    """One transfer flips days later; of another it becomes known that it was approved a day before."""
    at = local(2, "17:00:00")
    story.tell(stated(50, "approved", at, at, payee=payee("1")))
    story.tell(
        stated(50, "declined", at, local(5, "17:00:00.25"), payee=payee("2")), "bank_transfer_change_final_state"
    )
    story.tell(stated(51, "approved", at, local(4, "17:00:00.25")))
    story.tell(stated(51, "approved", at, local(3, "17:00:00.25")), received=local(6, "07:00:00"))


def exports_that_count_their_rows(story: Story) -> None:
    """Of banks, which have codes in place of ids, and of transfers with a row that has none and counts for nothing."""
    for day in range(2, 7):
        begun, fetched = local(day, "00:00:00"), local(day + 1, "01:00:00")
        window = f"inserted_at[from]={text(begun)}&inserted_at[until]={text(begun + timedelta(days=1))}&"
        at = local(day, "18:00:00")
        rows = [stated(60 + day, "approved", at, at), stated(70 + day, "approved", at, at, id=None)]
        story.tell(rows[0]).pull(rows, fetched, window)
        story.pull([{"code": "007", "name": "B"}, {"code": "051", "name": "D"}], fetched, "kind=transfers&", "banks")


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch) -> BothWays:
    write_manifests_alone(monkeypatch)
    return BothWays(monkeypatch)


@pytest.mark.parametrize(
    ("debit_at", "issue"),
    [("approved", issue_each), ("created", issue_each), ("created", issue_in_one_go)],
)
def test_a_week_of_what_reaches_over_dates(
    template: Path, tmp_path: Path, both: BothWays, debit_at: str, issue: Callable[[Archive, Sequence[date]], None]
) -> None:
    settings = f'{SETTINGS}[balance]\ndebit_at = "{debit_at}"\n'
    archive, story = data_root(template, tmp_path / "data", settings), Story().figures(range(2, 8))
    for part in (
        returns_of_one_amount,
        a_batch_over_days,
        a_payment_made_twice,
        a_payee_that_turns_out_to_be_own,
        a_collection_reported_twice,
        another_currency,
        a_reversal_and_an_earlier_outcome,
        exports_that_count_their_rows,
    ):
        part(story)
    story.write(archive, "all")
    issue(archive, WEEK)
    assert both.differences == []
    assert both.made == len(WEEK) - 1
    refused = archive.query("SELECT DISTINCT resource, is_complete FROM mono.raw.exports ORDER BY ALL")
    assert refused.rows() == [("accounts", True), ("banks", True), ("transfers", False), ("transfers", True)]


def settled(story: Story, day: int, *rows: Body) -> None:
    """Transfers of a date, told by webhooks and listed by a complete export the night after: nothing rests open."""
    begun = local(day, "00:00:00")
    window = f"inserted_at[from]={text(begun)}&inserted_at[until]={text(begun + timedelta(days=1))}&"
    for row in rows:
        story.tell(row, "bank_transfer_rejected" if row["state"] == "declined" else "bank_transfer_approved")
    story.pull(list(rows), local(day + 1, "01:00:00"), window)


def sent(number: int, day: int, state: str = "approved", **values: object) -> Body:
    return stated(number, state, local(day, "09:00:00"), local(day, "09:01:00.25"), **values)


def paid_again(story: Story) -> None:
    settled(story, 2, sent(1, 2, external_id="invoice 7"))
    settled(story, 4, sent(2, 4, external_id="invoice 7"))


def one_more_in_a_batch(story: Story) -> None:
    lot = sent(1, 2)["batch"] | {"total_amount": {"amount": 203, "currency": "COP"}}
    settled(story, 2, sent(1, 2, batch=lot), sent(2, 2, batch=lot))
    settled(story, 4, sent(3, 4, batch=lot))


def returned_days_later(story: Story) -> None:
    late, returned = local(3, "17:00:00"), {"amount": {"amount": 500, "currency": "COP"}, "payee": payee()}
    settled(story, 3, stated(1, "declined", late, late, **returned))
    story.tell(credit(1, local(4, "12:00:00"), 500), "account_credited")


@pytest.mark.parametrize("tell", [paid_again, one_more_in_a_batch, returned_days_later])
@pytest.mark.parametrize("issue", [issue_each, issue_in_one_go])
def test_what_was_settled_is_read_again_for_what_hangs_together_with_it(
    template: Path,
    tmp_path: Path,
    both: BothWays,
    tell: Callable[[Story], None],
    issue: Callable[[Archive, Sequence[date]], None],
) -> None:
    archive, story = data_root(template, tmp_path / "data"), Story()
    tell(story)
    story.write(archive, "all")
    issue(archive, WEEK[:3])
    assert both.differences == []
    assert both.made == 2


def test_an_adjustment_of_a_proved_date_is_carried_to_the_next_report(
    template: Path, tmp_path: Path, both: BothWays
) -> None:
    archive = data_root(template, tmp_path / "data")
    folder = archive.settings.paths.adjustments
    folder.mkdir()
    row = f"one,{ACCOUNT},COP,2026-03-02T12:00:00-05:00,-101,fee,invoice 7,ana,2026-03-04T20:00:00Z\n"
    (folder / "march.csv").write_text(ADJUSTMENTS + row, encoding="utf-8")
    Story().figures(range(2, 6)).write(archive, "all")
    issue_each(archive, WEEK[:3])
    carried = archive.query(
        "SELECT break_type, break_date FROM mono.report.breaks WHERE business_date = '2026-03-04' AND class = 'break'"
    )
    assert (both.differences, carried.rows()) == ([], [("balance_difference", WEEK[0])])


def test_what_was_known_of_accounts_on_the_first_date_is_known_on_later_ones_and_nothing_else(
    template: Path, tmp_path: Path, both: BothWays
) -> None:
    """Of one the pesos that came after dollars; of two no more than a balance, and an adjustment."""
    archive, story = data_root(template, tmp_path / "data"), Story().figures(range(2, 6))
    credited, balanced, adjusted = ident("acc", 7), ident("acc", 8), ident("acc", 9)
    owner = {"id": credited, "number": "7"}
    for number, clock, currency in ((1, "15:00:00", "USD"), (2, "17:00:00", "COP")):
        told = credit(number, local(2, clock), 60, account=owner) | {"amount": {"amount": 60, "currency": currency}}
        story.tell(told, "account_credited")
    story.balance(balanced, 7, local(2, "23:59:00"))
    for name, day in product((ACCOUNT, credited), range(3, 6)):
        story.pull([], local(day, "05:00:00"), f"account_id={name}&")
    folder = archive.settings.paths.adjustments
    folder.mkdir()
    row = f"one,{adjusted},COP,2026-03-02T12:00:00-05:00,-101,fee,invoice 7,ana,2026-03-02T20:00:00Z\n"
    (folder / "march.csv").write_text(ADJUSTMENTS + row, encoding="utf-8")
    story.write(archive, "all")
    issue_each(archive, WEEK[:3])
    missing = archive.query("SELECT business_date FROM mono.report.breaks WHERE subject_id LIKE 'exports:%'")
    assert (both.differences, both.made, missing.rows()) == ([], 2, [])
    due = archive.query(
        "SELECT account_id, currency FROM mono.report.balance_proof WHERE business_date = '2026-03-04' ORDER BY ALL"
    )
    assert due.rows() == [(credited, "COP"), (balanced, "COP"), (ACCOUNT, "COP")]


def test_what_a_late_first_delivery_lets_be_compared_is_carried_to_the_next_report(
    template: Path, tmp_path: Path, both: BothWays
) -> None:
    """On Wednesday nothing is asked of webhooks at the time of the transfer that none told of; on Thursday it is."""
    archive = data_root(template, tmp_path / "data")
    lost = stated(1, "approved", local(3, "09:00:00"), local(3, "10:00:00.25"))
    story = Story().tell(credit(1, local(4, "12:00:00"), 5), "account_credited").pull([lost], local(4, "05:00:00"))
    story.write(archive, "known")
    issue_each(archive, WEEK[1:3])
    Story().tell(credit(2, local(1, "08:00:00"), 7), "account_credited").write(archive, "late")
    issue_each(archive, WEEK[3:4])
    listed = archive.query("SELECT business_date FROM mono.report.breaks WHERE break_type = 'missing_webhook'")
    assert (both.differences, sorted(listed["business_date"])) == ([], [WEEK[1], WEEK[3]])


def test_a_date_whose_channels_are_compared_only_since_an_unused_event_came_late_is_issued_anew(
    template: Path, tmp_path: Path, both: BothWays
) -> None:
    archive = data_root(template, tmp_path / "data")
    lost = stated(1, "approved", local(2, "09:00:00"), local(2, "10:00:00.25"))
    story = Story().tell(credit(1, local(2, "12:00:00"), 5), "account_credited").pull([lost], local(3, "05:00:00"))
    story.write(archive, "known")
    issue_each(archive, WEEK[:1])
    Story().tell({"id": "held", "updated_at": text(local(2, "08:00:00"))}, "transfer_held").write(archive, "late")
    issue_each(archive, WEEK[1:2])
    found = archive.query("SELECT business_date, version, cause FROM mono.report.restatements").rows()
    assert (both.differences, both.made, found) == ([], 1, [(WEEK[0], 2, "late_webhook")])
    assert archive.query(ISSUES).rows() == [(WEEK[0], 1), (WEEK[0], 2), (WEEK[1], 1)]


@pytest.mark.parametrize("seed", [5, 8])
def test_a_demonstration(tmp_path: Path, both: BothWays, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Looked at once more with all that there is, no date changes that would have been left alone."""
    write_demo(tmp_path, days=2, transfers_per_day=8, seed=seed)
    archive = Archive(tmp_path)
    archive.ingest()
    issue_each(archive, WEEK[:2])
    lookout = Lookout(monkeypatch)
    issue_dates(archive.settings, [WEEK[1]], as_of="latest", replay=False, now=NOW)
    assert (both.differences, lookout.missed) == ([], [])
    assert both.made == 1
