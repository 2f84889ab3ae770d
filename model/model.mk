# The bundled demonstration model: built by its own trainer from its own text.

BUILD ?= build
MODEL_DIR := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
MODEL_BUILD := $(BUILD)/model
MODEL_THREADS ?= $(shell nproc)

MODEL_TEXT := $(sort $(wildcard $(MODEL_DIR)/text/*.txt))
MODEL_OBJ := $(patsubst $(MODEL_DIR)/%.c,$(MODEL_BUILD)/%.o,\
	$(sort $(wildcard $(MODEL_DIR)/*.c)))

# Own flags: results must not depend on the compiler or the CPU, so there is
# no contraction of products and sums, and no instruction beyond AVX2.
MODEL_CFLAGS := -std=c11 -O2 -mavx2 -mfma -mf16c -ffp-contract=off -pthread \
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion \
	-Wcast-align -Wcast-qual -Wpointer-arith -Wwrite-strings \
	-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough \
	-Wnull-dereference -Wdouble-promotion -Wredundant-decls -Werror

.PHONY: model model-check model-eval

# Trains in full: about an hour on two cores; resumes if interrupted.
model: $(MODEL_BUILD)/train
	$< --threads $(MODEL_THREADS) --checkpoint $(MODEL_BUILD)/checkpoint \
	    --out $(MODEL_DIR)/confer-demo.gguf $(MODEL_TEXT)

# Twenty steps must give the committed bytes on every machine.
model-check: $(MODEL_BUILD)/train
	$< --threads $(MODEL_THREADS) --steps 20 \
	    --out $(MODEL_BUILD)/check20.gguf $(MODEL_TEXT)
	cd $(MODEL_BUILD) && sha256sum check20.gguf
	cd $(MODEL_BUILD) && \
	    sha256sum -c $(abspath $(MODEL_DIR))/check20.sha256

# Judges the checkpoint that `make model` left.
model-eval: $(MODEL_BUILD)/train
	$< --threads $(MODEL_THREADS) --checkpoint $(MODEL_BUILD)/checkpoint \
	    --eval $(MODEL_DIR)/heldout.eval $(MODEL_TEXT)

$(MODEL_BUILD)/train: $(MODEL_OBJ)
	$(CC) -pthread -o $@ $(MODEL_OBJ)

$(MODEL_BUILD)/%.o: $(MODEL_DIR)/%.c $(wildcard $(MODEL_DIR)/*.h)
	@mkdir -p $(@D)
	$(CC) $(MODEL_CFLAGS) -c -o $@ $<
