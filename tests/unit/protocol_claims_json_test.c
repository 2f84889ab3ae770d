/* The claims as JSON: valid, whole, and of each kind of TEE its own members. */
#include "test.h"

#include "base/json.h"
#include "protocol/claims_json.h"

static struct claims c;
static struct json v;

static void sample(enum tee_kind kind)
{
	memset(&c, 0, sizeof(c));
	c.kind = kind;
	c.family = SNP_FAMILY_MILAN;
	c.chip_id_len = kind == TEE_SNP || kind == TEE_SIM ? 64 : 16;
	c.measurement_len = kind == TEE_SGX ? 32 : 48;
	c.image_seq = 3;
	c.image_issued = 1800000000;
	c.head.size = 8;
	(void)snprintf(c.image_version, sizeof(c.image_version), "1.4.0");
	(void)snprintf(c.seen_by, sizeof(c.seen_by),
	    "seen by 1 of 2 witnesses (operator \"A\")");
}

static void write(void)
{
	static uint8_t out[8192];
	struct wr w = wr_init(out, sizeof(out));

	claims_json(&w, &c);
	CHECK_OK(w.err);
	CHECK_OK(json_parse(&v, (struct bytes){ out, w.len }, NULL));
}

static bool has(const char *name)
{
	struct json x;

	return json_get(&v, name, &x);
}

static bool is(const char *name, const char *text)
{
	struct json x;

	return json_get(&v, name, &x) && json_is_str(&x, text);
}

static bool counts(const char *name, uint64_t n)
{
	struct json x;
	uint64_t got;

	return json_get(&v, name, &x) && json_u64(&x, &got) == ERR_OK &&
	       got == n;
}

TEST(a_release_says_when_and_who_saw_it)
{
	sample(TEE_SIM);
	c.head.time = 1800000100;
	c.head.witnesses = 1;
	c.head.known = 2;
	c.head.operators = 1;
	(void)snprintf(c.rebuilder, sizeof(c.rebuilder), "r.example");
	write();
	CHECK(is("tee", "sim"));
	CHECK(is("image_version", "1.4.0"));
	CHECK(counts("image_seq", 3));
	CHECK(counts("image_issued", 1800000000));
	CHECK(is("rebuilder", "r.example"));
	CHECK(counts("log_size", 8));
	CHECK(counts("log_time", 1800000100));
	CHECK(counts("witnesses", 1));
	CHECK(counts("witnesses_known", 2));
	CHECK(counts("witness_operators", 1));
	CHECK(is("seen_by", "seen by 1 of 2 witnesses (operator \"A\")"));
	CHECK(!has("processor"));
}

TEST(what_is_not_claimed_is_not_there)
{
	sample(TEE_SNP);
	write();
	CHECK(!has("rebuilder"));
	CHECK(!has("log_time"));
	CHECK(!has("receipt_key"));
	CHECK(counts("witnesses", 0));
	c.binding.has_receipt_key = true;
	write();
	CHECK(has("receipt_key"));
}

TEST(each_kind_has_its_own_members)
{
	sample(TEE_SNP);
	write();
	CHECK(is("processor", "Milan"));
	CHECK(has("chip_id") && !has("ppid") && !has("tcb_status"));
	sample(TEE_TDX);
	c.tcb_eval = 19;
	c.tcb_status = DCAP_UP_TO_DATE;
	write();
	CHECK(is("tee", "tdx"));
	CHECK(is("tcb_status", "UpToDate"));
	CHECK(counts("tcb_evaluation_data_number", 19));
	CHECK(has("ppid") && !has("chip_id") && !has("processor"));
	sample(TEE_SGX);
	c.tcb_eval = 20;
	write();
	CHECK(is("tee", "sgx"));
	CHECK(has("ppid"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_release_says_when_and_who_saw_it),
		cmocka_unit_test(what_is_not_claimed_is_not_there),
		cmocka_unit_test(each_kind_has_its_own_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
