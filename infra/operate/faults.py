"""What the verbs may fail with: a message for people, and the exit code that goes with it."""


class Fault(Exception):
    """Something asked for could not be done. The message says what, and what to do."""

    exit_code = 1


class NotStarted(Fault):
    """A service did not come up, does not end, or may not be started or touched now."""

    exit_code = 3
