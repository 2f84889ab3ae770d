/* Intel's TCB evaluation: each rule, on an invented platform. */
#include "test.h"

#include "tcb_ids.h"

/* An invented platform, everything up to date. */
static struct world {
	struct tcb_info info;
	struct qe_identity qe_id;
	struct dcap_pck pck;
	struct sgx_report qe;
	struct td_report td;
	struct dcap_tcb t;
} w;

static void fill(uint8_t *p, size_t n, uint8_t first)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(first + i);
}

static struct tcb_advisories ids_of(const char *array)
{
	return (struct tcb_advisories){
		{ (const uint8_t *)array, strlen(array) }, 1
	};
}

static void init_module(struct tdx_module *m, uint8_t version)
{
	m->version = version;
	fill(m->mrsigner, sizeof(m->mrsigner), version);
	memset(m->mask, 0xff, sizeof(m->mask));
	m->n_levels = version == 0 ? 0 : 2;
	m->level[0] = (struct isv_level){ .isvsvn = 10,
		.advisories = ids_of("[\"M-HIGH\"]") };
	m->level[1] = (struct isv_level){ .isvsvn = 5,
		.status = DCAP_OUT_OF_DATE,
		.advisories = ids_of("[\"M-LOW\"]") };
}

/* Two levels apart by PCESVN; the platform is exactly on the first one. */
static void init(void)
{
	struct tcb_level *l = w.info.level;

	memset(&w, 0, sizeof(w));
	w.info.tee = DCAP_TEE_TDX;
	w.info.n_levels = 2;
	fill(l[0].sgx, DCAP_SVN_LEN, 20);
	fill(l[0].tdx, DCAP_SVN_LEN, 40);
	l[0].tdx[0] = 10;
	l[0].tdx[1] = 0;
	l[0].pcesvn = 13;
	l[0].advisories = ids_of("[\"P-HIGH\"]");
	l[1] = l[0];
	memset(l[1].sgx, 1, DCAP_SVN_LEN);
	memset(l[1].tdx, 0, DCAP_SVN_LEN);
	l[1].pcesvn = 5;
	l[1].status = DCAP_OUT_OF_DATE;
	l[1].advisories = ids_of("[\"P-LOW\"]");
	w.info.has_module = true;
	init_module(&w.info.module, 0);
	w.info.n_identities = 2;
	init_module(&w.info.identity[0], 3);
	init_module(&w.info.identity[1], 1);
	w.qe_id.n_levels = 2;
	w.qe_id.level[0] = (struct isv_level){ .isvsvn = 6,
		.advisories = ids_of("[\"Q-HIGH\"]") };
	w.qe_id.level[1] = (struct isv_level){ .isvsvn = 4,
		.status = DCAP_OUT_OF_DATE,
		.advisories = ids_of("[\"Q-LOW\"]") };
	w.qe.isvsvn = 6;
	memcpy(w.pck.svn, l[0].sgx, DCAP_SVN_LEN);
	w.pck.pcesvn = 13;
	memcpy(w.td.tee_tcb_svn, l[0].tdx, DCAP_SVN_LEN);
	w.td.tee_tcb_svn[0] = 10;
	w.td.tee_tcb_svn[1] = 1;
	fill(w.td.mrsignerseam, TDX_MEASUREMENT_LEN, 1);
}

static const struct dcap_tcb *evaluate(const struct td_report *td)
{
	if (td != NULL)
		CHECK_OK(dcap_module_match(&w.info, td, &w.t.module, NULL));
	dcap_tcb_evaluate(&w.t, &w.info, &w.qe_id, &w.pck, &w.qe, td);
	return &w.t;
}

static const struct dcap_tcb *evaluate_tdx(void)
{
	return evaluate(&w.td);
}

/* The platform's level alone: a module of version 0 has none of its own. */
static void module_0(void)
{
	w.td.tee_tcb_svn[1] = 0;
	memcpy(w.td.mrsignerseam, w.info.module.mrsigner, TDX_MEASUREMENT_LEN);
}

static void check_on(const struct dcap_tcb *t, int sgx, int tdx)
{
	CHECK(t->sgx_level == (sgx < 0 ? NULL : &w.info.level[sgx]));
	CHECK(t->tdx_level == (tdx < 0 ? NULL : &w.info.level[tdx]));
	if (sgx < 0 || tdx < 0)
		CHECK_EQ(t->status, DCAP_NOT_SUPPORTED);
}

TEST(a_platform_on_the_first_level_is_up_to_date)
{
	const struct dcap_tcb *t;

	init();
	t = evaluate_tdx();
	check_on(t, 0, 0);
	CHECK(t->module == &w.info.identity[1]);
	CHECK(t->module_level == &w.info.identity[1].level[0]);
	CHECK(t->qe_level == &w.qe_id.level[0]);
	CHECK_EQ(t->status, DCAP_UP_TO_DATE);
	CHECK(!t->relaunch_advised);

	w.t.module = &w.info.module; /* nothing of TDX is left for SGX */
	t = evaluate(NULL);
	CHECK(t->sgx_level == &w.info.level[0]);
	CHECK(t->tdx_level == NULL && t->module == NULL);
	CHECK(t->module_level == NULL);
	CHECK_EQ(t->module_status, DCAP_UP_TO_DATE);
	CHECK_EQ(t->status, DCAP_UP_TO_DATE);
}

TEST(each_sgx_component_and_pcesvn_count)
{
	for (int i = 0; i < DCAP_SVN_LEN; i++) {
		init();
		w.pck.svn[i]++;
		check_on(evaluate_tdx(), 0, 0);
		w.pck.svn[i] = (uint8_t)(w.pck.svn[i] - 2);
		check_on(evaluate_tdx(), 1, 1);
		CHECK_EQ(w.t.status, DCAP_OUT_OF_DATE);
		w.pck.svn[i] = 1;
		check_on(evaluate_tdx(), 1, 1);
		w.pck.svn[i] = 0;
		check_on(evaluate_tdx(), -1, -1);
		CHECK_EQ(evaluate(NULL)->platform_status, DCAP_NOT_SUPPORTED);
		CHECK_EQ(w.t.status, DCAP_NOT_SUPPORTED);
	}
	static const struct {
		uint16_t pcesvn;
		int level;
	} pce[] = { { 14, 0 }, { 13, 0 }, { 12, 1 }, { 6, 1 }, { 5, 1 },
		{ 4, -1 } };
	for (size_t i = 0; i < sizeof(pce) / sizeof(pce[0]); i++) {
		init();
		w.pck.pcesvn = pce[i].pcesvn;
		check_on(evaluate_tdx(), pce[i].level, pce[i].level);
	}
}

TEST(pcesvn_is_one_number)
{
	init();
	w.info.level[0].pcesvn = 255;
	w.pck.pcesvn = 256;
	check_on(evaluate_tdx(), 0, 0);
	w.info.level[0].pcesvn = 257;
	check_on(evaluate_tdx(), 1, 1);
}

/* As lists have it: the same components at two values of PCESVN. */
TEST(levels_of_equal_components_differ_by_pcesvn)
{
	init();
	memcpy(w.info.level[1].sgx, w.info.level[0].sgx, DCAP_SVN_LEN);
	memcpy(w.info.level[1].tdx, w.info.level[0].tdx, DCAP_SVN_LEN);
	check_on(evaluate_tdx(), 0, 0);
	w.pck.pcesvn = 12;
	check_on(evaluate_tdx(), 1, 1);
	w.pck.pcesvn = 4;
	check_on(evaluate_tdx(), -1, -1);
}

TEST(a_module_of_version_0_compares_all_16_tdx_components)
{
	for (int i = 0; i < DCAP_SVN_LEN; i++) {
		init();
		module_0();
		check_on(evaluate_tdx(), 0, 0);
		CHECK(w.t.module == &w.info.module);
		CHECK(w.t.module_level == NULL);
		CHECK_EQ(w.t.module_status, DCAP_UP_TO_DATE);
		if (i == 1) /* it is the version: no lower value exists */
			w.info.level[0].tdx[1] = 1;
		else
			w.td.tee_tcb_svn[i]--;
		check_on(evaluate_tdx(), 0, 1);
		CHECK_EQ(w.t.platform_status, DCAP_OUT_OF_DATE);
		w.info.level[1].tdx[i] = (uint8_t)(w.td.tee_tcb_svn[i] + 1);
		check_on(evaluate_tdx(), 0, -1);
		CHECK_EQ(w.t.platform_status, DCAP_NOT_SUPPORTED);
	}
}

TEST(a_module_of_version_1_compares_tdx_components_2_to_15)
{
	for (int i = 0; i < DCAP_SVN_LEN; i++) {
		init();
		w.info.level[0].tdx[i] = (uint8_t)(w.td.tee_tcb_svn[i] + 1);
		check_on(evaluate_tdx(), 0, i < 2 ? 0 : 1);
		w.info.level[0].tdx[i] = w.td.tee_tcb_svn[i];
		check_on(evaluate_tdx(), 0, 0);
	}
	/* Not by one number alone: also of version 3. */
	init();
	w.td.tee_tcb_svn[1] = 3;
	w.info.level[0].tdx[0] = 200;
	w.info.level[0].tdx[1] = 200;
	memcpy(w.td.mrsignerseam, w.info.identity[0].mrsigner,
	    TDX_MEASUREMENT_LEN);
	check_on(evaluate_tdx(), 0, 0);
	CHECK(w.t.module == &w.info.identity[0]);
}

TEST(qe_levels_go_by_isvsvn)
{
	static const struct {
		uint16_t isvsvn;
		int level;
		enum dcap_status status;
	} c[] = { { 65535, 0, DCAP_UP_TO_DATE }, { 7, 0, DCAP_UP_TO_DATE },
		{ 6, 0, DCAP_UP_TO_DATE }, { 5, 1, DCAP_OUT_OF_DATE },
		{ 4, 1, DCAP_OUT_OF_DATE }, { 3, -1, DCAP_NOT_SUPPORTED },
		{ 0, -1, DCAP_NOT_SUPPORTED } };

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		init();
		w.qe.isvsvn = c[i].isvsvn;
		evaluate(i % 2 ? NULL : &w.td);
		CHECK(w.t.qe_level ==
		      (c[i].level < 0 ? NULL : &w.qe_id.level[c[i].level]));
		CHECK_EQ(w.t.qe_status, c[i].status);
		CHECK_EQ(w.t.status, c[i].status);
	}
}

TEST(module_levels_go_by_the_first_byte_of_the_svn)
{
	static const struct {
		uint8_t svn;
		int level;
		enum dcap_status status;
	} c[] = { { 255, 0, DCAP_UP_TO_DATE }, { 11, 0, DCAP_UP_TO_DATE },
		{ 10, 0, DCAP_UP_TO_DATE }, { 9, 1, DCAP_OUT_OF_DATE },
		{ 5, 1, DCAP_OUT_OF_DATE }, { 4, -1, DCAP_NOT_SUPPORTED } };

	for (size_t i = 0; i < sizeof(c) / sizeof(c[0]); i++) {
		const struct isv_level *level = w.info.identity[1].level;

		init();
		w.td.tee_tcb_svn[0] = c[i].svn;
		evaluate_tdx();
		check_on(&w.t, 0, 0);
		CHECK(w.t.module_level ==
		      (c[i].level < 0 ? NULL : &level[c[i].level]));
		CHECK_EQ(w.t.module_status, c[i].status);
		CHECK_EQ(w.t.status, c[i].status);
	}
}

/* ---- Converging ------------------------------------------------------------ */

/* A platform's status, and what becomes of it beside a part out of date. */
static const struct {
	enum dcap_status is, stale;
} platform[] = {
	{ DCAP_UP_TO_DATE, DCAP_OUT_OF_DATE },
	{ DCAP_SW_HARDENING_NEEDED, DCAP_OUT_OF_DATE },
	{ DCAP_CONFIGURATION_NEEDED, DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED },
	{ DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED,
	    DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED },
	{ DCAP_OUT_OF_DATE, DCAP_OUT_OF_DATE },
	{ DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED,
	    DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED },
	{ DCAP_REVOKED, DCAP_REVOKED },
};

#define N_PLATFORM (sizeof(platform) / sizeof(platform[0]))

TEST(the_qe_makes_the_platform_stale)
{
	static const enum dcap_status stale[] = { DCAP_OUT_OF_DATE,
		DCAP_CONFIGURATION_NEEDED,
		DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED };

	for (size_t i = 0; i < N_PLATFORM; i++) {
		init();
		w.info.level[0].status = platform[i].is;
		CHECK_EQ(evaluate(NULL)->status, platform[i].is);
		CHECK_EQ(evaluate_tdx()->status, platform[i].is);
		CHECK_EQ(w.t.platform_status, platform[i].is);
		for (size_t k = 0; k < 3; k++) {
			w.qe_id.level[0].status = stale[k];
			CHECK_EQ(evaluate(NULL)->status, platform[i].stale);
			CHECK_EQ(evaluate_tdx()->status, platform[i].stale);
			CHECK_EQ(w.t.qe_status, stale[k]);
		}
	}
}

TEST(the_module_makes_the_platform_stale)
{
	for (size_t i = 0; i < N_PLATFORM; i++) {
		init();
		w.info.level[0].status = platform[i].is;
		w.td.tee_tcb_svn[0] = 9;
		CHECK_EQ(evaluate_tdx()->status, platform[i].stale);
		CHECK_EQ(w.t.platform_status, platform[i].is);
		w.qe.isvsvn = 5; /* and the QE besides changes nothing */
		CHECK_EQ(evaluate_tdx()->status, platform[i].stale);
	}
}

TEST(revoked_wins_wherever_it_stands)
{
	for (size_t i = 0; i < N_PLATFORM; i++) {
		init();
		w.info.level[0].status = platform[i].is;
		w.qe_id.level[0].status = DCAP_REVOKED;
		CHECK_EQ(evaluate(NULL)->status, DCAP_REVOKED);
		CHECK_EQ(evaluate_tdx()->status, DCAP_REVOKED);
		w.qe_id.level[0].status = DCAP_UP_TO_DATE;
		w.info.identity[1].level[0].status = DCAP_REVOKED;
		CHECK_EQ(evaluate_tdx()->status, DCAP_REVOKED);
		w.qe.isvsvn = 0; /* even of a QE that nobody knows */
		CHECK_EQ(evaluate_tdx()->status, DCAP_REVOKED);
	}
	init();
	w.info.level[0].status = DCAP_REVOKED;
	CHECK_EQ(evaluate(NULL)->status, DCAP_REVOKED);
	CHECK_EQ(evaluate_tdx()->status, DCAP_REVOKED);
	/* The SGX part of a TDX platform: revoked, although another matches. */
	w.td.tee_tcb_svn[2]--;
	check_on(evaluate_tdx(), 0, 1);
	CHECK_EQ(w.t.platform_status, DCAP_OUT_OF_DATE);
	CHECK_EQ(w.t.status, DCAP_REVOKED);
}

TEST(what_matches_no_level_is_not_supported)
{
	for (size_t i = 0; i < N_PLATFORM; i++) {
		init();
		w.info.level[0].status = platform[i].is;
		w.td.tee_tcb_svn[0] = 4; /* the module */
		CHECK_EQ(evaluate_tdx()->status, DCAP_NOT_SUPPORTED);
		CHECK_EQ(w.t.module_status, DCAP_NOT_SUPPORTED);
		w.td.tee_tcb_svn[0] = 10;
		w.qe.isvsvn = 3;
		CHECK_EQ(evaluate_tdx()->status, platform[i].is == DCAP_REVOKED
						     ? DCAP_REVOKED
						     : DCAP_NOT_SUPPORTED);
	}
	/* Nothing is known of a platform without a level, whatever the rest. */
	init();
	w.pck.pcesvn = 0;
	w.qe_id.level[0].status = DCAP_REVOKED;
	CHECK_EQ(evaluate_tdx()->status, DCAP_NOT_SUPPORTED);
	CHECK_EQ(evaluate(NULL)->status, DCAP_NOT_SUPPORTED);
}

/* ---- TDRelaunchAdvised ----------------------------------------------------- */

/* The TD was launched by a module of SVN 9, out of date; 10 runs now. */
static void init_relaunch(void)
{
	init();
	w.td.is_15 = true;
	w.td.tee_tcb_svn[0] = 9;
	memcpy(w.td.tee_tcb_svn2, w.info.level[0].tdx, DCAP_SVN_LEN);
	w.td.tee_tcb_svn2[0] = 10;
	w.td.tee_tcb_svn2[1] = 1;
}

static void check_relaunch(enum dcap_status want)
{
	const struct dcap_tcb *t = evaluate_tdx();

	CHECK_EQ(t->status, want);
	CHECK_EQ(t->relaunch_advised,
	    want == DCAP_TD_RELAUNCH_ADVISED ||
		want == DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
}

TEST(relaunch_is_advised_when_only_the_td_is_old)
{
	init_relaunch();
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED);
	CHECK_EQ(w.t.module_status, DCAP_OUT_OF_DATE);
	w.td.tee_tcb_svn2[0]++;
	w.td.tee_tcb_svn2[2]++;
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED);
	/* Microcode of the launch was old too. */
	w.td.tee_tcb_svn[2]--;
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED);
	CHECK(w.t.tdx_level == &w.info.level[1]);
}

TEST(relaunch_needs_each_of_its_conditions)
{
	init_relaunch();
	w.td.is_15 = false;
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.qe.isvsvn = 5; /* QE out of date */
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.qe_id.level[0].status = DCAP_CONFIGURATION_NEEDED;
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.pck.pcesvn = 12; /* the SGX part out of date */
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.info.level[0].status = DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED;
	check_relaunch(DCAP_OUT_OF_DATE_CONFIGURATION_NEEDED);
	init_relaunch();
	w.td.tee_tcb_svn[0] = 10; /* the module of the launch up to date */
	w.td.tee_tcb_svn[2]--;    /* and its microcode alone out of date */
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.info.identity[1].level[1].status = DCAP_REVOKED;
	check_relaunch(DCAP_REVOKED);
	init_relaunch();
	w.td.tee_tcb_svn2[0]--; /* the module of now still old */
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.td.tee_tcb_svn2[2]--; /* the microcode of now still old */
	check_relaunch(DCAP_OUT_OF_DATE);
	init_relaunch();
	w.td.tee_tcb_svn2[1] = 2; /* a module that nobody knows */
	check_relaunch(DCAP_NOT_SUPPORTED);
}

/* Its number decides, not that of the module which launched the TD. */
TEST(relaunch_looks_at_the_module_of_now)
{
	init_relaunch();
	w.td.tee_tcb_svn2[1] = 3;
	w.info.identity[0].level[0].isvsvn = 11;
	check_relaunch(DCAP_OUT_OF_DATE);
	w.td.tee_tcb_svn2[0] = 11;
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED);
}

/* A module of version 0 goes by the newest level of the platform. */
TEST(relaunch_under_a_module_of_version_0)
{
	init_relaunch();
	w.td.tee_tcb_svn2[1] = 0;
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED);
	w.info.level[0].tdx[0] = 11;
	check_relaunch(DCAP_OUT_OF_DATE);
	w.td.tee_tcb_svn2[0] = 11;
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED);
	w.td.tee_tcb_svn2[2]--;
	check_relaunch(DCAP_OUT_OF_DATE);
}

TEST(relaunch_says_whether_configuration_is_needed)
{
	static const struct {
		enum dcap_status sgx, want;
	} c[] = { { DCAP_SW_HARDENING_NEEDED, DCAP_TD_RELAUNCH_ADVISED },
		{ DCAP_CONFIGURATION_NEEDED,
		    DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED },
		{ DCAP_CONFIGURATION_AND_SW_HARDENING_NEEDED,
		    DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED } };

	for (size_t i = 0; i < 3; i++) {
		init_relaunch();
		w.info.level[0].status = c[i].sgx;
		check_relaunch(c[i].want);
		/* The TDX part on a lower level, out of date by itself. */
		w.td.tee_tcb_svn[2]--;
		check_relaunch(c[i].want);
		CHECK_EQ(w.t.platform_status, DCAP_OUT_OF_DATE);
	}
	/* The TDX part alone needs it. */
	init_relaunch();
	w.td.tee_tcb_svn[2]--;
	w.info.level[1].status = DCAP_CONFIGURATION_NEEDED;
	check_relaunch(DCAP_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED);
}

/* ---- Advisories ------------------------------------------------------------ */

static void check_ids(const char *const *want)
{
	static struct ids got;
	size_t i = 0;

	got.n = got.stop_at = 0;
	CHECK(dcap_tcb_advisories(&w.t, collect, &got));
	for (; want[i] != NULL; i++)
		CHECK_STR(got.id[i], want[i]);
	CHECK_EQ(got.n, i);
}

TEST(advisories_are_those_of_the_three_levels)
{
	static const char *const high[] = { "P-HIGH", "M-HIGH", "Q-HIGH",
		NULL };
	static const char *const low[] = { "P-LOW", "M-LOW", "Q-LOW", NULL };
	static const char *const sgx[] = { "P-HIGH", "Q-HIGH", NULL };
	static const char *const none[] = { NULL };

	init();
	evaluate_tdx();
	check_ids(high);
	w.td.tee_tcb_svn[2]--; /* the level of the whole, not of its SGX part */
	w.td.tee_tcb_svn[0]--;
	w.qe.isvsvn--;
	evaluate_tdx();
	check_ids(low);
	init();
	evaluate(NULL);
	check_ids(sgx);
	w.pck.pcesvn = 0;
	w.qe.isvsvn = 0;
	evaluate(NULL);
	check_ids(none);
}

TEST(advisories_are_given_once)
{
	static const char *const want[] = { "A", "AB", "B", "C", "D", NULL };

	init();
	w.info.level[0].advisories = ids_of("[\"A\", \"AB\",\"A\",\"B\"]");
	w.info.identity[1].level[0].advisories = ids_of("[\"B\",\"C\",\"C\"]");
	w.qe_id.level[0].advisories = ids_of("[\"AB\",\"C\",\"D\",\"A\"]");
	evaluate_tdx();
	check_ids(want);
}

TEST(advisories_stop_when_told_to)
{
	static struct ids got;

	init();
	evaluate_tdx();
	for (size_t n = 1; n <= 3; n++) {
		got.n = 0;
		got.stop_at = n;
		CHECK(!dcap_tcb_advisories(&w.t, collect, &got));
		CHECK_EQ(got.n, n);
	}
}

/* ---- Identities ------------------------------------------------------------ */

static void init_qe(void)
{
	init();
	w.qe_id.isvprodid = 2;
	fill(w.qe_id.mrsigner, SGX_MEASUREMENT_LEN, 0x40);
	fill(w.qe.mrsigner, SGX_MEASUREMENT_LEN, 0x40);
	w.qe.isvprodid = 2;
	memset(w.qe_id.miscselect_mask, 0xf0, 4);
	memset(w.qe_id.miscselect, 0x30, 4);
	memset(w.qe.miscselect, 0x35, 4);
	memset(w.qe_id.attributes_mask, 0xf8, 16);
	memset(w.qe_id.attributes, 0x10, 16);
	memset(w.qe.attributes, 0x15, 16);
}

static void check_qe(const char *message)
{
	struct err_ctx ctx = { .code = ERR_OK };
	enum err e = dcap_qe_match(&w.qe_id, &w.qe, &ctx);

	CHECK_ERR(e, message == NULL ? ERR_OK : ERR_AUTH);
	CHECK_EQ(ctx.code, e);
	CHECK(message == NULL || strstr(ctx.msg, message) != NULL);
}

TEST(the_qe_is_that_of_its_identity)
{
	init_qe();
	check_qe(NULL);
	for (int i = 0; i < SGX_MEASUREMENT_LEN; i++) {
		init_qe();
		w.qe.mrsigner[i] ^= 1;
		check_qe("MRSIGNER");
	}
	for (int d = -1; d <= 1; d += 2) {
		init_qe();
		w.qe.isvprodid = (uint16_t)(2 + d);
		check_qe("ISVPRODID");
	}
}

TEST(the_qe_is_compared_under_masks)
{
	for (int i = 0; i < 16; i++) {
		init_qe();
		w.qe.attributes[i] ^= 5;
		check_qe(NULL);
		w.qe.attributes[i] ^= 0x08;
		check_qe("ATTRIBUTES");
		init_qe();
		w.qe_id.attributes[i] |= 4; /* outside the mask: never met */
		check_qe("ATTRIBUTES");
		if (i >= 4)
			continue;
		init_qe();
		w.qe.miscselect[i] ^= 0x0f;
		check_qe(NULL);
		w.qe.miscselect[i] ^= 0x10;
		check_qe("MISCSELECT");
		init_qe();
		w.qe_id.miscselect[i] |= 1;
		check_qe("MISCSELECT");
	}
}

/* Also where the mask of an identity would let it pass. */
TEST(a_debug_qe_is_refused)
{
	init_qe();
	w.qe.attributes[0] |= 2;
	check_qe("DEBUG");
	init_qe();
	w.qe.attributes[0] = 0x10;
	w.qe.attributes[1] |= 2;
	check_qe(NULL);
}

static void check_module_refused(enum err want, const char *message)
{
	const struct tdx_module *m = &w.info.module;
	struct err_ctx ctx = { .code = ERR_OK };

	CHECK_ERR(dcap_module_match(&w.info, &w.td, &m, &ctx), want);
	CHECK(strstr(ctx.msg, message) != NULL);
	CHECK(m == NULL);
}

TEST(the_module_is_found_by_its_version)
{
	static const uint8_t version[] = { 0, 1, 3 };

	for (unsigned v = 0; v < 256; v++) {
		init();
		w.td.tee_tcb_svn[1] = (uint8_t)v;
		fill(w.td.mrsignerseam, TDX_MEASUREMENT_LEN, (uint8_t)v);
		if (memchr(version, (int)v, 3) != NULL)
			CHECK_EQ(evaluate_tdx()->module->version, v);
		else
			check_module_refused(ERR_UNSUPPORTED, "version");
	}
	init();
	w.info.n_identities = 1; /* what lies behind the list is not of it */
	check_module_refused(ERR_UNSUPPORTED, "version 1");
	init();
	w.info.n_identities = 0; /* a list of 2023 */
	check_module_refused(ERR_UNSUPPORTED, "version 1");
	init();
	module_0();
	w.info.has_module = false;
	check_module_refused(ERR_UNSUPPORTED, "version 0");
}

TEST(the_module_is_intels)
{
	for (int i = 0; i < TDX_MEASUREMENT_LEN; i++) {
		init();
		w.td.mrsignerseam[i] ^= 0x80;
		check_module_refused(ERR_AUTH, "MRSIGNERSEAM");
	}
	for (int i = 0; i < 8; i++) {
		init();
		w.td.seamattributes[i] = 1;
		check_module_refused(ERR_AUTH, "not zero");
		/* Not even where the list wants it so. */
		w.info.identity[1].attributes[i] = 1;
		check_module_refused(ERR_AUTH, "not zero");
		init();
		w.info.identity[1].attributes[i] = 1;
		check_module_refused(ERR_AUTH, "not those of");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_platform_on_the_first_level_is_up_to_date),
		cmocka_unit_test(each_sgx_component_and_pcesvn_count),
		cmocka_unit_test(pcesvn_is_one_number),
		cmocka_unit_test(levels_of_equal_components_differ_by_pcesvn),
		cmocka_unit_test(
		    a_module_of_version_0_compares_all_16_tdx_components),
		cmocka_unit_test(
		    a_module_of_version_1_compares_tdx_components_2_to_15),
		cmocka_unit_test(qe_levels_go_by_isvsvn),
		cmocka_unit_test(module_levels_go_by_the_first_byte_of_the_svn),
		cmocka_unit_test(the_qe_makes_the_platform_stale),
		cmocka_unit_test(the_module_makes_the_platform_stale),
		cmocka_unit_test(revoked_wins_wherever_it_stands),
		cmocka_unit_test(what_matches_no_level_is_not_supported),
		cmocka_unit_test(relaunch_is_advised_when_only_the_td_is_old),
		cmocka_unit_test(relaunch_needs_each_of_its_conditions),
		cmocka_unit_test(relaunch_looks_at_the_module_of_now),
		cmocka_unit_test(relaunch_under_a_module_of_version_0),
		cmocka_unit_test(relaunch_says_whether_configuration_is_needed),
		cmocka_unit_test(advisories_are_those_of_the_three_levels),
		cmocka_unit_test(advisories_are_given_once),
		cmocka_unit_test(advisories_stop_when_told_to),
		cmocka_unit_test(the_qe_is_that_of_its_identity),
		cmocka_unit_test(the_qe_is_compared_under_masks),
		cmocka_unit_test(a_debug_qe_is_refused),
		cmocka_unit_test(the_module_is_found_by_its_version),
		cmocka_unit_test(the_module_is_intels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
