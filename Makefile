# Confer in C. `make run` and `make test` set everything up on a fresh Debian 12
# machine; `make help` lists the rest.

BUILD ?= build
CC ?= cc
CLANG ?= clang
ifeq ($(origin CC),default)
CC = gcc
endif

# What a build is made of. Floors and their order: docs/architecture.md.
CORE_DIRS = base crypto noise attest tlog protocol
CORE_SRC = $(filter-out %_openssl.c %_sodium.c %_host.c,\
	$(foreach d,$(CORE_DIRS),$(wildcard src/$(d)/*.c)))
SODIUM_SRC = $(wildcard src/crypto/*_sodium.c)
OPENSSL_SRC = $(wildcard src/crypto/*_openssl.c)
SYS_SRC = $(wildcard src/sys/*.c)
ENGINE_SRC = $(wildcard src/engine/*.c)
ENCLAVE_SRC = $(wildcard src/enclave/*.c)
SIMTEE_SRC = $(wildcard src/simtee/*.c)
CLIENT_SRC = $(wildcard src/client/*.c)
CLI_SRC = $(wildcard src/cli/*.c)

include tools/flags.mk

objs = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
LIB_CORE = $(call objs,$(CORE_SRC) $(SODIUM_SRC))
LIB_NATIVE = $(LIB_CORE) $(call objs,$(OPENSSL_SRC) $(SYS_SRC))

PROGRAMS = $(if $(CLI_SRC),confer) $(if $(ENCLAVE_SRC),confer-enclave) \
	$(if $(SIMTEE_SRC),confer-simtee)

.PHONY: all
all: $(addprefix $(BUILD)/bin/,$(PROGRAMS))

$(BUILD)/obj/%.o: src/%.c tools/flags.mk
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Isrc -MMD -MP -c -o $@ $<

# The AVX2 kernels are chosen at start by cpuid; only they are built for it.
$(BUILD)/obj/engine/%_avx2.o: CFLAGS_ALL += -mavx2 -mfma -mf16c

# ---- programs ----------------------------------------------------------------
main_of = $(BUILD)/obj/$(1)/main.o
parts_of = $(filter-out $(BUILD)/obj/%/main.o,$(call objs,$(1)))

LIB_ENGINE = $(call objs,$(ENGINE_SRC))
LIB_ENCLAVE = $(call parts_of,$(ENCLAVE_SRC))
LIB_SIMTEE = $(call parts_of,$(SIMTEE_SRC))
LIB_CLIENT = $(call objs,$(CLIENT_SRC)) $(call parts_of,$(CLI_SRC))

$(BUILD)/bin/confer: $(call main_of,cli) $(LIB_CLIENT) $(LIB_ENGINE) $(LIB_NATIVE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lsodium -lcrypto -lpthread -lm

# One static binary: libsodium and nothing else.
$(BUILD)/bin/confer-enclave: $(call main_of,enclave) $(LIB_ENCLAVE) $(LIB_ENGINE) \
	$(LIB_CORE) $(call objs,$(SYS_SRC))
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_STATIC) -o $@ $^ -Wl,-Bstatic -lsodium -lpthread -lm

$(BUILD)/bin/confer-simtee: $(call main_of,simtee) $(LIB_SIMTEE) $(LIB_NATIVE)
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS_ALL) -o $@ $^ -lsodium -lcrypto

# ---- unit tests: tests/unit/NAME_test.c -> build/test/NAME_test --------------
UNIT_SRC = $(wildcard tests/unit/*_test.c)
UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/test/%,$(UNIT_SRC))
LIB_ALL = $(LIB_CLIENT) $(LIB_ENCLAVE) $(LIB_SIMTEE) $(LIB_ENGINE) $(LIB_NATIVE)

$(BUILD)/lib/all.a: $(LIB_ALL)
	@mkdir -p $(@D)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/test/%: tests/unit/%.c tests/unit/test.h $(BUILD)/lib/all.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_TEST) $(LDFLAGS_ALL) -Isrc -Itests/unit -MMD -MP -o $@ $< \
		$(BUILD)/lib/all.a -lcmocka -lsodium -lcrypto -lpthread -lm

.PHONY: unit
unit: $(UNIT_BIN)
	tools/run-unit $(UNIT_BIN)

.PHONY: lint
lint:
	tools/lint

.PHONY: clean
clean:
	rm -rf build dist

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
-include model/model.mk
