/* confer measure: what hardware will report of a launch, before there is one. */
#include <string.h>

#include "cli/cmd.h"
#include "cli/measure_show.h"

#define SHOWN 40 /* bytes of an argument in a message */

/* {"exit":0, ...} on standard output. */
static struct wr json_begin(uint8_t buf[CLI_INPUTS_MAX], enum cli_exit x)
{
	struct wr w = wr_init(buf, CLI_INPUTS_MAX);

	wr_fmt(&w, "{\"exit\":%d", (int)x);
	return w;
}

static enum cli_exit json_end(struct wr *w, enum cli_exit x)
{
	wr_str(w, "}\n");
	if (w->err != ERR_OK)
		return CLI_EXIT_INTERNAL;
	(void)fwrite(w->p, 1, w->len, stdout);
	return x;
}

static enum cli_exit measure_snp(
    const struct cli_options *o, struct cli_term *t, struct err_ctx *ctx)
{
	struct cli_measure_snp m;
	uint8_t digest[SHA384_LEN], buf[CLI_INPUTS_MAX];
	struct wr w;
	enum cli_exit x = cli_measure_read_snp(&m, o, ctx);
	enum err e;

	if (x != CLI_EXIT_OK)
		return cli_exit_tell(t, o->json, x, ctx);
	e = snp_launch_digest(digest, &m.in.launch, ctx);
	if (e != ERR_OK)
		return cli_exit_tell(t, o->json,
		    e == ERR_INTERNAL ? CLI_EXIT_INTERNAL : CLI_EXIT_REFUSED,
		    ctx);
	if (!o->json) {
		cli_measure_show_snp(&m, digest, o->quiet);
		return CLI_EXIT_OK;
	}
	w = json_begin(buf, CLI_EXIT_OK);
	cli_measure_json_snp(&w, &m, digest);
	return json_end(&w, CLI_EXIT_OK);
}

static enum cli_exit measure_tdx(
    const struct cli_options *o, struct cli_term *t, struct err_ctx *ctx)
{
	struct cli_measure_tdx m;
	struct tdx_values v;
	uint8_t buf[CLI_INPUTS_MAX];
	struct wr w;
	enum cli_exit x = cli_measure_read_tdx(&m, o, ctx);
	enum err e;

	if (x != CLI_EXIT_OK)
		return cli_exit_tell(t, o->json, x, ctx);
	e = tdx_inputs_measure(&v, &m.in, ctx);
	if (e != ERR_OK)
		return cli_exit_tell(t, o->json,
		    e == ERR_INTERNAL ? CLI_EXIT_INTERNAL : CLI_EXIT_REFUSED,
		    ctx);
	if (o->quiet && !cli_measure_complete(&v)) {
		(void)err_set(ctx, ERR_FORMAT,
		    "no line for a release record: MRTD, RTMR0, RTMR1 and "
		    "RTMR2 "
		    "are not all known");
		return cli_exit_tell(t, o->json, CLI_EXIT_REFUSED, ctx);
	}
	if (!o->json) {
		cli_measure_show_tdx(&m, &v, o->quiet);
		return CLI_EXIT_OK;
	}
	w = json_begin(buf, CLI_EXIT_OK);
	cli_measure_json_tdx(&w, &m, &v);
	return json_end(&w, CLI_EXIT_OK);
}

/* An option of the other kind would change nothing: say so. */
static bool all_apply(
    const struct cli_measure *m, bool snp, struct err_ctx *ctx)
{
	const struct {
		const char *name;
		const char *value;
		bool of_snp;
	} option[] = {
		{ "vcpus", m->vcpus, true },
		{ "vcpu-type", m->vcpu_type, true },
		{ "vcpu-sig", m->vcpu_sig, true },
		{ "guest-features", m->guest_features, true },
		{ "policy", m->policy, true },
		{ "vmm", m->vmm, true },
		{ "id-key", m->id_key, true },
		{ "author-key", m->author_key, true },
		{ "memory", m->memory, false },
		{ "acpi-loader", m->acpi_loader, false },
		{ "acpi-rsdp", m->acpi_rsdp, false },
		{ "acpi-tables", m->acpi_tables, false },
		{ "page-order", m->page_order, false },
		{ "kernel-header", m->kernel_header, false },
		{ "shape", m->shape, false },
		{ "attributes", m->attributes, false },
		{ "xfam", m->xfam, false },
	};

	for (size_t i = 0; i < sizeof(option) / sizeof(option[0]); i++) {
		if (option[i].value != NULL && option[i].of_snp != snp) {
			(void)err_set(ctx, ERR_FORMAT,
			    "--%s is an option of `confer measure %s`",
			    option[i].name, snp ? "tdx" : "snp");
			return false;
		}
	}
	return true;
}

enum cli_exit cli_cmd_measure(const struct cli_options *o, struct cli_term *t)
{
	const char *kind = o->args > 0 ? o->arg[0] : "";
	const bool snp = strcmp(kind, "snp") == 0;
	struct err_ctx ctx = { 0 };

	if (!snp && strcmp(kind, "tdx") != 0) {
		(void)err_set(&ctx, ERR_FORMAT,
		    "confer measure wants `snp` or `tdx`%s%.*s",
		    kind[0] != '\0' ? ", not " : "", SHOWN, kind);
		return cli_exit_tell(t, o->json, CLI_EXIT_USAGE, &ctx);
	}
	if (!all_apply(&o->measure, snp, &ctx))
		return cli_exit_tell(t, o->json, CLI_EXIT_USAGE, &ctx);
	return snp ? measure_snp(o, t, &ctx) : measure_tdx(o, t, &ctx);
}
