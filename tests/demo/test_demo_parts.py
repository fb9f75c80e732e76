"""Ids, amounts and clearing cycles of the invented world."""

import string
from datetime import UTC, date, datetime
from random import Random
from uuid import RFC_4122, UUID

from hypothesis import given
from hypothesis import strategies as st

from mono_recon.calendar import BusinessCalendar
from mono_recon.demo.ids import new_id, uuid_text
from mono_recon.demo.ordinary import RETRY_MINUTES, Cycles, Network
from mono_recon.demo.people import Amounts

DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
SEEDS = st.integers(min_value=0, max_value=2**32)


def dice(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - a simulation, no secret


@given(SEEDS)
def test_an_id_is_a_random_uuid_in_base_62(seed: int) -> None:
    prefix, _, body = new_id(dice(seed), "trn").partition("_")
    number = 0
    for digit in body:
        number = number * 62 + DIGITS.index(digit)
    uuid = UUID(int=number)
    assert (prefix, len(body), uuid.version, uuid.variant) == ("trn", 22, 4, RFC_4122)


@given(SEEDS)
def test_a_client_id_is_a_random_uuid(seed: int) -> None:
    assert UUID(uuid_text(dice(seed))).version == 4


@given(SEEDS)
def test_a_fresh_amount_lies_more_than_a_centavo_from_all_before(seed: int) -> None:
    amounts = Amounts(dice(seed))
    before: set[int] = set()
    for _ in range(20):
        amount = amounts.fresh(low=100, high=400)
        assert all(abs(amount - other) > 1 for other in before)
        before.add(amount)


def test_ach_clears_in_the_first_cycle_it_can_reach_on_a_business_day() -> None:
    cycles = Cycles(BusinessCalendar(), date(2026, 3, 18), 10)
    friday_evening = datetime(2026, 3, 20, 22, 11, tzinfo=UTC)
    after_a_holiday_monday = datetime(2026, 3, 24, 14, 0, tzinfo=UTC)
    assert cycles.after(friday_evening) == after_a_holiday_monday
    just_in_time = datetime(2026, 3, 20, 22, 10, tzinfo=UTC)
    assert cycles.after(just_in_time) == datetime(2026, 3, 20, 22, 30, tzinfo=UTC)


@given(SEEDS)
def test_every_delivery_comes_within_the_ten_attempts(seed: int) -> None:
    made_at = datetime(2026, 3, 18, tzinfo=UTC)
    network = Network(dice(seed))
    waits = [(arrival - made_at).total_seconds() for _ in range(20) for arrival in network.deliver(made_at)]
    assert all(0 < wait <= RETRY_MINUTES[-1] * 60 + 3 for wait in waits)
