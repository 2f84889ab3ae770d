#include "logd/wal.h"

#include "base/rd.h"

static const struct bytes VERSION = BYTES_LITERAL("confer-log-wal/v1\n");

void logd_wal_format(struct wr *w, const struct logd_wal *wal)
{
	const size_t start = w->len;
	uint8_t sum[SHA256_LEN];

	wr_bytes(w, VERSION);
	wr_u64be(w, wal->old_size);
	wr_u64be(w, wal->new_size);
	wr_copy(w, wal->root.b, TLOG_HASH_LEN);
	wr_bytes(w, wal->entries);
	if (w->err != ERR_OK)
		return;
	crypto_sha256(sum, &(struct bytes){ w->p + start, w->len - start }, 1);
	wr_copy(w, sum, sizeof(sum));
}

/* Exactly new - old entries of legal lengths. */
static enum err check_entries(const struct logd_wal *wal, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(wal->entries);

	for (uint64_t i = wal->old_size; i < wal->new_size; i++) {
		size_t len = rd_u16be(&r);

		if (r.err == ERR_OK && (len == 0 || len > LOGD_ENTRY_LEN_MAX))
			return err_set(ctx, ERR_LIMIT,
			    "wal: an entry of %zu bytes at %zu", len, r.off);
		(void)rd_take(&r, len);
	}
	return rd_end(&r) == ERR_OK
		   ? ERR_OK
		   : err_set(ctx, rd_end(&r),
			 "wal: not the number of entries that it says");
}

enum err logd_wal_parse(
    struct logd_wal *out, struct bytes file, struct err_ctx *ctx)
{
	struct rd r = rd_bytes_init(file);
	struct logd_wal wal = { 0 };
	uint8_t sum[SHA256_LEN];
	enum err e;

	*out = (struct logd_wal){ 0 };
	if (file.len < LOGD_WAL_FRAME_LEN)
		return err_set(ctx, ERR_TRUNCATED, "wal: %zu bytes", file.len);
	if (file.len > LOGD_WAL_LEN_MAX)
		return err_set(ctx, ERR_LIMIT, "wal: %zu bytes", file.len);
	crypto_sha256(sum, &(struct bytes){ file.p, file.len - SHA256_LEN }, 1);
	if (!mem_eq((struct bytes){ sum, SHA256_LEN },
		(struct bytes){ file.p + file.len - SHA256_LEN, SHA256_LEN }))
		return err_set(ctx, ERR_FORMAT, "wal: the checksum is wrong");
	if (!mem_eq(rd_take(&r, VERSION.len), VERSION))
		return err_set(ctx, ERR_FORMAT, "wal: not confer-log-wal/v1");
	wal.old_size = rd_u64be(&r);
	wal.new_size = rd_u64be(&r);
	rd_copy(&r, wal.root.b, TLOG_HASH_LEN);
	wal.entries = rd_take(&r, file.len - LOGD_WAL_FRAME_LEN);
	if (wal.new_size > LOGD_ENTRIES_MAX || wal.old_size >= wal.new_size ||
	    wal.new_size - wal.old_size > LOGD_BATCH_MAX)
		return err_set(ctx, ERR_LIMIT, "wal: from %llu to %llu entries",
		    (unsigned long long)wal.old_size,
		    (unsigned long long)wal.new_size);
	e = check_entries(&wal, ctx);
	if (e == ERR_OK)
		*out = wal;
	return e;
}
