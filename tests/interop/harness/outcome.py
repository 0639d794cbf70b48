"""How a case ends other than well."""


class Failure(Exception):
    """The broker or a client did something wrong. The text is the reason that the report prints."""


class Skip(Exception):
    """The case cannot be run here: its client cannot be had, or the broker is not one that it is meant for."""


def expect(condition: bool, reason: str) -> None:
    if not condition:
        raise Failure(reason)


def expect_equal(got: object, want: object, what: str) -> None:
    if got != want:
        raise Failure(f"{what}: got {shorten(got)}, want {shorten(want)}")


def shorten(value: object, limit: int = 600) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
