# Installing and packaging. PREFIX is where the installed tree lives, DESTDIR
# where a package builder wants it put.
PREFIX ?= /usr/local
DESTDIR ?=
BIN_TO = $(DESTDIR)$(PREFIX)/bin
SHARE_TO = $(DESTDIR)$(PREFIX)/share
MODELS = $(wildcard model/*.gguf)
MAN = $(wildcard docs/man/*.[1-8])
DOCS = README.md LICENSE $(wildcard docs/*.md docs/*.svg)

.PHONY: install uninstall dist dist-check
install: all
	install -d $(BIN_TO) $(SHARE_TO)/confer $(SHARE_TO)/doc/confer
	$(if $(strip $(PROGRAMS)),install -m 755 $(addprefix $(BUILD)/bin/,$(PROGRAMS)) \
		$(BIN_TO))
	$(if $(MODELS),install -m 644 $(MODELS) $(SHARE_TO)/confer)
	install -m 644 $(DOCS) $(SHARE_TO)/doc/confer
	for m in $(MAN); do \
		install -D -m 644 $$m $(SHARE_TO)/man/man$${m##*.}/$${m##*/}; \
	done

uninstall:
	rm -f $(addprefix $(BIN_TO)/,confer confer-enclave confer-log confer-simtee)
	rm -rf $(SHARE_TO)/confer $(SHARE_TO)/doc/confer
	for m in $(notdir $(MAN)); do \
		rm -f $(SHARE_TO)/man/man$${m##*.}/$$m; \
	done

# The sources and programs of HEAD: the same commit gives the same bytes.
DIST ?= dist
dist:
	@tools/dist $(DIST)

# Twice, and compared (minutes).
dist-check:
	@tools/dist-check $(BUILD)/dist-check
