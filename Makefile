# Everything runs from the repository root, in two virtual environments that this file makes:
# .venv for Sentinel, .emulator for the AWS emulator (it pins its own botocore).

PYTHON ?= python3
BIN := .venv/bin
PIP := pip install --quiet --disable-pip-version-check --require-hashes
COMPILE := $(BIN)/uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
	--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

LOCKS := requirements.lock requirements-lambda.lock requirements-cli.lock requirements-dev.lock localstack/requirements.lock

# The two environments are made at the same time.
INSTALL = $(MAKE) --silent --jobs=2

.DEFAULT_GOAL := help
.PHONY: help local-run backup integrity-check cli check format test simulate prove package preflight deploy api-key api-keys dead-letters destroy bench bench-requests bench-growth bench-smtp cost docs pictures openapi lock lock-check emulator dev clean

help: ## Show what there is to make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' Makefile

local-run: ## Serve on http://127.0.0.1:8080 (PORT=, BACKEND=memory, or sqlite and SMTP_URL=)
	@$(INSTALL) .venv/local $(if $(filter memory sqlite,$(BACKEND)),,.emulator/installed)
	@$(BIN)/python -m entrypoints.local

cli: .venv/cli ## Install the command line, and tell how to have it everywhere
	@echo "The command line is here: ./sentinel --help"
	@echo "To have it in every directory, put this into your shell's profile:"
	@echo "  export PATH=\"$(CURDIR):\$$PATH\""
	@echo "and then, so that it completes what you type:"
	@echo "  sentinel completion bash --install"

check: .venv/dev lock-check ## Format, lint, types, import contracts, the template, lock files
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/cfn-lint template.yaml

format: .venv/dev ## Format, and mend what the linter can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

test: ## All tests, on real emulators; on all processors (WORKERS=)
	@$(INSTALL) .venv/dev .emulator/installed
	$(BIN)/pytest --numprocesses $(or $(WORKERS),auto) --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
		--ignore tests/integration
	$(BIN)/pytest --numprocesses $(or $(WORKERS),3) --dist loadfile --no-loadscope-reorder tests/integration

simulate: .venv/dev ## Live through seeds of the delivery protocol (SEEDS=1000, FAMILY=memory|sqlite), or one (SEED=)
	@$(BIN)/python -m tests.simulation $(if $(FAMILY),--family $(FAMILY)) \
		$(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000))

prove: ## The long proofs: simulated by the thousand, faults and kills by the hundred (with Node a second SES)
	@$(INSTALL) .venv/dev .emulator/installed \
		$(if $(shell command -v npm),.emulator/ses/installed)
	$(if $(shell command -v npm),,@echo "Node is not there: what needs an SES that renders bulk sends is skipped.")
	@$(BIN)/python -m tests.simulation --seeds $(or $(SEEDS),10000)
	@$(BIN)/python -m tests.simulation --family sqlite --seeds $(or $(SEEDS),3000)
	$(BIN)/pytest -m "hypothesis and not prove" --hypothesis-profile searching
	$(BIN)/pytest -m prove -s

package: .venv/dev ## Build what the Lambda functions run (ARCHITECTURE=arm64)
	@$(BIN)/python -m entrypoints.deployment.package $(if $(ARCHITECTURE),--architecture $(ARCHITECTURE))

preflight: .venv/local ## Check an AWS account before or after a deployment (SENDER=, STAGE=)
	$(if $(SENDER),,$(error SENDER is not set: make preflight SENDER=news@example.com))
	@$(BIN)/python -m entrypoints.deployment.preflight --sender "$(SENDER)" \
		$(if $(filter-out prod,$(STAGE)),--stack "sentinel-$(STAGE)") \
		$(if $(SEND_RATE),--send-rate "$(SEND_RATE)") \
		$(if $(WORKER_CONCURRENCY),--concurrency "$(WORKER_CONCURRENCY)") \
		$(if $(START_CONCURRENCY),--start-concurrency "$(START_CONCURRENCY)") \
		$(if $(START_QUEUE_CONCURRENCY),--start-queue-concurrency "$(START_QUEUE_CONCURRENCY)") \
		$(if $(DIRECT_STARTS_A_SECOND),--direct-starts-a-second "$(DIRECT_STARTS_A_SECOND)") \
		$(if $(DIRECT_STARTS_BURST),--direct-starts-burst "$(DIRECT_STARTS_BURST)")

deploy: .venv/dev ## Deploy to AWS (SENDER=, STAGE=, ALARM_ADDRESS=, … docs/deployment.md)
	@$(BIN)/python -m entrypoints.deployment.deploy

backup: .venv/local ## Copy the database of one machine while it is used (DATABASE=, TO=a new file)
	$(if $(TO),,$(error TO is not set: make backup TO=sentinel-backup.db))
	@$(BIN)/python -m entrypoints.local.upkeep backup "$(TO)"

integrity-check: .venv/local ## See that the database of one machine is sound (DATABASE=)
	@$(BIN)/python -m entrypoints.local.upkeep check

api-key: .venv/local ## Issue a key of the API (SCOPES="campaigns:write …", DAYS=, BACKEND=sqlite)
	@$(BIN)/python -m entrypoints.deployment.api_keys issue $(SCOPES) $(if $(DAYS),--expires-days $(DAYS))

api-keys: .venv/local ## List the keys of the API, or take one back (REVOKE=its id)
	@$(BIN)/python -m entrypoints.deployment.api_keys $(if $(REVOKE),revoke $(REVOKE),list)

dead-letters: .venv/dev ## Explain what was given up (STAGE=), REPLAY=<id or all>, DISCARD=<id>
	@$(BIN)/python -m entrypoints.deployment.dead_letters \
		$(if $(REPLAY),replay $(REPLAY),$(if $(DISCARD),discard $(DISCARD),list))

destroy: .venv/dev ## Take the deployment away (CONFIRM=sentinel); the data stays
	@$(BIN)/python -m entrypoints.deployment.destroy

bench: .venv/dev .emulator/installed ## Print the table that the docs quote
	$(BIN)/python -m benchmarks

bench-requests: .venv/dev .emulator/installed ## Count the AWS requests of a campaign, by scale; fails over the goal (RECIPIENTS=)
	@$(BIN)/python -m benchmarks.requests_by_scale $(if $(RECIPIENTS),--recipients $(RECIPIENTS))

bench-growth: .venv/dev .emulator/installed ## Measure what growth costs (docs/growth.md); a quarter of an hour, alone
	@$(BIN)/python -m benchmarks.growth

bench-smtp: .venv/dev ## Measure how fast one machine mails, against postfix's smtp-source (RECIPIENTS=)
	@$(BIN)/python -m benchmarks.smtp $(if $(RECIPIENTS),--recipients $(RECIPIENTS))

cost: .venv/dev .emulator/installed ## Count what a campaign costs on AWS, and write docs/cost.md
	@$(BIN)/python -m benchmarks.cost

docs: .venv/dev ## Build the documentation site into dist/site, without the network
	@$(BIN)/python -m documentation.state_picture
	@$(BIN)/python -m documentation

pictures: .venv/local ## Draw the demo's templates for docs/templates.md (CHROMIUM=, a browser)
	@$(BIN)/python -m entrypoints.local.demo.pictures

openapi: .venv/dev ## Write docs/openapi.json
	$(BIN)/python -m entrypoints.http > docs/openapi.json

lock: .venv/dev ## Write the lock files anew from pyproject.toml (UPGRADE=1 for newer versions)
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra local -o requirements.lock pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) -c requirements.lock -o requirements-lambda.lock pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra local --extra cli -c requirements.lock \
		-o requirements-cli.lock pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) --extra local --extra cli --extra dev -c requirements-cli.lock \
		-o requirements-dev.lock pyproject.toml
	$(COMPILE) $(if $(UPGRADE),--upgrade) -o localstack/requirements.lock localstack/requirements.in

lock-check: .venv/dev ## See that the lock files are in step
	@rm -rf .cache/lock && mkdir -p .cache/lock/localstack
	@for file in $(LOCKS); do cp $$file .cache/lock/$$file; done
	@$(MAKE) --silent lock > /dev/null
	@for file in $(LOCKS); do \
		cmp -s $$file .cache/lock/$$file || stale="$$stale $$file"; done; \
	if [ -n "$$stale" ]; then echo "Not in step with pyproject.toml, written anew:$$stale"; exit 1; fi

emulator: .emulator/installed ## Install the AWS emulator

dev: .venv/dev ## Install what development needs

clean: ## Remove what was installed and built
	rm -rf .venv .emulator .cache dist

.venv/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Sentinel needs Python 3.11 or newer: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv
	@touch $@

.venv/local: requirements.lock | .venv/python
	@echo "Installing what Sentinel runs on, once…"
	@$(BIN)/$(PIP) -r requirements.lock
	@touch $@

.venv/cli: requirements-cli.lock | .venv/python
	@echo "Installing what the command line needs, once…"
	@$(BIN)/$(PIP) -r requirements-cli.lock
	@touch $@ .venv/local

.venv/dev: requirements-dev.lock | .venv/python
	@echo "Installing what development needs, once…"
	@$(BIN)/$(PIP) -r requirements-dev.lock
	@touch $@ .venv/local .venv/cli

.emulator/installed: localstack/requirements.lock
	@echo "Installing the AWS emulator, once…"
	@$(PYTHON) -m venv .emulator
	@.emulator/bin/$(PIP) -r localstack/requirements.lock
	@touch $@

.emulator/ses/installed: localstack/ses/package.json localstack/ses/package-lock.json
	@echo "Installing a second SES, once…"
	@mkdir -p .emulator/ses
	@cp $^ .emulator/ses
	@cd .emulator/ses && npm ci --silent --no-audit --no-fund --ignore-scripts
	@touch $@
