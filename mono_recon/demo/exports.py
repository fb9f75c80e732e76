"""What the collector fetched from Mono's API.

Here belongs the schedule of captures and their pages: balances at midnight, transfers, collections and
accounts each morning, and what was asked for besides. Shapes of rows are in ``payloads``; files are in
``packing``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from mono_recon.demo import payloads
from mono_recon.demo.balances import Ledger
from mono_recon.demo.ids import new_id
from mono_recon.demo.instants import instant_text
from mono_recon.demo.pages import API, DURATION, PAGE_SIZE, TIMEOUT, Export, captured
from mono_recon.demo.people import BANKS
from mono_recon.demo.world import DAY, Account, Body, Intent, Link, Transfer, World

_SMALLEST_PAGE = 10
_WINDOW_DAYS = 7
_BROKEN_OFF_AT, _TRANSFERS_AT = time(4, 50), time(5)
_INTENTS_AT, _LINKS_AT, _ACCOUNTS_AT = time(5, 20), time(5, 40), time(5, 50)
FIGURE_AT = timedelta(seconds=5)
"""How long after midnight the figure is taken that a date closes with."""


def transfers_export(day: date) -> str:
    """Id of the first complete export that covers the transfers of a date."""
    return f"transfers-{day}"


def transfers_export_at(world: World, day: date) -> tuple[datetime, datetime]:
    """When that export starts, and when its last page is fetched."""
    started_at = world.calendar.at(day + DAY, _TRANSFERS_AT)
    return started_at, started_at + DURATION


def collections_export(day: date) -> str:
    """Id of the first export of collection intents after a date."""
    return f"collection-intents-{day}"


def live_balance(account: Account, at: datetime) -> str:
    """Id of the capture of one account's live balance."""
    return f"balance-{account.number}-{instant_text(at)[:10]}"


def captured_exports(world: World, ledger: Ledger) -> Iterator[Export]:
    """Every paged export of the archive, in order of capture."""
    yield _figures(world, ledger, world.first_day)
    for day in world.dates:
        yield _figures(world, ledger, day + DAY)
        yield from _broken_off(world, day)
        yield _transfers(world, day)
        yield _intents(world, day)
        yield _links(world, day)
        yield _accounts(world, ledger, day + DAY)
    yield from _looked_up(world)


def unanswered_pages(world: World) -> list[Body]:
    """The answers to live balances that the bank did not give."""
    return [
        captured(live_balance(account, at), at, f"{API}/accounts/{account.id}/balances?live=true", at, 504, TIMEOUT)
        for account, at in world.feeds.unanswered
    ]


def bank_pages(world: World) -> list[Body]:
    """The two lists of banks, fetched once."""
    started_at = world.calendar.at(world.first_day, time(0, 5))
    transfers = [
        {
            "code": code,
            "id": new_id(world.rng, "bank"),
            "name": name,
            "supported_account_types": ["savings_account", "checking_account"],
        }
        for code, name in BANKS
    ]
    pse = [{"code": f"1{code}", "name": name} for code, name in BANKS]
    return [
        captured(f"banks-{kind}", started_at, f"{API}/banks?kind={kind}", started_at, 200, body)
        for kind, body in (
            ("transfers", {"banks": transfers, "kind": "transfers"}),
            ("pse", {"banks": pse, "kind": "pse"}),
        )
    ]


def _figures(world: World, ledger: Ledger, day: date) -> Export:
    """The balances right after midnight: what the day before closed with."""
    midnight = world.calendar.start_of(day)

    def figure_at(account: Account) -> datetime:
        age = world.feeds.figure_ages.get((account.id, day - DAY))
        return midnight + FIGURE_AT if age is None else midnight - age

    return _balances(world, ledger, f"balances-{day}", midnight + timedelta(seconds=30), figure_at)


def _accounts(world: World, ledger: Ledger, day: date) -> Export:
    started_at = world.calendar.at(day, _ACCOUNTS_AT)
    return _balances(world, ledger, f"accounts-{day}", started_at, lambda _: started_at - timedelta(seconds=12))


def _balances(
    world: World,
    ledger: Ledger,
    name: str,
    started_at: datetime,
    figure_at: Callable[[Account], datetime],
) -> Export:
    def row(index: int, _: datetime) -> Body:
        account = world.accounts[index]
        at = figure_at(account)
        return payloads.account_row(account, ledger.available(account, at), at)

    day = world.calendar.business_date(started_at)
    return Export(name, day, started_at, "accounts", "accounts", len(world.accounts), row)


def _transfers(world: World, day: date) -> Export:
    """The transfers inserted in the week that ends with a date, oldest first."""
    started_at, _ = transfers_export_at(world, day)
    first = max(0, (day - world.first_day).days - _WINDOW_DAYS + 1)
    listed = [
        transfer
        for inserted in world.transfers[first : (day - world.first_day).days + 1]
        for transfer in sorted(inserted, key=_age)
        if _is_shown(transfer, started_at)
    ]
    start = instant_text(world.calendar.start_of(day - (_WINDOW_DAYS - 1) * DAY))
    until = instant_text(world.calendar.end_of(day))
    endpoint = f"transfers?inserted_at[from]={start}&inserted_at[until]={until}&sort[field]=inserted_at&sort[type]=asc"
    export = _listing(world, transfers_export(day), day, _TRANSFERS_AT, endpoint, "transfers", listed)
    return replace(export, failed_first=day + DAY in world.feeds.failed_pages)


def _broken_off(world: World, day: date) -> Iterator[Export]:
    """The same export ten minutes before, without its last page."""
    if day + DAY not in world.feeds.broken_off:
        return
    whole = _transfers(world, day)
    if whole.items > _SMALLEST_PAGE:
        yield replace(
            whole,
            name=f"{whole.name}-broken-off",
            started_at=world.calendar.at(day + DAY, _BROKEN_OFF_AT),
            page_size=min(PAGE_SIZE, max(_SMALLEST_PAGE, whole.items // 2)),
            missing_pages=1,
            failed_first=False,
        )


def _looked_up(world: World) -> Iterator[Export]:
    """Single transfers, asked for by their id."""
    for transfer, at in world.feeds.looked_up:
        day = world.calendar.business_date(at)

        def row(_: int, fetched_at: datetime, transfer: Transfer = transfer) -> Body:
            return payloads.export_row(transfer, fetched_at)

        started_at = at - DURATION
        yield Export(f"transfer-{transfer.id}", day, started_at, f"transfers?id={transfer.id}", "transfers", 1, row)


def _intents(world: World, day: date) -> Export:
    """All collection intents there are: the endpoint knows no dates."""
    started_at = world.calendar.at(day + DAY, _INTENTS_AT)
    listed = sorted(
        (intent for intent in world.intents if intent.inserted_at <= started_at and _is_shown(intent, started_at)),
        key=_age,
    )
    name = collections_export(day)
    return _listing(world, name, day, _INTENTS_AT, "collection_intents", "collection_intents", listed)


def _listing(
    world: World,
    name: str,
    day: date,
    local_time: time,
    endpoint: str,
    key: str,
    listed: Sequence[Transfer | Intent],
) -> Export:
    morning = day + DAY

    def row(index: int, fetched_at: datetime) -> Body:
        return payloads.export_row(listed[index], fetched_at)

    return Export(name, morning, world.calendar.at(morning, local_time), endpoint, key, len(listed), row)


def _links(world: World, day: date) -> Export:
    started_at = world.calendar.at(day + DAY, _LINKS_AT)
    listed = sorted((link for link in world.links if link.inserted_at <= started_at), key=_age)
    return Export(
        f"collection-links-{day}",
        day + DAY,
        started_at,
        "collection_links",
        "collection_links",
        len(listed),
        lambda index, _: payloads.link_row(listed[index]),
    )


def _is_shown(entity: Transfer | Intent, started_at: datetime) -> bool:
    view = entity.export
    return not view or view.hidden_until is None or view.hidden_until <= started_at


def _age(entity: Transfer | Intent | Link) -> tuple[datetime, str]:
    return entity.inserted_at, entity.id
