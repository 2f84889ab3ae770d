/* What `confer measure` found: for people, and as JSON. */
#ifndef CONFER_CLI_MEASURE_SHOW_H
#define CONFER_CLI_MEASURE_SHOW_H

#include "base/wr.h"
#include "cli/measure_files.h"

#define CLI_RECORD_MAX 1024  /* a tdx line has 650 bytes and its shape */
#define CLI_INPUTS_MAX 16384 /* 32 sections have 2 KB */

/* The line of a release record, docs/log.md 6.2, without its LF. */
void cli_measure_record_snp(struct wr *w, const struct cli_measure_snp *m,
    const uint8_t digest[SHA384_LEN]);
void cli_measure_record_tdx(
    struct wr *w, const struct cli_measure_tdx *m, const struct tdx_values *v);

/* Does such a line exist? Only with MRTD and all registers. */
bool cli_measure_complete(const struct tdx_values *v);

/*
 * For people, on standard output; quiet: the record's line alone, which must
 * exist.
 */
void cli_measure_show_snp(const struct cli_measure_snp *m,
    const uint8_t digest[SHA384_LEN], bool quiet);
void cli_measure_show_tdx(
    const struct cli_measure_tdx *m, const struct tdx_values *v, bool quiet);

/*
 * Members of the JSON object: each starts with a comma. "inputs" is what
 * --inputs reads.
 */
void cli_measure_json_snp(struct wr *w, const struct cli_measure_snp *m,
    const uint8_t digest[SHA384_LEN]);
void cli_measure_json_tdx(
    struct wr *w, const struct cli_measure_tdx *m, const struct tdx_values *v);

#endif
