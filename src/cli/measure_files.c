/* See measure_files.h. */
#include "cli/measure_files.h"

#include <stdlib.h>
#include <string.h>

#include "attest/snp.h"
#include "measure/inputs_json.h"
#include "measure/linux_header.h"
#include "measure/pe.h"
#include "sys/fd.h"

#define POLICY_DEFAULT     0x30000ULL    /* SMT, and the bit that is always 1 */
#define ATTRIBUTES_DEFAULT 0x10000000ULL /* SEPT_VE_DISABLE */
#define XFAM_DEFAULT       0x602e7ULL    /* x87 to AVX-512, PKRU, CET, AMX */
#define SHOWN              40            /* bytes of an argument in a message */
#define SHAPE_DEFAULT      "td"
#define MIB                (1ULL << 20)

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, s != NULL ? strlen(s) : 0 };
}

/* What an error means for whoever typed the command. */
static enum cli_exit exit_of(enum err e)
{
	if (e == ERR_OK)
		return CLI_EXIT_OK;
	return e == ERR_INTERNAL || e == ERR_NOMEM ? CLI_EXIT_INTERNAL
						   : CLI_EXIT_REFUSED;
}

static enum cli_exit usage(struct err_ctx *ctx, const char *what)
{
	(void)err_set(ctx, ERR_FORMAT, "%s", what);
	return CLI_EXIT_USAGE;
}

/* A number of the command line; `given` NULL leaves *out. */
static enum cli_exit read_number(uint64_t *out, const char *given,
    const char *option, uint64_t max, struct err_ctx *ctx)
{
	if (given == NULL)
		return CLI_EXIT_OK;
	if (inputs_number(out, text_of(given)) && *out <= max)
		return CLI_EXIT_OK;
	(void)err_set(ctx, ERR_FORMAT,
	    "--%s wants a number up to %llu, such as 17 or 0x11, not %.*s",
	    option, (unsigned long long)max, SHOWN, given);
	return CLI_EXIT_USAGE;
}

/* Map a file that may be left out; *map is empty then. */
static enum err open_file(
    struct fd_map *map, const char *path, struct err_ctx *ctx)
{
	*map = (struct fd_map){ NULL, 0 };
	return path != NULL ? fd_map_open(map, path, ctx) : ERR_OK;
}

static struct bytes bytes_of(const struct fd_map *map)
{
	return (struct bytes){ map->p, map->len };
}

/* All files of a launch; those not named are empty. */
struct files {
	struct fd_map firmware, kernel, initrd;
	uint8_t buf[INPUTS_CMDLINE_MAX + 2];
	struct bytes cmdline;
};

/* The text of a file, without the LF that editors put at its end. */
static enum err read_cmdline(
    struct files *f, const struct cli_measure *m, struct err_ctx *ctx)
{
	size_t len = 0;
	enum err e = ERR_OK;

	f->cmdline = text_of(m->append);
	if (m->append_file != NULL) {
		e = fd_read_file(
		    f->buf, sizeof(f->buf), &len, m->append_file, ctx);
		if (e == ERR_OK && len > 0 && f->buf[len - 1] == '\n')
			len--;
		f->cmdline = (struct bytes){ f->buf, len };
	}
	if (e == ERR_OK && f->cmdline.len > INPUTS_CMDLINE_MAX)
		e = err_set(ctx, ERR_LIMIT,
		    "command line of %zu bytes, at most %d", f->cmdline.len,
		    INPUTS_CMDLINE_MAX);
	for (size_t i = 0; e == ERR_OK && i < f->cmdline.len; i++) {
		if (f->cmdline.p[i] == 0)
			e = err_set(ctx, ERR_FORMAT,
			    "command line: zero byte at offset %zu", i);
	}
	return e;
}

static void close_files(struct files *f)
{
	fd_map_close(&f->firmware);
	fd_map_close(&f->kernel);
	fd_map_close(&f->initrd);
}

/* close_files afterwards, also after a failure. */
static enum err open_files(
    struct files *f, const struct cli_measure *m, struct err_ctx *ctx)
{
	enum err e;

	memset(f, 0, sizeof(*f));
	e = open_file(&f->firmware, m->firmware, ctx);
	if (e == ERR_OK)
		e = open_file(&f->kernel, m->kernel, ctx);
	if (e == ERR_OK)
		e = open_file(&f->initrd, m->initrd, ctx);
	if (e == ERR_OK)
		e = read_cmdline(f, m, ctx);
	return e;
}

/* Options for files: which go with which. */
static enum cli_exit check_files(
    const struct cli_measure *m, struct err_ctx *ctx)
{
	if (m->inputs != NULL) {
		if (m->firmware != NULL || m->kernel != NULL ||
		    m->initrd != NULL || m->append != NULL ||
		    m->append_file != NULL)
			return usage(ctx,
			    "--inputs takes the place of --firmware, --kernel, "
			    "--initrd and --append");
		return CLI_EXIT_OK;
	}
	if (m->firmware == NULL)
		return usage(
		    ctx, "confer measure wants --firmware FILE, or --inputs");
	if (m->append != NULL && m->append_file != NULL)
		return usage(ctx, "--append and --append-file exclude each "
				  "other");
	if (m->kernel == NULL &&
	    (m->initrd != NULL || m->append != NULL || m->append_file != NULL))
		return usage(
		    ctx, "an initrd or a command line goes with a --kernel");
	return CLI_EXIT_OK;
}

/* --inputs FILE; the caller parses. */
static enum err read_inputs(uint8_t buf[INPUTS_LEN_MAX], struct bytes *out,
    const char *path, struct err_ctx *ctx)
{
	size_t len = 0;
	enum err e = fd_read_file(buf, INPUTS_LEN_MAX, &len, path, ctx);

	*out = (struct bytes){ buf, len };
	return e;
}

/* ---- SNP ------------------------------------------------------------------- */

static enum cli_exit read_machine(
    struct snp_inputs *out, const struct cli_measure *m, struct err_ctx *ctx)
{
	struct snp_machine *to = &out->launch.machine;
	uint64_t vcpus = 0, sig = 0;
	uint32_t sig32;
	enum cli_exit x =
	    read_number(&vcpus, m->vcpus, "vcpus", SNP_VCPUS_MAX, ctx);

	to->guest_features = 1;
	if (x == CLI_EXIT_OK)
		x = read_number(&sig, m->vcpu_sig, "vcpu-sig", UINT32_MAX, ctx);
	if (x == CLI_EXIT_OK)
		x = read_number(&to->guest_features, m->guest_features,
		    "guest-features", UINT64_MAX, ctx);
	if (x != CLI_EXIT_OK)
		return x;
	if (vcpus == 0)
		return usage(ctx, "confer measure snp wants --vcpus N");
	to->vcpus = (uint32_t)vcpus;
	sig32 = (uint32_t)sig;
	if (m->vmm != NULL && !snp_vmm_named(&to->vmm, text_of(m->vmm)))
		return usage(ctx, "--vmm is qemu, ec2 or gce");
	if (m->vcpu_type == NULL && m->vcpu_sig == NULL)
		return usage(ctx,
		    "confer measure snp wants --vcpu-type NAME or --vcpu-sig");
	return snp_inputs_vcpu(out, text_of(m->vcpu_type),
		   m->vcpu_sig != NULL ? &sig32 : NULL, ctx) == ERR_OK
		   ? CLI_EXIT_OK
		   : CLI_EXIT_USAGE;
}

static enum err read_launch(
    struct snp_launch *out, const struct cli_measure *m, struct err_ctx *ctx)
{
	struct files f;
	enum err e = open_files(&f, m, ctx);

	if (e == ERR_OK)
		e = ovmf_parse(&out->ovmf, bytes_of(&f.firmware), ctx);
	if (e == ERR_OK)
		e = snp_launch_firmware(
		    out->firmware, bytes_of(&f.firmware), ctx);
	out->has_kernel = m->kernel != NULL;
	if (e == ERR_OK && out->has_kernel)
		snp_launch_kernel(&out->kernel, bytes_of(&f.kernel),
		    bytes_of(&f.initrd), f.cmdline);
	close_files(&f);
	return e;
}

static enum err read_key(struct cli_measure_snp *out, size_t i,
    const char *path, struct err_ctx *ctx)
{
	uint8_t pem[SNP_PEM_LEN_MAX];
	size_t len = 0;
	enum err e;

	if (path == NULL)
		return ERR_OK;
	e = fd_read_file(pem, sizeof(pem), &len, path, ctx);
	if (e == ERR_OK)
		e = snp_idblock_parse_key(
		    out->key_digest[i], (struct bytes){ pem, len }, ctx);
	out->has_key[i] = e == ERR_OK;
	return e;
}

/* A policy that every client refuses is a mistake. A-05 */
static enum cli_exit read_policy(
    uint64_t *out, const struct cli_measure *m, struct err_ctx *ctx)
{
	struct snp_report r = { .version = SNP_VERSION_MAX };
	enum cli_exit x;

	*out = POLICY_DEFAULT;
	x = read_number(out, m->policy, "policy", UINT64_MAX, ctx);
	r.policy = *out;
	if (x == CLI_EXIT_OK && snp_guest_check(&r, ctx) != ERR_OK)
		x = CLI_EXIT_REFUSED;
	return x;
}

static enum cli_exit read_snp(struct cli_measure_snp *out,
    const struct cli_measure *m, struct err_ctx *ctx)
{
	static uint8_t buf[INPUTS_LEN_MAX]; /* too large for a stack */
	struct bytes text;
	enum err e;

	if (m->inputs == NULL) {
		enum cli_exit x = read_machine(&out->in, m, ctx);

		return x != CLI_EXIT_OK
			   ? x
			   : exit_of(read_launch(&out->in.launch, m, ctx));
	}
	if (m->vcpus != NULL || m->vcpu_type != NULL || m->vcpu_sig != NULL ||
	    m->guest_features != NULL || m->vmm != NULL)
		return usage(
		    ctx, "--inputs says which vCPUs, features and VMM");
	e = read_inputs(buf, &text, m->inputs, ctx);
	if (e == ERR_OK)
		e = snp_inputs_parse(&out->in, text, ctx);
	return exit_of(e);
}

enum cli_exit cli_measure_read_snp(struct cli_measure_snp *out,
    const struct cli_options *o, struct err_ctx *ctx)
{
	const struct cli_measure *m = &o->measure;
	enum cli_exit x = check_files(m, ctx);

	memset(out, 0, sizeof(*out));
	if (x == CLI_EXIT_OK)
		x = read_policy(&out->policy, m, ctx);
	if (x == CLI_EXIT_OK)
		x = read_snp(out, m, ctx);
	if (x == CLI_EXIT_OK)
		x = exit_of(read_key(out, 0, m->id_key, ctx));
	if (x == CLI_EXIT_OK)
		x = exit_of(read_key(out, 1, m->author_key, ctx));
	return x;
}

/* ---- TDX ------------------------------------------------------------------- */

/* SHA-384 of a file that may be left out. */
static enum err hash_file(uint8_t out[SHA384_LEN], const char *path,
    unsigned *given, unsigned bit, struct err_ctx *ctx)
{
	struct fd_map map;
	enum err e = open_file(&map, path, ctx);

	if (e == ERR_OK && path != NULL) {
		e = crypto_sha384(out, &(struct bytes){ map.p, map.len }, 1);
		*given |= bit;
	}
	fd_map_close(&map);
	return e;
}

static enum err read_acpi(
    struct tdx_inputs *out, const struct cli_measure *m, struct err_ctx *ctx)
{
	enum err e = hash_file(out->rtmr0.acpi_loader, m->acpi_loader,
	    &out->rtmr0_given, TDX_GIVEN_LOADER, ctx);

	if (e == ERR_OK)
		e = hash_file(out->rtmr0.acpi_rsdp, m->acpi_rsdp,
		    &out->rtmr0_given, TDX_GIVEN_RSDP, ctx);
	if (e == ERR_OK)
		e = hash_file(out->rtmr0.acpi_tables, m->acpi_tables,
		    &out->rtmr0_given, TDX_GIVEN_TABLES, ctx);
	return e;
}

/* MRTD in both orders, the hand-off blocks and the configuration volume. */
static enum err measure_firmware(struct tdx_inputs *out, struct bytes image,
    uint64_t memory, struct err_ctx *ctx)
{
	struct tdvf t;
	const struct tdvf_section *cfv;
	enum err e = tdvf_parse(&t, image, ctx);

	for (int i = TDX_SINGLE_PASS; e == ERR_OK && i <= TDX_TWO_PASS; i++) {
		e = tdx_launch_mrtd(
		    out->mrtd[i], &t, image, (enum tdx_page_order)i, ctx);
		out->has_mrtd[i] = e == ERR_OK;
	}
	if (e == ERR_OK && memory > 0) {
		e = tdx_launch_hob(out->rtmr0.td_hob, &t, memory, ctx);
		out->rtmr0_given |= TDX_GIVEN_HOB;
	}
	cfv = tdvf_section_find(&t, TDVF_CFV);
	if (e != ERR_OK || cfv == NULL)
		return e;
	out->rtmr0_given |= TDX_GIVEN_CFV;
	return crypto_sha384(out->rtmr0.cfv,
	    &(struct bytes){ image.p + cfv->data_offset, cfv->data_size }, 1);
}

static bool patches_header(const struct cli_measure *m)
{
	return m->kernel_header != NULL &&
	       strcmp(m->kernel_header, "qemu") == 0;
}

/* The Authenticode digest of a copy with the header that QEMU writes. */
static enum err hash_patched(uint8_t out[SHA384_LEN], const struct files *f,
    uint64_t memory, struct err_ctx *ctx)
{
	const struct linux_start start = { memory, f->initrd.len, f->cmdline };
	const size_t len = f->kernel.len;
	uint8_t *copy = malloc(len + 1);
	enum err e;

	if (copy == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for a kernel");
	mem_copy(copy, f->kernel.p, len);
	e = linux_header_patch(copy, len, &start, ctx);
	if (e == ERR_OK)
		e = pe_parse_authenticode(
		    out, (struct bytes){ copy, len }, ctx);
	free(copy);
	return e;
}

static enum err measure_kernel(struct tdx_inputs *out, const struct files *f,
    const struct cli_measure *m, uint64_t memory, struct err_ctx *ctx)
{
	enum err e =
	    patches_header(m)
		? hash_patched(out->kernel, f, memory, ctx)
		: pe_parse_authenticode(out->kernel, bytes_of(&f->kernel), ctx);

	out->has_kernel = e == ERR_OK;
	if (e == ERR_OK)
		e = tdx_launch_cmdline(
		    out->cmdline, f->cmdline, out->has_initrd, ctx);
	out->has_cmdline = e == ERR_OK;
	if (e == ERR_OK && out->has_initrd)
		e = crypto_sha384(out->initrd,
		    &(struct bytes){ f->initrd.p, f->initrd.len }, 1);
	return e;
}

static enum err read_td(struct tdx_inputs *out, const struct cli_measure *m,
    uint64_t memory, struct err_ctx *ctx)
{
	struct files f;
	enum err e = open_files(&f, m, ctx);

	if (e == ERR_OK)
		e = measure_firmware(out, bytes_of(&f.firmware), memory, ctx);
	out->has_initrd = f.initrd.len > 0; /* firmware sees no empty one */
	if (e == ERR_OK && m->kernel != NULL)
		e = measure_kernel(out, &f, m, memory, ctx);
	close_files(&f);
	return e == ERR_OK ? read_acpi(out, m, ctx) : e;
}

static enum cli_exit read_tdx(struct cli_measure_tdx *out,
    const struct cli_measure *m, struct err_ctx *ctx)
{
	static uint8_t buf[INPUTS_LEN_MAX]; /* too large for a stack */
	struct bytes text;
	uint64_t memory = 0;
	enum err e;

	if (m->inputs == NULL) {
		enum cli_exit x = read_number(
		    &memory, m->memory, "memory", TDX_MEMORY_MAX / MIB, ctx);

		out->from_firmware = true;
		out->patched_kernel = patches_header(m);
		if (x == CLI_EXIT_OK && m->kernel_header != NULL &&
		    !patches_header(m) && strcmp(m->kernel_header, "file") != 0)
			x = usage(ctx, "--kernel-header is file or qemu");
		return x != CLI_EXIT_OK
			   ? x
			   : exit_of(read_td(&out->in, m, memory * MIB, ctx));
	}
	if (m->memory != NULL || m->acpi_loader != NULL ||
	    m->acpi_rsdp != NULL || m->acpi_tables != NULL ||
	    m->kernel_header != NULL)
		return usage(ctx, "--inputs says how much memory, which ACPI "
				  "tables and which kernel");
	e = read_inputs(buf, &text, m->inputs, ctx);
	if (e == ERR_OK)
		e = tdx_inputs_parse(&out->in, text, ctx);
	return exit_of(e);
}

enum cli_exit cli_measure_read_tdx(struct cli_measure_tdx *out,
    const struct cli_options *o, struct err_ctx *ctx)
{
	const struct cli_measure *m = &o->measure;
	enum cli_exit x = check_files(m, ctx);

	memset(out, 0, sizeof(*out));
	out->shape = m->shape != NULL ? m->shape : SHAPE_DEFAULT;
	out->attributes = ATTRIBUTES_DEFAULT;
	out->xfam = XFAM_DEFAULT;
	if (x == CLI_EXIT_OK && !inputs_token(text_of(out->shape)))
		x = usage(ctx, "--shape wants 1 to 64 of A-Z a-z 0-9 . _ + -");
	if (x == CLI_EXIT_OK)
		x = read_number(&out->attributes, m->attributes, "attributes",
		    UINT64_MAX, ctx);
	if (x == CLI_EXIT_OK)
		x = read_number(&out->xfam, m->xfam, "xfam", UINT64_MAX, ctx);
	if (x == CLI_EXIT_OK)
		x = read_tdx(out, m, ctx);
	if (x == CLI_EXIT_OK && m->page_order != NULL &&
	    tdx_inputs_order(&out->in.order, text_of(m->page_order), ctx) !=
		ERR_OK)
		x = CLI_EXIT_USAGE;
	return x;
}
