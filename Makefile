# Two commands: `make run` opens the desktop, `make test` runs the whole suite. Both set up what is missing.
.PHONY: run test setup unit benchmarks clean

run:
	@sh packaging/run.sh

test:
	@sh packaging/test.sh

setup:
	@sh packaging/setup.sh

unit:
	@sh packaging/test.sh -q tests/unit tests/architecture

benchmarks: setup
	@for name in startup spawn step events history churn terminal terminal_e2e; do .venv/bin/python -m tests.benchmarks.$$name || true; done

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
