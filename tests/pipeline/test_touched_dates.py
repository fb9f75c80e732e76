"""Which issued dates are looked at again: all that would come out otherwise, and none for a mere repetition."""

import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mono_recon.pipeline.touched import touched_dates
from mono_recon.warehouse.connect import open_warehouse
from mono_recon.warehouse.news import News, Watermark, last_intake
from tests.pipeline.archives import ACCOUNT, Archive
from tests.pipeline.lives import (
    FRIDAY,
    MONDAY,
    SETTINGS,
    TUESDAY,
    WEDNESDAY,
    Story,
    account,
    credit,
    data_root,
    intent,
    issue_each,
    local,
    payee,
    stated,
    text,
    write_manifests_alone,
)

ISSUED = [MONDAY, TUESDAY, WEDNESDAY]
SEEN, AS_OF = local(5, "06:00:00"), local(6, "06:00:00")
"""Until when the dates have been evaluated, and as of when they are again; what is new comes between."""

LATE = local(5, "08:00:00")


@pytest.fixture
def archive(template: Path, tmp_path: Path) -> Archive:
    return data_root(template, tmp_path / "data")


def touched(
    archive: Archive,
    days: Sequence[date] = ISSUED,
    since: datetime = SEEN,
    *,
    as_of: datetime = AS_OF,
    intake: int | None = None,
) -> list[date]:
    with open_warehouse(archive.settings.warehouse, read_only=True) as warehouse:
        mark = Watermark(since, last_intake(warehouse) if intake is None else intake)
        return touched_dates(News(warehouse, mark, as_of), archive.settings, days)


def approved(number: int = 1, **values: object) -> Story:
    """A transfer of Monday, told in time."""
    return Story().tell(stated(number, "approved", local(2, "09:00:00"), local(2, "09:01:00.25"), **values))


def a_webhook_of_monday() -> Story:
    return Story().tell(stated(1, "approved", local(2, "09:00:00"), local(2, "09:01:00.25")), received=LATE)


def an_outcome_on_tuesday_of_a_transfer_of_monday() -> Story:
    begun = local(2, "09:00:00")
    working = stated(1, "in_progress", begun, local(2, "09:01:00.25"), batch=None)
    story = Story().tell(working, "bank_transfer_fallback_routing")
    return story.tell(stated(1, "approved", begun, local(3, "09:01:00.25"), batch=None), received=LATE)


def a_rail_that_only_an_export_tells() -> Story:
    told = stated(1, "approved", local(2, "09:00:00"), local(2, "09:01:00.25"))
    return approved(routing=None).pull([told], LATE)


def an_account_that_only_an_export_tells() -> Story:
    told = stated(1, "approved", local(2, "09:00:00"), local(2, "09:01:00.25"))
    return approved(batch=None).pull([told], LATE)


def a_first_statement_of_tuesday_about_a_transfer_of_monday() -> Story:
    """Until something is stated of it, a transfer has the values of its first statement."""
    begun = local(2, "09:00:00")
    story = Story().tell(stated(1, "approved", begun, local(4, "10:00:00.25")))
    earlier = stated(1, "in_progress", begun, local(3, "10:00:00.25"), batch=None)
    return story.tell(earlier, "bank_transfer_fallback_routing", received=LATE)


def an_amount_of_thursday_that_monday_was_debited() -> Story:
    begun, other = local(2, "09:00:00"), {"amount": 999, "currency": "COP"}
    declined = stated(1, "declined", begun, local(5, "10:00:00.25"), amount=other)
    return approved().figures(range(2, 6)).tell(declined, "bank_transfer_change_final_state")


def a_return_of_what_was_declined_on_tuesday() -> Story:
    """Its money is no longer taken to have come back when it was declined."""
    declined = stated(1, "declined", local(2, "09:00:00"), local(3, "20:00:00.25"), payee=payee())
    story = approved(payee=payee()).figures(range(2, 6)).tell(declined, "bank_transfer_change_final_state")
    return story.tell(credit(1, local(4, "19:00:00"), 101), "account_credited", received=LATE)


def a_return_of_monday_whose_counterpart_others_had() -> Story:
    """Of equal amounts each credit takes what the one before it leaves: Wednesday's goes without."""
    story, same = Story(), {"amount": {"amount": 500, "currency": "COP"}, "payee": payee()}
    for number, at in ((1, local(2, "10:00:00.25")), (2, local(3, "08:00:00.25"))):
        story.tell(stated(number, "declined", at, at, **same), "bank_transfer_rejected")
    for number, at in ((5, local(3, "09:00:00")), (9, local(4, "07:00:00"))):
        story.tell(credit(number, at, 500), "account_credited")
    return story.tell(credit(1, local(2, "12:00:00"), 500), "account_credited", received=LATE)


def a_credit_of_wednesday_that_lets_two_of_mondays_collections_be_paired() -> Story:
    story, opened = Story(), local(2, "15:00:00")
    for number, clock in ((1, "10:10:00"), (2, "10:30:00")):
        told = intent(number, "account_credited", opened, local(4, clock), 700)
        story.tell(told, "collection_intent_credited")
    story.tell(credit(2, local(4, "10:20:00"), 700), "account_credited")
    return story.tell(credit(1, local(4, "10:00:00"), 700), "account_credited", received=LATE)


def a_member_of_wednesday_in_a_batch_of_monday() -> Story:
    lot = stated(1, "approved", local(2, "09:00:00"), local(2, "09:00:00"))["batch"]
    second = stated(2, "approved", local(4, "09:00:00"), local(4, "10:00:00.25"), batch=lot)
    return approved(batch=lot).tell(second, received=LATE)


def a_second_payment_of_wednesday() -> Story:
    second = stated(2, "approved", local(4, "09:00:00"), local(4, "10:00:00.25"), external_id="A")
    return approved(external_id="A").tell(second, received=LATE)


def a_balance_of_sunday_night() -> Story:
    figure = account(ACCOUNT, "1", 5, local(1, "20:00:00"))
    return approved().figures([2]).pull([figure], LATE, resource="accounts")


def a_payee_of_monday_that_turns_out_to_be_own() -> Story:
    own = account("acc_223RxfTSugBz8KfLSWoEnT", "777-1", None, LATE)
    return approved(payee=payee("7771", "611")).pull([own], LATE, resource="accounts")


def a_whole_export_without_mondays_transfer() -> Story:
    return approved().pull([], LATE)


@pytest.mark.parametrize(
    ("story", "expected"),
    [
        (a_webhook_of_monday, ISSUED),
        (an_outcome_on_tuesday_of_a_transfer_of_monday, [TUESDAY, WEDNESDAY]),
        (a_rail_that_only_an_export_tells, ISSUED),
        (an_account_that_only_an_export_tells, ISSUED),
        (a_first_statement_of_tuesday_about_a_transfer_of_monday, ISSUED),
        (an_amount_of_thursday_that_monday_was_debited, ISSUED),
        (a_return_of_what_was_declined_on_tuesday, ISSUED),
        (a_return_of_monday_whose_counterpart_others_had, ISSUED),
        (a_credit_of_wednesday_that_lets_two_of_mondays_collections_be_paired, ISSUED),
        (a_member_of_wednesday_in_a_batch_of_monday, ISSUED),
        (a_second_payment_of_wednesday, ISSUED),
        (a_balance_of_sunday_night, [MONDAY]),
        (a_payee_of_monday_that_turns_out_to_be_own, [MONDAY]),
        (a_whole_export_without_mondays_transfer, [MONDAY]),
    ],
)
def test_news_is_held_against_every_date_that_it_can_have_changed(
    archive: Archive, story: Callable[[], Story], expected: list[date]
) -> None:
    story().write(archive, "all")
    assert touched(archive) == expected


def test_nothing_is_looked_at_again_for_what_was_seen(archive: Archive) -> None:
    a_return_of_monday_whose_counterpart_others_had().write(archive, "all")
    assert touched(archive, since=AS_OF) == []


def test_an_export_that_reads_everything_again_touches_nothing(archive: Archive) -> None:
    """Neither what exports have shown before, nor what only webhooks had told until then."""
    begun = local(2, "09:00:00")
    lost, moved = stated(2, "approved", begun, local(3, "09:01:00.25")), stated(3, "in_progress", begun, begun)
    paid = intent(1, "account_credited", begun, local(3, "10:00:00"), 700)
    story = approved().tell(moved, "bank_transfer_fallback_routing").tell(paid, "collection_intent_credited")
    first = stated(1, "approved", begun, local(2, "09:01:00.25"))
    story.pull([lost, moved], local(4, "05:00:00"), f"account_id={ACCOUNT}&")
    story.pull([first, lost, moved], LATE).pull([paid], LATE, resource="collection_intents")
    story.write(archive, "all")
    assert touched(archive) == []


def test_an_export_that_takes_back_what_it_said_is_news(archive: Archive) -> None:
    begun, first, then = local(2, "09:00:00"), local(3, "09:00:00.25"), local(3, "12:00:00.25")
    approved, declined = (
        stated(1, *told, batch=None) for told in (("approved", begun, first), ("declined", begun, then))
    )
    Story().tell(approved).pull([approved], local(4, "05:00:00")).pull([declined], LATE).write(archive, "all")
    assert touched(archive) == [TUESDAY, WEDNESDAY]


def test_a_file_that_turns_up_is_news_however_old_its_clocks_are(archive: Archive) -> None:
    approved().write(archive, "all")
    intake = archive.query("SELECT max(intake) FROM mono.raw.files").item()
    late = stated(2, "approved", local(3, "09:00:00"), local(3, "09:00:01.25"), batch=None)
    Story().tell(late).write(archive, "late")
    assert touched(archive) == []
    assert touched(archive, intake=intake) == [TUESDAY, WEDNESDAY]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [(SETTINGS, [MONDAY, TUESDAY]), (f'{SETTINGS}[webhooks]\nsince = "2026-03-01T05:00:00Z"\n', [])],
    ids=["since the first delivery", "since an instant of the settings"],
)
def test_a_delivery_that_turns_up_before_all_others_touches_the_dates_up_to_them(
    template: Path, tmp_path: Path, settings: str, expected: list[date]
) -> None:
    """Even one that is not used: channels are compared from it on."""
    archive = data_root(template, tmp_path / "data", settings)
    begun = local(3, "09:00:00")
    Story().tell(stated(1, "approved", begun, local(3, "09:01:00.25"), batch=None)).write(archive, "all")
    intake = archive.query("SELECT max(intake) FROM mono.raw.files").item()
    Story().tell({"id": "held", "updated_at": text(local(2, "12:00:00"))}, "transfer_held").write(archive, "late")
    assert touched(archive, intake=intake) == expected


def test_a_delivery_that_turns_up_after_others_touches_nothing_by_being_there(archive: Archive) -> None:
    approved(batch=None).write(archive, "all")
    intake = archive.query("SELECT max(intake) FROM mono.raw.files").item()
    Story().tell({"id": "held", "updated_at": text(local(3, "12:00:00"))}, "transfer_held").write(archive, "late")
    assert touched(archive, intake=intake) == []


def test_a_copy_that_turns_up_and_came_before_its_event_was_known_touches_the_dates_between(archive: Archive) -> None:
    held = {"id": "held", "updated_at": text(local(2, "12:00:00"))}
    Story().tell(held, "transfer_held", received=local(3, "12:00:00")).write(archive, "all")
    intake = archive.query("SELECT max(intake) FROM mono.raw.files").item()
    Story().tell(held, "transfer_held").write(archive, "late")
    assert touched(archive, intake=intake)[:2] == [MONDAY, TUESDAY]


@pytest.fixture(scope="module")
def friday(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """A Friday, issued when a webhook, a collection and a balance had time left."""
    archive = data_root(template, tmp_path_factory.mktemp("friday") / "data")
    begun = local(6, "15:00:00")
    story = (
        Story()
        .figures([6, 7])
        .tell(intent(1, "approved_in_provider", begun, begun, 700), "collection_intent_confirmed")
    )
    story.pull([stated(1, "approved", begun, local(6, "23:00:00.25"))], local(7, "05:00:00")).write(archive, "all")
    with pytest.MonkeyPatch.context() as patched:
        write_manifests_alone(patched)
        issue_each(archive, [FRIDAY])
    found = set(archive.query("SELECT break_type FROM mono.report.breaks WHERE class = 'timing'").to_series())
    assert found == {"awaiting_webhook", "collection_unconfirmed", "awaiting_balance"}
    return archive


@pytest.mark.parametrize(
    ("since", "as_of", "expected"),
    [
        (local(7, "06:00:00"), local(7, "09:00:00"), [FRIDAY]),
        (local(7, "12:00:00"), local(8, "12:00:00"), []),
        (local(7, "12:00:00"), local(9, "15:01:00"), [FRIDAY]),
        (local(9, "16:00:00"), local(10, "00:00:01"), [FRIDAY]),
        (local(10, "00:00:01"), local(13, "00:00:00"), []),
    ],
)
def test_a_date_is_looked_at_again_when_the_time_of_its_items_is_up(
    friday: Archive, since: datetime, as_of: datetime, expected: list[date]
) -> None:
    """A webhook has hours, a collection one business day, a balance one from the end of the date on."""
    assert touched(friday, [FRIDAY], since, as_of=as_of) == expected


def test_an_adjustment_touches_the_date_whose_proof_lacks_it(friday: Archive, tmp_path: Path) -> None:
    archive = Archive(Path(shutil.copytree(friday.root, tmp_path / "data")))
    folder = archive.settings.paths.adjustments
    folder.mkdir()
    columns = "adjustment_id,account_id,currency,effective_at,amount_minor,kind,reason,actor,decided_at"
    row = f"one,{ACCOUNT},COP,2026-03-06T12:00:00-05:00,-101,fee,invoice 7,ana,2026-03-12T10:00:00Z"
    (folder / "march.csv").write_text(f"{columns}\n{row}\n", encoding="utf-8")
    archive.ingest()
    decided = datetime(2026, 3, 12, 10, tzinfo=UTC)
    before, after = (touched(archive, [FRIDAY], at, as_of=at) for at in (decided - timedelta(seconds=1), decided))
    assert (before, after) == ([], [FRIDAY])
