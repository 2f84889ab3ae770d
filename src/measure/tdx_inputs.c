/* The JSON form of what MRTD and RTMR0 to RTMR2 are computed from. */
#include "measure/inputs.h"
#include "measure/inputs_json.h"

#define MIB            (1ULL << 20)
#define TWO_PASS_BELOW 9 /* QEMU's major version */

static const char *const members[] = { "kernel_authenticode_sha384",
	"cmdline_event_sha384", "cmdline", "initrd_sha384", "mrtd_single_pass",
	"mrtd_two_pass", "qemu", "page_order", "memory_mib", "td_hob_sha384",
	"tdvf_sections_in_table_order", "cfv_sha384", "acpi_loader_sha384",
	"acpi_rsdp_sha384", "acpi_tables_sha384" };
static const char *const section_members[] = { "gpa", "size", "type" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum err tdx_inputs_order(
    enum tdx_page_order *out, struct bytes text, struct err_ctx *ctx)
{
	if (mem_eq_str(text, "two-pass"))
		*out = TDX_TWO_PASS;
	else if (mem_eq_str(text, "single-pass"))
		*out = TDX_SINGLE_PASS;
	else
		return err_set(
		    ctx, ERR_FORMAT, "page order is two-pass or single-pass");
	return ERR_OK;
}

enum err tdx_inputs_order_of_qemu(
    enum tdx_page_order *out, struct bytes version, struct err_ctx *ctx)
{
	uint64_t major = 0;
	size_t n = 0;

	while (n < version.len && version.p[n] != '.')
		n++;
	if (n == version.len ||
	    !inputs_number(&major, (struct bytes){ version.p, n }))
		return err_set(ctx, ERR_FORMAT,
		    "QEMU's version is written as 8.2.2 or 9.0");
	*out = major < TWO_PASS_BELOW ? TDX_TWO_PASS : TDX_SINGLE_PASS;
	return ERR_OK;
}

static void read_order(struct inputs_json *in, enum tdx_page_order *out)
{
	uint8_t buf[64];
	struct bytes text;
	enum tdx_page_order of_qemu = TDX_SINGLE_PASS;
	bool qemu = inputs_json_text(in, "qemu", buf, sizeof(buf), &text);

	if (qemu)
		in->err = tdx_inputs_order_of_qemu(&of_qemu, text, in->ctx);
	*out = of_qemu;
	if (!inputs_json_text(in, "page_order", buf, sizeof(buf), &text))
		return;
	in->err = tdx_inputs_order(out, text, in->ctx);
	if (qemu && *out != of_qemu)
		inputs_json_fail(in, ERR_FORMAT, "page_order",
		    "is not that of this version of QEMU");
}

/* Sections that hold memory: what the hand-off blocks tell of. */
static void read_section(
    struct inputs_json *in, struct tdvf *out, const struct json *item)
{
	struct inputs_json one = { *item, in->ctx, in->err };
	struct tdvf_section s = { .attributes = 0 };
	uint64_t type = UINT32_MAX;

	if (item->type != JSON_OBJECT) {
		inputs_json_fail(
		    in, ERR_FORMAT, "a section of the TDVF", "is no object");
		return;
	}
	inputs_json_only(&one, section_members, COUNT(section_members));
	(void)inputs_json_number(&one, "gpa", &s.address, FIRMWARE_END);
	(void)inputs_json_number(&one, "size", &s.size, FIRMWARE_END);
	(void)inputs_json_number(&one, "type", &type, UINT32_MAX);
	s.type = (enum tdvf_type)type;
	if (type != TDVF_TD_HOB && type != TDVF_TEMP_MEM)
		inputs_json_fail(&one, ERR_FORMAT, "a section of the TDVF",
		    "is neither TD_HOB nor TEMP_MEM");
	if (one.err == ERR_OK)
		one.err = tdvf_section_add(out, &s, 0, in->ctx);
	in->err = one.err;
}

/* The digest of the hand-off blocks, or what they are made from. */
static void read_hob(struct inputs_json *in, struct tdx_inputs *out)
{
	struct tdvf t = { .n = 0 };
	struct json_iter it;
	struct json item;
	uint64_t memory = 0;
	bool digest =
	    inputs_json_hex(in, "td_hob_sha384", out->rtmr0.td_hob, SHA384_LEN);
	bool has_memory =
	    inputs_json_number(in, "memory_mib", &memory, TDX_MEMORY_MAX / MIB);
	bool sections =
	    inputs_json_array(in, "tdvf_sections_in_table_order", &it);

	if (has_memory != sections || (digest && sections))
		inputs_json_fail(in, ERR_FORMAT, "td_hob_sha384",
		    "or else memory_mib and tdvf_sections_in_table_order are "
		    "needed");
	while (sections && in->err == ERR_OK && json_next(&it, NULL, &item))
		read_section(in, &t, &item);
	if (sections && in->err == ERR_OK)
		in->err = tdx_launch_hob(
		    out->rtmr0.td_hob, &t, memory * MIB, in->ctx);
	if (digest || sections)
		out->rtmr0_given |= TDX_GIVEN_HOB;
}

static void read_rtmr0(struct inputs_json *in, struct tdx_inputs *out)
{
	const struct {
		const char *name;
		uint8_t *to;
		unsigned bit;
	} field[] = {
		{ "cfv_sha384", out->rtmr0.cfv, TDX_GIVEN_CFV },
		{ "acpi_loader_sha384", out->rtmr0.acpi_loader,
		    TDX_GIVEN_LOADER },
		{ "acpi_rsdp_sha384", out->rtmr0.acpi_rsdp, TDX_GIVEN_RSDP },
		{ "acpi_tables_sha384", out->rtmr0.acpi_tables,
		    TDX_GIVEN_TABLES },
	};

	read_hob(in, out);
	for (size_t i = 0; i < COUNT(field); i++) {
		if (inputs_json_hex(in, field[i].name, field[i].to, SHA384_LEN))
			out->rtmr0_given |= field[i].bit;
	}
}

static void read_kernel(struct inputs_json *in, struct tdx_inputs *out)
{
	uint8_t buf[INPUTS_CMDLINE_MAX];
	struct bytes text;

	out->has_kernel = inputs_json_hex(
	    in, "kernel_authenticode_sha384", out->kernel, SHA384_LEN);
	out->has_initrd =
	    inputs_json_hex(in, "initrd_sha384", out->initrd, SHA384_LEN);
	out->has_cmdline = inputs_json_hex(
	    in, "cmdline_event_sha384", out->cmdline, SHA384_LEN);
	if (!inputs_json_text(in, "cmdline", buf, sizeof(buf), &text))
		return;
	if (out->has_cmdline)
		inputs_json_fail(in, ERR_FORMAT, "cmdline",
		    "is given, and so is cmdline_event_sha384");
	out->has_cmdline = true;
	if (in->err == ERR_OK)
		in->err = tdx_launch_cmdline(
		    out->cmdline, text, out->has_initrd, in->ctx);
}

enum err tdx_inputs_parse(
    struct tdx_inputs *out, struct bytes text, struct err_ctx *ctx)
{
	struct inputs_json in = inputs_json_open(text, ctx);

	memset(out, 0, sizeof(*out));
	inputs_json_only(&in, members, COUNT(members));
	read_order(&in, &out->order);
	out->has_mrtd[TDX_SINGLE_PASS] = inputs_json_hex(
	    &in, "mrtd_single_pass", out->mrtd[TDX_SINGLE_PASS], SHA384_LEN);
	out->has_mrtd[TDX_TWO_PASS] = inputs_json_hex(
	    &in, "mrtd_two_pass", out->mrtd[TDX_TWO_PASS], SHA384_LEN);
	read_rtmr0(&in, out);
	read_kernel(&in, out);
	if (in.err != ERR_OK)
		memset(out, 0, sizeof(*out));
	return in.err;
}

static enum err measure(
    struct tdx_values *out, const struct tdx_inputs *in, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	out->has_mrtd = in->has_mrtd[in->order];
	if (out->has_mrtd)
		memcpy(out->mrtd, in->mrtd[in->order], SHA384_LEN);
	out->has_rtmr[0] = in->rtmr0_given == TDX_GIVEN_ALL;
	if (out->has_rtmr[0])
		e = tdx_launch_rtmr0(out->rtmr[0], &in->rtmr0, ctx);
	out->has_rtmr[1] = in->has_kernel;
	if (e == ERR_OK && out->has_rtmr[1])
		e = tdx_launch_rtmr1(out->rtmr[1], in->kernel, ctx);
	out->has_rtmr[2] = in->has_cmdline;
	if (e == ERR_OK && out->has_rtmr[2])
		e = tdx_launch_rtmr2(out->rtmr[2], in->cmdline,
		    in->has_initrd ? in->initrd : NULL, ctx);
	if (e == ERR_OK && !out->has_mrtd && !out->has_rtmr[0] &&
	    !out->has_rtmr[1] && !out->has_rtmr[2])
		return err_set(ctx, ERR_FORMAT,
		    "these inputs give neither MRTD nor a register");
	return e;
}

enum err tdx_inputs_measure(
    struct tdx_values *out, const struct tdx_inputs *in, struct err_ctx *ctx)
{
	enum err e;

	memset(out, 0, sizeof(*out));
	e = measure(out, in, ctx);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}
