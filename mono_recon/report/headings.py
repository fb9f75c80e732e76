"""Headings of the workbook's columns in Spanish and English.

Here belong the words above a column and nothing else; the phrases of the first sheet are in
``phrases``. A column of centavos, ``x_minor``, has the heading of its column in pesos, ``x``, with
the unit added. Names of tables and columns in files for machines are English always.
"""

from collections.abc import Mapping

from mono_recon.report.text import MINOR

_CENTAVOS = " (centavos)"

_SPANISH: Mapping[str, str] = {
    "account_id": "Cuenta",
    "account_last4": "Cuenta, últimos 4",
    "account_name": "Nombre de la cuenta",
    "account_words": "Cuenta, nombre y últimos 4",
    "adjustments": "Ajustes",
    "age_business_days": "Antigüedad, días hábiles",
    "age_days": "Antigüedad, días",
    "ageing_bucket": "Rango de antigüedad, días",
    "amount": "Valor",
    "approved": "Aprobado",
    "basis": "Supuestos",
    "batch_id": "Lote",
    "break_date": "Fecha de la partida",
    "break_id": "Id de la partida",
    "break_type": "Tipo de partida",
    "break_types": "Tipos de partida",
    "business_date": "Fecha contable",
    "byte_offset": "Posición, bytes",
    "cancelled": "Cancelado",
    "cause": "Causa",
    "check_name": "Verificación",
    "class": "Clase",
    "cleared_by": "Resuelta por",
    "closing": "Saldo final",
    "closing_at": "Hora del saldo final",
    "collections": "Recaudos",
    "column_name": "Columna",
    "count": "Cantidad",
    "counted": "Suma al total",
    "created_at": "Creada",
    "credit_id": "Abono",
    "credits": "Abonos",
    "currency": "Moneda",
    "declared": "Declarado",
    "declination_reason": "Motivo de rechazo",
    "declined": "Rechazado",
    "description": "Descripción",
    "detail": "Detalle",
    "difference": "Diferencia",
    "direction": "Sentido",
    "duplicated": "Duplicado",
    "expected": "Saldo esperado",
    "explanation_en": "Explicación (inglés)",
    "explanation_es": "Explicación (español)",
    "external_id": "Id externo",
    "fallbacks": "Canales alternos",
    "fees": "Comisiones",
    "file_sha256": "SHA-256 del archivo",
    "final_at": "Estado final desde",
    "gmf": "GMF (4x1000)",
    "in_transit": "En tránsito",
    "inclusion": "Motivo de inclusión",
    "intent_id": "Intención de recaudo",
    "known_at": "Conocido desde",
    "label": "Etiqueta",
    "left_source": "Primera fuente",
    "left_value": "Primer dato",
    "line": "Línea",
    "link_id": "Enlace de recaudo",
    "match_rule": "Regla de cruce",
    "matched_credit_id": "Abono cruzado",
    "matched_to": "Cruzado con",
    "members": "Transferencias del lote",
    "members_listed": "Transferencias listadas",
    "metric": "Indicador",
    "movement": "Movimiento",
    "new_value": "Dato nuevo",
    "old_value": "Dato anterior",
    "open": "Abierto",
    "opening": "Saldo inicial",
    "opening_at": "Hora del saldo inicial",
    "origin": "Origen",
    "path": "Archivo",
    "payee_account_last4": "Cuenta del beneficiario, últimos 4",
    "payee_bank_code": "Banco del beneficiario",
    "payee_document_number": "Documento del beneficiario",
    "payee_document_type": "Tipo de documento del beneficiario",
    "payee_name": "Beneficiario",
    "payer_bank_code": "Banco del pagador",
    "payer_document_number": "Documento del pagador",
    "payer_name": "Pagador",
    "payment_transaction_id": "Id del pago",
    "previous_version": "Versión anterior",
    "recon_status": "Estado de conciliación",
    "record_id": "Id del registro",
    "reference": "Referencia",
    "resolution_code": "Decisión",
    "reversals_in": "Devoluciones",
    "right_source": "Segunda fuente",
    "right_value": "Segundo dato",
    "routing": "Canal de pago",
    "routing_requested": "Canal de pago pedido",
    "row_key": "Clave de la fila",
    "section": "Concepto",
    "severity": "Severidad",
    "signature_status": "Firma",
    "source_ref": "Referencia de origen",
    "source_refs": "Referencias de origen",
    "state": "Estado en Mono",
    "state_at_cutoff": "Estado al corte",
    "state_export": "Estado según API",
    "state_latest": "Último estado",
    "state_webhook": "Estado según webhook",
    "status": "Situación",
    "subject": "Asunto",
    "subject_id": "Id del asunto",
    "subject_type": "Tipo de asunto",
    "table_name": "Tabla",
    "transaction_at": "Fecha y hora del abono",
    "transfer_id": "Transferencia",
    "transfers": "Transferencias",
    "type": "Tipo",
    "unexplained": "Sin explicar",
    "version": "Versión",
}

_ENGLISH: Mapping[str, str] = {
    "account_last4": "Account, last 4",
    "account_words": "Account, name and last 4",
    "age_business_days": "Age, business days",
    "age_days": "Age, days",
    "ageing_bucket": "Age bucket, days",
    "byte_offset": "Position, bytes",
    "explanation_en": "Explanation (English)",
    "explanation_es": "Explanation (Spanish)",
    "file_sha256": "File SHA-256",
    "gmf": "GMF (4x1000)",
    "payee_account_last4": "Payee account, last 4",
    "state_export": "State by export",
    "state_webhook": "State by webhook",
}
"""Only where the column's own name, in words, would not do."""


def heading(column: str, language: str) -> str:
    """The words above a column.

    Args:
        column: Name of the column in the table, or of its column in pesos.
        language: ``es`` or ``en``.

    Raises:
        KeyError: The column has no Spanish heading.
    """
    name = column.removesuffix(MINOR)
    words = _SPANISH[name] if language == "es" else _ENGLISH.get(name, _in_words(name))
    return words + _CENTAVOS if column.endswith(MINOR) else words


def _in_words(name: str) -> str:
    """``batch_id`` as ``Batch id``."""
    return name.replace("_", " ").capitalize()
