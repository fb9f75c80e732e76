import pytest

from mono_recon.report.headings import heading
from mono_recon.report.model import pack_schemas
from mono_recon.report.text import MINOR


@pytest.mark.parametrize("language", ["es", "en"])
@pytest.mark.parametrize("table", pack_schemas())
def test_every_column_of_a_table_has_a_heading_of_its_own(table: str, language: str) -> None:
    columns = list(pack_schemas()[table])
    columns += [column.removesuffix(MINOR) for column in columns if column.endswith(MINOR)]
    assert len({heading(column, language) for column in columns}) == len(columns)


def test_a_heading_is_in_the_language_asked_for() -> None:
    assert heading("payee_account_last4", "es") == "Cuenta del beneficiario, últimos 4"
    assert heading("payee_account_last4", "en") == "Payee account, last 4"
    assert heading("batch_id", "en") == "Batch id"


def test_centavos_are_named_as_such_beside_the_pesos() -> None:
    assert (heading("amount", "es"), heading("amount_minor", "es")) == ("Valor", "Valor (centavos)")
