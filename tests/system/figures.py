"""What the crash test counts: acknowledged records against those read back."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Figures:
    acknowledged: int
    lost: int
    duplicated: int
    out_of_order: int

    def clean(self) -> bool:
        return (self.lost, self.duplicated, self.out_of_order) == (0, 0, 0)


def compare(acknowledged: list[int], read: list[list[int]]) -> Figures:
    """Partition p had its records 0 … acknowledged[p]-1 acknowledged; read[p] is what a consumer got, in its order.

    A record that was sent but never acknowledged may be there, once and in its place."""
    lost = duplicated = out_of_order = 0
    for count, numbers in zip(acknowledged, read, strict=True):
        seen = set(numbers)
        lost += sum(1 for number in range(count) if number not in seen)
        duplicated += len(numbers) - len(seen)
        firsts = list(dict.fromkeys(numbers))
        out_of_order += sum(1 for before, after in zip(firsts, firsts[1:]) if after < before)
    return Figures(sum(acknowledged), lost, duplicated, out_of_order)


def check_the_checker() -> None:
    """Harms a perfect reading in each way and expects each harm to be counted."""
    acknowledged, perfect = [5, 3], [[0, 1, 2, 3, 4], [0, 1, 2]]
    harmed = {
        "an unacknowledged record at the end": ([[0, 1, 2, 3, 4, 5], [0, 1, 2]], Figures(8, 0, 0, 0)),
        "a deleted record": ([[0, 1, 3, 4], [0, 1, 2]], Figures(8, 1, 0, 0)),
        "a deleted last record": ([[0, 1, 2, 3, 4], [0, 1]], Figures(8, 1, 0, 0)),
        "an empty partition": ([[], [0, 1, 2]], Figures(8, 5, 0, 0)),
        "a repeated record": ([[0, 1, 2, 3, 4], [0, 1, 1, 2]], Figures(8, 0, 1, 0)),
        "two swapped records": ([[0, 2, 1, 3, 4], [0, 1, 2]], Figures(8, 0, 0, 1)),
    }
    assert compare(acknowledged, perfect) == Figures(8, 0, 0, 0)
    for what, (read, want) in harmed.items():
        got = compare(acknowledged, read)
        assert got == want, f"{what}: got {got}, want {want}"
