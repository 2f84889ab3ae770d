/* The log of one machine, and what confer up publishes in it. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/local_log.h"
#include "release/records.h"
#include "crypto/crypto_native.h"
#include "tlog/proof.h"

#define ORIGIN "local.confer/releases"
#define NOW    1800000000u

static char root_dir[64], dir[128], keys_dir[128], out_dir[128];
static struct client_log log_;
static const uint8_t sim[RECORD_MEASUREMENT_LEN] = { 9, 8, 7 };

static int setup(void **state)
{
	(void)state;
	CHECK_OK(crypto_init());
	(void)snprintf(root_dir, sizeof(root_dir), "/tmp/confer-log-XXXXXX");
	assert_non_null(mkdtemp(root_dir));
	(void)snprintf(dir, sizeof(dir), "%s/log", root_dir);
	(void)snprintf(keys_dir, sizeof(keys_dir), "%s/keys", root_dir);
	(void)snprintf(out_dir, sizeof(out_dir), "%s/out", root_dir);
	CHECK_EQ(mkdir(out_dir, 0700), 0);
	log_ = (struct client_log)CLIENT_LOG_INIT;
	return 0;
}

static int teardown(void **state)
{
	char cmd[128];

	(void)state;
	client_log_close(&log_);
	(void)snprintf(cmd, sizeof(cmd), "rm -rf %s", root_dir);
	return system(cmd);
}

static enum err reopen(void)
{
	client_log_close(&log_);
	return client_log_open(&log_, dir, ORIGIN, NULL);
}

static uint64_t append(const char *text)
{
	uint64_t index;

	CHECK_OK(client_log_append(&log_, &index,
	    (struct bytes){ (const uint8_t *)text, strlen(text) }, NULL));
	return index;
}

static const char *in_dir(const char *name)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void check_proof(const char *text, uint64_t index, uint64_t size)
{
	struct tlog_policy policy;
	struct tlog_included in;
	uint8_t buf[8192], ptext[512];
	struct wr w = wr_init(buf, sizeof(buf));
	struct wr p = wr_init(ptext, sizeof(ptext));

	client_log_policy(&log_, &p);
	CHECK_ERR(tlog_policy_parse(
		      &policy, (struct bytes){ ptext, p.len }, false, NULL),
	    ERR_POLICY);
	CHECK_OK(tlog_policy_parse(
	    &policy, (struct bytes){ ptext, p.len }, true, NULL));
	CHECK_OK(client_log_prove(&log_, &w, index));
	CHECK_OK(tlog_proof_verify(&in, &policy, NOW,
	    (struct bytes){ (const uint8_t *)text, strlen(text) },
	    (struct bytes){ buf, w.len }, NULL));
	CHECK_EQ(in.index, index);
	CHECK_EQ(in.head.size, size);
	CHECK(!in.head.has_time);
}

TEST(entries_are_proved_and_stay_over_reopening)
{
	CHECK_OK(reopen());
	CHECK_EQ(log_.n, 0);
	CHECK_EQ(append("one\n"), 0);
	CHECK_EQ(append("two\n"), 1);
	CHECK_EQ(append("one\n"), 0); /* there already */
	CHECK_EQ(append("three\n"), 2);
	check_proof("two\n", 1, 3);
	CHECK_OK(reopen());
	CHECK_EQ(log_.n, 3);
	check_proof("one\n", 0, 3);
	CHECK_EQ(append("four\n"), 3);
	check_proof("four\n", 3, 4);
}

TEST(entries_read_back_as_they_were)
{
	uint8_t buf[64];
	size_t len;

	CHECK_OK(reopen());
	append("first");
	append("the second");
	CHECK_OK(client_log_read(&log_, 1, buf, sizeof(buf), &len));
	CHECK_EQ(len, 10);
	CHECK_MEM(buf, "the second", 10);
	CHECK_OK(client_log_read(&log_, 0, buf, 5, &len));
	CHECK_MEM(buf, "first", 5);
	CHECK_ERR(client_log_read(&log_, 0, buf, 4, &len), ERR_NOSPACE);
	CHECK_ERR(client_log_read(&log_, 2, buf, 64, &len), ERR_NOTFOUND);
}

TEST(entries_have_limits)
{
	static uint8_t big[RECORD_LEN_MAX + 1];
	uint64_t index;
	struct wr w = wr_init(big, 0);

	CHECK_OK(reopen());
	CHECK_ERR(
	    client_log_append(&log_, &index, (struct bytes){ NULL, 0 }, NULL),
	    ERR_LIMIT); /* L-05 */
	CHECK_ERR(client_log_append(
		      &log_, &index, (struct bytes){ big, sizeof(big) }, NULL),
	    ERR_LIMIT);
	CHECK_OK(client_log_append(
	    &log_, &index, (struct bytes){ big, RECORD_LEN_MAX }, NULL));
	CHECK_ERR(client_log_prove(&log_, &w, 0), ERR_NOSPACE);
	CHECK_ERR(client_log_prove(&log_, &w, 1), ERR_NOTFOUND);
}

TEST(a_log_has_one_writer_and_a_private_key)
{
	struct client_log second = CLIENT_LOG_INIT;
	struct stat st;

	CHECK_OK(reopen());
	CHECK_ERR(client_log_open(&second, dir, ORIGIN, NULL), ERR_BUSY);
	CHECK_EQ(second.dir, -1);
	CHECK_EQ(stat(in_dir("key"), &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	client_log_close(&log_);
	CHECK_OK(client_log_open(&second, dir, ORIGIN, NULL));
	client_log_close(&second);
}

static void overwrite(const char *name, long at, const char *with)
{
	FILE *f = fopen(in_dir(name), "r+b");

	assert_non_null(f);
	CHECK_EQ(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
	CHECK_EQ(fwrite(with, 1, strlen(with), f), strlen(with));
	CHECK_EQ(fclose(f), 0);
}

TEST(what_a_cut_off_append_left_is_dropped)
{
	FILE *f;

	CHECK_OK(reopen());
	append("one\n");
	client_log_close(&log_);
	for (size_t n = 1; n < 8; n++) {
		f = fopen(in_dir("entries"), "ab");
		assert_non_null(f);
		CHECK_EQ(fwrite("\0\5never", 1, n, f), n);
		CHECK_EQ(fclose(f), 0);
		CHECK_OK(reopen());
		CHECK_EQ(log_.n, 1);
		client_log_close(&log_);
	}
	CHECK_OK(reopen());
	CHECK_EQ(append("two\n"), 1);
	check_proof("two\n", 1, 2);
	CHECK_OK(reopen());
	CHECK_EQ(log_.n, 2);
	check_proof("one\n", 0, 2);
}

TEST(files_that_contradict_each_other_are_refused)
{
	CHECK_OK(reopen());
	append("one\n");
	append("two\n");
	client_log_close(&log_);
	overwrite("entries", 3, "N");
	CHECK_ERR(reopen(), ERR_AUTH);
	overwrite("entries", 3, "n");
	CHECK_OK(reopen());
	client_log_close(&log_);
	overwrite("checkpoint", 24, "x");
	CHECK(reopen() == ERR_AUTH || reopen() == ERR_FORMAT);
}

TEST(entries_shorter_than_the_checkpoint_are_refused)
{
	CHECK_OK(reopen());
	append("one\n");
	append("two\n");
	client_log_close(&log_);
	for (off_t n = 11; n >= 0; n--) {
		CHECK_EQ(truncate(in_dir("entries"), n), 0);
		CHECK_ERR(reopen(), ERR_AUTH);
	}
	CHECK_EQ(unlink(in_dir("entries")), 0);
	CHECK_ERR(reopen(), ERR_NOTFOUND);
}

TEST(a_lost_checkpoint_or_key_does_not_start_a_second_log)
{
	char aside[128];

	CHECK_OK(reopen());
	append("one\n");
	client_log_close(&log_);
	(void)snprintf(aside, sizeof(aside), "%s/aside", root_dir);
	CHECK_EQ(rename(in_dir("checkpoint"), aside), 0);
	CHECK_ERR(reopen(), ERR_AUTH);
	CHECK_EQ(rename(aside, in_dir("checkpoint")), 0);
	CHECK_EQ(unlink(in_dir("key")), 0);
	CHECK_ERR(reopen(), ERR_NOTFOUND);
}

TEST(a_log_of_another_origin_or_an_open_key_is_refused)
{
	CHECK_OK(reopen());
	client_log_close(&log_);
	CHECK_ERR(
	    client_log_open(&log_, dir, "local.confer/other", NULL), ERR_AUTH);
	CHECK_EQ(chmod(in_dir("key"), 0640), 0);
	CHECK_ERR(reopen(), ERR_POLICY);
	CHECK_EQ(chmod(in_dir("key"), 0600), 0);
	CHECK_EQ(truncate(in_dir("key"), 31), 0);
	CHECK_ERR(reopen(), ERR_FORMAT);
	CHECK_EQ(truncate(in_dir("key"), 33), 0);
	CHECK_ERR(reopen(), ERR_FORMAT);
}

TEST(a_failed_write_ends_the_log_until_it_is_opened_again)
{
	struct rlimit was, small;
	uint64_t index;

	CHECK_OK(reopen());
	append("one\n");
	CHECK_EQ(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 8; /* the second entry does not fit */
	signal(SIGXFSZ, SIG_IGN);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	enum err e = client_log_append(
	    &log_, &index, (struct bytes){ (const uint8_t *)"two\n", 4 }, NULL);
	CHECK_EQ(setrlimit(RLIMIT_FSIZE, &was), 0);
	CHECK_ERR(e, ERR_IO);
	CHECK_ERR(client_log_append(&log_, &index,
		      (struct bytes){ (const uint8_t *)"two\n", 4 }, NULL),
	    ERR_IO);
	check_proof("one\n", 0, 1); /* what was there stays provable */
	CHECK_OK(reopen());
	CHECK_EQ(log_.n, 1);
	CHECK_EQ(append("two\n"), 1);
}

/* ---- releases ------------------------------------------------------------ */

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

struct published {
	struct bytes record, proof;
	struct tlog_record rec;
	struct tlog_included in;
};

static struct bytes out_file(const char *name)
{
	static uint8_t buf[8][RECORD_LEN_MAX];
	static unsigned turn;
	struct bytes b = { buf[turn++ % 8], 0 };
	char path[256];
	uint8_t *p;

	(void)snprintf(path, sizeof(path), "%s/%s", out_dir, name);
	p = read_file(path, &b.len);
	CHECK(b.len <= RECORD_LEN_MAX);
	memcpy(buf[(turn - 1) % 8], p, b.len);
	free(p);
	return b;
}

/* The whole client check of one pair, sections 5 and 7 of docs/log.md. */
static void check_pair(
    struct published *p, const char *name, const struct tlog_keyset *set)
{
	static uint8_t ptext[512];
	struct wr w = wr_init(ptext, sizeof(ptext));
	struct tlog_policy policy;
	char file[64];

	client_log_policy(&log_, &w);
	CHECK_OK(tlog_policy_parse(
	    &policy, (struct bytes){ ptext, w.len }, true, NULL));
	(void)snprintf(file, sizeof(file), "%s.record", name);
	p->record = out_file(file);
	(void)snprintf(file, sizeof(file), "%s.proof", name);
	p->proof = out_file(file);
	CHECK_OK(tlog_record_verify(&p->rec, set, p->record, NULL)); /* L-90 */
	CHECK_OK(tlog_proof_verify(
	    &p->in, &policy, NOW, p->record, p->proof, NULL)); /* L-91 */
	CHECK_OK(tlog_record_check_time(&p->rec, NOW, NULL));  /* L-92 */
	CHECK(strcmp(tlog_record_kind_name(p->rec.kind), name) == 0);
}

TEST(a_publication_passes_every_check_of_a_client)
{
	struct release_keys keys;
	struct release_facts what = release();
	struct published image, model, policy;

	CHECK_OK(reopen());
	CHECK_OK(release_keys_open(&keys, keys_dir, 2, NULL));
	CHECK_OK(release_publish(&what, &log_, &keys, out_dir, NULL));
	check_pair(&image, "image", &keys.set);
	check_pair(&model, "model", &keys.set);
	check_pair(&policy, "policy", &keys.set);
	CHECK_OK(tlog_record_check_policy(
	    &image.rec, &image.in.leaf, &policy.rec, NULL)); /* L-93 */
	CHECK_OK(tlog_record_check_policy(
	    &model.rec, &model.in.leaf, &policy.rec, NULL));
	CHECK(tlog_hash_eq(&image.in.head.root, &policy.in.head.root));
	CHECK_EQ(image.in.head.size, 3);                  /* L-94 */
	CHECK(tlog_image_has_sim(&image.rec.image, sim)); /* L-95 */
	CHECK(tlog_image_has_model(&image.rec.image, &what.model_sha256));
	CHECK(!policy.rec.policy.genoa.listed && !policy.rec.policy.has_tdx);
	release_keys_wipe(&keys);
}

TEST(a_second_publication_outdates_the_first)
{
	struct release_keys keys;
	struct release_facts what = release();
	struct published first, image, policy;

	CHECK_OK(reopen());
	CHECK_OK(release_keys_open(&keys, keys_dir, 3, NULL));
	CHECK_OK(release_publish(&what, &log_, &keys, out_dir, NULL));
	check_pair(&first, "image", &keys.set);
	CHECK_EQ(first.rec.seq, 1);
	CHECK_OK(reopen());
	CHECK_OK(release_publish(&what, &log_, &keys, out_dir, NULL));
	check_pair(&image, "image", &keys.set);
	check_pair(&policy, "policy", &keys.set);
	CHECK_EQ(image.rec.seq, 2); /* L-54 */
	CHECK_EQ(policy.rec.seq, 2);
	CHECK_EQ(image.in.head.size, 6);
	CHECK_OK(tlog_record_check_policy(
	    &image.rec, &image.in.leaf, &policy.rec, NULL));
	CHECK_ERR(tlog_record_check_policy(
		      &first.rec, &first.in.leaf, &policy.rec, NULL),
	    ERR_POLICY);
}

TEST(release_keys_stay_and_all_of_them_sign)
{
	struct release_keys keys, again;
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

#define LOG_TEST(t) cmocka_unit_test_setup_teardown(t, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(entries_are_proved_and_stay_over_reopening),
		LOG_TEST(entries_read_back_as_they_were),
		LOG_TEST(entries_have_limits),
		LOG_TEST(a_log_has_one_writer_and_a_private_key),
		LOG_TEST(what_a_cut_off_append_left_is_dropped),
		LOG_TEST(files_that_contradict_each_other_are_refused),
		LOG_TEST(entries_shorter_than_the_checkpoint_are_refused),
		LOG_TEST(a_lost_checkpoint_or_key_does_not_start_a_second_log),
		LOG_TEST(a_log_of_another_origin_or_an_open_key_is_refused),
		LOG_TEST(a_failed_write_ends_the_log_until_it_is_opened_again),
		LOG_TEST(a_publication_passes_every_check_of_a_client),
		LOG_TEST(a_second_publication_outdates_the_first),
		LOG_TEST(release_keys_stay_and_all_of_them_sign),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
