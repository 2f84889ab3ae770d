/* What `confer up` announces, and that a client of the same home believes it. */
#include "test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "crypto/crypto_native.h"
#include "protocol/trust.h"
#include "release/home.h"
#include "tlog/proof.h"
#include "witness_host.h"

#define NOW WITNESS_HOST_NOW

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

static struct release_home home_, other;
static struct witness_host host[RELEASE_HOME_WITNESSES];

static void open_home(void)
{
	struct err_ctx ctx = { 0 };

	if (release_home_open(&home_, home, &ctx) != ERR_OK)
		fail_msg("%s", ctx.msg);
}

/* The first n witnesses run; then announce. */
static enum err announce(int n, uint64_t now_s, struct err_ctx *ctx)
{
	__atomic_store_n(&witness_host_now, now_s, __ATOMIC_SEQ_CST);
	for (int i = 0; i < n; i++)
		witness_host_start(
		    &host[i], home_.witness[i].dir, home_.witness[i].listen);
	return release_home_announce(&home_, &what, now_s, ctx);
}

static int close_home(void **state)
{
	(void)state;
	for (int i = 0; i < RELEASE_HOME_WITNESSES; i++)
		witness_host_stop(&host[i]);
	release_home_close(&home_);
	release_home_close(&other);
	return 0;
}

static struct bytes load(const char *name)
{
	static uint8_t buf[16][TLOG_PROOF_LEN_MAX];
	static unsigned turn;
	uint8_t *p = buf[turn++ % 16];
	char path[256];
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/up/%s", home, name);
	CHECK_OK(fd_read_file(p, TLOG_PROOF_LEN_MAX, &n, path, NULL));
	return (struct bytes){ p, n };
}

/* The record and its proof, judged by the trust file; who cosigned. */
static struct tlog_included check_record(
    const char *kind, struct tlog_record *rec, uint64_t now_s)
{
	static struct trust trust;
	struct bytes text = load("trust"), entry, proof;
	struct tlog_included in = { 0 };
	struct err_ctx ctx = { 0 };
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
	    tlog_proof_verify(&in, trust_policy_at(&trust, now_s), now_s, entry,
		proof, &ctx) != ERR_OK)
		fail_msg("%s: %s", kind, ctx.msg);
	CHECK(mem_eq(rec->product, trust.product));
	CHECK(mem_eq(rec->channel, trust.channel));
	CHECK_OK(tlog_record_check_time(rec, now_s, NULL));
	return in;
}

TEST(what_is_published_is_believed)
{
	struct tlog_included image, model, policy;
	struct tlog_record rec, rules;

	open_home();
	CHECK_OK(announce(3, NOW, NULL));
	CHECK_OK(release_home_trust(&home_, root, NULL));
	policy = check_record("policy", &rules, NOW);
	CHECK_EQ(rules.policy.n_min_seq, 2);
	image = check_record("image", &rec, NOW);
	CHECK(tlog_image_has_sim(&rec.image, sim)); /* L-95 */
	CHECK_EQ(rec.seq, 1);
	CHECK_OK(tlog_record_check_policy(
	    &rec, &image.leaf, &rules, NULL)); /* L-93 */
	model = check_record("model", &rec, NOW);
	CHECK(mem_eq_str(rec.model.name, "demo"));
	/* One checkpoint over all three, cosigned by all three. */
	CHECK_EQ(image.head.size, 3);
	CHECK(tlog_hash_eq(&image.head.root, &policy.head.root));
	CHECK(tlog_hash_eq(&image.head.root, &model.head.root));
	CHECK_EQ(image.head.witnesses, 7);
	CHECK_EQ(image.head.time, NOW);
}

TEST(the_next_start_goes_on_with_the_same_names_and_keys)
{
	struct bytes before = load("trust"), after;
	struct tlog_record rec;

	open_home();
	CHECK_OK(announce(3, NOW, NULL));
	CHECK_OK(release_home_trust(&home_, root, NULL));
	after = load("trust");
	CHECK(mem_eq(before, after));
	CHECK_EQ(check_record("image", &rec, NOW).head.size, 6);
	CHECK_EQ(rec.seq, 2);
}

TEST(one_witness_may_be_away_and_two_may_not)
{
	struct err_ctx ctx = { 0 };
	struct tlog_record rec;

	open_home();
	CHECK_OK(announce(2, NOW, NULL));
	CHECK_EQ(check_record("image", &rec, NOW).head.witnesses, 3);
	witness_host_stop(&host[1]);
	CHECK_ERR(release_home_announce(&home_, &what, NOW, &ctx), ERR_POLICY);
	CHECK(strstr(ctx.msg, "1 of this machine's 3 witnesses") != NULL);
	/* What was there is untouched. */
	CHECK_EQ(check_record("image", &rec, NOW).head.witnesses, 3);
}

TEST(only_one_publishes_at_a_time)
{
	open_home();
	CHECK_ERR(release_home_open(&other, home, NULL), ERR_BUSY);
	release_home_close(&other);
	release_home_close(&home_);
	CHECK_OK(release_home_open(&other, home, NULL));
}

TEST(a_policy_is_renewed_when_half_its_life_is_over)
{
	struct tlog_record rec;
	uint64_t seq, now = NOW + 86400 / 4;

	open_home();
	CHECK_OK(announce(3, NOW, NULL));
	seq = home_.what.policy_seq;
	CHECK_OK(release_home_renew(&home_, now, NULL));
	CHECK_EQ(home_.cosigned_s, NOW); /* nothing was due */
	now = NOW + 86400;
	__atomic_store_n(&witness_host_now, now, __ATOMIC_SEQ_CST);
	CHECK_OK(release_home_renew(&home_, now, NULL));
	CHECK_EQ(home_.what.policy_seq, seq);
	CHECK_EQ(check_record("policy", &rec, now).head.time, now);
	now = NOW + 4 * 86400;
	__atomic_store_n(&witness_host_now, now, __ATOMIC_SEQ_CST);
	CHECK_OK(release_home_renew(&home_, now, NULL));
	CHECK_EQ(home_.what.policy_seq, seq + 1);
	CHECK_EQ(check_record("policy", &rec, now).head.time, now);
	CHECK_EQ(rec.seq, seq + 1);
}

static void write_home(const char *name, const char *text)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/up/%s", home, name);
	CHECK_OK(fd_replace_file(path,
	    (struct bytes){ (const uint8_t *)text, strlen(text) }, 0600, NULL));
}

TEST(a_home_of_an_earlier_version_is_moved_away_whole)
{
	struct err_ctx ctx = { 0 };
	char path[160], was[RELEASE_HOME_NAME_MAX];
	int fd;

	open_home();
	(void)snprintf(was, sizeof(was), "%s", home_.origin);
	release_home_close(&home_);
	write_home("log/entries", "");
	(void)snprintf(path, sizeof(path), "%s/up/log", home);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	CHECK_EQ(flock(fd, LOCK_EX), 0); /* it still runs */
	CHECK_ERR(release_home_open(&home_, home, &ctx), ERR_BUSY);
	CHECK_EQ(home_.moved_to[0], 0);
	CHECK_EQ(close(fd), 0);
	open_home();
	(void)snprintf(path, sizeof(path), "%s/up.old-1", home);
	CHECK_STR(home_.moved_to, path);
	CHECK(strcmp(home_.origin, was) != 0);
	(void)snprintf(path, sizeof(path), "%s/up.old-1/log/entries", home);
	CHECK_EQ(access(path, F_OK), 0);
}

TEST(a_damaged_name_is_an_error_that_names_the_file)
{
	struct err_ctx ctx = { 0 };

	write_home("name", "NOTAHEX!");
	CHECK_ERR(release_home_open(&home_, home, &ctx), ERR_FORMAT);
	CHECK(strstr(ctx.msg, "up/name") != NULL);
}

TEST(who_announces_holds_no_key_of_a_witness)
{
	static const uint8_t none[ED25519_SEED_LEN];

	open_home();
	for (int i = 0; i < RELEASE_HOME_WITNESSES; i++)
		CHECK_MEM(home_.witness[i].key.seed_priv, none, sizeof(none));
}

TEST(of_two_first_starts_at_once_the_name_in_the_log_stays)
{
	char channel[RELEASE_HOME_NAME_MAX];
	struct bytes name;

	open_home();
	(void)snprintf(channel, sizeof(channel), "%s", home_.channel);
	release_home_close(&home_);
	write_home("name", "0badcafe");
	open_home();
	CHECK_STR(home_.channel, channel);
	CHECK(mem_eq_str(logd_log_key(home_.log)->name, home_.origin));
	name = load("name");
	CHECK_EQ(name.len, 8);
	CHECK(memcmp(name.p, channel + strlen("local-"), 8) == 0);
}

#define HOME_TEST(t) cmocka_unit_test_teardown(t, close_home)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HOME_TEST(what_is_published_is_believed),
		HOME_TEST(the_next_start_goes_on_with_the_same_names_and_keys),
		HOME_TEST(one_witness_may_be_away_and_two_may_not),
		HOME_TEST(only_one_publishes_at_a_time),
		HOME_TEST(a_policy_is_renewed_when_half_its_life_is_over),
		HOME_TEST(who_announces_holds_no_key_of_a_witness),
		HOME_TEST(
		    of_two_first_starts_at_once_the_name_in_the_log_stays),
		HOME_TEST(a_home_of_an_earlier_version_is_moved_away_whole),
		HOME_TEST(a_damaged_name_is_an_error_that_names_the_file),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
