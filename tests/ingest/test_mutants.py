"""A sample of the polluted files; `make faults` judges all 2,000 and the 1,000 valid oddities."""

import pytest

from tests.ingest import mutants

pytestmark = pytest.mark.service  # takes time; needs no service of the stack
FILES, ODDITIES, SEED = 365, 120, 7  # every kind of pollution over every feed once


def test_no_polluted_file_is_read_silently_wrong():
    counts = mutants.judge_mutants(FILES, SEED)
    print("\n".join(mutants.report(counts)))
    assert mutants.faults(counts) == []
    for count in counts.values():
        assert (count["files"], count["kinds"]) == (FILES, len(mutants.MUTATIONS))


def test_no_valid_oddity_is_refused_or_changed():
    counts = mutants.judge_oddities(ODDITIES, SEED)
    print(mutants.report_oddities(counts))
    assert (counts["files"], counts["wrong"]) == (ODDITIES, 0)


def test_the_judge_sees_a_reader_that_repairs():
    """The judge is worth something only if it fails a reader that guesses: here one that takes what stands before the stray quote."""
    source = mutants.sources(mutants.random.Random(SEED))[0]
    data = source.text.replace(",1", ',"1', 1).encode()
    guessed = [(number, cells) for number, cells in enumerate(source.rows, 2)]
    found = mutants.judge(source, data, mutants.Answer(None, guessed, []))
    assert found.illegal == 1
    assert mutants.judge(source, data, mutants.Answer(None, guessed[:-1], [])).unaccounted == 1
