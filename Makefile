# Everything that is done with Groundwork on a developer's machine or in CI. `make help` lists it.
# The environments build themselves: the application's in .venv, the deploy tool's and the local AWS's in .venv-tools, whose pins must not meet.

PORT ?= 4566
STACK ?= groundwork
APP := .venv/.complete
TOOLS := .venv-tools/.complete
COMPILE = local/environment.sh uv pip compile --quiet --generate-hashes --no-emit-index-url --python-version 3.13 \
	--custom-compile-command "make requirements" $(if $(UPGRADE),--upgrade)

# Where Python is told not to keep what it compiled, every one of the many processes here would compile everything it imports anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo up down reset inbox rebuild test check check-code check-template browser chromium screenshots bench docs fuzz policies deploy redrive destroy requirements clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: up ## From nothing to a finished labeling job on this machine, with a summary
	@.venv/bin/python -m local.demo --port $(PORT)

up: $(APP) $(TOOLS) ## Start the local stack, or bring it up to date (PORT=4566)
	@.venv/bin/python -m local.stack up --port $(PORT)

down: $(APP) ## Stop the local stack and keep its state
	@.venv/bin/python -m local.stack down --port $(PORT)

reset: $(APP) ## Stop the local stack and forget its state
	@.venv/bin/python -m local.stack reset --port $(PORT)

inbox: $(APP) ## Show what administrators of the local stack received
	@.venv/bin/python -m local.stack inbox --port $(PORT)

rebuild: $(APP) ## Make the engine's table of the local stack anew from S3
	@.venv/bin/python -m local.stack rebuild --port $(PORT)

test: check ## The checks, then the integration tests on local stacks of their own
	.venv/bin/pytest -n 2 --dist worksteal --timeout 900 tests/integration

browser: $(APP) $(TOOLS) chromium ## The web in a browser, on local stacks of their own (CI runs this after make test)
	@.venv/bin/python -m local.web
	.venv/bin/pytest -n 2 --dist worksteal --timeout 900 tests/e2e

check: $(APP) $(TOOLS) ## Lint, types, template, unit and contract tests
	@$(MAKE) --no-print-directory -j 2 check-code check-template
	.venv/bin/pytest -n 2 tests/unit tests/contract
	.venv/bin/python -m local.web check

check-code:
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy

check-template:
	.venv-tools/bin/cfn-lint template.yaml
	SAM_CLI_TELEMETRY=0 .venv-tools/bin/sam validate --lint --region us-east-1

chromium: $(APP) ## Install the browser of the browser tests, where it is missing
	@.venv/bin/python -m local.browser

screenshots: $(APP) $(TOOLS) chromium ## Take the pictures in docs/screenshots anew, with the browser tests
	@.venv/bin/python -m local.web
	GROUNDWORK_SCREENSHOTS=1 .venv/bin/pytest -n 2 --dist worksteal tests/e2e

policies: $(APP) $(TOOLS) ## Take away each policy statement in turn; which test misses it? Hours (ONLY="ServeWorkFunction …")
	.venv/bin/python -m tests.integration.policy_sweep $(ONLY)

bench: up chromium ## Measure what is claimed, each figure beside its peer or floor (docs/benchmarks.md); some of it on the local stack
	@for script in manifest_validation object_checks presigning consolidation cold_starts; do .venv/bin/python benchmarks/$$script.py || exit 1; done
	@.venv/bin/python benchmarks/engine.py --objects 1000 10000 100000 --lines 1000000 --race 20 10 3 --endpoint http://127.0.0.1:$(PORT)
	@.venv/bin/python -m benchmarks.web .local
	@.venv/bin/python -m benchmarks.launches
	@.venv/bin/python benchmarks/large_manifest.py

fuzz: up ## Send thousands of requests made from the OpenAPI document to the local stack, which keeps what they make
	.venv/bin/python -m tests.fuzz .local 40

docs: $(APP) ## Write the pages that are made from the code
	@PYTHONPATH=layers/groundwork .venv/bin/python -m local.rules_page

deploy: $(APP) $(TOOLS) ## Build and deploy to AWS, asking for the parameters
	@.venv/bin/python -m local.web
	PATH="$(CURDIR)/.venv-tools/bin:$$PATH" sh -c 'sam build && sam deploy --guided'

redrive: $(APP) ## Send on what waits in a deployed stack's queues for failures (STACK=groundwork)
	.venv/bin/python -m operations.redrive --stack-name $(STACK)

destroy: $(APP) ## Delete a deployed stack; says what stays, and asks first (STACK=groundwork)
	.venv/bin/python -m operations.destroy --stack-name $(STACK)

requirements: ## Pin the requirements anew after a change of an .in file (UPGRADE=1: to the newest versions)
	$(COMPILE) requirements/uv.in --output-file requirements/uv.txt
	$(COMPILE) requirements/node.in --output-file requirements/node.txt
	$(COMPILE) requirements/tools.in --output-file requirements/tools.txt
	$(COMPILE) layers/dependencies/requirements.in --output-file layers/dependencies/requirements.txt
	$(COMPILE) layers/annotations/requirements.in --output-file layers/annotations/requirements.txt
	$(COMPILE) layers/exports/requirements.in --constraint layers/annotations/requirements.txt --output-file layers/exports/requirements.txt
	$(COMPILE) requirements/dev.in --constraint layers/dependencies/requirements.txt --constraint layers/annotations/requirements.txt \
		--constraint layers/exports/requirements.txt \
		--override requirements/dev-overrides.in --output-file requirements/dev.txt
	$(COMPILE) examples/automated_labeling/proposals/requirements.in --constraint requirements/dev.txt \
		--output-file examples/automated_labeling/proposals/requirements.txt

clean: ## Stop the local stack and remove everything that make made
	@if [ -e $(APP) ]; then .venv/bin/python -m local.stack reset; fi
	rm -rf .venv .venv-tools .local .aws-sam .mypy_cache .pytest_cache .ruff_cache .hypothesis console/node_modules functions/show_console/web

$(APP): requirements/dev.txt
	@local/environment.sh .venv $<
	@touch $@

$(TOOLS): requirements/tools.txt
	@local/environment.sh .venv-tools $<
	@touch $@
