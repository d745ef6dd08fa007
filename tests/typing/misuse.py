"""Mistakes that a type checker must find. Every `ignore` is needed: an idle one is an error."""

from cachekit import Cache, cache, configure

cache(tll=300)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
cache.secure(ttl=300, masterkey="a")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
cache(ttl=[1])  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(300)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
Cache(tll=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
Cache(key="x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
configure(on_tamper="explode")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]


@cache
def square(number: int) -> int:
    return number * number


square("1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
square()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
square(nummer=1)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
square.peek("1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
square.invalidate(1, 2)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
square.set("one", 1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
square.forget(1)  # type: ignore[attr-defined] # pyright: ignore[reportAttributeAccessIssue]
text: str = square(1)  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]


class Clinic:
    @cache(ignore="self")
    def patient(self, number: int) -> str:
        return str(number)


Clinic().patient("1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
Clinic().patient.invalidate()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
