/* See measure_show.h. Nothing here comes from a stranger but checked tokens. */
#include "cli/measure_show.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/json.h"

static const char *const vmm_name[] = {
	[SNP_VMM_QEMU] = "qemu",
	[SNP_VMM_EC2] = "ec2",
	[SNP_VMM_GCE] = "gce",
};
static const char *const order_name[] = {
	[TDX_SINGLE_PASS] = "single-pass",
	[TDX_TWO_PASS] = "two-pass",
};
static const char *const key_name[CLI_KEY_N] = { "id_key_digest",
	"author_key_digest" };

static void write_hex(struct wr *w, const uint8_t *p, size_t n)
{
	char text[2 * SNP_IDBLOCK_LEN + 1];

	hex_encode(text, p, n);
	wr_str(w, text);
}

/* ,"NAME":"HEX" */
static void member_hex(
    struct wr *w, const char *name, const uint8_t *p, size_t n)
{
	wr_fmt(w, ",\"%s\":\"", name);
	write_hex(w, p, n);
	wr_str(w, "\"");
}

bool cli_measure_complete(const struct tdx_values *v)
{
	return v->has_mrtd && v->has_rtmr[0] && v->has_rtmr[1] &&
	       v->has_rtmr[2];
}

void cli_measure_record_snp(struct wr *w, const struct cli_measure_snp *m,
    const uint8_t digest[SHA384_LEN])
{
	wr_fmt(w, "snp %u %s ", m->in.launch.machine.vcpus, m->in.vcpu_type);
	write_hex(w, digest, SHA384_LEN);
	wr_fmt(w, " policy %016llx", (unsigned long long)m->policy);
}

void cli_measure_record_tdx(
    struct wr *w, const struct cli_measure_tdx *m, const struct tdx_values *v)
{
	static const uint8_t rtmr3[SHA384_LEN];

	wr_fmt(w, "tdx %s mrtd ", m->shape);
	write_hex(w, v->mrtd, SHA384_LEN);
	for (int i = 0; i < 3; i++) {
		wr_fmt(w, " rtmr%d ", i);
		write_hex(w, v->rtmr[i], SHA384_LEN);
	}
	wr_str(w, " rtmr3 "); /* our programs extend nothing */
	write_hex(w, rtmr3, SHA384_LEN);
	wr_fmt(w, " attributes %016llx xfam %016llx",
	    (unsigned long long)m->attributes, (unsigned long long)m->xfam);
}

/* ---- for people ------------------------------------------------------------ */

static void print_digest(const char *name, const uint8_t digest[SHA384_LEN])
{
	char text[2 * SHA384_LEN + 1];

	hex_encode(text, digest, SHA384_LEN);
	(void)printf("%-18s %s\n", name, text);
}

static void print_record(const struct wr *w, bool quiet)
{
	(void)printf("%s%.*s\n", quiet ? "" : "\nLine of the release record:\n",
	    (int)w->len, (const char *)w->p);
}

/* The command line of an input may be a hash only, so no text is shown. */
static void print_kernel(const struct snp_launch *l)
{
	char text[2 * SHA256_LEN + 1];

	if (!l->has_kernel) {
		(void)printf("kernel             none\n");
		return;
	}
	hex_encode(text, l->kernel.kernel, SHA256_LEN);
	(void)printf("kernel             sha256:%s\n", text);
	hex_encode(text, l->kernel.initrd, SHA256_LEN);
	(void)printf("initrd             sha256:%s\n", text);
	hex_encode(text, l->kernel.cmdline, SHA256_LEN);
	(void)printf("command line       sha256:%s (with a NUL)\n", text);
}

void cli_measure_show_snp(const struct cli_measure_snp *m,
    const uint8_t digest[SHA384_LEN], bool quiet)
{
	const struct snp_launch *l = &m->in.launch;
	const struct snp_machine *vm = &l->machine;
	uint8_t buf[CLI_RECORD_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	cli_measure_record_snp(&w, m, digest);
	if (quiet) {
		print_record(&w, quiet);
		return;
	}
	(void)printf("SEV-SNP, launched by %s%s\n", vmm_name[vm->vmm],
	    vm->vmm == SNP_VMM_QEMU ? "" : ", unproven");
	print_digest("firmware's pages", l->firmware);
	print_kernel(l);
	(void)printf("vCPUs              %u, %s (0x%08x)\n", vm->vcpus,
	    m->in.vcpu_type, vm->vcpu_sig);
	(void)printf("SEV_FEATURES       0x%llx\n",
	    (unsigned long long)vm->guest_features);
	for (size_t i = 0; i < CLI_KEY_N; i++) {
		if (m->has_key[i])
			print_digest(
			    i == 0 ? "ID_KEY_DIGEST" : "AUTHOR_KEY_DIGEST",
			    m->key_digest[i]);
	}
	print_digest("MEASUREMENT", digest);
	print_record(&w, quiet);
}

/* Why RTMR0 is missing: the first input that is. */
static const char *rtmr0_lacks(unsigned given)
{
	static const struct {
		unsigned bit;
		const char *what;
	} lack[] = {
		{ TDX_GIVEN_HOB, "the size of memory (--memory)" },
		{ TDX_GIVEN_CFV, "a CFV section in the firmware" },
		{ TDX_GIVEN_LOADER, "the ACPI loader (--acpi-loader)" },
		{ TDX_GIVEN_RSDP, "the ACPI RSDP (--acpi-rsdp)" },
		{ TDX_GIVEN_TABLES, "the ACPI tables (--acpi-tables)" },
	};

	for (size_t i = 0; i < sizeof(lack) / sizeof(lack[0]); i++) {
		if ((given & lack[i].bit) == 0)
			return lack[i].what;
	}
	return NULL;
}

static void print_value(
    const char *name, bool has, const uint8_t *value, const char *lacks)
{
	if (has)
		print_digest(name, value);
	else
		(void)printf("%-18s not computed: needs %s\n", name, lacks);
}

void cli_measure_show_tdx(
    const struct cli_measure_tdx *m, const struct tdx_values *v, bool quiet)
{
	uint8_t buf[CLI_RECORD_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	cli_measure_record_tdx(&w, m, v);
	if (quiet) {
		print_record(&w, quiet);
		return;
	}
	(void)printf("TDX, pages added %s\n", order_name[m->in.order]);
	print_value(
	    "MRTD", v->has_mrtd, v->mrtd, "its value in this page order");
	print_value("RTMR0", v->has_rtmr[0], v->rtmr[0],
	    rtmr0_lacks(m->in.rtmr0_given));
	print_value("RTMR1", v->has_rtmr[1], v->rtmr[1], "a kernel");
	print_value("RTMR2", v->has_rtmr[2], v->rtmr[2], "a command line");
	if (m->from_firmware)
		(void)printf("\nNever compared with a quote from real "
			     "firmware: MRTD%s%s. Check a first one.\n",
		    v->has_rtmr[0] ? ", RTMR0" : "",
		    m->patched_kernel && v->has_rtmr[1] ? ", RTMR1" : "");
	if (cli_measure_complete(v))
		print_record(&w, quiet);
	else
		(void)printf(
		    "\nNo line for a release record without all four.\n");
}

/* ---- JSON ------------------------------------------------------------------ */

static void member_record(struct wr *w, const struct wr *record)
{
	wr_str(w, ",\"record\":");
	json_write_string(w, (struct bytes){ record->p, record->len });
}

static void snp_inputs(struct wr *w, const struct cli_measure_snp *m)
{
	const struct snp_launch *l = &m->in.launch;
	const struct ovmf_sections *s = &l->ovmf.sections;

	wr_fmt(w, ",\"inputs\":{\"vmm\":\"%s\"", vmm_name[l->machine.vmm]);
	member_hex(w, "ovmf_pages_digest", l->firmware, SHA384_LEN);
	if (l->has_kernel) {
		member_hex(w, "kernel_sha256", l->kernel.kernel, SHA256_LEN);
		member_hex(w, "initrd_sha256", l->kernel.initrd, SHA256_LEN);
		member_hex(w, "cmdline_sha256", l->kernel.cmdline, SHA256_LEN);
	}
	wr_fmt(w, ",\"hash_table_gpa\":\"0x%x\",\"sev_es_reset_eip\":\"0x%x\"",
	    l->ovmf.hash_table_gpa, l->ovmf.reset_eip);
	wr_str(w, ",\"metadata_sections_in_table_order\":[");
	for (size_t i = 0; i < s->n; i++)
		wr_fmt(w,
		    "%s{\"gpa\":\"0x%x\",\"size\":\"0x%x\",\"type\":\"0x%x\"}",
		    i > 0 ? "," : "", s->item[i].gpa, s->item[i].size,
		    (unsigned)s->item[i].type);
	wr_fmt(w,
	    "],\"vcpus\":%u,\"vcpu_type\":\"%s\",\"vcpu_sig\":\"0x%x\","
	    "\"guest_features\":\"0x%llx\"}",
	    l->machine.vcpus, m->in.vcpu_type, l->machine.vcpu_sig,
	    (unsigned long long)l->machine.guest_features);
}

void cli_measure_json_snp(struct wr *w, const struct cli_measure_snp *m,
    const uint8_t digest[SHA384_LEN])
{
	uint8_t buf[CLI_RECORD_MAX], block[SNP_IDBLOCK_LEN];
	struct wr record = wr_init(buf, sizeof(buf));

	wr_str(w, ",\"kind\":\"snp\"");
	member_hex(w, "measurement", digest, SHA384_LEN);
	wr_fmt(w, ",\"policy\":\"0x%llx\"", (unsigned long long)m->policy);
	wr_fmt(w, ",\"unproven\":[%s]",
	    m->in.launch.machine.vmm == SNP_VMM_QEMU ? "" : "\"measurement\"");
	cli_measure_record_snp(&record, m, digest);
	member_record(w, &record);
	snp_idblock_write(block, digest, m->policy);
	member_hex(w, "id_block", block, sizeof(block));
	for (size_t i = 0; i < CLI_KEY_N; i++) {
		if (m->has_key[i])
			member_hex(
			    w, key_name[i], m->key_digest[i], SHA384_LEN);
	}
	snp_inputs(w, m);
}

static void tdx_inputs(struct wr *w, const struct tdx_inputs *in)
{
	const struct {
		bool has;
		const char *name;
		const uint8_t *p;
	} member[] = {
		{ in->has_mrtd[TDX_SINGLE_PASS], "mrtd_single_pass",
		    in->mrtd[TDX_SINGLE_PASS] },
		{ in->has_mrtd[TDX_TWO_PASS], "mrtd_two_pass",
		    in->mrtd[TDX_TWO_PASS] },
		{ (in->rtmr0_given & TDX_GIVEN_HOB) != 0, "td_hob_sha384",
		    in->rtmr0.td_hob },
		{ (in->rtmr0_given & TDX_GIVEN_CFV) != 0, "cfv_sha384",
		    in->rtmr0.cfv },
		{ (in->rtmr0_given & TDX_GIVEN_LOADER) != 0,
		    "acpi_loader_sha384", in->rtmr0.acpi_loader },
		{ (in->rtmr0_given & TDX_GIVEN_RSDP) != 0, "acpi_rsdp_sha384",
		    in->rtmr0.acpi_rsdp },
		{ (in->rtmr0_given & TDX_GIVEN_TABLES) != 0,
		    "acpi_tables_sha384", in->rtmr0.acpi_tables },
		{ in->has_kernel, "kernel_authenticode_sha384", in->kernel },
		{ in->has_cmdline, "cmdline_event_sha384", in->cmdline },
		{ in->has_initrd, "initrd_sha384", in->initrd },
	};

	wr_fmt(w, ",\"inputs\":{\"page_order\":\"%s\"", order_name[in->order]);
	for (size_t i = 0; i < sizeof(member) / sizeof(member[0]); i++) {
		if (member[i].has)
			member_hex(w, member[i].name, member[i].p, SHA384_LEN);
	}
	wr_str(w, "}");
}

void cli_measure_json_tdx(
    struct wr *w, const struct cli_measure_tdx *m, const struct tdx_values *v)
{
	static const char *const rtmr[] = { "rtmr0", "rtmr1", "rtmr2" };
	uint8_t buf[CLI_RECORD_MAX];
	struct wr record = wr_init(buf, sizeof(buf));

	wr_str(w, ",\"kind\":\"tdx\"");
	if (v->has_mrtd)
		member_hex(w, "mrtd", v->mrtd, SHA384_LEN);
	for (int i = 0; i < 3; i++) {
		if (v->has_rtmr[i])
			member_hex(w, rtmr[i], v->rtmr[i], SHA384_LEN);
	}
	/* From firmware: docs/measure.md, section 1. */
	wr_fmt(w, ",\"unproven\":[%s%s%s]", m->from_firmware ? "\"mrtd\"" : "",
	    m->from_firmware && v->has_rtmr[0] ? ",\"rtmr0\"" : "",
	    m->patched_kernel && v->has_rtmr[1] ? ",\"rtmr1\"" : "");
	if (cli_measure_complete(v)) {
		cli_measure_record_tdx(&record, m, v);
		member_record(w, &record);
	}
	tdx_inputs(w, &m->in);
}
