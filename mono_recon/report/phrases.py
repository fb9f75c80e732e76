"""What the workbook says in words, in Spanish and English.

Here belong the phrases of its first sheet and the notes on a sheet or text that was cut. The headings
of columns are in ``headings``.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Phrases:
    """The phrases of one language; braces hold the place of a figure."""

    title: str
    verdicts: Mapping[str, str]
    as_of: str
    supersedes: str
    code_version: str
    content_sha256: str
    money: str
    money_out: str
    money_in: str
    lines: str
    statuses: Mapping[str, str]
    tables: Mapping[str, str]
    total: str
    count: str
    pesos: str
    balance: str
    accounts: str
    unexplained: str
    proofs: Mapping[str, str]
    open_items: Mapping[str, str]
    more_items: str
    nothing: str
    explanation: str
    cut_by_status: str
    cut: str
    text_cut: str


SPANISH = Phrases(
    title="Conciliación Mono {date}, versión {version}",
    verdicts={
        "balanced": "CUADRA: cada centavo del día tiene explicación. No hay nada que hacer.",
        "awaiting": "EN ESPERA: un saldo aún no cuadra y su plazo no ha vencido. La próxima emisión decide.",
        "breaks": "HAY DESCUADRES: revise las partidas de abajo, de mayor a menor valor.",
        "incomplete": "INCOMPLETO: faltan datos de Mono, vea abajo. Complételos y concilie otra vez.",
    },
    as_of="Con lo conocido hasta",
    supersedes="Reemplaza la versión",
    code_version="Versión del programa",
    content_sha256="SHA-256 del contenido",
    money="Dinero del día",
    money_out="Salidas",
    money_in="Entradas",
    lines="Líneas por estado de conciliación",
    statuses={
        "matched": "Cruzado",
        "timing": "En espera",
        "review": "Por revisar",
        "break": "Descuadre",
    },
    tables={
        "outgoing_transfers": "Transferencias (salidas)",
        "incoming_credits": "Abonos (entradas)",
        "collections": "Recaudos (entradas)",
    },
    total="Total",
    count="Cantidad",
    pesos="Valor",
    balance="Prueba de saldos",
    accounts="Cuentas",
    unexplained="Sin explicar",
    proofs={"proved": "Probado", "unexplained": "Sin explicar", "no_snapshot": "Sin saldo de Mono"},
    open_items={
        "break": "Qué hacer primero: descuadres abiertos, por valor ({count})",
        "data": "Datos que faltan o fallan ({count})",
        "review": "Por revisar, por valor ({count})",
    },
    more_items="Las {count} restantes están en la hoja breaks.",
    nothing="Ninguno.",
    explanation="Explicación",
    cut_by_status=(
        "Esta hoja muestra {shown} de {total} filas, solo las de clase break y review. "
        "La tabla completa está en {csv} y en {parquet}."
    ),
    cut=("Esta hoja muestra las primeras {shown} de {total} filas. La tabla completa está en {csv} y en {parquet}."),
    text_cut=" […cortado: {length} caracteres en total; completo en los archivos CSV y Parquet]",
)

ENGLISH = Phrases(
    title="Mono reconciliation {date}, version {version}",
    verdicts={
        "balanced": "BALANCED: every centavo of the date is explained. There is nothing to do.",
        "awaiting": "AWAITING: a balance does not tie yet and its time is not up. The next issue decides.",
        "breaks": "BREAKS: look at the items below, from the largest amount down.",
        "incomplete": "INCOMPLETE: data from Mono is missing, see below. Complete it and reconcile again.",
    },
    as_of="With what was known at",
    supersedes="Replaces version",
    code_version="Code version",
    content_sha256="Content SHA-256",
    money="Money of the date",
    money_out="Out",
    money_in="In",
    lines="Lines by reconciliation status",
    statuses={"matched": "Matched", "timing": "Timing", "review": "Review", "break": "Break"},
    tables={
        "outgoing_transfers": "Transfers (out)",
        "incoming_credits": "Credits (in)",
        "collections": "Collections (in)",
    },
    total="Total",
    count="Count",
    pesos="Amount",
    balance="Balance proof",
    accounts="Accounts",
    unexplained="Unexplained",
    proofs={"proved": "Proved", "unexplained": "Unexplained", "no_snapshot": "No balance from Mono"},
    open_items={
        "break": "What to do first: open breaks, by amount ({count})",
        "data": "Data that is missing or faulty ({count})",
        "review": "To review, by amount ({count})",
    },
    more_items="The other {count} are on sheet breaks.",
    nothing="None.",
    explanation="Explanation",
    cut_by_status=(
        "This sheet shows {shown} of {total} rows, those of class break and review only. "
        "The whole table is in {csv} and {parquet}."
    ),
    cut="This sheet shows the first {shown} of {total} rows. The whole table is in {csv} and {parquet}.",
    text_cut=" […cut: {length} characters in all; whole in the CSV and Parquet files]",
)


def phrases(language: str) -> Phrases:
    """The phrases of ``es`` or ``en``."""
    return {"es": SPANISH, "en": ENGLISH}[language]
