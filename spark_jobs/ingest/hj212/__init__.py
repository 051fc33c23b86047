"""HJ 212, the language of pollutant monitors, editions 2017 and 2025: packets, messages and answers. No network, no files here."""


class Fault(ValueError):
    """What was sent is no HJ 212 message. `code` is the reason code of the quarantine, `detail` says what stands where."""

    def __init__(self, code: str, detail: str):
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
