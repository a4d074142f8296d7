# Short names for what is done with a checkout. "make" alone lists them.
#
# Everything runs in the virtual environment .venv, which .ci/environment makes when it is first
# needed. GNU make 3.81, BSD make and any POSIX shell will do; PYTHON and PHOTOS reach the recipes
# through the environment.

python = .venv/bin/python

.PHONY: help demo run test lint bench chaos ci clean example dev
.NOTPARALLEL:

help:
	@echo 'make demo              photographs through real queues, on this machine, in a minute'
	@echo 'make demo PHOTOS=dir   the same with the photographs in a directory'
	@echo 'make run               the same with the web site, until Ctrl-C'
	@echo 'make test              the tests; ARGS="-k name" is passed on to pytest'
	@echo 'make lint              ruff and mypy'
	@echo 'make bench             how many messages a second go through'
	@echo 'make chaos             ten minutes of kills and outages, and an account of every message'
	@echo 'make ci                all that CI does, with every supported Python and Django'
	@echo 'make clean             removes the environment and everything built'
	@echo
	@echo 'PYTHON=python3.13 after any of them chooses the interpreter.'

demo: example
	@$(python) example_project/demo.py $${PHOTOS:+--photos "$$PHOTOS"}

run: example
	@$(python) example_project/run.py $${PHOTOS:+--photos "$$PHOTOS"}

test: dev
	$(python) -m pytest $(ARGS)

lint: dev
	$(python) -m ruff check .
	$(python) -m ruff format --check .
	$(python) -m mypy

bench: dev
	$(python) -m benchmarks.bench $(ARGS)

chaos: dev
	$(python) -m benchmarks.chaos --seconds 600 $(ARGS)

ci:
	bash .ci/run

clean:
	rm -rf .venv .tox build dist django_sqs.egg-info example_project/data
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis

example dev:
	@sh .ci/environment $@
