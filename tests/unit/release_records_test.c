/* Records of a local enclave: what they say, and who signs them. */
#include "test.h"

#include "crypto/crypto_native.h"
#include "release/records.h"

#define NOW 1800000000u

static char keys_dir[] = "/tmp/confer-keys-XXXXXX";
static const uint8_t sim[RECORD_MEASUREMENT_LEN] = { 9, 8, 7 };

static int setup(void **state)
{
	(void)state;
	return crypto_init() != ERR_OK || mkdtemp(keys_dir) == NULL;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", keys_dir);
	return system(cmd);
}

static struct release_facts release(void)
{
	struct release_facts r = {
		.product = "confer",
		.channel = "local",
		.version = "0.1.0",
		.issued = NOW,
		.life_s = 86400,
		.sim = sim,
		.enclave_size = 1000,
		.model_name = "demo",
		.model_size = 5000,
		.tokenizer = "llama",
		.quant = "Q8_0",
		.context = 2048,
	};

	memset(r.enclave_sha256.b, 1, 32);
	memset(r.model_sha256.b, 2, 32);
	return r;
}

static struct release_keys keys;

/* Sign a record and read it back as a client does. */
static void sign(struct tlog_record *back, struct tlog_record *rec)
{
	static uint8_t buf[RECORD_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));

	CHECK_OK(release_keys_open(&keys, keys_dir, 3, NULL));
	CHECK_OK(release_sign(&w, &keys, rec, NULL));
	CHECK_OK(tlog_record_verify(
	    back, &keys.set, (struct bytes){ buf, w.len }, NULL));
}

TEST(an_image_record_names_the_launch_and_the_model)
{
	struct release_facts what = release();
	struct tlog_record rec, back;

	what.image_seq = 4;
	release_image(&rec, &what);
	sign(&back, &rec);
	CHECK_EQ(back.kind, RECORD_IMAGE);
	CHECK_EQ(back.seq, 4);
	CHECK_EQ(back.not_after, NOW + what.life_s);
	CHECK(tlog_image_has_sim(&back.image, sim));
	CHECK(tlog_image_has_model(&back.image, &what.model_sha256));
	CHECK(!tlog_image_has_model(&back.image, &what.enclave_sha256));
}

TEST(a_policy_record_outdates_older_releases_and_admits_no_machine)
{
	struct release_facts what = release();
	struct tlog_record rec, back, old;
	const struct tlog_hash leaf = { { 1 } };

	what.image_seq = what.model_seq = 2;
	what.policy_seq = 7;
	release_policy(&rec, &what);
	sign(&back, &rec);
	CHECK_EQ(back.not_after, NOW + RECORD_LIFE_POLICY_S);
	CHECK(!back.policy.genoa.listed && !back.policy.has_tdx);
	release_image(&old, &what);
	CHECK_OK(tlog_record_check_policy(&old, &leaf, &back, NULL));
	what.image_seq = 1;
	release_image(&old, &what);
	CHECK_ERR(
	    tlog_record_check_policy(&old, &leaf, &back, NULL), ERR_POLICY);
}

TEST(release_keys_stay_and_all_of_them_sign)
{
	static struct release_keys again;
	struct release_facts what = release();
	struct tlog_record rec, back;
	static uint8_t buf[RECORD_LEN_MAX];
	struct wr w = wr_init(buf, sizeof(buf));
	size_t full;

	CHECK_OK(release_keys_open(&keys, keys_dir, 3, NULL));
	CHECK_OK(release_keys_open(&again, keys_dir, 3, NULL));
	CHECK_EQ(again.set.need, 3);
	CHECK_MEM(keys.set.key[2].pub, again.set.key[2].pub, ED25519_PUB_LEN);
	what.model_seq = 1;
	release_model(&rec, &what);
	CHECK_OK(release_sign(&w, &keys, &rec, NULL));
	CHECK_OK(tlog_record_verify(
	    &back, &again.set, (struct bytes){ buf, w.len }, NULL));
	full = w.len;
	what.model_name = "not a token";
	release_model(&rec, &what);
	w = wr_init(buf, sizeof(buf));
	CHECK_ERR(release_sign(&w, &keys, &rec, NULL), ERR_FORMAT);
	w = wr_init(buf, full - 1);
	what.model_name = "demo";
	release_model(&rec, &what);
	CHECK_ERR(release_sign(&w, &keys, &rec, NULL), ERR_NOSPACE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    an_image_record_names_the_launch_and_the_model),
		cmocka_unit_test(
		    a_policy_record_outdates_older_releases_and_admits_no_machine),
		cmocka_unit_test(release_keys_stay_and_all_of_them_sign),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
