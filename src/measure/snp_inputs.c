/* The JSON form of what an SNP launch digest is computed from. */
#include "base/fmt.h"
#include "measure/inputs.h"
#include "measure/inputs_json.h"

#define COVERS "the text plus one zero byte"

static const char *const members[] = { "ovmf_pages_digest", "kernel_sha256",
	"initrd_sha256", "cmdline", "cmdline_sha256", "cmdline_hash_covers",
	"hash_table_gpa", "sev_es_reset_eip",
	"metadata_sections_in_table_order", "vcpus", "vcpu_type", "vcpu_sig",
	"guest_features", "sev_features", "vmm" };
static const char *const section_members[] = { "gpa", "size", "type" };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum err snp_inputs_vcpu(struct snp_inputs *out, struct bytes name,
    const uint32_t *sig, struct err_ctx *ctx)
{
	uint32_t known = 0;
	bool is_known = snp_vcpu_sig(&known, name);

	if (name.len == 0 && sig == NULL)
		return err_set(ctx, ERR_FORMAT,
		    "which vCPU is not said: neither its type nor its "
		    "signature");
	if (name.len > 0 && !inputs_token(name))
		return err_set(ctx, ERR_FORMAT,
		    "vCPU type: 1 to %d of A-Z a-z 0-9 . _ + -",
		    SNP_VCPU_NAME_MAX);
	if (!is_known && sig == NULL)
		return err_set(ctx, ERR_UNSUPPORTED,
		    "vCPU type %.*s is not known: give its signature too",
		    (int)name.len, (const char *)name.p);
	if (is_known && sig != NULL && *sig != known)
		return err_set(ctx, ERR_FORMAT,
		    "vCPU type %.*s has the signature 0x%x, not 0x%x",
		    (int)name.len, (const char *)name.p, known, *sig);
	out->launch.machine.vcpu_sig = is_known ? known : *sig;
	if (name.len > 0)
		(void)fmt_print(out->vcpu_type, sizeof(out->vcpu_type), "%.*s",
		    (int)name.len, (const char *)name.p);
	else
		(void)fmt_print(
		    out->vcpu_type, sizeof(out->vcpu_type), "0x%08x", *sig);
	return ERR_OK;
}

static void need(struct inputs_json *in, bool there, const char *name)
{
	if (!there)
		inputs_json_fail(in, ERR_FORMAT, name, "is missing");
}

static void read_section(
    struct inputs_json *in, struct ovmf_sections *out, const struct json *item)
{
	struct inputs_json one = { *item, in->ctx, in->err };
	struct ovmf_section s;
	uint64_t gpa = 0, size = 0, type = 0;

	if (item->type != JSON_OBJECT) {
		inputs_json_fail(
		    in, ERR_FORMAT, "a metadata section", "is no object");
		return;
	}
	inputs_json_only(&one, section_members, COUNT(section_members));
	need(&one, inputs_json_number(&one, "gpa", &gpa, UINT32_MAX), "gpa");
	need(&one, inputs_json_number(&one, "size", &size, UINT32_MAX), "size");
	need(&one, inputs_json_number(&one, "type", &type, UINT32_MAX), "type");
	s.gpa = (uint32_t)gpa;
	s.size = (uint32_t)size;
	s.type = (enum ovmf_section_type)type;
	if (one.err == ERR_OK)
		one.err = ovmf_section_add(out, &s, FIRMWARE_END, in->ctx);
	in->err = one.err;
}

static void read_ovmf(struct inputs_json *in, struct ovmf *out)
{
	static const char sections[] = "metadata_sections_in_table_order";
	static const char eip[] = "sev_es_reset_eip";
	struct json_iter it;
	struct json item;
	uint64_t n = 0;

	(void)inputs_json_number(in, "hash_table_gpa", &n, UINT32_MAX);
	out->hash_table_gpa = (uint32_t)n;
	need(in, inputs_json_number(in, eip, &n, UINT32_MAX), eip);
	out->reset_eip = (uint32_t)n;
	if (!inputs_json_array(in, sections, &it)) {
		need(in, false, sections);
		return;
	}
	while (in->err == ERR_OK && json_next(&it, NULL, &item))
		read_section(in, &out->sections, &item);
	need(in, out->sections.n > 0, sections);
}

/* What of a kernel is there must go with a kernel. */
static void read_kernel(struct inputs_json *in, struct snp_launch *out)
{
	static const struct bytes nothing = { NULL, 0 };
	uint8_t buf[INPUTS_CMDLINE_MAX];
	struct bytes text = nothing;
	struct snp_kernel k, given;
	bool cmdline, hashed, initrd;

	out->has_kernel =
	    inputs_json_hex(in, "kernel_sha256", given.kernel, SHA256_LEN);
	initrd = inputs_json_hex(in, "initrd_sha256", given.initrd, SHA256_LEN);
	cmdline = inputs_json_text(in, "cmdline", buf, sizeof(buf), &text);
	hashed =
	    inputs_json_hex(in, "cmdline_sha256", given.cmdline, SHA256_LEN);
	if (!out->has_kernel && (initrd || cmdline || hashed))
		inputs_json_fail(in, ERR_FORMAT, "kernel_sha256",
		    "is missing, but there is an initrd or a command line");
	if (out->has_kernel && cmdline == hashed)
		inputs_json_fail(in, ERR_FORMAT, "cmdline",
		    "or else cmdline_sha256 is needed, not both");
	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] == 0)
			inputs_json_fail(
			    in, ERR_FORMAT, "cmdline", "has a zero byte");
	}
	if (!out->has_kernel || in->err != ERR_OK)
		return;
	snp_launch_kernel(&k, nothing, nothing, text);
	memcpy(k.kernel, given.kernel, SHA256_LEN);
	if (initrd)
		memcpy(k.initrd, given.initrd, SHA256_LEN);
	if (hashed)
		memcpy(k.cmdline, given.cmdline, SHA256_LEN);
	out->kernel = k;
}

/* "QEMU 10.0.2": the first word. */
static void read_vmm(struct inputs_json *in, enum snp_vmm *out)
{
	uint8_t buf[64];
	struct bytes text;
	size_t n = 0;

	if (!inputs_json_text(in, "vmm", buf, sizeof(buf), &text))
		return;
	while (n < text.len && text.p[n] != ' ')
		n++;
	text.len = n;
	if (!snp_vmm_named(out, text))
		inputs_json_fail(
		    in, ERR_UNSUPPORTED, "vmm", "is not QEMU, ec2 or gce");
}

static void read_machine(struct inputs_json *in, struct snp_inputs *out)
{
	struct snp_machine *m = &out->launch.machine;
	uint8_t buf[SNP_VCPU_NAME_MAX];
	struct bytes type = { NULL, 0 };
	uint64_t n = 0, features = 1, again = 0;
	uint32_t sig = 0;
	bool has_sig, has_features;

	need(in, inputs_json_number(in, "vcpus", &n, SNP_VCPUS_MAX), "vcpus");
	m->vcpus = (uint32_t)n;
	(void)inputs_json_text(in, "vcpu_type", buf, sizeof(buf), &type);
	has_sig = inputs_json_number(in, "vcpu_sig", &n, UINT32_MAX);
	sig = (uint32_t)n;
	has_features =
	    inputs_json_number(in, "guest_features", &features, UINT64_MAX);
	if (inputs_json_number(in, "sev_features", &again, UINT64_MAX)) {
		if (has_features && again != features)
			inputs_json_fail(in, ERR_FORMAT, "sev_features",
			    "is not guest_features");
		features = again;
	}
	m->guest_features = features;
	read_vmm(in, &m->vmm);
	if (in->err == ERR_OK)
		in->err =
		    snp_inputs_vcpu(out, type, has_sig ? &sig : NULL, in->ctx);
}

static void read_covers(struct inputs_json *in)
{
	uint8_t buf[sizeof(COVERS)];
	struct bytes text;

	if (inputs_json_text(
		in, "cmdline_hash_covers", buf, sizeof(buf), &text) &&
	    !mem_eq_str(text, COVERS))
		inputs_json_fail(in, ERR_UNSUPPORTED, "cmdline_hash_covers",
		    "is not \"" COVERS "\"");
}

enum err snp_inputs_parse(
    struct snp_inputs *out, struct bytes text, struct err_ctx *ctx)
{
	static const char digest[] = "ovmf_pages_digest";
	struct inputs_json in = inputs_json_open(text, ctx);

	memset(out, 0, sizeof(*out));
	inputs_json_only(&in, members, COUNT(members));
	need(&in,
	    inputs_json_hex(&in, digest, out->launch.firmware, SHA384_LEN),
	    digest);
	read_ovmf(&in, &out->launch.ovmf);
	read_covers(&in);
	read_kernel(&in, &out->launch);
	read_machine(&in, out);
	if (in.err != ERR_OK)
		memset(out, 0, sizeof(*out));
	return in.err;
}
