"""One decorator, a sealed value in the process, opened again on a hit."""

import pytest


def test_one_decorator_is_all_it_takes(run_snippet, source, database):
    ssn = source(lambda user_id: f"078-05-{user_id:04}")
    module = run_snippet("01_one_decorator.py", db=database(ssn))

    assert [module["get_user_ssn"](7) for _ in range(3)] == ["078-05-0007"] * 3
    assert ssn.asked == [(7,)]
    assert module["get_user_ssn"](8) == "078-05-0008"
    assert ssn.asked == [(7,), (8,)]


def test_the_value_of_the_first_call_is_that_of_the_second(run_snippet, source, database):
    record = {"id": 123, "diagnosis": "E11.9", "notes": ["a", "b"]}
    rows = source(lambda user_id: {**record, "id": user_id})
    module = run_snippet("02_single_decorator.py", db=database(rows), SensitiveData=object)

    assert module["data"] == record
    assert module["get_sensitive_data"](123) == record
    assert rows.asked == [(123,)]


def test_plain_and_secure_stand_side_by_side(run_snippet, source, database):
    answers = source(lambda number: {"of": number})
    module = run_snippet("04_plain_beside_secure.py", db=database(answers))

    for _ in range(2):
        assert module["get_public_prices"](5) == {"of": 5}
        assert module["get_user_ssn"](5) == {"of": 5}
    assert answers.asked == [(5,), (5,)], "each function has an entry of its own"


def test_a_profile_is_read_once(run_snippet, source, database):
    profiles = source(lambda user_id: {"user_id": user_id, "email": "nobody@example.org"})
    module = run_snippet("10_user_profile.py", db=database(profiles))

    assert module["get_user_profile"](123) == module["profile"]
    assert profiles.asked == [(123,)]


@pytest.mark.parametrize(
    ("snippet", "function", "stub"),
    [
        ("08_encryption_and_l1.py", "get_sensitive_data", "fetch_sensitive_data"),
        ("16_no_plaintext_in_l1.py", "get_data", "fetch_data"),
    ],
)
def test_what_the_process_holds_is_bytes_and_no_object(
    run_snippet, source, snippet, function, stub
):
    fetch = source(lambda: {"card": "4111 1111 1111 1111", "tags": ["x"]})
    call = run_snippet(snippet, **{stub: fetch})[function]

    first, second = call(), call()
    assert first == second == {"card": "4111 1111 1111 1111", "tags": ["x"]}
    assert len(fetch.asked) == 1
    # Were the object itself held, a caller who changes it would change what the next one reads.
    second["tags"].append("changed by a caller")
    first.clear()
    assert call() == {"card": "4111 1111 1111 1111", "tags": ["x"]}
    assert len(fetch.asked) == 1


def test_a_failing_source_fails_the_call_and_is_asked_again(run_snippet, source):
    answers = iter([ConnectionError("the source is down"), {"ok": True}])

    def next_answer():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    fetch = source(next_answer)
    call = run_snippet("15_encryption_and_breaker.py", fetch_data=fetch)["get_data"]

    with pytest.raises(ConnectionError, match="the source is down"):
        call()
    assert call() == {"ok": True}
    assert call() == {"ok": True}
    assert len(fetch.asked) == 2
