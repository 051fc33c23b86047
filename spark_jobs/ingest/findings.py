"""What is unusual about a delivery."""

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """What is unusual: the rule, the field or None, what was seen beside what was expected, and an example. One that does not hold is noted."""

    code: str
    field: str | None
    seen: str
    expected: str
    example: str = ""
    holds: bool = True

    def __str__(self) -> str:
        place = f" {self.field}" if self.field else ""
        return f"{self.code}{place}: {self.seen}; expected {self.expected}" + (f" ({self.example})" if self.example else "")

    def as_dict(self) -> dict:
        return asdict(self)


def told(finding: dict) -> str:
    """A recorded finding in words."""
    return str(Finding(**finding))
