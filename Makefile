# Installs for one computer. Building and testing need no make: README.md.
PREFIX ?= /usr/local

.PHONY: install wheel programs

programs:
	swift build -c release

install: programs
	python3 packaging/package.py install "$(DESTDIR)$(PREFIX)"

wheel: programs
	python3 packaging/package.py wheel dist
