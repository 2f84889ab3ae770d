/* Sections 3 and 4: from the host's table, and from the host's side channel. */
#include "fake_tsm.h"

#include <pthread.h>

#include "enclave/endorse.h"
#include "sys/fd.h"

static char dir[] = "/tmp/enclave_endorse_XXXXXX";
static struct addr addr;
static int listen_fd = -1;
static struct endorse work;
static struct source_answer answer;
static struct evidence ev;
static struct err_ctx ctx;

/* ---- the host: one exchange in a thread */

static uint8_t reply[COLLATERAL_HEAD_LEN + COLLATERAL_LEN_MAX + 16];
static size_t reply_len;
static uint8_t asked[COLLATERAL_REQUEST_LEN_MAX];
static size_t asked_len;
static pthread_t thread;

static void *host(void *cookie)
{
	struct addr_peer peer;
	size_t want = COLLATERAL_ASK_LEN;
	int fd = -1;

	(void)cookie;
	while (addr_accept(&fd, &peer, listen_fd) == ERR_AGAIN)
		if (fd_wait(listen_fd, false, FD_NO_DEADLINE) != ERR_OK)
			return NULL;
	if (fd_read_full(fd, asked, want, FD_NO_DEADLINE) != ERR_OK)
		return NULL;
	asked_len = collateral_request_len(asked);
	if (asked_len > want && fd_read_full(fd, asked + want, asked_len - want,
				    FD_NO_DEADLINE) != ERR_OK)
		return NULL;
	(void)!fd_write_full(fd, reply, reply_len, FD_NO_DEADLINE);
	fd_close(&fd);
	return NULL;
}

static void expect_request(void)
{
	asked_len = 0;
	assert_int_equal(pthread_create(&thread, NULL, host, NULL), 0);
}

static void request_done(void)
{
	assert_int_equal(pthread_join(thread, NULL), 0);
}

/* The host will answer with these parts; NULL ones are left out. */
static void will_give(const char *const part[COLLATERAL_PARTS])
{
	struct collateral c = { 0 };
	struct wr body = wr_init(reply + COLLATERAL_HEAD_LEN, 4096);
	struct wr w = wr_init(reply, COLLATERAL_HEAD_LEN);
	struct collateral_head head = { COLLATERAL_OK, 0 };

	for (unsigned i = 1; i < COLLATERAL_PARTS; i++)
		if (part[i] != NULL)
			c.part[i] = (struct bytes){ (const uint8_t *)part[i],
				strlen(part[i]) };
	CHECK_OK(collateral_write(&body, &c));
	head.len = (uint32_t)body.len;
	collateral_head_write(&w, &head);
	reply_len = w.len + body.len;
}

static void will_say(uint32_t status)
{
	struct collateral_head head = { status, 0 };
	struct wr w = wr_init(reply, COLLATERAL_HEAD_LEN);

	collateral_head_write(&w, &head);
	reply_len = w.len;
}

/* ---- the answer of a source */

static const struct {
	uint8_t guid[16];
} vcek = { { 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4,
    0xb9, 0x3b, 0xe8, 0xac, 0xcd } },
  vlek = { { 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39,
      0xc0, 0x45, 0xa0, 0xb8, 0xa1 } },
  ask = { { 0x4a, 0xb7, 0xb3, 0x79, 0xbb, 0xac, 0x4f, 0xe4, 0xa0, 0x2f, 0x05,
      0xae, 0xf3, 0x27, 0xc7, 0x82 } };

static void snp_answer(void)
{
	memset(&answer, 0, sizeof(answer));
	memset(&ev, 0, sizeof(ev));
	ctx = (struct err_ctx){ 0 };
	answer.tee = TEE_SNP;
	answer.report_len = fake_snp_report(answer.report);
	memset(answer.report + 0x1a0, 0xc1, 64); /* CHIP_ID */
	answer.report[0x180] = 4;                /* REPORTED_TCB */
}

/* The report is signed by a VLEK. */
static void with_vlek(void)
{
	answer.report[0x48] = SNP_KEY_VLEK << 2;
}

/* A table with certificates of 4 bytes each. */
static void with_table(
    const void *guid1, const char *cert1, const void *guid2, const char *cert2)
{
	struct wr w = wr_init(answer.extra, sizeof(answer.extra));
	const void *guid[] = { guid1, guid2 };
	uint32_t n = guid2 != NULL ? 2 : 1;

	for (uint32_t i = 0; i < n; i++) {
		wr_copy(&w, guid[i], 16);
		wr_u32le(&w, 24 * (n + 1) + 4 * i);
		wr_u32le(&w, 4);
	}
	wr_fill(&w, 0, 24);
	wr_copy(&w, cert1, 4);
	if (guid2 != NULL)
		wr_copy(&w, cert2, 4);
	answer.extra_len = w.len;
}

static enum err sections(bool ask_host)
{
	enum err e;

	memset(&ev, 0, sizeof(ev));
	ctx = (struct err_ctx){ 0 };
	if (ask_host)
		expect_request();
	e = endorse_sections(
	    &ev, &work, &answer, ask_host ? &addr : NULL, &ctx);
	if (ask_host)
		request_done();
	return e;
}

/* One section as a container: exactly these parts. */
static void check_section(
    enum evidence_section section, const char *const part[COLLATERAL_PARTS])
{
	struct collateral c;

	CHECK_OK(collateral_parse(&c, ev.section[section], NULL));
	for (unsigned i = 1; i < COLLATERAL_PARTS; i++) {
		if (part[i] == NULL)
			CHECK_EQ(c.part[i].len, 0);
		else
			CHECK(mem_eq_str(c.part[i], part[i]));
	}
}

#define PARTS(...) ((const char *const[COLLATERAL_PARTS]){ __VA_ARGS__ })

/* ---- claims */

TEST(endorse_sim_relays_the_endorsement)
{
	memset(&answer, 0, sizeof(answer));
	answer.tee = TEE_SIM;
	answer.extra_len = 7;
	CHECK_OK(sections(false));
	CHECK(ev.section[EVIDENCE_ENDORSEMENT].p == answer.extra);
	CHECK_EQ(ev.section[EVIDENCE_ENDORSEMENT].len, 7);
	CHECK_EQ(ev.section[EVIDENCE_COLLATERAL].len, 0);
}

TEST(endorse_snp_takes_the_hosts_table)
{
	snp_answer();
	with_table(&vcek, "VCEK", &ask, "aask");
	CHECK_OK(sections(false));
	check_section(EVIDENCE_ENDORSEMENT,
	    PARTS([COLLATERAL_LEAF] = "VCEK", [COLLATERAL_CA] = "aask"));
	CHECK_EQ(ev.section[EVIDENCE_COLLATERAL].len, 0);
	/* The key that signed decides which certificate. */
	with_vlek();
	CHECK_ERR(sections(false), ERR_NOTFOUND);
	CHECK_STR(ctx.msg,
	    "the host gave no VLEK: put it into its certificate table, or "
	    "serve it to --collateral");
	with_table(&vlek, "VLEK", &ask, "asvk");
	CHECK_OK(sections(false));
	check_section(EVIDENCE_ENDORSEMENT,
	    PARTS([COLLATERAL_LEAF] = "VLEK", [COLLATERAL_CA] = "asvk"));
}

TEST(endorse_snp_says_what_is_missing)
{
	snp_answer();
	CHECK_ERR(sections(false), ERR_NOTFOUND);
	CHECK_STR(ctx.msg,
	    "the host gave no VCEK: put it into its certificate table, or "
	    "serve it to --collateral");
	with_table(&vcek, "VCEK", NULL, NULL);
	CHECK_ERR(sections(false), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "no ASK or ASVK:") != NULL);
	with_table(&ask, "aask", NULL, NULL);
	CHECK_ERR(sections(false), ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "no VCEK:") != NULL);
	answer.extra_len -= 5; /* a table that is cut */
	CHECK_ERR(sections(false), ERR_TRUNCATED);
	answer.extra_len = 0;
	answer.report[0x48] = SNP_KEY_NONE << 2;
	CHECK_ERR(sections(false), ERR_UNSUPPORTED);
	answer.report_len--;
	CHECK_ERR(sections(false), ERR_TRUNCATED);
}

TEST(endorse_snp_asks_the_host_for_the_rest)
{
	struct collateral_request req;

	snp_answer();
	will_give(PARTS([COLLATERAL_LEAF] = "leaf", [COLLATERAL_CA] = "ca",
	    [COLLATERAL_AMD_CRL] = "crl", [COLLATERAL_PCK_CRL] = "no"));
	CHECK_OK(sections(true));
	check_section(EVIDENCE_ENDORSEMENT,
	    PARTS([COLLATERAL_LEAF] = "leaf", [COLLATERAL_CA] = "ca"));
	check_section(EVIDENCE_COLLATERAL, PARTS([COLLATERAL_AMD_CRL] = "crl"));
	/* What was asked for is of the report. */
	CHECK_OK(collateral_request_parse(
	    &req, (struct bytes){ asked, asked_len }, NULL));
	CHECK_EQ(req.kind, COLLATERAL_FOR_SNP);
	CHECK_EQ(req.product, SNP_FAMILY_GENOA);
	CHECK_EQ(req.key, SNP_KEY_VCEK);
	CHECK_MEM(req.chip_id, answer.report + 0x1a0, 64);
	CHECK_MEM(req.reported_tcb, answer.report + 0x180, 8);
	with_vlek();
	CHECK_OK(sections(true));
	CHECK_EQ(asked[10], SNP_KEY_VLEK);
}

TEST(endorse_snp_prefers_the_hosts_table)
{
	snp_answer();
	with_table(&vcek, "VCEK", &ask, "aask");
	will_give(PARTS([COLLATERAL_LEAF] = "leaf", [COLLATERAL_CA] = "ca",
	    [COLLATERAL_AMD_CRL] = "crl"));
	CHECK_OK(sections(true));
	check_section(EVIDENCE_ENDORSEMENT,
	    PARTS([COLLATERAL_LEAF] = "VCEK", [COLLATERAL_CA] = "aask"));
	check_section(EVIDENCE_COLLATERAL, PARTS([COLLATERAL_AMD_CRL] = "crl"));
	/* What the table lacks comes from the other. */
	with_table(&vcek, "VCEK", NULL, NULL);
	CHECK_OK(sections(true));
	check_section(EVIDENCE_ENDORSEMENT,
	    PARTS([COLLATERAL_LEAF] = "VCEK", [COLLATERAL_CA] = "ca"));
	/* A table for another key has no say, its CA neither. */
	with_table(&vlek, "VLEK", &ask, "asvk");
	CHECK_OK(sections(true));
	check_section(EVIDENCE_ENDORSEMENT,
	    PARTS([COLLATERAL_LEAF] = "leaf", [COLLATERAL_CA] = "ca"));
}

TEST(endorse_tdx_and_sgx_need_all_of_intels_parts)
{
	static const char *const all[COLLATERAL_PARTS] = {
		[COLLATERAL_TCB_INFO] = "tcb",
		[COLLATERAL_QE_IDENTITY] = "qe",
		[COLLATERAL_TCB_SIGNING] = "chain",
		[COLLATERAL_ROOT_CRL] = "root",
		[COLLATERAL_PCK_CRL] = "pck",
	};
	static const char *const lacks[COLLATERAL_PARTS] = {
		[COLLATERAL_TCB_INFO] = "TCB Info",
		[COLLATERAL_QE_IDENTITY] = "QE Identity",
		[COLLATERAL_TCB_SIGNING] = "the TCB Signing chain",
		[COLLATERAL_ROOT_CRL] = "the root CA's CRL",
		[COLLATERAL_PCK_CRL] = "the PCK CRL",
	};
	const char *some[COLLATERAL_PARTS];
	char want[80];

	memset(&answer, 0, sizeof(answer));
	answer.tee = TEE_TDX;
	CHECK_ERR(sections(false), ERR_NOTFOUND);
	CHECK_STR(ctx.msg,
	    "evidence of tdx needs Intel's collateral: give --collateral");
	for (unsigned i = COLLATERAL_TCB_INFO; i < COLLATERAL_PARTS; i++) {
		memcpy(some, all, sizeof(some));
		some[i] = NULL;
		will_give(some);
		CHECK_ERR(sections(true), ERR_NOTFOUND);
		snprintf(want, sizeof(want), "the host's collateral lacks %s",
		    lacks[i]);
		CHECK_STR(ctx.msg, want);
	}
	will_give(all);
	CHECK_OK(sections(true));
	CHECK_EQ(asked_len, 9);
	CHECK_EQ(asked[8], COLLATERAL_FOR_TDX);
	check_section(EVIDENCE_COLLATERAL, all);
	CHECK_EQ(ev.section[EVIDENCE_ENDORSEMENT].len, 0);
	answer.tee = TEE_SGX;
	memcpy(some, all, sizeof(some));
	some[COLLATERAL_LEAF] = "not asked for";
	will_give(some);
	CHECK_OK(sections(true));
	CHECK_EQ(asked[8], COLLATERAL_FOR_SGX);
	check_section(EVIDENCE_COLLATERAL, all);
}

/* ---- the side channel */

static enum err ask_tdx(void)
{
	const struct collateral_request req = { .kind = COLLATERAL_FOR_TDX };
	enum err e;

	ctx = (struct err_ctx){ 0 };
	expect_request();
	e = endorse_ask(&work.given, &addr, &req, ENDORSE_ASK_MS, &ctx);
	request_done();
	if (e != ERR_OK)
		CHECK(mem_is_zero(&work.given.parts, sizeof(work.given.parts)));
	return e;
}

TEST(endorse_ask_says_why_the_host_has_nothing)
{
	will_say(COLLATERAL_NONE);
	CHECK_ERR(ask_tdx(), ERR_NOTFOUND);
	CHECK_STR(ctx.msg, "the host has no collateral for this kind of TEE");
	will_say(COLLATERAL_FAILED);
	CHECK_ERR(ask_tdx(), ERR_PROTOCOL);
	CHECK(strstr(ctx.msg, "cannot read") != NULL);
	will_say(COLLATERAL_BAD_REQUEST);
	CHECK_ERR(ask_tdx(), ERR_PROTOCOL);
	CHECK(strstr(ctx.msg, "another version") != NULL);
	will_say(77);
	CHECK_ERR(ask_tdx(), ERR_PROTOCOL);
	CHECK(strstr(ctx.msg, "status 77") != NULL);
}

TEST(endorse_ask_takes_whole_answers_only)
{
	size_t whole;

	will_give(PARTS([COLLATERAL_TCB_INFO] = "tcb"));
	whole = reply_len;
	CHECK_OK(ask_tdx());
	CHECK(mem_eq_str(work.given.parts.part[COLLATERAL_TCB_INFO], "tcb"));
	for (reply_len = 0; reply_len < whole; reply_len++)
		CHECK_ERR(ask_tdx(), ERR_TRUNCATED);
	reply_len = whole + 1;
	CHECK_ERR(ask_tdx(), ERR_TRAILING);
	reply_len = whole;
	reply[0] = 'x';
	CHECK_ERR(ask_tdx(), ERR_UNSUPPORTED);
	will_give(PARTS([COLLATERAL_TCB_INFO] = "tcb"));
	reply[COLLATERAL_HEAD_LEN] = 2; /* the container's version */
	CHECK_ERR(ask_tdx(), ERR_UNSUPPORTED);
}

TEST(endorse_ask_needs_somebody_there)
{
	const struct collateral_request req = { .kind = COLLATERAL_FOR_TDX };
	struct addr nobody;
	char text[96];

	snprintf(text, sizeof(text), "unix:%s/nobody", dir);
	CHECK_OK(addr_parse(&nobody, text, NULL));
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(endorse_ask(&work.given, &nobody, &req, ENDORSE_ASK_MS, &ctx),
	    ERR_NOTFOUND);
	CHECK(strstr(ctx.msg, "nothing listens on unix:") != NULL);
	/* Somebody who listens and says nothing, when no time is left. */
	ctx = (struct err_ctx){ 0 };
	CHECK_ERR(endorse_ask(&work.given, &addr, &req, 0, &ctx), ERR_TIMEOUT);
	CHECK(strstr(ctx.msg, "collateral from unix:") != NULL);
}

static int set_up(void **state)
{
	char text[96];

	(void)state;
	if (mkdtemp(dir) == NULL)
		return 1;
	snprintf(text, sizeof(text), "unix:%s/s", dir);
	return addr_parse(&addr, text, NULL) != ERR_OK ||
	       addr_listen(&listen_fd, &addr, NULL) != ERR_OK;
}

static int tear_down(void **state)
{
	(void)state;
	addr_unlink(&addr);
	fd_close(&listen_fd);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endorse_sim_relays_the_endorsement),
		cmocka_unit_test(endorse_snp_takes_the_hosts_table),
		cmocka_unit_test(endorse_snp_says_what_is_missing),
		cmocka_unit_test(endorse_snp_asks_the_host_for_the_rest),
		cmocka_unit_test(endorse_snp_prefers_the_hosts_table),
		cmocka_unit_test(endorse_tdx_and_sgx_need_all_of_intels_parts),
		cmocka_unit_test(endorse_ask_says_why_the_host_has_nothing),
		cmocka_unit_test(endorse_ask_takes_whole_answers_only),
		/* Last: a connection that nobody took stays in the queue. */
		cmocka_unit_test(endorse_ask_needs_somebody_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
