# Everything runs from here: `make run` shows the product, `make test` proves it.
PYTHON ?= python3
VENV := .venv/bin
PORT ?= 8000
AWS_PORT ?= 4566
PHOTOS ?=
FOLDER ?=
OUT ?=
SECONDS ?= 60
SEED ?=
N ?= 500
export PIP_DISABLE_PIP_VERSION_CHECK = 1
export LOCAL = true

.PHONY: run test test-fast test-slow demo corpus bench bench-desk bench-peers e2e-deploy aws-check security-check soak fuzz lint messages lock setup setup-dev frontend screenshots clean

run: setup
	@$(VENV)/python manage.py local --port $(PORT) --aws-port $(AWS_PORT)

# Tests start many processes; each compiles what it imports where nothing is kept, as in a container.
BYTECODE = env -u PYTHONDONTWRITEBYTECODE PYTHONPYCACHEPREFIX="$(CURDIR)/var/bytecode"

test: setup-dev
	@$(BYTECODE) $(VENV)/python -m tests

# Storms, deaths, a soak and whatever else takes minutes; tests/slow.py names it.
test-slow: setup-dev
	@$(BYTECODE) $(VENV)/python -m tests --slow

# Without browser and local AWS, on SQLite alone: what a change broke, in a minute or so.
test-fast: setup-dev
	@$(BYTECODE) $(VENV)/python -m pytest --quiet -n 2 --dist loadfile --no-loadscope-reorder --fast

demo: setup
	@$(VENV)/python manage.py demo --alone $(if $(JSON),--json) $(PHOTOS)

# Sends every file of a folder through the pipeline, in the worker's limits.
corpus: .venv/run
	@$(VENV)/python -m bench.corpus $(if $(JSON),--json) $(if $(OUT),--out "$(OUT)") "$(FOLDER)"

bench: setup
	@$(VENV)/python -m bench $(PHOTOS)

bench-desk: setup-dev
	@$(VENV)/python -m bench.desk $(PHOTOS)

# What people would pick instead, each installed into an environment of its own. N photographs go into each product.
bench-peers: setup-dev
	@$(VENV)/python -m bench.products "$(PHOTOS)" $(N)
	@$(VENV)/python -m bench.processors "$(PHOTOS)"

e2e-deploy: setup-dev
	@$(VENV)/python -m tests.e2e

# Plants each fault that once kept the product from working on AWS, and sees a test fail.
aws-check: setup-dev
	@$(VENV)/python -m tests.aws

# Brings back each fault that a review of the product found, and sees a test fail.
security-check: setup-dev
	@$(VENV)/python -m tests.findings

soak: setup-dev
	@$(VENV)/python -m tests.soak

# Alters valid files and messages at random, for so many seconds, and sends them through the handler and the jail.
fuzz: setup-dev
	@$(VENV)/python -m tests.fuzz --seconds $(SECONDS) $(if $(SEED),--seed $(SEED))

screenshots: setup-dev
	@$(VENV)/python -m pytest tests/browser --screenshots

lint: setup-dev .venv-checkov/done .venv-parliament/done
	@$(VENV)/ruff check .
	@$(VENV)/ruff format --check .
	@$(VENV)/mypy
	@$(VENV)/lint-imports
	@mkdir -p var && $(VENV)/python -m deploy template > var/stack.json
	@$(VENV)/cfn-lint var/stack.json deploy/templates/packages.yaml deploy/templates/workers.yaml
	@.venv-checkov/bin/checkov --framework cloudformation --skip-download --compact --quiet \
	  -f var/stack.json deploy/templates/packages.yaml deploy/templates/workers.yaml
	@$(VENV)/python -m tests.aws.policies .venv-parliament/bin/parliament
	@$(VENV)/djlint --check --lint --quiet templates
	@SECRET_KEY=lint LOCAL=true $(VENV)/python manage.py makemigrations --check --dry-run
	@SECRET_KEY=$$($(VENV)/python -c "import secrets; print(secrets.token_urlsafe(60))") LOCAL=false MEDIAHUB_ENV_FILE= \
	  SITE_URL=https://desk.example.org \
	  $(VENV)/python manage.py check --deploy --fail-level WARNING

# The strings of the source into the catalogues; prints those that nobody has translated, and ends with an error then.
messages: setup-dev
	@$(VENV)/python -m tests.messages

# Locks are made by uv and installed with hashes; they name no registry.
UV_COMPILE = $(VENV)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header
# For the system and Python of the functions alone, without what Lambda's runtime has (boto3) and what only Zappa's command
# needs on the operator's machine. placebo, among these, has no wheel.
NOT_SHIPPED = boto3 botocore s3transfer placebo troposphere cfn-flip argcomplete hjson tqdm pycparser pip setuptools wheel
UV_COMPILE_LAMBDA = $(VENV)/uv pip compile --quiet --python-platform x86_64-manylinux_2_28 --python-version 3.13 \
  --generate-hashes --no-emit-index-url --no-header $(NOT_SHIPPED:%=--no-emit-package %)
EXTRAS = --extra deploy --extra bulk --extra postgres --extra local
lock: .venv/uv
	$(UV_COMPILE) requirements/uv.in -o requirements/uv.txt
	$(UV_COMPILE) requirements/local-aws.in -o requirements/local-aws.txt
	$(UV_COMPILE) requirements/checkov.in -o requirements/checkov.txt
	$(UV_COMPILE) requirements/parliament.in -o requirements/parliament.txt
	$(UV_COMPILE) requirements/peer-pyvips.in -o requirements/peer-pyvips.txt
	$(UV_COMPILE) requirements/peer-wagtail.in -o requirements/peer-wagtail.txt
	$(UV_COMPILE) requirements/peer-filer.in -o requirements/peer-filer.txt
	$(UV_COMPILE) pyproject.toml $(EXTRAS) -o requirements/run.txt
	$(UV_COMPILE_LAMBDA) pyproject.toml --extra deploy --extra postgres -c requirements/run.txt -o requirements/lambda.txt
	$(UV_COMPILE) pyproject.toml --extra bulk --extra postgres -c requirements/run.txt -o requirements/workers.txt
	$(UV_COMPILE) pyproject.toml $(EXTRAS) --extra dev -c requirements/run.txt -o requirements/dev.txt

setup: .venv/run .venv-local-aws/done frontend
setup-dev: .venv/dev .venv-local-aws/done frontend

frontend: .venv/run
	@$(VENV)/python -m mediahub.desk.frontend >&2

.venv/uv: requirements/uv.txt
	@echo "Making .venv …" >&2
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "MediaHub needs Python 3.11 to 3.13; name one: make PYTHON=python3.13 …")'
	@test -d .venv || $(PYTHON) -m venv .venv
	@$(VENV)/python -m pip install --quiet --require-hashes -r requirements/uv.txt >&2
	@touch $@

.venv/run: .venv/uv requirements/run.txt
	@echo "Installing what the site needs …" >&2
	@$(VENV)/uv pip install --quiet --python $(VENV)/python --require-hashes -r requirements/run.txt >&2
	@touch $@

.venv/dev: .venv/run requirements/dev.txt
	@echo "Installing what the tests need …" >&2
	@$(VENV)/uv pip install --quiet --python $(VENV)/python --require-hashes -r requirements/dev.txt >&2
	@touch $@

# ministack pins botocore, so it lives apart.
.venv-local-aws/done: requirements/local-aws.txt | .venv/uv
	@echo "Installing the local AWS …" >&2
	@test -d .venv-local-aws || $(VENV)/uv venv --quiet --python $(VENV)/python .venv-local-aws
	@$(VENV)/uv pip install --quiet --python .venv-local-aws/bin/python --require-hashes -r requirements/local-aws.txt >&2
	@touch $@

# checkov pins boto3, so it lives apart as well.
.venv-checkov/done: requirements/checkov.txt | .venv/uv
	@echo "Installing what looks through the templates …" >&2
	@test -d .venv-checkov || $(VENV)/uv venv --quiet --python $(VENV)/python .venv-checkov
	@$(VENV)/uv pip install --quiet --python .venv-checkov/bin/python --require-hashes -r requirements/checkov.txt >&2
	@touch $@

# parliament needs a setuptools of old, so it lives apart too.
.venv-parliament/done: requirements/parliament.txt | .venv/uv
	@echo "Installing what looks through the policies …" >&2
	@test -d .venv-parliament || $(VENV)/uv venv --quiet --python $(VENV)/python .venv-parliament
	@$(VENV)/uv pip install --quiet --python .venv-parliament/bin/python --require-hashes -r requirements/parliament.txt >&2
	@touch $@

clean:
	rm -rf .venv .venv-local-aws .venv-checkov .venv-parliament static mediahub/desk/frontend/node_modules mediahub/desk/static/desk/upload \
	  var/peers bench/sharp/node_modules
