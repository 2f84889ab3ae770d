/* What `confer up` announces, and that a client of the same home believes it. */
#include "test.h"

#include "release/home.h"
#include "crypto/crypto_native.h"
#include "protocol/trust.h"
#include "tlog/proof.h"

#define NOW 1800000000ull

static char home[64];
static const uint8_t sim[RECORD_MEASUREMENT_LEN] = { 0x3f, 1, 2 };
static const uint8_t root[ECDSA_P384_PUB_LEN] = { 4, 9, 9 };

static int make_home(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof(home), "/tmp/release_home_XXXXXX");
	return crypto_init() != ERR_OK || mkdtemp(home) == NULL;
}

static int remove_home(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

static const struct release_facts what = { .version = "1.0",
	.sim = sim,
	.enclave_size = 100,
	.model_name = "demo",
	.model_size = 10,
	.tokenizer = "llama",
	.quant = "Q8_0",
	.context = 512 };

static void open_home(struct release_home *p)
{
	struct err_ctx ctx = { 0 };

	*p = (struct release_home)RELEASE_HOME_INIT;
	if (release_home_open(p, home, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

static struct bytes load(const char *name)
{
	static uint8_t buf[4][TLOG_PROOF_LEN_MAX];
	static unsigned turn;
	uint8_t *p = buf[turn++ % 4];
	char path[256];
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/up/%s", home, name);
	CHECK_OK(fd_read_file(p, TLOG_PROOF_LEN_MAX, &n, path, NULL));
	return (struct bytes){ p, n };
}

/* The record and its proof, judged by the trust file. */
static void check_record(const char *kind, struct tlog_record *rec)
{
	struct bytes text = load("trust"), entry, proof;
	struct tlog_included in;
	struct err_ctx ctx = { 0 };
	struct trust trust;
	char name[64];

	if (trust_parse(&trust, text, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
	CHECK(trust.local);
	CHECK_EQ(trust.release.need, RELEASE_HOME_KEYS);
	CHECK_EQ(trust.n_sim_roots, 1);
	CHECK_MEM(trust.sim_root[0], root, sizeof(root));
	(void)snprintf(name, sizeof(name), "records/%s.record", kind);
	entry = load(name);
	(void)snprintf(name, sizeof(name), "records/%s.proof", kind);
	proof = load(name);
	if (tlog_record_verify(rec, &trust.release, entry, &ctx) != ERR_OK ||
	    tlog_proof_verify(&in, trust_policy_at(&trust, NOW), NOW, entry, proof, &ctx) !=
		ERR_OK)
		fail_msg("%s: %s", kind, ctx.msg);
	CHECK(mem_eq(rec->product, trust.product));
	CHECK(mem_eq(rec->channel, trust.channel));
	CHECK_OK(tlog_record_check_time(rec, NOW, NULL));
}

TEST(what_is_published_is_believed)
{
	static struct release_home p;
	struct tlog_record rec;

	open_home(&p);
	CHECK_OK(release_home_announce(&p, &what, NOW, NULL));
	CHECK_OK(release_home_trust(&p, root, NULL));
	release_home_close(&p);
	check_record("image", &rec);
	CHECK(tlog_image_has_sim(&rec.image, sim));
	CHECK_EQ(rec.seq, 1);
	check_record("model", &rec);
	CHECK(mem_eq_str(rec.model.name, "demo"));
	check_record("policy", &rec);
	CHECK_EQ(rec.policy.n_min_seq, 2);
}

TEST(the_next_start_goes_on_with_the_same_names_and_keys)
{
	static struct release_home p;
	struct bytes before = load("trust"), after;
	struct tlog_record rec;

	open_home(&p);
	CHECK_OK(release_home_announce(&p, &what, NOW, NULL));
	CHECK_OK(release_home_trust(&p, root, NULL));
	release_home_close(&p);
	after = load("trust");
	CHECK(mem_eq(before, after));
	check_record("image", &rec);
	CHECK_EQ(rec.seq, 2);
}

TEST(only_one_publishes_at_a_time)
{
	static struct release_home p, q = RELEASE_HOME_INIT;

	open_home(&p);
	CHECK_ERR(release_home_open(&q, home, NULL), ERR_BUSY);
	release_home_close(&q);
	release_home_close(&p);
	open_home(&q);
	release_home_close(&q);
}

TEST(a_policy_is_renewed_when_half_its_life_is_over)
{
	static struct release_home p;
	uint64_t seq;

	open_home(&p);
	CHECK_OK(release_home_announce(&p, &what, NOW, NULL));
	seq = p.what.policy_seq;
	CHECK_OK(release_home_renew(&p, NOW + 86400, NULL));
	CHECK_EQ(p.what.policy_seq, seq);
	CHECK_OK(release_home_renew(&p, NOW + 4 * 86400, NULL));
	CHECK_EQ(p.what.policy_seq, seq + 1);
	release_home_close(&p);
}

TEST(a_damaged_name_is_an_error_that_names_the_file)
{
	static struct release_home p = RELEASE_HOME_INIT;
	struct err_ctx ctx = { 0 };
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/up/name", home);
	CHECK_OK(fd_replace_file(
	    path, (struct bytes)BYTES_LITERAL("NOTAHEX!"), 0600, NULL));
	CHECK_ERR(release_home_open(&p, home, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "up/name") != NULL);
	release_home_close(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_published_is_believed),
		cmocka_unit_test(
		    the_next_start_goes_on_with_the_same_names_and_keys),
		cmocka_unit_test(only_one_publishes_at_a_time),
		cmocka_unit_test(
		    a_policy_is_renewed_when_half_its_life_is_over),
		cmocka_unit_test(
		    a_damaged_name_is_an_error_that_names_the_file),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
