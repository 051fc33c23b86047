"""A gateway of the test's own, with a fresh home."""

from collections.abc import Iterator

import pytest

from tests.gateway.monitors import RunningGateway


@pytest.fixture
def gateway(tmp_path) -> Iterator[RunningGateway]:
    running = RunningGateway(tmp_path)
    yield running
    if running.process and running.process.poll() is None:
        running.process.kill()
        running.process.wait()
