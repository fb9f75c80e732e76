"""The settings that belong to the invented company.

Here belongs only the text of its ``mono_recon.toml``. The secret lies in a file beside it, so that a run
needs no environment.
"""

from mono_recon.demo.people import OWN_BANK_CODE, OWN_DOCUMENT, Clientele

SETTINGS_FILE = "mono_recon.toml"
SECRET_FILE = "webhook_secret.txt"  # noqa: S105 - the name of a file

_HEAD = f"""\
# Settings of the demonstration: an invented company, invented people, invented money.

[business]
own_documents = ["{OWN_DOCUMENT}"]
own_bank_codes = ["{OWN_BANK_CODE}"]

[[webhooks.secrets]]
name = "demo"
file = "{SECRET_FILE}"
"""


def settings_text(clientele: Clientele) -> str:
    """The whole file: own documents, the secret, and the customers whose payments are known."""
    *by_document, by_name = clientele.customers
    entries = [
        f'[[credits.known_payers]]\nlabel = "{payer.name}"\ndocument_number = "{payer.document_number}"\n'
        for payer in by_document
    ]
    first_word = by_name.name.split()[0]
    entries.append(f'[[credits.known_payers]]\nlabel = "{by_name.name}"\nname_pattern = "{first_word} .*"\n')
    return "\n".join([_HEAD, *entries])
