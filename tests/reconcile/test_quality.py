import pytest

from mono_recon.reconcile.day import DayReport, reconcile_day
from tests.reconcile.test_edges import intent
from tests.scenario import bat, batch, context, credit, inputs, transfer, trn, tx


def oddities(result: DayReport) -> list[tuple[str, str, int, str]]:
    return result.tables["data_quality"].rows()


@pytest.mark.parametrize("parts", [1, 2, 3, 7])
def test_another_currency_is_told_of_once_with_the_count_of_all_that_bear_it(parts: int) -> None:
    dollars = [
        transfer(f"t{number}", "approved", "03-04 10:00", currency="USD", batch_id=bat(str(number)))
        for number in range(6)
    ]
    given = inputs(
        dollars,
        collections=[intent("account_credited", "03-04 10:00", currency="USD")],
        credits=[
            credit("a", "03-04 11:00", currency="USD"),
            credit("b", "03-05 11:00", currency="USD"),
            credit("c", "03-04 12:00"),
        ],
    )
    assert oddities(reconcile_day(given, context(), parts=parts)) == [
        ("other_currency", "USD", 8, "8 entities in USD, which is not among the expected currencies")
    ]


def test_an_event_that_came_in_two_versions_is_odd_if_they_agree_on_the_money() -> None:
    told = [transfer("a", "approved", "03-04 10:00", description=text) for text in ("one", "other")]
    told += [transfer("b", "approved", "03-04 10:00", amount_minor=amount) for amount in (1, 2)]
    received = [credit("a", "03-04 11:00", description=text) for text in ("one", "other")]
    received += [credit("b", "03-04 11:00", amount_minor=amount) for amount in (1, 2)]
    failed = {"event_type": "collection_intent_failed"}
    collected = [intent("failed", "03-04 10:00", source_ref=f"w:{name}", **failed) for name in ("one", "other")]
    result = reconcile_day(inputs(told, credits=received, collections=collected), context())
    agreed = "versions of {} in state {}, equal in amount and payee"
    assert oddities(result) == [
        (
            "differing_content",
            "cint_000000000000000000000a",
            2,
            "2 " + agreed.format("collection_intent_failed", "failed"),
        ),
        ("differing_content", trn("a"), 2, "2 " + agreed.format("bank_transfer_approved", "approved")),
        ("differing_content", tx("a"), 2, "2 versions of account_credited, equal in amount, currency and account"),
    ]


def test_a_batch_event_that_came_in_two_versions_is_odd_and_a_batch_inside_two_transfers_is_not() -> None:
    told = [batch("a", "created", "03-04 10:00", event_type="batch_sent", reference=text) for text in ("one", "other")]
    told += [batch("b", "created", "03-04 10:00", event_type="batch_sent", total_amount_minor=of) for of in (1, 2)]
    told += [batch("c", "created", "03-04 10:00", reference=text) for text in ("one", "other")]
    told += [batch("d", "created", "03-03 10:00", event_type="batch_sent", reference=text) for text in ("one", "other")]
    assert oddities(reconcile_day(inputs(batches=told), context(), parts=2)) == [
        ("differing_content", bat("a"), 2, "2 versions of batch_sent in state created, equal in total"),
        ("differing_content", bat("b"), 2, "2 versions of batch_sent in state created, of different totals"),
    ]
