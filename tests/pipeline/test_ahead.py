"""News that were read ahead are those that a step would have read itself."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import polars as pl
import pytest

from mono_recon.demo.write import write_demo
from mono_recon.pipeline import ahead
from mono_recon.pipeline.ahead import Ahead
from mono_recon.schemas import core
from mono_recon.warehouse.connect import Warehouse, open_warehouse
from mono_recon.warehouse.news import ABSENT, News, Watermark, last_intake
from tests.pipeline.archives import Archive
from tests.pipeline.lives import TUESDAY, WEEK, issue_of

MOMENTS = [issue_of(day) for day in WEEK[:4]]
LISTED = (core.TransferObservations, core.BatchObservations, core.CollectionObservations)
UNLISTED = (core.AccountCredits, core.Balances, core.Accounts)


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    root = tmp_path_factory.mktemp("company")
    write_demo(root, days=3, transfers_per_day=10, seed=3)
    archive = Archive(root)
    archive.ingest()
    return archive


@pytest.fixture
def warehouse(company: Archive) -> Iterator[Warehouse]:
    with open_warehouse(company.settings.warehouse, read_only=False) as opened:
        yield opened


def told(news: News, archive: Archive) -> list[pl.DataFrame]:
    lag = archive.settings.transfers.export_lag
    found = [*(news.read(table, lag=lag) for table in LISTED), *(news.read(table) for table in UNLISTED)]
    exports = news.exports()
    absent = [news.absent(each) for each in exports.iter_rows(named=True) if each["resource"] in ABSENT]
    return [frame.sort(pl.all()) for frame in (*found, exports.select("export_id"), *absent)]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that are put to the lake from now on."""
    asked: list[str] = []
    query = Warehouse.query

    def counting(warehouse: Warehouse, sql: str, *args: Any, **named: Any) -> pl.DataFrame:
        asked.append(sql)
        return query(warehouse, sql, *args, **named)

    monkeypatch.setattr(Warehouse, "query", counting)
    return asked


def test_the_news_of_each_step_are_there_and_are_the_same(
    company: Archive, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = last_intake(warehouse)
    own = [News(warehouse, Watermark(MOMENTS[0], intake), MOMENTS[0])]
    own += [News(warehouse, Watermark(ended, intake), as_of) for ended, as_of in pairwise(MOMENTS)]
    expected = [told(news, company) for news in own]
    assert [any(not frame.is_empty() for frame in frames) for frames in expected] == [False, True, True, True]
    with Ahead(warehouse, company.settings.transfers.export_lag, MOMENTS) as read:
        given = [read.news(news.since, news.as_of) for news in own]
    asked = counted(monkeypatch)
    for frames, news in zip(expected[1:], given[1:], strict=True):
        assert news.warehouse is warehouse
        assert all(left.equals(right) for left, right in zip(told(news, company), frames, strict=True))
    assert asked == []


def test_a_step_that_begins_elsewhere_reads_its_own_news(company: Archive, warehouse: Warehouse) -> None:
    intake = last_intake(warehouse)
    elsewhere = Watermark(issue_of(TUESDAY), intake)
    with Ahead(warehouse, company.settings.transfers.export_lag, MOMENTS) as read:
        read.news(Watermark(MOMENTS[0], intake), MOMENTS[0])
        other = read.news(elsewhere, MOMENTS[3])
        assert (other.since, other.as_of) == (elsewhere, MOMENTS[3])
        foreseen = read.news(Watermark(MOMENTS[1], intake), MOMENTS[2])
    own = News(warehouse, Watermark(MOMENTS[1], intake), MOMENTS[2])
    for left, right in zip(told(foreseen, company), told(own, company), strict=True):
        assert left.equals(right)


def test_what_is_too_much_to_be_held_is_read_in_its_turn(
    company: Archive, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_MANY", 0)
    intake = last_intake(warehouse)
    with Ahead(warehouse, company.settings.transfers.export_lag, MOMENTS[:2]) as read:
        read.news(Watermark(MOMENTS[0], intake), MOMENTS[0])
        news = read.news(Watermark(MOMENTS[0], intake), MOMENTS[1])
    asked = counted(monkeypatch)
    assert not news.read(core.TransferObservations).is_empty()
    assert asked


def test_a_failure_to_read_is_the_step_s_own(
    company: Archive, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(News, "read_all", fail)
    intake = last_intake(warehouse)
    with Ahead(warehouse, company.settings.transfers.export_lag, MOMENTS[:2]) as read:
        read.news(Watermark(MOMENTS[0], intake), MOMENTS[0])
        with pytest.raises(OSError, match="no room"):
            read.news(Watermark(MOMENTS[0], intake), MOMENTS[1])
