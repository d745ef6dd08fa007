"""Mistakes that a type checker must find. Every `ignore` is needed: an idle one is an error."""

from cachekit import Cache, cache, configure

cache(tll=300)  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
cache.secure(ttl=300, masterkey="a")  # type: ignore[call-overload] # pyright: ignore[reportCallIssue]
cache(ttl=[1])  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(300)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(hash_funcs=[str])  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(hash_funcs={1: str})  # type: ignore[dict-item] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(strict="yes")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(allow=[1])  # type: ignore[list-item] # pyright: ignore[reportArgumentType, reportCallIssue]
cache(serializer=object())  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
cache.secure(tenant_extractor="t")  # type: ignore[call-overload] # pyright: ignore[reportArgumentType, reportCallIssue]
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


@cache
async def later(number: int) -> str:
    return str(number)


async def awaits() -> None:
    await later("1")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    number: int = await later(1)  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
    text: str = later(number)  # type: ignore[assignment] # pyright: ignore[reportAssignmentType]
    await later.set(1, 1)  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    print(text)
