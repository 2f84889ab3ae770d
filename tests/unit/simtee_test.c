/* The simulated processor: launch digest, keys, reports, socket. */
#include "test.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "attest/sim_wire.h"
#include "base/hex.h"
#include "crypto/crypto_native.h"
#include "enclave/source_sim.h"
#include "simtee/serve.h"
#include "sys/fd.h"

static char dir[] = "/tmp/simtee-test-XXXXXX";

static const char *at(const char *name)
{
	static char path[4][128];
	static unsigned turn;
	char *p = path[turn++ % 4];

	(void)snprintf(p, sizeof(path[0]), "%s/%s", dir, name);
	return p;
}

static void put_file(const char *name, const char *text)
{
	FILE *f = fopen(at(name), "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static enum err add(struct simtee_launch *l, const char *name, const char *file)
{
	char spec[256];

	(void)snprintf(spec, sizeof(spec), "%s=%s", name, at(file));
	return simtee_launch_add_file(l, spec, NULL);
}

/* and its vector: made by a separate calculation. */
TEST(simtee_launch_digest_is_that_of_the_document)
{
	static const char want[] =
	    "39a695d09c1c0ba2670fff0416b8f3a6ae620f9e7273a5ca7dabe393b9f5db1d6"
	    "47d74e8cb983a710f817299b80dd3e2";
	struct simtee_launch l = SIMTEE_LAUNCH_INIT;
	uint8_t digest[SIMTEE_LAUNCH_DIGEST_LEN];
	char hex[2 * SIMTEE_LAUNCH_DIGEST_LEN + 1];

	put_file("enclave", "enclave bytes\n");
	put_file("model", "model bytes\n");
	CHECK_OK(add(&l, "model", "model")); /* in any order */
	CHECK_OK(simtee_launch_add_cmdline(&l, "quiet", NULL));
	CHECK_OK(add(&l, "enclave", "enclave"));
	CHECK_OK(simtee_launch_digest(digest, &l, NULL));
	hex_encode(hex, digest, sizeof(digest));
	CHECK_STR(hex, want);
	simtee_launch_clear(&l);
}

TEST(simtee_launch_refuses_bad_items)
{
	struct simtee_launch l = SIMTEE_LAUNCH_INIT;
	uint8_t digest[SIMTEE_LAUNCH_DIGEST_LEN];
	struct err_ctx ctx = { 0 };

	CHECK_ERR(simtee_launch_digest(digest, &l, NULL), ERR_FORMAT);
	put_file("a", "a");
	CHECK_ERR(simtee_launch_add_file(&l, "a", NULL), ERR_FORMAT);
	CHECK_ERR(simtee_launch_add_file(&l, "=a", NULL), ERR_FORMAT);
	CHECK_ERR(simtee_launch_add_file(&l, "A=a", NULL), ERR_FORMAT);
	CHECK_ERR(
	    add(&l, "this-name-has-thirty-three-letter", "a"), ERR_FORMAT);
	CHECK_ERR(simtee_launch_add_file(&l, "x=/nonexistent/file", &ctx),
	    ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "/nonexistent/file") != NULL);
	CHECK_ERR(simtee_launch_add_file(&l, "x=/", NULL), ERR_UNSUPPORTED);
	CHECK_ERR(
	    simtee_launch_add_file(&l, "x=/dev/zero", NULL), ERR_UNSUPPORTED);
	CHECK_OK(add(&l, "cmdline", "a"));
	CHECK_ERR(simtee_launch_add_cmdline(&l, "quiet", NULL), ERR_FORMAT);
	CHECK_EQ(l.n, 1);
	for (unsigned i = 1; i < SIMTEE_LAUNCH_ITEMS_MAX; i++) {
		char name[8];

		(void)snprintf(name, sizeof(name), "n%u", i);
		CHECK_OK(add(&l, name, "a"));
	}
	CHECK_ERR(add(&l, "one-more", "a"), ERR_LIMIT);
	simtee_launch_clear(&l);
}

/* */
TEST(simtee_launch_notices_writes_but_not_replacement)
{
	struct simtee_launch l = SIMTEE_LAUNCH_INIT;
	struct err_ctx ctx = { 0 };

	put_file("model", "model bytes\n");
	CHECK_OK(add(&l, "model", "model"));
	CHECK_OK(simtee_launch_check(&l, NULL));
	put_file("new", "other bytes\n");
	CHECK_EQ(rename(at("new"), at("model")), 0);
	CHECK_OK(simtee_launch_check(&l, NULL));
	simtee_launch_clear(&l);

	CHECK_OK(add(&l, "model", "model"));
	put_file("model", "written in place\n");
	CHECK_ERR(simtee_launch_check(&l, &ctx), ERR_BUSY);
	CHECK(strstr(ctx.msg, "model") != NULL);
	simtee_launch_clear(&l);
}

TEST(simtee_keys_are_made_once_and_private)
{
	struct simtee_key root, chip, again, chip2;
	struct stat st;

	CHECK_OK(simtee_key_open_pair(&root, &chip, at("k"), NULL));
	CHECK_OK(simtee_key_open_pair(&again, &chip2, at("k"), NULL));
	CHECK_MEM(root.pub, again.pub, sizeof(root.pub));
	CHECK_MEM(chip.pub, chip2.pub, sizeof(chip.pub));
	CHECK(!mem_eq_ct(root.pub, chip.pub, sizeof(root.pub)));
	CHECK_EQ(stat(at("k/root.pem"), &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0600);
	simtee_key_clear(&root);
	simtee_key_clear(&chip);
	simtee_key_clear(&again);
	simtee_key_clear(&chip2);

	CHECK_EQ(chmod(at("k/chip.pem"), 0640), 0);
	CHECK_ERR(
	    simtee_key_open_pair(&root, &chip, at("k"), NULL), ERR_FORMAT);
	CHECK(root.pkey == NULL && chip.pkey == NULL);
	CHECK_EQ(chmod(at("k/chip.pem"), 0600), 0);
	put_file("k/chip.pem", "not a key\n");
	CHECK_ERR(
	    simtee_key_open_pair(&root, &chip, at("k"), NULL), ERR_FORMAT);
}

/* Both signatures hold, and only over these bytes. */
static void check_signatures(const uint8_t *report, const uint8_t *end,
    const uint8_t *root_pub, enum err want)
{
	struct obligations set = { .n = 0 };
	struct sim_endorsement e;
	struct snp_report r;
	enum err got = ERR_OK;

	CHECK_OK(snp_report_parse(
	    &r, (struct bytes){ report, SNP_REPORT_LEN }, NULL));
	CHECK_OK(sim_endorsement_parse(
	    &e, (struct bytes){ end, SIM_ENDORSEMENT_LEN }, NULL));
	CHECK_OK(sim_oblige_endorsement(&set, &e, root_pub));
	CHECK_OK(sim_oblige_report(&set, &e, &r));
	CHECK_EQ(set.n, 2);
	for (size_t i = 0; got == ERR_OK && i < set.n; i++)
		got = obligation_resolve(&set.item[i]);
	CHECK_ERR(got, want);
}

/* */
TEST(simtee_reports_verify_and_say_simulated)
{
	struct simtee_report s = SIMTEE_REPORT_INIT;
	uint8_t measurement[SNP_MEASUREMENT_LEN], data[SNP_REPORT_DATA_LEN];
	uint8_t raw[SNP_REPORT_LEN], other[ECDSA_P384_PUB_LEN];
	struct sim_endorsement e;
	struct snp_report r;

	memset(measurement, 0x5a, sizeof(measurement));
	memset(data, 0xa5, sizeof(data));
	CHECK_OK(simtee_report_open(&s, at("keys"), measurement, NULL));
	CHECK_OK(simtee_report_make(raw, &s, data));
	CHECK_OK(
	    snp_report_parse(&r, (struct bytes){ raw, sizeof(raw) }, NULL));
	CHECK_OK(sim_endorsement_parse(
	    &e, (struct bytes){ s.endorsement, sizeof(s.endorsement) }, NULL));
	CHECK_OK(sim_check_chip(&e, &r, NULL));
	CHECK_OK(sim_check_tcb(&e, &r, NULL));
	CHECK_OK(snp_guest_check(&r, NULL));
	CHECK_OK(snp_tcb_check(&r, NULL));
	CHECK_EQ(r.version, 3);
	CHECK_EQ(r.family, SNP_FAMILY_GENOA);
	CHECK_STR((const char *)r.family_id, "SIMULATED");
	CHECK_STR((const char *)r.image_id, "NOT PRIVATE");
	CHECK_MEM(r.measurement, measurement, sizeof(measurement));
	CHECK_MEM(r.report_data, data, sizeof(data));
	check_signatures(raw, s.endorsement, s.root.pub, ERR_OK);
	raw[0x90] ^= 1;
	check_signatures(raw, s.endorsement, s.root.pub, ERR_AUTH);
	raw[0x90] ^= 1;
	s.endorsement[SIM_MAGIC_LEN + SIM_ROOT_ID_LEN] ^= 1;
	check_signatures(raw, s.endorsement, s.root.pub, ERR_AUTH);
	s.endorsement[SIM_MAGIC_LEN + SIM_ROOT_ID_LEN] ^= 1;
	memcpy(other, s.chip.pub, sizeof(other));
	check_signatures(raw, s.endorsement, other, ERR_AUTH);
	simtee_report_clear(&s);
}

/* ---- the socket ---------------------------------------------------------- */

static struct addr sock;
static pid_t server;

/* A child that serves until it is told to end. */
static void start_server(void)
{
	static struct simtee_serve serve;
	static struct loop loop = LOOP_INIT;
	struct simtee_report s = SIMTEE_REPORT_INIT;
	struct simtee_launch l = SIMTEE_LAUNCH_INIT;
	uint8_t digest[SIMTEE_LAUNCH_DIGEST_LEN];
	char text[160];
	int fd;

	put_file("enclave", "enclave bytes\n");
	(void)snprintf(text, sizeof(text), "unix:%s", at("sock"));
	CHECK_OK(addr_parse(&sock, text, NULL));
	CHECK_OK(addr_listen(&fd, &sock, NULL));
	CHECK_OK(add(&l, "enclave", "enclave"));
	CHECK_OK(simtee_launch_digest(digest, &l, NULL));
	CHECK_OK(simtee_report_open(&s, at("keys"), digest, NULL));
	server = fork();
	if (server == 0) {
		if (loop_init(&loop, NULL) != ERR_OK ||
		    simtee_serve_start(&serve, &loop, fd, &s, &l) != ERR_OK ||
		    loop_run(&loop) != ERR_OK)
			_exit(1);
		_exit(0);
	}
	fd_close(&fd);
	simtee_launch_clear(&l);
	simtee_report_clear(&s);
}

static void stop_server(void)
{
	int status;

	CHECK_EQ(kill(server, SIGTERM), 0);
	CHECK_EQ(waitpid(server, &status, 0), server);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/* Send n bytes, half-close, and count what comes back. */
static size_t exchange(const uint8_t *p, size_t n, uint8_t *out, size_t cap)
{
	size_t got = 0, more = 1;
	int fd;

	CHECK_OK(addr_connect(&fd, &sock, 1000, NULL));
	CHECK_OK(fd_set_blocking(fd, true));
	CHECK_EQ(write(fd, p, n), (ssize_t)n);
	CHECK_EQ(shutdown(fd, SHUT_WR), 0);
	while (got < cap && more > 0) {
		ssize_t k = read(fd, out + got, cap - got);

		more = k > 0 ? (size_t)k : 0;
		got += more;
	}
	fd_close(&fd);
	return got;
}

/* */
TEST(simtee_serve_answers_and_survives_hostile_clients)
{
	uint8_t request[SIMTEE_REQUEST_LEN + 8] = SIMTEE_MAGIC;
	uint8_t data[SNP_REPORT_DATA_LEN], out[2 * SIMTEE_ANSWER_LEN];
	struct source_sim_evidence ev;
	int idle[SIMTEE_CONNS_MAX / 2];

	crypto_random(data, sizeof(data));
	start_server();
	CHECK_OK(enclave_source_sim_fetch(&ev, &sock, data, 2000, NULL));
	CHECK_MEM(ev.report + 0x50, data, sizeof(data));

	/* Every truncation gets nothing, and the next client is served. */
	for (size_t n = 0; n < SIMTEE_REQUEST_LEN; n++)
		CHECK_EQ(exchange(request, n, out, sizeof(out)), 0);
	CHECK_EQ(exchange(request, SIMTEE_REQUEST_LEN, out, sizeof(out)),
	    SIMTEE_ANSWER_LEN);
	request[7] = 2; /* a later version */
	CHECK_EQ(exchange(request, SIMTEE_REQUEST_LEN, out, sizeof(out)),
	    SIMTEE_HEAD_LEN);
	CHECK_EQ(out[11], SIMTEE_BAD_REQUEST);

	/* Half of the table may sit there in silence. */
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		CHECK_OK(addr_connect(&idle[i], &sock, 1000, NULL));
	CHECK_OK(enclave_source_sim_fetch(&ev, &sock, data, 2000, NULL));
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++)
		fd_close(&idle[i]);

	put_file("enclave", "other enclave\n"); /* in place */
	CHECK_ERR(
	    enclave_source_sim_fetch(&ev, &sock, data, 2000, NULL), ERR_POLICY);
	CHECK(mem_is_zero(&ev, sizeof(ev)));
	stop_server();
	CHECK_ERR(enclave_source_sim_fetch(&ev, &sock, data, 200, NULL),
	    ERR_NOTFOUND);
}

/* A processor that answers with `n` of these bytes and hangs up or waits. */
static enum err fetch_from(const uint8_t *answer, size_t n, bool hang,
    const uint8_t *data, unsigned timeout_ms)
{
	struct source_sim_evidence ev;
	struct addr_peer peer;
	pid_t child;
	int fd;
	enum err e;

	addr_unlink(&sock);
	CHECK_OK(addr_listen(&fd, &sock, NULL));
	child = fork();
	if (child == 0) {
		uint8_t request[SIMTEE_REQUEST_LEN];
		int c = -1;
		bool ok = fd_set_blocking(fd, true) == ERR_OK &&
			  addr_accept(&c, &peer, fd) == ERR_OK &&
			  fd_read_full(c, request, sizeof(request),
			      FD_NO_DEADLINE) == ERR_OK &&
			  fd_write_full(c, answer, n, FD_NO_DEADLINE) == ERR_OK;

		/* Hang until the other side gives up. */
		if (ok && hang)
			ok = fd_read_full(c, request, 1, FD_NO_DEADLINE) ==
			     ERR_CLOSED;
		_exit(ok ? 0 : 1);
	}
	e = enclave_source_sim_fetch(&ev, &sock, data, timeout_ms, NULL);
	CHECK_EQ(waitpid(child, NULL, 0), child);
	fd_close(&fd);
	return e;
}

/* */
TEST(source_sim_rejects_every_truncated_slow_or_foreign_answer)
{
	uint8_t answer[SIMTEE_ANSWER_LEN + 1] = { 0 };
	uint8_t request[SIMTEE_REQUEST_LEN] = SIMTEE_MAGIC;
	uint8_t data[SNP_REPORT_DATA_LEN] = { 0 };
	const size_t n = SIMTEE_ANSWER_LEN;

	start_server();
	CHECK_EQ(exchange(request, sizeof(request), answer, n), n);
	stop_server();
	CHECK_OK(fetch_from(answer, n, false, data, 2000));
	CHECK_ERR(fetch_from(answer, n + 1, false, data, 2000), ERR_TRAILING);
	CHECK_ERR(fetch_from(answer, n - 1, false, data, 2000), ERR_TRUNCATED);
	CHECK_ERR(fetch_from(answer, SIMTEE_HEAD_LEN, false, data, 2000),
	    ERR_TRUNCATED);
	CHECK_ERR(fetch_from(answer, 3, false, data, 2000), ERR_TRUNCATED);
	CHECK_ERR(fetch_from(answer, 0, false, data, 2000), ERR_CLOSED);
	CHECK_ERR(fetch_from(answer, n, true, data, 50), ERR_TIMEOUT);
	CHECK_ERR(fetch_from(answer, 12, true, data, 50), ERR_TIMEOUT);
	data[0] = 1;
	CHECK_ERR(fetch_from(answer, n, false, data, 2000), ERR_AUTH);
	data[0] = 0;
	answer[0] ^= 1;
	CHECK_ERR(fetch_from(answer, n, false, data, 2000), ERR_PROTOCOL);
	answer[0] ^= 1;
	answer[SIMTEE_HEAD_LEN] = 9; /* report version */
	CHECK_ERR(fetch_from(answer, n, false, data, 2000), ERR_UNSUPPORTED);
}

static int setup(void **state)
{
	(void)state;
	if (crypto_init() != ERR_OK)
		return -1;
	return mkdtemp(dir) == NULL ? -1 : 0;
}

static int teardown(void **state)
{
	static const char *const name[] = { "enclave", "model", "a", "sock",
		"k/root.pem", "k/chip.pem", "keys/root.pem", "keys/chip.pem",
		"k", "keys" };

	(void)state;
	for (size_t i = 0; i < sizeof(name) / sizeof(name[0]); i++)
		(void)remove(at(name[i]));
	(void)rmdir(dir);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simtee_launch_digest_is_that_of_the_document),
		cmocka_unit_test(simtee_launch_refuses_bad_items),
		cmocka_unit_test(
		    simtee_launch_notices_writes_but_not_replacement),
		cmocka_unit_test(simtee_keys_are_made_once_and_private),
		cmocka_unit_test(simtee_reports_verify_and_say_simulated),
		cmocka_unit_test(
		    simtee_serve_answers_and_survives_hostile_clients),
		cmocka_unit_test(
		    source_sim_rejects_every_truncated_slow_or_foreign_answer),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
