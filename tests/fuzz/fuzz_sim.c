/* The simulated endorsement, and the fields that REPORT_DATA binds. */
#include <assert.h>
#include <string.h>

#include "attest/report_data.h"
#include "attest/sim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parses has one spelling. */
static void fields_round_trip(struct bytes in)
{
	uint8_t buf[REPORT_DATA_FIELDS_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	struct report_data_fields f;

	if (report_data_fields_parse(&f, in, NULL) != ERR_OK)
		return;
	report_data_fields_write(&w, &f);
	assert(w.err == ERR_OK && w.len == in.len);
	assert(memcmp(buf, in.p, in.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes in = { data, size };
	struct sim_endorsement e;
	struct snp_report r = { .version = 3 };

	fields_round_trip(in);
	if (sim_endorsement_parse(&e, in, NULL) != ERR_OK)
		return 0;
	assert(size == SIM_ENDORSEMENT_LEN && e.chip_pub.p[0] == 4);
	(void)!sim_check_chip(&e, &r, NULL);
	(void)!sim_check_tcb(&e, &r, NULL);
	return 0;
}
