# make lab    everything that is needed, then the tour of labs/dr.yaml
# make test   everything that is needed, then the tests
# make kernel lvsnet's own guest kernel: some minutes, once
# make conformance PLACE=docker/host
#             the tests that hold wherever labs run, for one place: crun/guest, crun/host,
#             docker/host, containerlab
#
# PYTHON=python3.12 chooses another Python, JOBS=8 how many tests run at once.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
JOBS ?= 3
STAMP := .venv/.installed-$(shell sha256sum pyproject.toml | cut -c1-16)

# The first of these that is 3.11 or later; a PYTHON that was given is the only one.
PYTHON ?=
PYTHONS := $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11)
FIND_PYTHON = python=; for p in $(PYTHONS); do \
	if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then python=$$p; break; fi; done

# Installs $$missing, with no service started; nothing is asked of apt when nothing is missing.
INSTALL = [ -n "$$missing" ] || exit 0; \
	install="apt-get install --no-install-recommends$$missing"; \
	if ! command -v apt-get >/dev/null; then \
		echo "setup: there is no apt-get here. Install what Debian calls$$missing" >&2; exit 1; \
	elif [ "$$(id -u)" = 0 ]; then as=; \
	elif sudo -n true 2>/dev/null; then as="sudo -n"; \
	else echo "setup: needs packages that only root can install. Run:" >&2; \
		echo "  sudo apt-get update && sudo $$install" >&2; exit 1; fi; \
	echo "setup: installing$$missing"; \
	policy=/usr/sbin/policy-rc.d; \
	if [ ! -e $$policy ]; then \
		trap '$$as rm -f $$policy' EXIT; \
		printf '\#!/bin/sh\nexit 101\n' | $$as tee $$policy >/dev/null; \
		$$as chmod 755 $$policy; fi; \
	$$as apt-get update -qq || echo "setup: apt-get update failed; trying with what apt has" >&2; \
	$$as env DEBIAN_FRONTEND=noninteractive $$install -qq >/dev/null

.PHONY: help setup system tools compiler kernel kernel-wheel machine venv lab test conformance lint docs bench soak many scenarios swapped clean

help:
	@echo 'make lab     set up what is missing and tour labs/dr.yaml'
	@echo 'make test    set up what is missing and run the tests'
	@echo 'make kernel  build the guest kernel whose clock can be held: some minutes, once'
	@echo 'make conformance PLACE=docker/host|crun/host|crun/guest|containerlab'
	@echo 'make docs    build the documentation into site/'
	@echo 'make setup kernel-wheel lint bench soak many scenarios swapped clean'

setup: venv
	@$(BIN)/lvsnet setup

# Debian's packages that are not there yet.
system:
	@missing=; need() { missing="$$missing $$1"; }; \
	command -v mmdebstrap >/dev/null || need mmdebstrap; \
	command -v gpg >/dev/null || need gpg; \
	command -v sqfstar >/dev/null || need squashfs-tools; \
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || need debian-archive-keyring; \
	[ "$$(id -u)" = 0 ] || command -v newuidmap >/dev/null || need uidmap; \
	$(FIND_PYTHON); \
	if [ -z "$$python" ]; then need python3; need python3-venv; \
	elif ! "$$python" -c 'import venv, ensurepip' 2>/dev/null; then \
		[ "$$python" = python3 ] && need python3-venv || need "$${python##*/}-venv"; fi; \
	$(INSTALL)

# What only tests need: a Docker engine and crun on this machine's own kernel. The engine is the
# tests' own, so the package must not start one (policy-rc.d: invoke-rc.d(8)). And Vagrant, where
# there is a package of it, in Debian 12 (17 s, 80 MB): elsewhere what asks it is skipped. The
# shells whose command lines lvsnet completes (11 s, 30 MB), tmux, in which labs are watched (1 MB),
# tshark, which reads captures (15 s, 130 MB), and busybox, which an image that tests make is filled
# with. Chromium, which reports are looked at in (30 s, 450 MB), where it is a package: Ubuntu has
# it as a snap only, and what asks it is skipped there.
tools: system
	@missing=; need() { missing="$$missing $$1"; }; \
	path="$$PATH:/usr/sbin:/sbin"; \
	PATH=$$path command -v dockerd >/dev/null || need docker.io; \
	PATH=$$path command -v crun >/dev/null || need crun; \
	PATH=$$path command -v mkfs.ext4 >/dev/null || need e2fsprogs; \
	command -v busybox >/dev/null || need busybox-static; \
	command -v zsh >/dev/null || need zsh; \
	command -v fish >/dev/null || need fish; \
	command -v tmux >/dev/null || need tmux; \
	command -v tshark >/dev/null || need tshark; \
	system=$$(. /etc/os-release 2>/dev/null; echo "$${ID-}"); \
	if [ "$$system" = debian ]; then \
		command -v chromium >/dev/null || need chromium; \
		command -v chromedriver >/dev/null || need chromium-driver; fi; \
	release=$$(. /etc/os-release 2>/dev/null; echo "$${VERSION_CODENAME-}"); \
	[ "$$release" != bookworm ] || command -v vagrant >/dev/null || need vagrant; \
	$(INSTALL)

# What builds a kernel from Linux's source.
compiler: system
	@missing=; need() { missing="$$missing $$1"; }; \
	for program in gcc make flex bison bc patch; do \
		command -v $$program >/dev/null || need $$program; done; \
	command -v xz >/dev/null || need xz-utils; \
	command -v strip >/dev/null || need binutils; \
	library=$$(gcc -print-file-name=libc.a 2>/dev/null || true); \
	[ "$${library#/}" != "$$library" ] || need libc6-dev; \
	$(INSTALL)

# Nothing is installed when the kernel is there already, as from a cache of CI's.
kernel: venv
	@there=$$($(BIN)/python -c 'from lvsnet.guest.kernels import built; print(built.is_there(None))'); \
	[ "$$there" = True ] || $(MAKE) --no-print-directory compiler
	@$(BIN)/lvsnet kernel build

# Test machines run on Debian's kernel, whichever labs get.
machine: venv
	@LVSNET_GUEST_KERNEL=debian $(BIN)/lvsnet setup

# The wheel lvsnet-kernel, of what `make kernel` built.
kernel-wheel: kernel
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist kernel

venv: system $(STAMP)

$(STAMP): | system
	@$(FIND_PYTHON); \
	if [ -z "$$python" ]; then \
		echo "setup: no Python 3.11 or later among: $(PYTHONS)" >&2; \
		echo "Install one, or name it: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; fi; \
	[ -x $(BIN)/python ] || { echo "setup: .venv with $$("$$python" -V)"; "$$python" -m venv .venv; }; \
	echo "setup: installing lvsnet and what it is developed with"; \
	pip="$(BIN)/python -m pip --disable-pip-version-check -q"; \
	$(BIN)/python -c 'import pip; v = pip.__version__.split("."); \
	raise SystemExit((int(v[0]), int(v[1])) < (25, 1))' || $$pip install --upgrade 'pip>=25.1'; \
	$$pip install -e . --group dev; \
	rm -f .venv/.installed-*; touch $@

lab: setup
	@$(BIN)/lvsnet tour --afresh labs/dr.yaml

# The order of collection: the longest tests come first, alone in their files.
test: kernel setup machine tools
	$(BIN)/pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

# The set of tests that holds in every place where labs run, for one of them; it must be had.
conformance: setup machine tools
	@[ -n "$(PLACE)" ] || { echo "make conformance PLACE=crun/guest|crun/host|docker/host|containerlab" >&2; exit 2; }
	LVSNET_TEST_PLACE=$(PLACE) $(BIN)/pytest tests/conformance

lint: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# What is made from the models, then the pages; a link that leads nowhere is an error.
docs: venv
	@$(BIN)/lvsnet schema >docs/lab.schema.json.new && mv docs/lab.schema.json.new docs/lab.schema.json
	@$(BIN)/lvsnet schema scenarios >docs/scenarios.schema.json.new && mv docs/scenarios.schema.json.new docs/scenarios.schema.json
	@$(BIN)/python -m lvsnet.lab.reference >docs/lab-file.md.new && mv docs/lab-file.md.new docs/lab-file.md
	@$(BIN)/python -m lvsnet.lint.reference >docs/lint-rules.md.new && mv docs/lint-rules.md.new docs/lint-rules.md
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	@echo "docs: site/index.html"

bench: kernel setup machine tools
	@PYTHONPATH=tests $(BIN)/python tests/bench/bench.py

# Deploys and destroys that are killed at random moments; SEED repeats a run's.
KILLS ?= 200
soak: setup
	@PYTHONPATH=tests $(BIN)/python -m soak $(KILLS) $(SEED)

# As many labs at once: seconds until all are up, and the memory of each.
LABS ?= 20
many: setup
	@PYTHONPATH=tests $(BIN)/python -m soak.many $(LABS)

# All scenarios of all labs; the tests leave out the longest.
scenarios: setup
	@$(BIN)/lvsnet test labs --strict

# labs/broken with the sites of each pair swapped: every scenario must fail.
swapped: setup
	@PYTHONPATH=tests $(BIN)/python -m soak.swapped

clean:
	rm -rf .venv build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "What was built for labs stays in $${XDG_CACHE_HOME:-$$HOME/.cache}/lvsnet"
