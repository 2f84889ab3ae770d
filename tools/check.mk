# Tests, fuzzing, the browser's core, static analysis and benchmarks.
LIB_ALL = $(LIB_CLIENT) $(LIB_ENCLAVE) $(LIB_SIMTEE) $(LIB_ENGINE) \
	$(LIB_HTTP) $(LIB_NATIVE)
LINK_ALL = $(BUILD)/lib/all.a -lsodium -lssl -lcrypto -lpthread -lm

$(BUILD)/lib/all.a: $(LIB_ALL)
	@mkdir -p $(@D)
	@rm -f $@
	$(Q)ar rcs $@ $^

# ---- unit tests: tests/unit/NAME_test.c -> build/test/NAME_test --------------
# ONLY='noise crypto' keeps the tests of these modules.
ONLY ?=
UNIT_SRC = $(foreach m,$(or $(ONLY),*),$(wildcard tests/unit/$(m)_*test.c))
UNIT_BIN = $(patsubst tests/unit/%.c,$(BUILD)/test/%,$(UNIT_SRC))

$(BUILD)/test/%: tests/unit/%.c tests/unit/test.h $(BUILD)/lib/all.a \
	$(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)
	$(Q)$(CC) $(CFLAGS_TEST) $(LDFLAGS_ALL) -Isrc -Itests/unit -MMD -MP \
		-o $@ $< -lcmocka $(LINK_ALL)

# What the log's writer calls, for a test in which it fails, and witnesses that
# a test plays.
LOG_FAULTS = open openat read write fsync close linkat renameat unlinkat \
	mkdirat mkdir fstatvfs flock faccessat readdir malloc calloc
$(BUILD)/test/logd_fault_test: \
	private LDFLAGS_ALL += $(LOG_FAULTS:%=-Xlinker --wrap=%)
$(BUILD)/test/logd_publish_test: \
	private LDFLAGS_ALL += -Xlinker --wrap=logd_ask_witnesses

.PHONY: unit unit-bin
unit-bin: $(UNIT_BIN)
unit: unit-bin
	@tools/run-unit $(if $(WRAP),--wrap '$(WRAP)') $(UNIT_BIN)

# ---- what `make test` runs ---------------------------------------------------
.PHONY: test lint e2e
test:
	@tools/setup test
	@tools/test

lint:
	@tools/lint

e2e: all
	@BUILD=$(abspath $(BUILD)) tools/run-e2e

# ---- the core as wasm32, freestanding ----------------------------------------
WASM_OBJ = $(patsubst src/%.c,build/wasm/%.o,\
	$(CORE_SRC) $(wildcard src/crypto/*_host.c) $(wildcard src/wasm/*.c))
WASM_TESTS = $(patsubst tests/wasm/%_exports.c,build/wasm/%_test.wasm,\
	$(wildcard tests/wasm/*_exports.c))
# What nothing exported reaches is left out.
LINK_WASM = wasm-ld $(LDFLAGS_WASM) -o $@ $^

build/wasm/%.o: src/%.c tools/flags.mk
	@mkdir -p $(@D)
	$(call say,WASM,$<)
	$(Q)$(CLANG) $(CFLAGS_WASM) -Isrc -MMD -MP -c -o $@ $<

build/wasm/tests/%.o: tests/wasm/%.c tools/flags.mk
	@mkdir -p $(@D)
	$(call say,WASM,$<)
	$(Q)$(CLANG) $(CFLAGS_WASM) -Isrc -MMD -MP -c -o $@ $<

build/wasm/core.wasm: $(WASM_OBJ)
	$(call say,LINK,$@)
	$(Q)$(LINK_WASM)
	@echo "core.wasm: $$(wc -c <$@) bytes, $$(gzip -9nc $@ | wc -c) gzipped"

# Modules with more exports, for tests/wasm alone.
build/wasm/%_test.wasm: build/wasm/tests/%_exports.o $(WASM_OBJ)
	$(call say,LINK,$@)
	$(Q)$(LINK_WASM)

# Evidence for the modules to judge, made natively.
$(BUILD)/test/wasm-fixture: tests/wasm/fixture.c $(BUILD)/lib/all.a \
	$(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)
	$(Q)$(CC) $(CFLAGS_TEST) $(LDFLAGS_ALL) -Isrc -Itests/unit -o $@ $< \
		-lcmocka $(LINK_ALL)

.PRECIOUS: build/wasm/tests/%.o
.PHONY: wasm wasm-test
wasm: build/wasm/core.wasm
wasm-test: wasm $(WASM_TESTS) $(BUILD)/test/wasm-fixture
	@WASM_FIXTURE=$(abspath $(BUILD)/test/wasm-fixture) tools/run-wasm
-include $(WASM_OBJ:.o=.d) $(wildcard build/wasm/tests/*.d)

# ---- fuzzing: tests/fuzz/fuzz_NAME.c, seeds in tests/fuzz/corpus/NAME/ -------
FUZZ_SECONDS ?= 30
FUZZ_NAMES = $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
in_fuzz = $(MAKE) --no-print-directory CC=$(CLANG) FUZZ=1 BUILD=build/fuzz

build/fuzz/bin/%: tests/fuzz/fuzz_%.c $(BUILD)/lib/all.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)
	$(Q)$(CC) $(CFLAGS_TEST) -fsanitize=fuzzer $(LDFLAGS_ALL) -Isrc \
		-o $@ $< $(LINK_ALL)

.PHONY: fuzz fuzz-corpus fuzz-bin
fuzz-bin: $(addprefix build/fuzz/bin/,$(FUZZ_NAMES))
fuzz:
	@+$(in_fuzz) fuzz-bin
	@tools/run-fuzz $(FUZZ_SECONDS) $(FUZZ_NAMES)
fuzz-corpus:
	@+$(in_fuzz) fuzz-bin
	@tools/run-fuzz 0 $(FUZZ_NAMES)

# ---- secrets under valgrind: tests/valgrind/ct.c -----------------------------
CT_WRAP = crypto_scalarmult crypto_aead_open

$(BUILD)/test/ct: tests/valgrind/ct.c $(BUILD)/lib/all.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$<)
	$(Q)$(CC) $(CFLAGS_TEST) -gdwarf-4 $(LDFLAGS_ALL) -Isrc -o $@ $< \
		$(CT_WRAP:%=-Xlinker --wrap=%) $(LINK_ALL)

.PHONY: valgrind
valgrind: $(BUILD)/test/ct
	@tools/run-ct $<

# ---- tests of the tests: one operator changed at a time ----------------------
in_attest = src/attest/$(1).c=$(subst $(space),$(comma),$(2:%=attest_%_test))
space := $(empty) $(empty)
comma := ,
MUTATE ?= $(call in_attest,snp_policy,snp_policy) \
	$(call in_attest,dcap_policy,dcap_policy) \
	$(call in_attest,dcap_tcb,dcap_tcb dcap_levels dcap_policy) \
	$(call in_attest,policy,policy snp_policy dcap_policy)

.PHONY: mutate
mutate: $(BUILD)/lib/all.a
	@mkdir -p $(BUILD)/mutate
	@MUTATE_DIR=$(BUILD)/mutate \
		MUTATE_CC='$(CC) $(CFLAGS_ALL) -w -g0 -Isrc' \
		MUTATE_CC_TEST='$(CC) $(CFLAGS_TEST) -Isrc -Itests/unit' \
		MUTATE_LINK='$(CC) $(LDFLAGS_ALL)' \
		MUTATE_LIBS='-lcmocka $(LINK_ALL)' tools/mutate $(MUTATE)

# ---- campaigns on the release log ---------------------------------------------
.PHONY: soak
soak: all
	@BUILD=$(abspath $(BUILD)) tools/soak

# ---- lines of src/attest that its unit tests run -----------------------------
COVERAGE_MIN = 95
.PHONY: coverage
coverage:
	@+$(MAKE) --no-print-directory CC=gcc BUILD=build/coverage OPT=-O0 \
		CFLAGS='--coverage -w -U_FORTIFY_SOURCE' LDFLAGS=--coverage \
		ONLY=attest unit-bin
	@tools/coverage build/coverage src/attest $(COVERAGE_MIN)

# ---- the matrix --------------------------------------------------------------
.PHONY: test-all tidy core
test-all: test
	@tools/test-all

core: $(LIB_CORE)

tidy:
	@tools/tidy $(CORE_SRC) $(SODIUM_SRC) $(OPENSSL_SRC) $(SYS_SRC) \
		$(HTTP_SRC) $(TLS_SRC) $(ENGINE_SRC) $(OPENAI_SRC) $(ENCLAVE_SRC) \
		$(SIMTEE_SRC) $(CLIENT_SRC) $(MEASURE_SRC) $(CLI_SRC) \
		$(LOGD_SRC) $(RELEASE_SRC)

# ---- benchmarks: bench/NAME.c, each prints rows (bench/bench.h) --------------
# Further files of a benchmark are in bench/NAME/.
BENCH_BIN = $(patsubst bench/%.c,$(BUILD)/bench/%,$(wildcard bench/*.c))

$(BUILD)/bench/live: $(wildcard bench/live/*)
# The synthetic vendors of the unit tests.
$(BUILD)/bench/attest: BENCH_FLAGS = -Itests/unit -lcmocka
$(BUILD)/bench/attest: $(wildcard tests/unit/*_world.h) tests/unit/pki.h
# Time inside fsync is taken apart.
$(BUILD)/bench/log: BENCH_FLAGS = -Xlinker --wrap=fsync
$(BUILD)/bench/%: bench/%.c bench/bench.h $(BUILD)/lib/all.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BENCH,$<)
	$(Q)$(CC) $(CFLAGS_TEST) $(LDFLAGS_ALL) -Isrc -Ibench -o $@ \
		$(filter %.c,$^) $(LINK_ALL) $(BENCH_FLAGS)

# The engine on models of real shape, beside llama.cpp where LLAMA_CPP names
# its programs: bench/llm/run says what else can be set.
LLM_BIN = $(addprefix $(BUILD)/bench/llm-,model peak ttft)
$(BUILD)/bench/llm-model: bench/llm/file.c bench/llm/shapes.c
$(BUILD)/bench/llm-%: bench/llm/%.c bench/bench.h $(wildcard bench/llm/*.h) \
		$(BUILD)/lib/all.a $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,BENCH,$<)
	$(Q)$(CC) $(CFLAGS_TEST) $(LDFLAGS_ALL) -Isrc -Ibench -o $@ \
		$(filter %.c,$^) $(LINK_ALL)

.PHONY: bench-llm
bench-llm: all $(LLM_BIN)
	@BUILD=$(abspath $(BUILD)) bench/llm/run

# The verifier in wasm, where its tools are.
BENCH_WASM = $(and $(shell command -v $(CLANG) 2>/dev/null),\
	$(shell command -v node 2>/dev/null),bench/attest.mjs)

.PHONY: bench
bench: all $(BENCH_BIN) $(if $(BENCH_WASM),wasm)
	@BUILD=$(abspath $(BUILD)) bench/run $(BENCH_BIN) $(BENCH_WASM) bench/lines
