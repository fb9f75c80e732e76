import pytest

from mono_recon.report.model import Report
from tests.report.sample import report


def test_a_report_without_one_of_the_tables_is_refused() -> None:
    given = vars(report())
    tables = {name: frame for name, frame in given["tables"].items() if name != "lineage"}
    with pytest.raises(ValueError, match="missing or foreign: lineage"):
        Report(**(given | {"tables": tables}))


def test_a_report_whose_table_has_another_dtype_is_refused() -> None:
    given = report()
    control = given.tables["control"].cast({"count": int}).with_columns(count=given.tables["control"]["metric"])
    with pytest.raises(ValueError, match="table control has"):
        report({"control": control})
