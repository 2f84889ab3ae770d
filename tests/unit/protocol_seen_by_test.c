/* Who saw a head, in words: witnesses, and the people behind them. [L-40] */
#include "test.h"

#include "protocol/seen_by.h"

#define NOW 1000

static struct trust t;
static char key_name[TLOG_POLICY_WITNESSES_MAX][32];
static char text[SEEN_BY_LEN_MAX + 1];

static struct bytes bytes_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* A policy of n witnesses, the operators as given; "": not stated. */
static void world(const char *const *operators, size_t n)
{
	struct tlog_policy *p = &t.log[0].policy;

	memset(&t, 0, sizeof(t));
	t.n_logs = 1;
	t.log[0].until = UINT64_MAX;
	p->quorum = TLOG_QUORUM_WITNESS;
	p->n_witnesses = n;
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(key_name[i], sizeof(key_name[i]), "w%02zu", i);
		p->witness[i].key.name = bytes_of(key_name[i]);
		if (operators[i][0] == '\0')
			continue;
		t.op[t.n_ops].witness = bytes_of(key_name[i]);
		t.op[t.n_ops++].name = bytes_of(operators[i]);
	}
}

static const char *words(uint32_t cosigners)
{
	struct wr w = wr_init(text, sizeof(text) - 1);

	seen_by_write(&w, &t, NOW, cosigners);
	CHECK_OK(w.err);
	text[w.len] = '\0';
	return text;
}

static unsigned operators(uint32_t cosigners)
{
	return seen_by_operators(&t, NOW, cosigners);
}

#define HERE TRUST_THIS_MACHINE
#define WORLD(...)                                                             \
	do {                                                                   \
		static const char *const of[] = { __VA_ARGS__ };               \
                                                                               \
		world(of, sizeof(of) / sizeof(of[0]));                         \
	} while (0)

TEST(each_operator_is_named)
{
	WORLD("A", "B", "C");
	CHECK_STR(words(7), "seen by 3 of 3 witnesses (operators A, B, C)");
	CHECK_EQ(operators(7), 3);
	CHECK_STR(words(5), "seen by 2 of 3 witnesses (operators A, C)");
	CHECK_EQ(operators(5), 2);
	CHECK_STR(words(2), "seen by 1 of 3 witnesses (operator B)");
	CHECK_STR(words(0), "seen by 0 of 3 witnesses");
	CHECK_EQ(operators(0), 0);
	WORLD("A");
	CHECK_STR(words(1), "seen by 1 of 1 witness (operator A)");
}

TEST(who_runs_several_counts_once)
{
	WORLD("A", "A", "B");
	CHECK_STR(words(7), "seen by 3 of 3 witnesses of 2 independent "
			    "operators (A runs 2 of them, B)");
	CHECK_EQ(operators(7), 2);
	CHECK_STR(words(3), "seen by 2 of 3 witnesses of 1 independent "
			    "operator (A runs 2 of them)");
	CHECK_EQ(operators(3), 1);
	CHECK_STR(words(6), "seen by 2 of 3 witnesses (operators A, B)");
}

TEST(this_machine_is_nobody)
{
	WORLD(HERE, HERE, HERE);
	CHECK_STR(
	    words(7), "seen by 3 of 3 witnesses, all run by this machine");
	CHECK_EQ(operators(7), 0);
	CHECK_STR(words(1), "seen by 1 of 3 witnesses, run by this machine");
	WORLD("A", HERE);
	CHECK_STR(words(3), "seen by 2 of 2 witnesses of 1 independent "
			    "operator (A, this machine runs 1 of them)");
	CHECK_EQ(operators(3), 1);
}

TEST(operators_that_are_not_stated_are_one)
{
	WORLD("", "");
	CHECK_STR(words(3), "seen by 2 of 2 witnesses (operators not stated)");
	CHECK_EQ(operators(3), 1);
	CHECK_STR(words(1), "seen by 1 of 2 witnesses (operator not stated)");
	WORLD("A", "", "");
	CHECK_STR(
	    words(3), "seen by 2 of 3 witnesses (operators A, one not stated)");
	CHECK_STR(words(7), "seen by 3 of 3 witnesses of 2 independent "
			    "operators (A, 2 not stated)");
	CHECK_EQ(operators(7), 2);
	WORLD("", HERE);
	CHECK_STR(words(3),
	    "seen by 2 of 2 witnesses of 1 independent operator (one not "
	    "stated, this machine runs 1 of them)");
}

TEST(without_a_quorum_there_are_no_witnesses)
{
	WORLD("A", "B");
	t.log[0].policy.quorum = TLOG_QUORUM_NONE;
	CHECK_STR(words(3), "no witnesses");
	CHECK_EQ(operators(3), 0);
	t.log[0].policy.quorum = TLOG_QUORUM_WITNESS;
	t.log[0].until = NOW; /* no policy for now */
	CHECK_STR(words(3), "no witnesses");
	CHECK_EQ(operators(3), 0);
}

TEST(bits_of_nobody_do_not_count)
{
	WORLD("A", "B");
	CHECK_STR(
	    words(UINT32_MAX), "seen by 2 of 2 witnesses (operators A, B)");
}

TEST(many_and_long_names_are_cut_to_what_fits)
{
	static char name[10][TRUST_OPERATOR_LEN_MAX + 1];
	const char *of[TLOG_POLICY_WITNESSES_MAX];

	WORLD("A", "B", "C", "D");
	CHECK_STR(words(15), "seen by 4 of 4 witnesses (operators A, B, C, D)");
	WORLD("A", "B", "C", "D", "E", "F");
	CHECK_STR(words(63),
	    "seen by 6 of 6 witnesses (operators A, B, C, D, and 2 more)");
	for (size_t i = 0; i < TLOG_POLICY_WITNESSES_MAX; i++) {
		memset(
		    name[i % 10], 'a' + (char)(i % 10), TRUST_OPERATOR_LEN_MAX);
		of[i] = i < 20 ? name[i % 10] : i < 22 ? "" : HERE;
	}
	world(of, TLOG_POLICY_WITNESSES_MAX);
	CHECK(strlen(words(UINT32_MAX)) > 300);
	CHECK(strstr(text, ", and 6 more, 2 not stated, this machine runs 2 "
			   "of them)") != NULL);
	CHECK_EQ(operators(UINT32_MAX), 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_operator_is_named),
		cmocka_unit_test(who_runs_several_counts_once),
		cmocka_unit_test(this_machine_is_nobody),
		cmocka_unit_test(operators_that_are_not_stated_are_one),
		cmocka_unit_test(without_a_quorum_there_are_no_witnesses),
		cmocka_unit_test(bits_of_nobody_do_not_count),
		cmocka_unit_test(many_and_long_names_are_cut_to_what_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
