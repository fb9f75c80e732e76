"""What workbook and page say in sentences and headings of their own, in Spanish and English.

Here belong those phrases and the notes on what was left out. The headings of columns are in
``headings``, the words for codes in ``labels``.
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
    first_version: str
    code_version: str
    content_sha256: str
    identities: str
    identities_hold: str
    identities_fail: str
    money: str
    money_out: str
    money_in: str
    share: str
    other_steps: str
    stated: str
    difference: str
    agrees: str
    differs: str
    open_now: str
    of_the_date: str
    carried: str
    roll_forward: str
    roll_forward_check: str
    total: str
    count: str
    amount: str
    balance: str
    balance_columns: tuple[str, ...]
    account: str
    changes: str
    change_columns: tuple[str, ...]
    changes_by_cause: str
    line_came: str
    line_went: str
    no_changes: str
    movement: str
    movement_terms: Mapping[str, str]
    open_items: Mapping[str, str]
    item_columns: tuple[str, ...]
    more_items: str
    more_accounts: str
    more_changes: str
    nothing: str
    sheets: str
    sheet_columns: tuple[str, ...]
    proof_of_pack: str
    skip: str
    contents: str
    search: str
    by_type: str
    by_age: str
    days: str
    to_do: str
    other_types: str
    transfers_counted: str
    credits_counted: str
    rows: str
    assumptions: str
    files: str
    cut_by_status: str
    cut: str
    text_cut: str


SPANISH = Phrases(
    title="Conciliación Mono {date}, versión {version}",
    verdicts={
        "balanced": "CUADRA: cada centavo de la fecha tiene explicación.",
        "awaiting": "EN ESPERA: un saldo aún no cuadra y su plazo no ha vencido. La próxima emisión decide.",
        "breaks": "HAY DESCUADRES: revise las partidas de la fecha, de mayor a menor valor.",
        "incomplete": "INCOMPLETO: faltan datos de Mono, vea abajo. Complételos y concilie otra vez.",
    },
    as_of="Con lo conocido hasta",
    supersedes="Reemplaza la versión",
    first_version="Primera versión de esta fecha.",
    code_version="Versión del programa",
    content_sha256="SHA-256 del contenido",
    identities="Pruebas aritméticas del informe",
    identities_hold="✓ todas se cumplen",
    identities_fail="✗ alguna no se cumple",
    money="Dinero de la fecha",
    money_out="Salidas",
    money_in="Entradas",
    share="Parte",
    other_steps="Otros cambios de estado",
    stated="Según control",
    difference="Diferencia",
    agrees="✓ igual",
    differs="✗ distinto",
    open_now="Partidas abiertas",
    of_the_date="De la fecha",
    carried="De fechas anteriores",
    roll_forward="Movimiento de transferencias: de las abiertas al inicio a las abiertas al final",
    roll_forward_check="Comprobación",
    total="Total",
    count="Cantidad",
    amount="Valor",
    balance="Prueba de saldos",
    balance_columns=(
        "Saldo inicial",
        "+ Entradas",
        "− Salidas",
        "= Saldo esperado",
        "Saldo final",
        "Sin explicar",
        "En tránsito",
        "Situación",
    ),
    account="Cuenta",
    changes="Qué cambió frente a la versión anterior",
    change_columns=("Asunto", "Tabla", "Dato", "Antes", "Ahora", "Causa"),
    changes_by_cause="Cambios por causa",
    line_came="Línea nueva",
    line_went="Línea que ya no está",
    no_changes="Nada que reemplazar: es la primera versión.",
    movement="Partidas abiertas: de la fecha anterior a hoy",
    movement_terms={
        "opening": "Al inicio",
        "new": "+ Nuevas",
        "late": "+ Tardías",
        "cleared": "− Aclaradas",
        "resolved": "− Decididas",
        "escalated": "± Escaladas",
        "revalued": "± Cambio de valor",
        "closing": "= Al final",
    },
    open_items={
        "break": "Qué hacer, por valor: descuadres abiertos ({count})",
        "data": "Datos que faltan o fallan ({count})",
        "review": "Por revisar, por valor ({count})",
    },
    item_columns=("Partida", "Valor", "Diferencia", "Desde", "Días", "Moneda", "Cuenta", "Asunto"),
    more_items="Las {count} restantes están en la tabla breaks.",
    more_accounts="Las otras {count} cuentas están en la tabla balance_proof.",
    more_changes="Los {count} restantes están en la tabla restatements.",
    nothing="Ninguna.",
    sheets="Hojas y archivos",
    sheet_columns=("Filas", "Filas en la hoja", "Archivos completos"),
    proof_of_pack="Identidad del informe",
    skip="Ir al contenido",
    contents="Contenido",
    search="Buscar",
    by_type="Por tipo, por valor",
    by_age="Por antigüedad y clase",
    days="días",
    to_do="Qué hacer, de mayor a menor valor",
    other_types="Otros {count} tipos",
    transfers_counted="Transferencias: {count}",
    credits_counted="Abonos y recaudos: {count}",
    rows="filas",
    assumptions="Supuestos",
    files="Archivos de esta emisión",
    cut_by_status=(
        "Aquí se muestran {shown} de {total} filas, solo las de clase break y review. "
        "La tabla completa está en {csv} y en {parquet}."
    ),
    cut="Aquí se muestran las primeras {shown} de {total} filas. La tabla completa está en {csv} y en {parquet}.",
    text_cut=" […cortado: {length} caracteres en total; completo en los archivos CSV y Parquet]",
)

ENGLISH = Phrases(
    title="Mono reconciliation {date}, version {version}",
    verdicts={
        "balanced": "BALANCED: every centavo of the date is explained.",
        "awaiting": "AWAITING: a balance does not tie yet and its time is not up. The next issue decides.",
        "breaks": "BREAKS: look at the items of the date, from the largest amount down.",
        "incomplete": "INCOMPLETE: data from Mono is missing, see below. Complete it and reconcile again.",
    },
    as_of="With what was known at",
    supersedes="Replaces version",
    first_version="First version of this date.",
    code_version="Code version",
    content_sha256="Content SHA-256",
    identities="Arithmetic proofs of the report",
    identities_hold="✓ all hold",
    identities_fail="✗ one does not hold",
    money="Money of the date",
    money_out="Out",
    money_in="In",
    share="Share",
    other_steps="Other state changes",
    stated="By control",
    difference="Difference",
    agrees="✓ equal",
    differs="✗ differs",
    open_now="Open items",
    of_the_date="Of the date",
    carried="Of earlier dates",
    roll_forward="Roll-forward of transfers: from open at the start to open at the end",
    roll_forward_check="Check",
    total="Total",
    count="Count",
    amount="Amount",
    balance="Balance proof",
    balance_columns=(
        "Opening",
        "+ In",
        "− Out",
        "= Expected",
        "Closing",
        "Unexplained",
        "In transit",
        "Status",
    ),
    account="Account",
    changes="What changed since the version before",
    change_columns=("Subject", "Table", "Fact", "Before", "Now", "Cause"),
    changes_by_cause="Changes by cause",
    line_came="New line",
    line_went="Line that is gone",
    no_changes="Nothing to replace: this is the first version.",
    movement="Open items: from the date before to this one",
    movement_terms={
        "opening": "Opening",
        "new": "+ New",
        "late": "+ Late",
        "cleared": "− Cleared",
        "resolved": "− Resolved",
        "escalated": "± Escalated",
        "revalued": "± Revalued",
        "closing": "= Closing",
    },
    open_items={
        "break": "What to do, by amount: open breaks ({count})",
        "data": "Data that is missing or faulty ({count})",
        "review": "To review, by amount ({count})",
    },
    item_columns=("Item", "Amount", "Difference", "Since", "Days", "Currency", "Account", "Subject"),
    more_items="The other {count} are in table breaks.",
    more_accounts="The other {count} accounts are in table balance_proof.",
    more_changes="The other {count} are in table restatements.",
    nothing="None.",
    sheets="Sheets and files",
    sheet_columns=("Rows", "Rows on the sheet", "Whole files"),
    proof_of_pack="Identity of the report",
    skip="Skip to content",
    contents="Contents",
    search="Search",
    by_type="By type, by amount",
    by_age="By age and class",
    days="days",
    to_do="What to do, from the largest amount down",
    other_types="{count} other types",
    transfers_counted="Transfers: {count}",
    credits_counted="Credits and collections: {count}",
    rows="rows",
    assumptions="Basis",
    files="Files of this issue",
    cut_by_status=(
        "Shown here are {shown} of {total} rows, those of class break and review only. "
        "The whole table is in {csv} and {parquet}."
    ),
    cut="Shown here are the first {shown} of {total} rows. The whole table is in {csv} and {parquet}.",
    text_cut=" […cut: {length} characters in all; whole in the CSV and Parquet files]",
)


def phrases(language: str) -> Phrases:
    """The phrases of ``es`` or ``en``."""
    return {"es": SPANISH, "en": ENGLISH}[language]
