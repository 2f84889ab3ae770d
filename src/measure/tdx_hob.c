/* The list of hand-off blocks (PI specification, volume 3) that QEMU writes. */
#include "measure/tdx_launch.h"

#include "base/wr.h"

#define MIB            (1ULL << 20)
#define HANDOFF_LEN    56
#define RESOURCE_LEN   48
#define END_LEN        8
#define LOW_MEMORY_MAX 0xB0000000ULL /* q35: from here on it is split */
#define LOW_MEMORY     0x80000000ULL /* what then is below 4 GiB */
#define HIGH_MEMORY    0x100000000ULL
#define TESTED         7 /* present, initialized, tested */
#define RESOURCES_MAX  (2 * TDVF_SECTIONS_MAX + 2)

enum resource {
	RESOURCE_MEMORY = 0,
	RESOURCE_UNACCEPTED = 7,
};

/* EFI_HOB_RESOURCE_DESCRIPTOR without an owner. */
static void write_resource(
    struct wr *w, enum resource type, uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	wr_u16le(w, 3);
	wr_u16le(w, RESOURCE_LEN);
	wr_fill(w, 0, 4 + GUID_LEN);
	wr_u32le(w, (uint32_t)type);
	wr_u32le(w, TESTED);
	wr_u64le(w, start);
	wr_u64le(w, end - start);
}

/* EFI_HOB_HANDOFF_INFO_TABLE; only the end of the list is set. */
static void write_handoff(struct wr *w, uint64_t end)
{
	wr_u16le(w, 1);
	wr_u16le(w, HANDOFF_LEN);
	wr_u32le(w, 0);
	wr_u32le(w, 9); /* version */
	wr_fill(w, 0, 4 + 4 * 8);
	wr_u64le(w, end);
}

static bool in_use(const struct tdvf_section *s)
{
	return s->type == TDVF_TD_HOB || s->type == TDVF_TEMP_MEM;
}

/* The lowest section in use at or above `from`, or NULL. */
static const struct tdvf_section *next_used(const struct tdvf *t, uint64_t from)
{
	const struct tdvf_section *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct tdvf_section *s = &t->section[i];

		if (in_use(s) && s->address >= from &&
		    (best == NULL || s->address < best->address))
			best = s;
	}
	return best;
}

/* All memory in ascending order: what is in use, and what lies between. */
static enum err write_memory(
    struct wr *w, const struct tdvf *t, uint64_t memory, struct err_ctx *ctx)
{
	const uint64_t low = memory < LOW_MEMORY_MAX ? memory : LOW_MEMORY;
	const struct tdvf_section *s;
	uint64_t at = 0;

	while ((s = next_used(t, at)) != NULL) {
		write_resource(w, RESOURCE_UNACCEPTED, at, s->address);
		at = s->address + s->size;
		write_resource(w, RESOURCE_MEMORY, s->address, at);
	}
	if (at > low)
		return err_set(ctx, ERR_FORMAT,
		    "memory of %llu MiB ends below 0x%llx, where the firmware "
		    "needs it",
		    (unsigned long long)(memory / MIB), (unsigned long long)at);
	write_resource(w, RESOURCE_UNACCEPTED, at, low);
	write_resource(
	    w, RESOURCE_UNACCEPTED, HIGH_MEMORY, HIGH_MEMORY + memory - low);
	return ERR_OK;
}

enum err tdx_launch_hob(uint8_t out[SHA384_LEN], const struct tdvf *t,
    uint64_t memory, struct err_ctx *ctx)
{
	uint8_t head[HANDOFF_LEN], body[RESOURCES_MAX * RESOURCE_LEN];
	struct wr h = wr_init(head, sizeof(head));
	struct wr b = wr_init(body, sizeof(body));
	const struct tdvf_section *hob = tdvf_section_find(t, TDVF_TD_HOB);
	enum err e;

	memset(out, 0, SHA384_LEN);
	if (hob == NULL)
		return err_set(
		    ctx, ERR_FORMAT, "TDX metadata: no section is a TD_HOB");
	if (memory == 0 || memory % MIB != 0 || memory > TDX_MEMORY_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "memory of %llu bytes, must be whole MiB up to %llu",
		    (unsigned long long)memory,
		    (unsigned long long)(TDX_MEMORY_MAX / MIB));
	e = write_memory(&b, t, memory, ctx);
	if (e != ERR_OK)
		return e;
	/* The end of the list counts, but its block is not measured. */
	write_handoff(&h, hob->address + HANDOFF_LEN + b.len + END_LEN);
	if (b.err != ERR_OK || h.err != ERR_OK)
		return err_set(ctx, ERR_INTERNAL, "hand-off blocks overflow");
	e = crypto_sha384(
	    out, (const struct bytes[]){ { head, h.len }, { body, b.len } }, 2);
	return e == ERR_OK ? e : err_set(ctx, e, "SHA-384 failed");
}
