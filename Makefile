# Needs make and Python 3.11 or newer; everything is installed into .venv, weights into the cache
# folder. pip's own configuration (mirrors, proxies, wheelhouses) is honoured throughout.

VENV = .venv
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip --disable-pip-version-check
INSTALL = $(PIP) install --quiet --constraint constraints.txt
PYTHONS = python3 python3.13 python3.12 python3.11 python
ARGS =

.PHONY: run install weights test check format generate bench lock clean help

run: weights ## set up on the first call, then serve on http://localhost:8000; ARGS='--port 9000'
	@exec $(BIN)/visavis serve $(ARGS)

install: $(VENV)/run.stamp ## create .venv and install the project with its demo pictures

weights: $(VENV)/run.stamp
	@$(BIN)/visavis models pull

test: $(VENV)/dev.stamp ## run the tests; ARGS='tests/core -x' goes to pytest
	@$(BIN)/visavis models pull || echo 'No weights: the tests that need them are skipped.'
	@$(BIN)/python -m $(if $(ARGS),pytest $(ARGS),scripts.run_tests)

check: $(VENV)/dev.stamp ## style, types, floors, file lengths, constraints
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m scripts.check_tree
	$(BIN)/python -m visavis.store.migrate check

format: $(VENV)/dev.stamp ## put the code into the house style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

generate: $(VENV)/dev.stamp ## make the messages of proto/ anew, after a change there
	$(BIN)/python -m scripts.generate_rpc

bench: $(VENV)/bench.stamp weights ## measure against peers; ARGS goes to the bench
	@$(BIN)/python -m scripts.bench $(ARGS)

lock: $(VENV)/run.stamp ## choose the newest versions that fit and write constraints.txt
	$(PIP) install --quiet --group lock
	$(BIN)/uv pip compile pyproject.toml --upgrade --universal --python-version 3.11 \
	    --extra demo --extra mlops --extra mlflow-server --extra milvus --extra mysql --extra postgres --extra rabbitmq --extra ray \
	    --extra s3 --extra telemetry --extra train \
	    --group dev --group bench --quiet \
	    --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	    --output-file constraints.txt

clean: ## remove .venv and what tools left behind; weights and data stay
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

help: ## list the targets
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1	\2/p' Makefile

# A stamp is touched last, so that an interrupted step is done again.

$(VENV)/pip.stamp:
	@found=; for p in $(PYTHONS); do \
	    if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	    then found=$$p; break; fi; done; \
	if [ -z "$$found" ]; then \
	    echo 'Visavis needs Python 3.11 or newer: install it, or name it: make PYTHONS=/path/to/python' >&2; \
	    exit 1; fi; \
	echo "Creating $(VENV) with $$found"; \
	$$found -m venv $(VENV) >/dev/null 2>&1 || { \
	    $$found -m venv --clear --without-pip $(VENV) && \
	    $$found -m pip --python $(BIN)/python install --quiet pip; }
	@$(INSTALL) --upgrade pip
	@touch $@

$(VENV)/run.stamp: $(VENV)/pip.stamp pyproject.toml constraints.txt
	@echo 'Installing Visavis into $(VENV)'
	@$(INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo 'Installing the tools for tests and checks'
	@$(INSTALL) --group dev
	@touch $@

# --no-deps: deface would bring a second OpenCV beside ours.
$(VENV)/bench.stamp: $(VENV)/run.stamp
	@echo 'Installing the peers that we measure against'
	@$(INSTALL) --group bench
	@$(INSTALL) --no-deps deface==1.5.0
	@touch $@
