/* The host's side of collateral: files of a directory, by exchange. */
#include "test.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/collateral_serve.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

static char dir[] = "/tmp/client_collateral_XXXXXX";
static char path[128];
static struct collateral_serve *s;
static struct loop loop = LOOP_INIT;
static struct addr addr;
static int listen_fd = -1, dir_fd = -1;

/* ---- what was told */

static unsigned told;
static bool told_known;
static struct collateral_request told_req;
static struct collateral_head told_head;
static char told_why[ERR_MSG_LEN_MAX];

static void on_told(void *cookie, const struct collateral_request *req,
    const struct collateral_head *head, const char *why)
{
	assert_ptr_equal(cookie, &told);
	told++;
	told_known = req != NULL;
	if (req != NULL)
		told_req = *req;
	told_head = *head;
	snprintf(told_why, sizeof(told_why), "%s", why);
}

/* ---- files */

static const char *in_dir(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return path;
}

static void put(const char *name, const void *text, size_t n)
{
	CHECK_OK(fd_replace_file(
	    in_dir(name), (struct bytes){ text, n }, 0600, NULL));
}

static const char *const names[] = { "vcek.der", "ask.der", "vlek.der",
	"asvk.der", "crl.der", "tcb_info.json", "qe_identity.json",
	"tcb_signing_chain.pem", "root_ca.crl.der", "pck.crl.der" };
#define NAMES (sizeof(names) / sizeof(names[0]))

static void empty_dir(void)
{
	for (size_t i = 0; i < NAMES; i++)
		(void)unlink(in_dir(names[i]));
}

/* Each file says its own name. */
static void fill_dir(void)
{
	for (size_t i = 0; i < NAMES; i++)
		put(names[i], names[i], strlen(names[i]));
}

/* ---- an exchange in one thread */

static uint8_t got[COLLATERAL_HEAD_LEN + COLLATERAL_LEN_MAX + 1];

static int dial(void)
{
	int fd;

	CHECK_OK(addr_connect(&fd, &addr, 1000, NULL));
	return fd;
}

/* Let the server work until `fd` was answered and closed; the length. */
static size_t hear(int fd)
{
	size_t len = 0, n;
	enum err e;

	for (;;) {
		n = 0;
		e = fd_read_some(fd, got + len, sizeof(got) - len, &n);
		len += n;
		if (e == ERR_CLOSED)
			break;
		if (e == ERR_AGAIN)
			CHECK_OK(loop_step(&loop));
		else
			CHECK_OK(e);
	}
	fd_close(&fd);
	return len;
}

static void step_until_open(size_t n)
{
	while (exchange_open(s->exchange) != n)
		CHECK_OK(loop_step(&loop));
}

static size_t exchange(const void *request, size_t n)
{
	int fd = dial();

	CHECK_OK(fd_write_full(fd, request, n, FD_NO_DEADLINE));
	return hear(fd);
}

/* Ask as an enclave does; the container, taken apart. */
static uint32_t ask(struct collateral *c, const struct collateral_request *req)
{
	uint8_t raw[COLLATERAL_REQUEST_LEN_MAX];
	struct wr w = wr_init(raw, sizeof(raw));
	struct collateral_head head;
	size_t n;

	memset(c, 0, sizeof(*c));
	collateral_request_write(&w, req);
	n = exchange(raw, w.len);
	CHECK(n >= COLLATERAL_HEAD_LEN);
	CHECK_OK(collateral_head_parse(
	    &head, (struct bytes){ got, COLLATERAL_HEAD_LEN }, NULL));
	CHECK_EQ(head.len, n - COLLATERAL_HEAD_LEN);
	if (head.status == COLLATERAL_OK)
		CHECK_OK(collateral_parse(c,
		    (struct bytes){ got + COLLATERAL_HEAD_LEN, head.len },
		    NULL));
	CHECK(told_known);
	CHECK_EQ(told_head.status, head.status);
	CHECK_EQ(told_head.len, head.len);
	return head.status;
}

static void check_part(
    const struct collateral *c, enum collateral_part part, const char *want)
{
	CHECK(mem_eq_str(c->part[part], want));
}

TEST(collateral_serve_gives_each_kind_its_files)
{
	struct collateral_request snp = { .kind = COLLATERAL_FOR_SNP,
		.chip_id = { 7 } };
	const struct collateral_request tdx = { .kind = COLLATERAL_FOR_TDX };
	struct collateral c;

	fill_dir();
	CHECK_EQ(ask(&c, &snp), COLLATERAL_OK);
	CHECK_EQ(told_req.chip_id[0], 7);
	check_part(&c, COLLATERAL_LEAF, "vcek.der");
	check_part(&c, COLLATERAL_CA, "ask.der");
	check_part(&c, COLLATERAL_AMD_CRL, "crl.der");
	CHECK_EQ(c.part[COLLATERAL_TCB_INFO].len, 0);
	snp.key = SNP_KEY_VLEK;
	CHECK_EQ(ask(&c, &snp), COLLATERAL_OK);
	check_part(&c, COLLATERAL_LEAF, "vlek.der");
	check_part(&c, COLLATERAL_CA, "asvk.der");
	check_part(&c, COLLATERAL_AMD_CRL, "crl.der");
	CHECK_EQ(ask(&c, &tdx), COLLATERAL_OK);
	CHECK_EQ(c.part[COLLATERAL_LEAF].len, 0);
	check_part(&c, COLLATERAL_TCB_INFO, "tcb_info.json");
	check_part(&c, COLLATERAL_QE_IDENTITY, "qe_identity.json");
	check_part(&c, COLLATERAL_TCB_SIGNING, "tcb_signing_chain.pem");
	check_part(&c, COLLATERAL_ROOT_CRL, "root_ca.crl.der");
	check_part(&c, COLLATERAL_PCK_CRL, "pck.crl.der");
	empty_dir();
}

TEST(collateral_serve_reads_files_anew_and_leaves_out_what_is_not_there)
{
	const struct collateral_request snp = { .kind = COLLATERAL_FOR_SNP };
	struct collateral c;

	CHECK_EQ(ask(&c, &snp), COLLATERAL_NONE);
	put("crl.der", "old", 3);
	CHECK_EQ(ask(&c, &snp), COLLATERAL_OK);
	check_part(&c, COLLATERAL_AMD_CRL, "old");
	CHECK_EQ(c.part[COLLATERAL_LEAF].len, 0);
	put("crl.der", "newer", 5);
	CHECK_EQ(ask(&c, &snp), COLLATERAL_OK);
	check_part(&c, COLLATERAL_AMD_CRL, "newer");
	empty_dir();
}

TEST(collateral_serve_says_what_is_wrong_with_the_files)
{
	static uint8_t big[COLLATERAL_LEN_MAX];
	const struct collateral_request snp = { .kind = COLLATERAL_FOR_SNP };
	struct collateral c;

	put("vcek.der", big, COLLATERAL_LEN_MAX - 5);
	CHECK_EQ(ask(&c, &snp), COLLATERAL_OK);
	put("vcek.der", big, COLLATERAL_LEN_MAX - 4);
	CHECK_EQ(ask(&c, &snp), COLLATERAL_FAILED);
	CHECK_STR(told_why, "the files are too long");
	put("ask.der", big, 5);
	CHECK_EQ(ask(&c, &snp), COLLATERAL_FAILED);
	CHECK_STR(told_why, "cannot read ask.der: the files are too long");
	empty_dir();
	CHECK_EQ(symlink("/etc/passwd", in_dir("crl.der")), 0);
	CHECK_EQ(ask(&c, &snp), COLLATERAL_FAILED);
	CHECK_STR(told_why, "cannot read crl.der: no regular file");
	empty_dir();
}

TEST(collateral_serve_refuses_what_is_no_request)
{
	struct collateral_head head;
	size_t n = exchange("confcol\x02\x01", 9);

	CHECK_EQ(n, COLLATERAL_HEAD_LEN);
	CHECK_OK(collateral_head_parse(&head, (struct bytes){ got, n }, NULL));
	CHECK_EQ(head.status, COLLATERAL_BAD_REQUEST);
	CHECK(!told_known);
	CHECK_STR(told_why, "collateral request: unknown magic at offset 0");
	n = exchange("confcol\x01\x09", 9);
	CHECK_EQ(n, COLLATERAL_HEAD_LEN);
	CHECK_STR(told_why, "collateral request: unknown kind 9 at offset 8");
}

TEST(collateral_serve_forgets_who_leaves_or_stays_silent)
{
	unsigned before = told;
	uint64_t soon;
	int fd = dial();

	CHECK_OK(fd_write_full(fd, "conf", 4, FD_NO_DEADLINE));
	step_until_open(1);
	fd_close(&fd);
	step_until_open(0);
	fd = dial();
	step_until_open(1);
	soon = clock_mono_ns() + COLLATERAL_EXCHANGE_MS * 1000000ull;
	CHECK(timers_next(&loop.timers) <= soon);
	timers_run(&loop.timers, soon);
	CHECK_EQ(exchange_open(s->exchange), 0);
	CHECK_EQ(hear(fd), 0);
	CHECK_EQ(told, before);
}

TEST(collateral_serve_lets_further_ones_wait)
{
	int fd[COLLATERAL_CONNS_MAX + 1];

	for (size_t i = 0; i <= COLLATERAL_CONNS_MAX; i++)
		fd[i] = dial();
	step_until_open(COLLATERAL_CONNS_MAX);
	fd_close(&fd[0]);
	CHECK_OK(fd_write_full(
	    fd[COLLATERAL_CONNS_MAX], "confcol\x01\x02", 9, FD_NO_DEADLINE));
	CHECK_EQ(hear(fd[COLLATERAL_CONNS_MAX]), COLLATERAL_HEAD_LEN);
	for (size_t i = 1; i < COLLATERAL_CONNS_MAX; i++)
		fd_close(&fd[i]);
	step_until_open(0);
}

static int set_up(void **state)
{
	char text[96];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	s = calloc(1, sizeof(*s));
	snprintf(text, sizeof(text), "unix:%s/s", dir);
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return s == NULL || addr_parse(&addr, text, NULL) != ERR_OK ||
	       addr_listen(&listen_fd, &addr, NULL) != ERR_OK ||
	       loop_init(&loop, NULL) != ERR_OK ||
	       collateral_serve_start(
		   s, &loop, listen_fd, dir_fd, on_told, &told) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	collateral_serve_stop(s);
	loop_clear(&loop);
	addr_unlink(&addr);
	fd_close(&listen_fd);
	fd_close(&dir_fd);
	free(s);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(collateral_serve_gives_each_kind_its_files),
		cmocka_unit_test(
		    collateral_serve_reads_files_anew_and_leaves_out_what_is_not_there),
		cmocka_unit_test(
		    collateral_serve_says_what_is_wrong_with_the_files),
		cmocka_unit_test(collateral_serve_refuses_what_is_no_request),
		cmocka_unit_test(
		    collateral_serve_forgets_who_leaves_or_stays_silent),
		cmocka_unit_test(collateral_serve_lets_further_ones_wait),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
