"""How long a sign-in lasts, and how often one may fail."""

from pathlib import Path

import pytest

from mono_recon.site import attempts as limits
from mono_recon.site.attempts import LIMITS, WITHIN, Attempts
from mono_recon.site.sessions import IDLE, LONGEST, Session, Sessions
from mono_recon.site.users import User, Users
from tests.site.visits import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def attempts(clock: Clock) -> Attempts:
    return Attempts(clock)


def fail(attempts: Attempts, times: int, name: str = "ana", address: str = "10.0.0.1") -> None:
    for _ in range(times):
        assert attempts.begin(name, address) == 0


def test_after_five_failures_from_one_address_a_name_waits(attempts: Attempts, clock: Clock) -> None:
    fail(attempts, 5)
    assert attempts.begin("ANA", "10.0.0.1") == WITHIN
    clock.now += WITHIN - 1
    assert attempts.begin("ana", "10.0.0.1") == 1
    clock.now += 1
    assert attempts.begin("ana", "10.0.0.1") == 0


def test_a_name_that_waits_at_one_address_does_not_at_another_nor_another_name_there(attempts: Attempts) -> None:
    fail(attempts, 5)
    assert attempts.begin("ana", "10.0.0.2") == 0
    assert attempts.begin("luis", "10.0.0.1") == 0


def test_an_address_that_tries_many_names_waits_with_all_of_them(attempts: Attempts) -> None:
    for number in range(LIMITS["address"]):
        fail(attempts, 1, name=f"user{number}")
    assert attempts.begin("ana", "10.0.0.1") > 0
    assert attempts.begin("ana", "10.0.0.2") == 0


def test_a_name_that_is_tried_from_many_addresses_waits_everywhere(attempts: Attempts) -> None:
    for number in range(LIMITS["name"]):
        fail(attempts, 1, address=f"10.0.1.{number}")
    assert attempts.begin("ana", "10.0.0.1") > 0
    assert attempts.begin("luis", "10.0.0.1") == 0


def test_a_success_is_no_failure_and_forgives_those_of_its_pair(attempts: Attempts) -> None:
    for _ in range(100):
        fail(attempts, 1)
        attempts.succeeded("ana", "10.0.0.1")
    fail(attempts, 4)
    attempts.begin("ana", "10.0.0.1")
    attempts.succeeded("ana", "10.0.0.1")
    fail(attempts, 5)


def test_what_is_remembered_has_an_end(attempts: Attempts, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_KEYS", 30)
    for number in range(100):
        fail(attempts, 1, name=f"user{number}", address=f"10.0.1.{number}")
    assert len(attempts._failures) <= 33
    clock.now += WITHIN
    fail(attempts, 1)
    assert len(attempts._failures) == 3


@pytest.fixture
def users(tmp_path: Path) -> Users:
    users = Users(tmp_path / "users.json")
    users.add("ana", "correct horse")
    return users


def begun(sessions: Sessions, users: Users) -> str:
    ana = users.find("ana")
    assert isinstance(ana, User)
    return sessions.begin(ana)


def test_a_session_is_found_by_its_token_and_its_token_is_not_kept(users: Users, clock: Clock) -> None:
    sessions = Sessions(users, clock)
    token = begun(sessions, users)
    found = sessions.find(token)
    assert isinstance(found, Session)
    assert found.user.name == "ana"
    assert sessions.find(token + "x") is None
    assert token not in repr(sessions._open)
    assert token not in repr(found)
    assert begun(sessions, users) != token


def test_a_session_ends_when_nobody_uses_it_and_after_half_a_day_in_any_case(users: Users, clock: Clock) -> None:
    sessions = Sessions(users, clock)
    idle, busy = begun(sessions, users), begun(sessions, users)
    for _ in range(int(LONGEST / IDLE) * 2 - 1):
        clock.now += IDLE / 2
        assert sessions.find(busy) is not None
    assert sessions.find(idle) is None
    clock.now += IDLE / 2
    assert sessions.find(busy) is None


def test_a_session_ends_with_its_user_and_with_the_password(users: Users, clock: Clock) -> None:
    sessions = Sessions(users, clock)
    token = begun(sessions, users)
    users.remove("ana")
    users.add("ana", "another secret")
    assert sessions.find(token) is None


def test_sessions_that_are_over_are_not_kept(users: Users, clock: Clock) -> None:
    sessions = Sessions(users, clock)
    begun(sessions, users)
    clock.now += IDLE
    token = begun(sessions, users)
    assert len(sessions._open) == 1
    sessions.end(token)
    assert sessions.find(token) is None
