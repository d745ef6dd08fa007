"""Serializers on their own, and as options."""

import datetime as dt
import json
import subprocess
import sys

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cachekit import ConfigurationError, DecryptionError, SerializationError, cache
from cachekit._native import json_from_bytes, json_to_bytes
from cachekit.serializers import (
    ArrowSerializer,
    DefaultSerializer,
    EncryptionWrapper,
    OrjsonSerializer,
    Serializer,
    StandardSerializer,
)

JSON = {"a": [1, -2.5, "ü", None, True, {"b": []}], "big": 2**64 - 1, "small": -(2**63)}


@pytest.fixture(params=["orjson", "json"])
def orjson_or_not(request, monkeypatch):
    if request.param == "json":
        monkeypatch.setitem(sys.modules, "orjson", None)
    return OrjsonSerializer()


def test_two_names_for_one():
    assert StandardSerializer is DefaultSerializer
    assert DefaultSerializer.serializer_id == 1


@pytest.mark.parametrize(
    "serializer",
    [
        DefaultSerializer(),
        OrjsonSerializer(),
        ArrowSerializer(),
        EncryptionWrapper(None, "ab" * 32),
    ],
    ids=lambda serializer: type(serializer).__name__,
)
def test_each_is_a_serializer(serializer):
    assert isinstance(serializer, Serializer)


def test_json_is_json(orjson_or_not):
    data = orjson_or_not.serialize(JSON)
    assert orjson_or_not.deserialize(data) == JSON
    assert json.loads(data) == JSON
    assert b" " not in data


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ((1,), "type tuple"),
        ({1: 2}, "key of type int"),
        ({"a": [{"b": {1}}]}, r"^result\['a'\]\[0\]\['b'\]: JSON cannot keep a value of type set"),
        (float("nan"), "NaN"),
        (float("-inf"), "infinity"),
        (2**64, "64 bits"),
        (-(2**63) - 1, "64 bits"),
        (dt.date(2026, 1, 1), "type date"),
        (b"x", "type bytes"),
        (type("Text", (str,), {})("x"), r"type .*\.Text"),
        ("\ud800", "a lone surrogate"),
    ],
    ids=str,
)
def test_what_json_cannot_say_is_refused(orjson_or_not, value, what):
    with pytest.raises(SerializationError, match=what):
        orjson_or_not.serialize(value)


def test_a_value_that_holds_itself_is_refused(orjson_or_not):
    value = []
    value.append(value)
    with pytest.raises(SerializationError, match="holds itself"):
        orjson_or_not.serialize(value)


@pytest.mark.parametrize("data", [b"", b"{", b"NaN", b"[1,]", b"\xff", b"1 2"])
def test_what_is_no_json_is_refused(orjson_or_not, data):
    with pytest.raises(SerializationError, match="not JSON"):
        orjson_or_not.deserialize(data)


def test_a_pandas_frame_comes_back_as_one():
    import pandas as pd

    frame = pd.DataFrame(
        {
            "n": [1, 2, 3],
            "text": ["a", None, "ü"],
            "when": pd.to_datetime(["2026-01-01", "2026-01-02", None]),
            "kind": pd.Categorical(["x", "y", "x"]),
        },
        index=pd.Index(["i", "j", "k"], name="row"),
    )
    serializer = ArrowSerializer()
    pd.testing.assert_frame_equal(serializer.deserialize(serializer.serialize(frame)), frame)


def test_a_polars_frame_comes_back_as_one():
    import polars as pl
    from polars.testing import assert_frame_equal

    frame = pl.DataFrame({"n": [1, 2], "text": ["a", None], "list": [[1], []]})
    serializer = ArrowSerializer()
    again = serializer.deserialize(serializer.serialize(frame))
    assert type(again) is pl.DataFrame
    assert_frame_equal(again, frame)


def test_an_arrow_table_comes_back_as_one():
    import pyarrow as pa

    table = pa.table({"n": [1, 2]}).replace_schema_metadata({"mine": "kept"})
    serializer = ArrowSerializer()
    data = serializer.serialize(table)
    again = serializer.deserialize(data)
    assert again.equals(table, check_metadata=True)
    assert pa.ipc.open_stream(data).read_all().column_names == ["n"]


@pytest.mark.parametrize("value", [[1], {"a": 1}, None, "text"], ids=repr)
def test_arrow_keeps_tables_alone(value):
    with pytest.raises(SerializationError, match="ArrowSerializer keeps"):
        ArrowSerializer().serialize(value)


def test_a_column_that_arrow_has_no_type_for():
    import pandas as pd

    frame = pd.DataFrame({"mixed": ["secret text", 1]}, dtype=object)
    with pytest.raises(SerializationError, match="no type for a column") as refused:
        ArrowSerializer().serialize(frame)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"no stream", b"\xff" * 64])
def test_what_is_no_arrow_is_refused(data):
    with pytest.raises(SerializationError, match="not an Arrow"):
        ArrowSerializer().deserialize(data)


def test_without_pyarrow_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ConfigurationError, match="pip install pyarrow"):
        ArrowSerializer().serialize([])


def test_frames_are_cached(namespace, body):
    import pandas as pd

    @cache(backend=None, namespace=namespace, serializer=ArrowSerializer())
    def frame():
        return body(pd.DataFrame({"n": [1, 2]}))

    pd.testing.assert_frame_equal(frame(), frame())
    assert body.runs == 1


def wrapper(**options):
    return EncryptionWrapper(**{"master_key": "ab" * 32, **options})


@pytest.mark.parametrize(
    "value", [None, {"a": (1, 2)}, "", b"x" * 100_000], ids=lambda v: str(v)[:9]
)
def test_a_wrapper_seals_and_opens(value):
    sealed = wrapper().serialize(value)
    assert len(sealed) >= 308
    assert wrapper().deserialize(sealed) == value
    assert wrapper().serialize(value) != sealed


def test_every_flipped_bit_is_found():
    sealed = wrapper().serialize({"secret": "value"})
    for position in range(len(sealed)):
        changed = bytearray(sealed)
        changed[position] ^= 1 << (position % 8)
        with pytest.raises(
            DecryptionError, match="^Decryption failed: authentication tag verification failed"
        ):
            wrapper().deserialize(bytes(changed))


def test_another_key_tenant_or_serializer_does_not_open():
    sealed = wrapper(tenant_id="north").serialize([1])
    assert wrapper(tenant_id="north").deserialize(sealed) == [1]
    for other in (
        wrapper(),
        wrapper(tenant_id="south"),
        wrapper(tenant_id="north", master_key="cd" * 32),
    ):
        with pytest.raises(DecryptionError, match="^Decryption failed"):
            other.deserialize(sealed)
    with pytest.raises(DecryptionError, match="serializer 1"):
        wrapper(tenant_id="north", serializer=OrjsonSerializer()).deserialize(sealed)
    for data in (b"", sealed[:-1], sealed + b"x", b"\x00" * 400):
        with pytest.raises(DecryptionError):
            wrapper(tenant_id="north").deserialize(data)


def test_a_wrapper_needs_a_key(monkeypatch):
    with pytest.raises(ConfigurationError, match="CACHEKIT_MASTER_KEY"):
        EncryptionWrapper()
    monkeypatch.setenv("CACHEKIT_MASTER_KEY", "ab" * 32)
    assert EncryptionWrapper().deserialize(wrapper().serialize([1])) == [1]
    with pytest.raises(ConfigurationError, match="tenant"):
        EncryptionWrapper(tenant_id="")
    with pytest.raises(ConfigurationError, match="inside another"):
        EncryptionWrapper(serializer=EncryptionWrapper())
    with pytest.raises(TypeError):
        EncryptionWrapper(serializer=7)


def test_a_wrapper_follows_a_rotation(monkeypatch):
    old, new = "ab" * 32, "cd" * 32
    sealed = wrapper(master_key=old).serialize([1])
    monkeypatch.setenv("CACHEKIT_MASTER_KEY_ROTATION", f"{new},{old}")
    rotated = EncryptionWrapper()
    assert rotated.deserialize(sealed) == [1]
    again = rotated.serialize([2])
    monkeypatch.delenv("CACHEKIT_MASTER_KEY_ROTATION")
    assert wrapper(master_key=new).deserialize(again) == [2]


def test_a_wrapper_as_option_selects_encryption(memory_url, body):
    from cachekit.testing import RawStore

    @cache(serializer=wrapper(serializer=OrjsonSerializer()), backend=memory_url)
    def f():
        return body({"secret": "plain text"})

    assert f() == f() == {"secret": "plain text"}
    assert body.runs == 1
    store = RawStore(memory_url)
    entries = [store.get(key) for key in store.keys()]
    assert entries
    assert not any(b"plain" in entry for entry in entries)


def test_serializers_import_nothing_until_they_are_used():
    program = (
        "import sys; before = set(sys.modules)\n"
        "from cachekit.serializers import ArrowSerializer\n"
        "ArrowSerializer()\n"
        "third = {name for name in set(sys.modules) - before if '.' not in name}\n"
        "print(sorted(third & {'pyarrow', 'pandas', 'polars', 'numpy', 'orjson'}))"
    )
    printed = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout
    assert printed.strip() == "[]"


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_orjson_and_our_own_json_read_each_other(value):
    theirs, own = orjson.dumps(value), json_to_bytes(value)
    for data in (theirs, own):
        assert repr(json_from_bytes(data)) == repr(orjson.loads(data)) == repr(value)


def test_json_nests_as_deep_with_orjson_as_without(orjson_or_not):
    value = []
    for _ in range(126):
        value = [value]
    assert orjson_or_not.deserialize(orjson_or_not.serialize(value)) == value
    with pytest.raises(SerializationError, match="127 levels"):
        orjson_or_not.serialize([value])
