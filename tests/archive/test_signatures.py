import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mono_recon.archive.rules import Secret
from mono_recon.archive.signatures import Verdict, is_signed, verify

VECTOR = json.loads((Path(__file__).parents[1] / "fixtures/payloads/signature_test_vector.json").read_text("utf-8"))
BODY = VECTOR["raw_body"].encode()
HEADER = VECTOR["header"]["Mono-Signature"]
DIGEST = VECTOR["expected_v1"]
MOMENT = datetime(2023, 3, 8, 17, 21, 2, tzinfo=UTC)
SECRET = Secret("main-2023", VECTOR["secret"].encode())
VERIFIED = Verdict("verified", "main-2023")


def verdict(header: str, body: bytes = BODY, *secrets: Secret) -> Verdict:
    return verify([header], body, secrets or (SECRET,), MOMENT)


def test_the_documented_vector_verifies() -> None:
    assert verdict(HEADER) == VERIFIED


@pytest.mark.parametrize("position", [0, len(BODY) // 2, len(BODY) - 1])
def test_one_changed_byte_of_the_body_does_not_verify(position: int) -> None:
    changed = bytearray(BODY)
    changed[position] ^= 1
    assert verdict(HEADER, bytes(changed)).status == "failed"


def test_the_same_json_written_otherwise_does_not_verify() -> None:
    assert verdict(HEADER, json.dumps(json.loads(BODY), indent=2).encode()).status == "failed"


@pytest.mark.parametrize("moment", ["1678296062", "01678296061", " 1678296061x", "t"])
def test_another_moment_does_not_verify(moment: str) -> None:
    assert verdict(f"t={moment},v1={DIGEST}").status == "failed"


def test_the_digest_of_another_delivery_does_not_verify() -> None:
    other = VECTOR["same_json_pretty_printed_gives_a_different_v1"]
    assert verdict(f"t=1678296061,v1={other}").status == "failed"


def test_any_of_several_digests_and_headers_verifies() -> None:
    assert verdict(f"t=1678296061,v0=x,v1={'0' * 64}, v1={DIGEST}") == VERIFIED
    assert verify([f"t=1,v1={DIGEST}", HEADER], BODY, [SECRET], MOMENT) == VERIFIED


def test_of_several_moments_the_first_is_signed() -> None:
    assert verdict(f"t=1678296061,t=5,v1={DIGEST}") == VERIFIED
    assert verdict(f"t=5,t=1678296061,v1={DIGEST}").status == "failed"


def test_the_prefix_of_the_secret_belongs_to_the_key() -> None:
    bare = Secret("bare", VECTOR["secret"].removeprefix("whsec_").encode())
    assert verdict(HEADER, BODY, bare).status == "failed"
    assert verdict(HEADER, BODY, bare, SECRET) == VERIFIED


@pytest.mark.parametrize(
    ("valid_from", "valid_until", "status"),
    [
        (MOMENT, None, "verified"),
        (None, MOMENT, "no_secret"),
        (MOMENT + timedelta(microseconds=1), None, "no_secret"),
        (None, MOMENT + timedelta(microseconds=1), "verified"),
    ],
)
def test_a_secret_counts_from_its_first_moment_until_before_its_last(
    valid_from: datetime | None, valid_until: datetime | None, status: str
) -> None:
    secret = Secret("main-2023", SECRET.key, valid_from, valid_until)
    assert verdict(HEADER, BODY, secret).status == status


@pytest.mark.parametrize("header", ["", "t=1678296061", f"v1={DIGEST}", "t=,v1=", f"t=1;v1={DIGEST}", "nonsense"])
def test_a_header_without_moment_or_digest_is_malformed(header: str) -> None:
    assert verdict(header).status == "malformed_header"
    assert not is_signed([header])


def test_a_header_of_odd_letters_fails_quietly() -> None:
    assert verdict("t=\ud800\u00f1,v1=\u0661").status == "failed"


def test_without_raw_bytes_nothing_can_be_verified() -> None:
    assert verify([HEADER], None, [SECRET], MOMENT).status == "unverifiable"


def test_without_header_or_secret_the_status_says_so() -> None:
    assert verify([], BODY, [SECRET], MOMENT).status == "no_header"
    assert verify([HEADER], BODY, [], MOMENT).status == "no_secret"


def test_the_key_is_not_shown() -> None:
    assert "whsec" not in repr(SECRET)
