# Confer in C. `make run` and `make test` set everything up on a fresh Debian 12
# machine; `make help` lists the rest. Flags are in tools/flags.mk, the targets
# that check in tools/check.mk, those that package in tools/install.mk.

# Without CC from the caller, gcc: make's own default `cc` is anything.
ifeq ($(origin CC),default)
CC = gcc
endif
CLANG ?= clang

# One directory for each way of building, so that objects never mix; should the
# flags change all the same, $(BUILD)/flags changes and everything is rebuilt.
BUILD ?= build$(if $(SAN),/san)$(if $(FUZZ),/fuzz)

# What a build is made of. Floors and their order: docs/architecture.md.
CORE_DIRS = base crypto noise attest tlog protocol
CORE_SRC = $(filter-out %_openssl.c %_sodium.c %_host.c,\
	$(foreach d,$(CORE_DIRS),$(wildcard src/$(d)/*.c)))
SODIUM_SRC = $(wildcard src/crypto/*_sodium.c)
OPENSSL_SRC = $(wildcard src/crypto/*_openssl.c)
SYS_SRC = $(wildcard src/sys/*.c)
HTTP_SRC = $(filter-out %_openssl.c,$(wildcard src/http/*.c))
TLS_SRC = $(wildcard src/http/*_openssl.c)
ENGINE_SRC = $(wildcard src/engine/*.c)
OPENAI_SRC = $(wildcard src/openai/*.c)
ENCLAVE_SRC = $(wildcard src/enclave/*.c)
SIMTEE_SRC = $(wildcard src/simtee/*.c)
CLIENT_SRC = $(wildcard src/client/*.c)
LOGD_SRC = $(wildcard src/logd/*.c)
RELEASE_SRC = $(wildcard src/release/*.c)
MEASURE_SRC = $(wildcard src/measure/*.c)
CLI_SRC = $(wildcard src/cli/*.c)

PROGRAM_OF_cli = confer
PROGRAM_OF_enclave = confer-enclave
PROGRAM_OF_logd = confer-log
PROGRAM_OF_simtee = confer-simtee
PROGRAMS = $(foreach d,cli enclave logd simtee,\
	$(if $(wildcard src/$(d)/main.c),$(PROGRAM_OF_$(d))))

# V=1 shows whole command lines.
Q = $(if $(V),,@)
say = $(if $(V),,@printf '  %-6s %s\n' $(1) $(2))

.PHONY: all run help clean FORCE
all: $(addprefix $(BUILD)/bin/,$(PROGRAMS))
	@:

# Also without a terminal: one answer, its verification, and the end.
run:
	@tools/setup run
	@$(MAKE) --no-print-directory -j2 all
	@$(BUILD)/bin/confer up

help:
	@cat tools/help.txt

clean:
	rm -rf build dist

include tools/flags.mk
FLAGS_NOW = $(CC) $(CFLAGS_ALL) $(CFLAGS_TEST) $(LDFLAGS_ALL)
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(FLAGS_NOW)' | cmp -s - $@ || echo '$(FLAGS_NOW)' >$@

# ---- objects -----------------------------------------------------------------
objs = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))
LIB_CORE = $(call objs,$(CORE_SRC) $(SODIUM_SRC))
LIB_NATIVE = $(LIB_CORE) $(call objs,$(OPENSSL_SRC) $(SYS_SRC))
LIB_HTTP = $(call objs,$(HTTP_SRC) $(TLS_SRC))
LIB_ENGINE = $(call objs,$(ENGINE_SRC) $(OPENAI_SRC))
main_of = $(BUILD)/obj/$(1)/main.o
parts_of = $(filter-out %/main.o,$(call objs,$(1)))
LIB_ENCLAVE = $(call parts_of,$(ENCLAVE_SRC))
LIB_SIMTEE = $(call parts_of,$(SIMTEE_SRC))
LIB_LOGD = $(call parts_of,$(LOGD_SRC))
LIB_CLIENT = $(call objs,$(CLIENT_SRC) $(MEASURE_SRC) $(RELEASE_SRC)) \
	$(call parts_of,$(CLI_SRC)) $(LIB_LOGD)

$(BUILD)/obj/%.o: src/%.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) -Isrc -MMD -MP -c -o $@ $<

# Answers are the same bits on every CPU: nothing is fused but where it is
# written. Kernels are chosen at start by cpuid; only they are built for it.
$(BUILD)/obj/engine/%.o: CFLAGS_ALL += -ffp-contract=off
$(BUILD)/obj/engine/%_avx2.o: CFLAGS_ALL += -mavx2 -mfma -mf16c
$(BUILD)/obj/engine/%_avx512.o: CFLAGS_ALL += -mavx2 -mfma -mf16c -mavx512f \
	-mavx512bw -mavx512dq -mavx512vl -mavx512vnni

# ---- programs ----------------------------------------------------------------
$(BUILD)/bin/confer: $(call main_of,cli) $(LIB_CLIENT) $(LIB_ENGINE) \
	$(LIB_HTTP) $(LIB_NATIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lsodium -lssl -lcrypto -lpthread -lm

# One static binary: libsodium and nothing else.
$(BUILD)/bin/confer-enclave: $(call main_of,enclave) $(LIB_ENCLAVE) \
	$(LIB_ENGINE) $(LIB_CORE) $(call objs,$(SYS_SRC))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_STATIC) -o $@ $^ -Wl,-Bstatic -lsodium \
		-Wl,$(if $(SAN),-Bdynamic,-Bstatic) -lpthread -lm

$(BUILD)/bin/confer-log: $(call main_of,logd) $(LIB_LOGD) $(LIB_HTTP) \
	$(LIB_NATIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lsodium -lssl -lcrypto -lpthread

$(BUILD)/bin/confer-simtee: $(call main_of,simtee) $(LIB_SIMTEE) $(LIB_NATIVE)
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^ -lsodium -lcrypto

include tools/check.mk
include tools/install.mk
-include model/model.mk
-include $(shell find $(BUILD)/obj $(BUILD)/test -name '*.d' 2>/dev/null)
