/*
 * What `confer measure` measures, from the command line: files, or a JSON
 * document in their place; measure/inputs.h.
 */
#ifndef CONFER_CLI_MEASURE_FILES_H
#define CONFER_CLI_MEASURE_FILES_H

#include "cli/exit.h"
#include "cli/options.h"
#include "measure/inputs.h"
#include "measure/snp_idblock.h"

#define CLI_KEY_N 2 /* ID key, author key */

struct cli_measure_snp {
	struct snp_inputs in;
	uint64_t policy;
	bool has_key[CLI_KEY_N];
	uint8_t key_digest[CLI_KEY_N][SHA384_LEN];
};

struct cli_measure_tdx {
	struct tdx_inputs in;
	bool from_firmware;  /* not from given digests */
	bool patched_kernel; /* its header as QEMU 8 and 9 write it */
	const char *shape;
	uint64_t attributes, xfam;
};

/*
 * CLI_EXIT_USAGE: options that are missing, that go together badly, or whose
 * values are wrong; CLI_EXIT_REFUSED: files that cannot be read or measured;
 * CLI_EXIT_INTERNAL. One sentence in ctx.
 */
enum cli_exit cli_measure_read_snp(struct cli_measure_snp *out,
    const struct cli_options *o, struct err_ctx *ctx);
enum cli_exit cli_measure_read_tdx(struct cli_measure_tdx *out,
    const struct cli_options *o, struct err_ctx *ctx);

#endif
