"""Codes of the tables in words, in Spanish and in English, and the marks that stand beside them.

Here belong the names that people read for break types, statuses, states, sections and causes. The
headings of columns are in ``headings``, whole sentences in ``phrases``. Files for machines hold the
codes, always.
"""

from collections.abc import Mapping

from mono_recon.money import format_pesos

_SEPARATORS = {"es": (",", "."), "en": (".", ",")}

MARKS: Mapping[str, str] = {
    "matched": "✓",
    "timing": "◷",
    "review": "?",
    "break": "✗",
    "data": "!",
    "balanced": "✓",
    "awaiting": "◷",
    "breaks": "✗",
    "incomplete": "!",
    "proved": "✓",
    "unexplained": "✗",
    "no_snapshot": "?",
    "ok": "✓",
    "failed": "✗",
    "resolved": "–",
}
"""What says a status without colour."""

_SPANISH: Mapping[str, str] = {
    # Statuses, classes, verdicts
    "matched": "Cruzado",
    "timing": "En espera",
    "review": "Por revisar",
    "break": "Descuadre",
    "data": "Datos",
    "balanced": "Cuadra",
    "awaiting": "En espera",
    "breaks": "Descuadres",
    "incomplete": "Incompleto",
    "proved": "Probado",
    "unexplained": "Sin explicar",
    "no_snapshot": "Sin saldo de Mono",
    "ok": "Se cumple",
    "failed": "No se cumple",
    "info": "Dato",
    "open": "Abierta",
    "resolved": "Decidida",
    "high": "Alta",
    "medium": "Media",
    "low": "Baja",
    "out": "Salidas",
    "in": "Entradas",
    # Subjects
    "transfer": "Transferencia",
    "batch": "Lote",
    "credit": "Abono",
    "collection": "Recaudo",
    "payment_group": "Pagos repetidos",
    "account": "Cuenta",
    "feed": "Fuente de datos",
    # Sections of the summary
    "opening_open": "Abiertas al inicio",
    "created": "Creadas",
    "approved": "Aprobadas",
    "declined": "Rechazadas",
    "cancelled": "Canceladas",
    "duplicated": "Duplicadas",
    "reopened": "Reabiertas",
    "closing_open": "Abiertas al final",
    "reversed_to_declined": "Aprobadas que se rechazaron",
    "reversed_to_approved": "Rechazadas que se aprobaron",
    "credits": "Abonos",
    "collections": "Recaudos",
    # Movement of breaks
    "opening": "Al inicio",
    "new": "Nuevas",
    "late": "Tardías",
    "cleared": "Aclaradas",
    "escalated": "Escaladas",
    "escalated_out": "Escaladas (salen)",
    "escalated_in": "Escaladas (entran)",
    "revalued": "Cambio de valor",
    "closing": "Al final",
    # Why a version differs
    "late_webhook": "Webhook tardío",
    "late_export": "Exportación tardía",
    "late_credit": "Abono tardío",
    "late_balance": "Saldo tardío",
    "adjustment": "Ajuste",
    "time": "Venció un plazo",
    "settings": "Cambio de configuración",
    "code": "Cambio del programa",
    # Break types
    "missing_webhook": "Falta el webhook",
    "awaiting_webhook": "A la espera del webhook",
    "missing_in_export": "No está en la exportación",
    "awaiting_export": "A la espera de la exportación",
    "state_mismatch": "Estados distintos",
    "amount_mismatch": "Valores distintos",
    "currency_mismatch": "Monedas distintas",
    "conflicting_versions": "Dos versiones del mismo instante",
    "unknown_state": "Estado desconocido",
    "payee_mismatch": "Beneficiarios distintos",
    "illegal_transition": "Cambio de estado no previsto",
    "final_state_changed": "Cambió el estado final",
    "stuck_transfer": "Transferencia detenida",
    "in_transit": "En tránsito",
    "duplicate_payment": "Pago duplicado",
    "batch_total_mismatch": "El lote no suma lo declarado",
    "awaiting_members": "Faltan transferencias del lote",
    "batch_membership_mismatch": "El lote no lista la transferencia",
    "batch_state_contradiction": "El lote contradice su transferencia",
    "batch_outcome_differs": "El lote terminó distinto",
    "stuck_batch": "Lote detenido",
    "awaiting_authorization": "Lote por autorizar",
    "conflicting_credit": "Abono con versiones distintas",
    "duplicate_credit": "Abono duplicado",
    "credit_amount_mismatch": "Abono por otro valor",
    "ambiguous_match": "Cruce ambiguo",
    "suspected_return": "Posible devolución",
    "orphan_internal_credit": "Abono interno sin transferencia",
    "unidentified_credit": "Abono sin identificar",
    "internal_transfer_not_credited": "Transferencia interna sin abono",
    "awaiting_credit": "A la espera del abono",
    "collection_not_credited": "Recaudo sin abono",
    "collection_unconfirmed": "Recaudo por confirmar",
    "collection_abandoned": "Recaudo abandonado",
    "awaiting_balance": "Saldo por explicar",
    "balance_difference": "Saldo sin explicar",
    "feed_missing": "Faltan datos",
    "incomplete_export": "Exportación incompleta",
    "signature_failed": "Firma inválida",
    "invalid_record": "Registro inválido",
    "unknown_event_type": "Tipo de evento desconocido",
    # Tables
    "control": "Control",
    "balance_proof": "Prueba de saldos",
    "summary": "Resumen",
    "outgoing_transfers": "Transferencias",
    "batches": "Lotes",
    "incoming_credits": "Abonos",
    "break_ageing": "Partidas por antigüedad",
    "break_movement": "Movimiento de partidas",
    "restatements": "Cambios frente a la versión anterior",
    "data_quality": "Calidad de los datos",
    "lineage": "Origen de cada dato",
}

_TABLES: Mapping[str, Mapping[str, str]] = {
    "es": {"breaks": "Partidas", "collections": "Recaudos"},
    "en": {"breaks": "Breaks", "collections": "Collections"},
}

_ENGLISH: Mapping[str, str] = {
    "data": "Data",
    "no_snapshot": "No balance from Mono",
    "ok": "Holds",
    "failed": "Does not hold",
    "info": "Figure",
    "breaks": "Breaks",
    "payment_group": "Repeated payments",
    "feed": "Data feed",
    "opening_open": "Open at start",
    "closing_open": "Open at end",
    "escalated_out": "Escalated (leave)",
    "escalated_in": "Escalated (enter)",
    "revalued": "Amount changed",
    "time": "A limit passed",
    "settings": "Settings changed",
    "code": "Code changed",
    "missing_in_export": "Not in the export",
    "state_mismatch": "States differ",
    "amount_mismatch": "Amounts differ",
    "currency_mismatch": "Currencies differ",
    "payee_mismatch": "Payees differ",
    "conflicting_versions": "Two versions of one instant",
    "batch_total_mismatch": "Batch does not add up",
    "awaiting_members": "Transfers of the batch missing",
    "batch_membership_mismatch": "Batch does not list the transfer",
    "batch_state_contradiction": "Batch contradicts its transfer",
    "batch_outcome_differs": "Batch ended otherwise",
    "credit_amount_mismatch": "Credit of another amount",
    "suspected_return": "Possible return",
    "orphan_internal_credit": "Internal credit without transfer",
    "internal_transfer_not_credited": "Internal transfer not credited",
    "balance_difference": "Balance unexplained",
    "awaiting_balance": "Balance to be explained",
    "lineage": "Where each figure comes from",
    "restatements": "Changes since the version before",
}
"""Only where the code itself, in words, would not do."""


def label(code: str, language: str) -> str:
    """A code in words; a code that has none, such as a state that Mono does not document, as it is.

    Args:
        code: A value of a coded column.
        language: ``es`` or ``en``.
    """
    if language == "es":
        return _SPANISH.get(code, code)
    if code in _ENGLISH:
        return _ENGLISH[code]
    return code.replace("_", " ").capitalize() if code in _SPANISH else code


def table_label(name: str, language: str) -> str:
    """The name of a table in words."""
    return _TABLES[language].get(name) or label(name, language)


def marked(code: str, language: str) -> str:
    """A status in words with its mark before it."""
    return f"{MARKS[code]} {label(code, language)}"


def money_text(minor: int, language: str) -> str:
    """Centavos as pesos with the separators of a language."""
    decimal, thousands = _SEPARATORS[language]
    return format_pesos(minor, decimal=decimal, thousands=thousands)
