"""`EncryptionWrapper`: encryption round any serializer."""

import sqlite3

import pytest
from document import MASTER_KEY

KEYS = {
    "api_key": "sk_live_abcdef123456",
    "webhook_secret": "whsec_xyz789",
    "tenant_id": "customer-123",
}


@pytest.fixture(autouse=True)
def master_key(run_snippet, monkeypatch):
    """The document sets the key in the environment before it comes to these."""
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", MASTER_KEY)


def test_json_is_encrypted_and_cached(run_snippet):
    module = run_snippet("11_encrypted_json.py")
    call = module["get_api_keys"]

    assert module["keys"] == KEYS
    assert call("customer-123") == KEYS
    assert call(tenant_id="customer-123") == KEYS
    info = call.cache_info()
    assert (info.hits, info.misses) == (2, 1)


def test_a_frame_is_encrypted_and_cached(run_snippet):
    import pandas as pd

    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE patients (patient_id, diagnosis, risk_score, hospital_id)")
    rows = [(n, f"I{n % 90 + 10}.0", n / 10, 42 if n % 2 else 43) for n in range(50)]
    connection.executemany("INSERT INTO patients VALUES (?, ?, ?, ?)", rows)
    statements = []
    connection.set_trace_callback(statements.append)

    module = run_snippet("12_encrypted_frame.py", conn=connection)
    again = module["get_patient_records"](42)

    assert len(again) == 25
    pd.testing.assert_frame_equal(module["df"], again)
    assert len([line for line in statements if line.startswith("SELECT patient_id")]) == 1
    connection.close()


def test_the_wrapper_alone_seals_and_opens():
    from cachekit import DecryptionError
    from cachekit.serializers import EncryptionWrapper, OrjsonSerializer

    wrapper = EncryptionWrapper(serializer=OrjsonSerializer(), tenant_id="customer-123")
    sealed, *rest = _pair(wrapper.serialize(KEYS))
    assert b"sk_live" not in sealed
    assert wrapper.deserialize(sealed, *rest) == KEYS

    changed = bytes(sealed[:60]) + bytes([sealed[60] ^ 1]) + bytes(sealed[61:])
    message = "^Decryption failed: authentication tag verification failed"
    with pytest.raises(DecryptionError, match=message):
        wrapper.deserialize(changed, *rest)
    other = EncryptionWrapper(serializer=OrjsonSerializer(), tenant_id="customer-124")
    with pytest.raises(DecryptionError, match=message):
        other.deserialize(sealed, *rest)


def _pair(serialized):
    return serialized if isinstance(serialized, tuple) else (serialized,)
