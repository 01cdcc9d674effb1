# SPDX-License-Identifier: EUPL-1.2
# A thin front on Meson and Ninja. `make run` and `make test` are all that a newcomer needs.

DATA ?= ./data

.PHONY: build run test load kill nodes faults fuzz format clean packages packages-package packages-test walk deb \
	sbom reproducible
.DEFAULT_GOAL := build

packages:
	@tools/packages.sh build

packages-package:
	@tools/packages.sh package

packages-test:
	@tools/packages.sh test

build: packages build/build.ninja
	@ninja -C build

build/build.ninja:
	meson setup build

build-asan/build.ninja:
	meson setup build-asan -Db_sanitize=address,undefined -Db_lundef=false --buildtype=debugoptimized

run: build
	@build/fundament demo --data $(DATA)
	@exec build/fundament serve --data $(DATA)

test: packages-test build/build.ninja build-asan/build.ninja
	@ninja -C build && ninja -C build-asan
	@tests/run

kill: packages-test build
	@FUNDAMENT_TEST_KILLS=200 FUNDAMENT_TEST_LIMIT=7200 tests/run kill

nodes: packages-test build
	@tests/nodes/run

load: packages-test build
	@tests/load/run

# Memory, disk and connections that fail at every moment; `make test` takes a sample of them.
faults: packages-test build
	@/usr/bin/python3 tests/faults/run --full

# Types the commands of docs/operating.md on machines of their own; needs root.
walk: packages-test build
	@/usr/bin/python3 tests/operate/run

fuzz: packages-test
	@tests/fuzz/run 60

# The Debian package, in build-deb/.
deb: packages-package
	@packaging/build-deb

# What the executable is made of, as CycloneDX.
sbom: build
	@packaging/sbom/make build/fundament build/fundament.cdx.json
	@echo build/fundament.cdx.json

# Two builds of the package, compared byte by byte.
reproducible: packages-package
	@packaging/reproducible

# Only the lines that you changed: tables that were laid out by hand stay as they are.
format:
	@git clang-format HEAD

clean:
	rm -rf build build-asan build-fuzz build-deb
