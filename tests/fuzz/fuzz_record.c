/* Release records: one spelling for each content, and no verdict traps. */
#include <assert.h>
#include <string.h>

#include "tlog/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[RECORD_LEN_MAX];
	static const uint8_t chip[RECORD_CHIP_ID_LEN];
	struct wr w = wr_init(out, sizeof(out));
	struct tlog_record rec;
	struct tlog_hash leaf = { { 0 } };
	struct err_ctx ctx = { 0 };

	if (tlog_record_parse(&rec, (struct bytes){ data, size }, &ctx) !=
	    ERR_OK) {
		assert(rec.kind == 0 && ctx.msg[0] != '\0');
		return 0;
	}
	assert(tlog_record_format(&w, &rec, NULL) == ERR_OK);
	assert(w.len == size && memcmp(out, data, size) == 0);
	(void)!tlog_record_check_time(&rec, rec.issued, NULL);
	if (rec.kind == RECORD_POLICY) {
		(void)!tlog_record_check_policy(&rec, &leaf, &rec, NULL);
		(void)!tlog_record_check_chip(&rec,
		    (struct bytes){ chip, sizeof(chip) }, rec.issued, NULL);
	}
	if (rec.kind == RECORD_IMAGE)
		assert(rec.image.n_sim == 0 ||
		       tlog_image_has_sim(&rec.image, rec.image.sim[0]));
	return 0;
}
