"""A file that cannot be trusted is refused whole."""


class Refused(Exception):
    """Nothing of the delivery is loaded. `code` is one of the house's refusal codes, `detail` says what stands where and what was expected."""

    def __init__(self, code: str, detail: str):
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
