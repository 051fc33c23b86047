# The verbs of the lake. Everything it keeps lies under GUIHU_HOME (default .guihu); ports start at GUIHU_PORT (default 18080).
SHELL := /bin/bash
export GUIHU_HOME ?= $(CURDIR)/.guihu
export GUIHU_ENV ?= $(CURDIR)/.guihu/env
export GUIHU_PORT ?= 18080
stack = env -u PYTHONDONTWRITEBYTECODE PYTHONPATH=$(CURDIR) $(GUIHU_ENV)/lake/bin/python -m infra.stack

.DEFAULT_GOAL := help
.PHONY: help demo test check faults up down status doctor bench clean

demo: ## from nothing to dashboards: install, start, deliver the demonstration data, wait, print the way in
	@infra/bootstrap && $(stack) demo

up: ## start the engine, Airflow and Superset, and wait until they answer
	@infra/bootstrap && $(stack) up

down: ## stop everything; nothing is left running
	@$(stack) down

status: ## each service: state, process, port, memory, since when, log
	@$(stack) status

doctor: ## what is wrong with this machine or setup, and the fix
	@$(stack) doctor

test: ## every test, those of `make check` first, then those with services, on other ports; about 40 minutes
	@infra/bootstrap --test && $(stack) test

check: ## static checks and the tests that need no service; about five minutes
	@infra/bootstrap --test && $(stack) check

# all of what `make test` samples: 2,000 polluted files, ten kills at every place, full and read-only disks, 500 orders of arrival, flipped bits
kills_of_services = gateway/test_gateway.py::test_killed_at_every_place_each_acknowledged_message_is_delivered_exactly_once \
	pull/test_postgres.py::test_killed_at_every_place_nothing_is_lost_and_nothing_comes_twice_but_the_overlap
faults:
	@infra/bootstrap --test && PYTHONPATH=$(CURDIR) $(GUIHU_ENV)/lake/bin/python -m tests.ingest.mutants
	@GUIHU_KILLS=10 GUIHU_SCHEDULES=500 $(GUIHU_ENV)/lake/bin/python -m pytest -q -s $(addprefix tests/,faults/test_killed_everywhere.py faults/test_disk.py \
		faults/test_one_engine.py faults/test_any_order.py faults/test_verify.py $(kills_of_services))

bench: ## speed and memory, measured in one run
	@infra/bootstrap --test && $(stack) bench

clean: ## remove logs and temporary files; with FORCE=1 all data, keys and environments too
	@$(stack) clean

help: ## these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile
