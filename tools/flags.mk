# Compiler flags. SAN=1 builds with AddressSanitizer and UBSan, FUZZ=1 adds
# libFuzzer's coverage to that; WERROR is empty for packagers with other
# compilers; CFLAGS and LDFLAGS are the caller's own and come last.
WERROR ?= -Werror
OPT ?= -O2

WARN = -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wsign-conversion -Wcast-align -Wcast-qual -Wpointer-arith \
	-Wwrite-strings -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wundef -Wvla -Wformat=2 -Wswitch-enum \
	-Wimplicit-fallthrough -Wnull-dereference -Wdouble-promotion \
	-Wfloat-conversion -Wredundant-decls
HARDEN = -fstack-protector-strong -fcf-protection=full -fPIE \
	-ffile-prefix-map=$(CURDIR)=.

IS_CLANG := $(findstring clang,$(shell $(CC) --version 2>/dev/null))
ifneq ($(IS_CLANG),)
WARN += -Wcomma -Wassign-enum
HARDEN += -ftrivial-auto-var-init=pattern
else
WARN += -Wlogical-op -Wduplicated-cond -Wduplicated-branches \
	-Wjump-misses-init -Warith-conversion
HARDEN += -fstack-clash-protection -ftrivial-auto-var-init=zero \
	-fzero-call-used-regs=used-gpr
# To gcc a failed claim of cmocka returns, and what it guards is unset then.
TEST_WARN = -Wno-maybe-uninitialized
endif

ifneq ($(SAN)$(FUZZ),)
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all \
	-fno-omit-frame-pointer -g
ifdef FUZZ
SANITIZE += -fsanitize=fuzzer-no-link
endif
OPT = -O1
LDFLAGS_STATIC = $(SANITIZE) $(LDFLAGS)
else
HARDEN += -D_FORTIFY_SOURCE=3
LDFLAGS_STATIC = -static-pie -Wl,-z,relro,-z,now -Wl,--build-id=none $(LDFLAGS)
endif

CFLAGS_ALL = $(OPT) $(WARN) $(WERROR) $(HARDEN) $(SANITIZE) -D_GNU_SOURCE \
	$(CFLAGS)
# Tests may narrow and cast as cmocka does.
CFLAGS_TEST = $(OPT) -std=c11 -Wall -Wextra $(TEST_WARN) $(WERROR) $(SANITIZE) -g \
	-D_GNU_SOURCE $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now $(SANITIZE) $(LDFLAGS)

# The core in the browser: no libc, the few functions it needs are in src/wasm.
# Everyone downloads it, so it is small: optimised as a whole when it is linked.
CFLAGS_WASM = --target=wasm32 -ffreestanding -nostdlib -Oz -flto \
	$(WASM_WARN) -ffile-prefix-map=$(CURDIR)=. -fvisibility=hidden -mbulk-memory
# Memory of one fixed size, so that a page's views of it stay valid; the stack
# lies lowest, so that overflowing it traps.
LDFLAGS_WASM = --no-entry --export-dynamic --strip-all --stack-first -O2 \
	-z stack-size=262144 --initial-memory=4194304 --max-memory=4194304 \
	--compress-relocations -mllvm -inline-threshold=-50
WASM_WARN = -std=c11 -Wall -Wextra -Wpedantic -Wshadow -Wconversion \
	-Wmissing-prototypes -Wvla $(WERROR)
