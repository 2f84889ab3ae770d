/* What a client keeps: state, sessions, and where `confer up` runs. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "client/home.h"
#include "client/resume.h"
#include "client/running.h"
#include "client/state.h"

#define BYTES(s) ((struct bytes)BYTES_LITERAL(s))

static char home[64];

static int make_home(void **state)
{
	(void)state;
	(void)snprintf(home, sizeof(home), "/tmp/client_files_XXXXXX");
	return mkdtemp(home) == NULL;
}

static int remove_home(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", home);
	return system(command);
}

static const struct trust trust = { .product = BYTES_LITERAL("confer"),
	.channel = BYTES_LITERAL("local") };

static struct claims claims_of(const char *origin, uint64_t size, uint64_t seq)
{
	struct claims c = {
		.policy_seq = seq, .tree = { { .size = size } }, .trees = 1
	};

	(void)snprintf(c.log_origin, sizeof(c.log_origin), "%s", origin);
	memset(c.tree[0].root, (int)size, sizeof(c.tree[0].root));
	return c;
}

TEST(state_survives_a_round_trip)
{
	struct client_state s = { 0 }, back;
	struct claims a = claims_of("log.example/a", 7, 3);
	struct claims b = claims_of("log.example/b", 2, 1);
	struct err_ctx ctx = { 0 };

	CHECK(client_state_learn(&s, &a));
	CHECK(client_state_learn(&s, &b));
	CHECK(!client_state_learn(&s, &b));
	CHECK_OK(client_state_save(&s, home, &trust, &ctx));
	CHECK_OK(client_state_load(&back, home, &trust, &ctx));
	CHECK_EQ(back.policy_seq, 3);
	CHECK_EQ(back.heads, 2);
	CHECK_EQ(client_state_head(&back, "log.example/a")->size, 7);
	CHECK_MEM(client_state_head(&back, "log.example/b")->root,
	    b.tree[0].root, SHA256_LEN);
	CHECK(client_state_head(&back, "log.example/c") == NULL);
}

TEST(state_keeps_what_others_learned_meanwhile)
{
	const struct trust both = { .product = BYTES_LITERAL("both"),
		.channel = BYTES_LITERAL("local") };
	struct client_state mine = { 0 }, theirs = { 0 };
	struct claims a = claims_of("log.example/a", 7, 3);
	struct claims b = claims_of("log.example/b", 2, 5);
	const struct bytes no_note = { NULL, 0 };

	CHECK_OK(
	    client_state_remember(&theirs, home, &both, &b, no_note, NULL));
	CHECK_OK(client_state_remember(&mine, home, &both, &a, no_note, NULL));
	CHECK_EQ(mine.policy_seq, 5);
	CHECK_EQ(mine.heads, 2);
	CHECK_OK(client_state_load(&theirs, home, &both, NULL));
	CHECK_EQ(theirs.heads, 2);
}

TEST(state_only_grows)
{
	struct client_state s = { 0 };
	struct claims big = claims_of("log", 9, 9),
		      small = claims_of("log", 4, 2);

	CHECK(client_state_learn(&s, &big));
	CHECK(!client_state_learn(&s, &small));
	CHECK_EQ(s.policy_seq, 9);
	CHECK_EQ(client_state_head(&s, "log")->size, 9);
}

TEST(state_holds_a_bounded_number_of_logs)
{
	struct client_state s = { 0 };
	char name[16];

	for (unsigned i = 0; i <= CLIENT_STATE_HEADS_MAX; i++) {
		struct claims c;

		(void)snprintf(name, sizeof(name), "log%u", i);
		c = claims_of(name, 1, 1);
		CHECK(client_state_learn(&s, &c));
	}
	CHECK_EQ(s.heads, CLIENT_STATE_HEADS_MAX);
	CHECK(client_state_head(&s, "log0") == NULL);
	CHECK(client_state_head(&s, name) != NULL);
}

TEST(state_that_is_absent_is_empty)
{
	const struct trust other = { .product = BYTES_LITERAL("other"),
		.channel = BYTES_LITERAL("local") };
	struct client_state s;

	CHECK_OK(client_state_load(&s, home, &other, NULL));
	CHECK_EQ(s.policy_seq, 0);
	CHECK_EQ(s.heads, 0);
}

TEST(damaged_state_is_an_error_not_an_empty_state)
{
	char path[FD_PATH_MAX];
	struct err_ctx ctx = { 0 };
	struct client_state s;

	CHECK_OK(client_home_make(home, "state", &ctx));
	CHECK_OK(
	    client_home_path(path, home, "state", "confer@local.json", &ctx));
	CHECK_OK(
	    fd_replace_file(path, BYTES("{\"policy_seq\": 3"), 0600, &ctx));
	CHECK_ERR(client_state_load(&s, home, &trust, &ctx), ERR_TRUNCATED);
	CHECK(strstr(ctx.msg, "is damaged") != NULL);
	CHECK_EQ(unlink(path), 0);
}

TEST(state_rejects_what_is_no_state)
{
	static const char *const bad[] = { "", "[]", "{}",
		"{\"policy_seq\": 1}", "{\"policy_seq\": -1, \"heads\": []}",
		"{\"policy_seq\": 1, \"heads\": {}}",
		"{\"policy_seq\": 1, \"heads\": [3]}",
		"{\"policy_seq\":1,\"heads\":[{\"origin\":\"\"}]}" };
	struct client_state s;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct bytes text = { (const uint8_t *)bad[i],
			strlen(bad[i]) };

		CHECK(client_state_parse(&s, text, NULL) != ERR_OK);
		CHECK_EQ(s.policy_seq, 0);
	}
}

TEST(state_rejects_every_truncation)
{
	struct client_state s = { 0 }, back;
	struct claims a = claims_of("log", 7, 3);
	uint8_t text[512];
	struct wr w = wr_init(text, sizeof(text));

	CHECK(client_state_learn(&s, &a));
	client_state_format(&w, &s);
	for (size_t n = 0; n + 1 < w.len; n++)
		CHECK(client_state_parse(
			  &back, (struct bytes){ text, n }, NULL) != ERR_OK);
	CHECK_OK(
	    client_state_parse(&back, (struct bytes){ text, w.len }, NULL));
}

static const struct client_resume sample = { .verified_at = 1000,
	.deadline = 2000,
	.key = { 1, 2, 3 },
	.bundle = BYTES_LITERAL("evidence") };

TEST(session_survives_a_round_trip)
{
	static uint8_t buf[CLIENT_RESUME_LEN_MAX];
	struct client_resume r;
	struct stat st;
	char path[FD_PATH_MAX];

	CHECK_OK(client_resume_save(home, "unix:/x", &sample, NULL));
	CHECK_OK(client_resume_load(&r, buf, home, "unix:/x"));
	CHECK_EQ(r.verified_at, 1000);
	CHECK_EQ(r.deadline, 2000);
	CHECK_MEM(r.key, sample.key, sizeof(r.key));
	CHECK(mem_eq(r.bundle, sample.bundle));
	CHECK_OK(client_home_path(path, home, "sessions", NULL, NULL));
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ(st.st_mode & 0777, 0700);
	client_resume_forget(home, "unix:/x");
	CHECK_ERR(client_resume_load(&r, buf, home, "unix:/x"), ERR_NOTFOUND);
}

TEST(session_of_another_address_is_not_found)
{
	static uint8_t buf[CLIENT_RESUME_LEN_MAX];
	struct client_resume r;

	CHECK_OK(client_resume_save(home, "unix:/x", &sample, NULL));
	CHECK_ERR(client_resume_load(&r, buf, home, "unix:/y"), ERR_NOTFOUND);
}

TEST(session_rejects_every_change)
{
	uint8_t text[256];
	struct wr w = wr_init(text, sizeof(text));
	struct client_resume r;

	client_resume_write(&w, &sample);
	CHECK_OK(client_resume_parse(&r, (struct bytes){ text, w.len }));
	for (size_t n = 0; n < w.len; n++)
		CHECK(client_resume_parse(&r, (struct bytes){ text, n }) !=
		      ERR_OK);
	for (size_t i = 0; i < w.len; i++) {
		text[i] ^= 1;
		CHECK(client_resume_parse(&r, (struct bytes){ text, w.len }) !=
		      ERR_OK);
		CHECK_EQ(r.bundle.len, 0);
		text[i] ^= 1;
	}
	text[w.len] = 0;
	CHECK_ERR(client_resume_parse(&r, (struct bytes){ text, w.len + 1 }),
	    ERR_TRAILING);
}

TEST(running_survives_a_round_trip)
{
	struct client_running r = {
		.pid = 42, .address = "unix:/a \"b\"", .model = "m"
	};
	struct client_running back;

	CHECK_ERR(client_running_load(&back, home, NULL), ERR_NOTFOUND);
	CHECK_OK(client_home_make(home, "up", NULL));
	CHECK_OK(client_running_save(&r, home, NULL));
	CHECK_OK(client_running_load(&back, home, NULL));
	CHECK_EQ(back.pid, 42);
	CHECK_STR(back.address, r.address);
	CHECK_STR(back.model, "m");
	client_running_remove(home);
	CHECK_ERR(client_running_load(&back, home, NULL), ERR_NOTFOUND);
}

TEST(running_rejects_what_is_none)
{
	static const char *const bad[] = { "", "{}", "{\"pid\": 1}",
		"{\"pid\": 1, \"address\": \"\", \"model\": \"m\"}",
		"{\"pid\": 1, \"address\": \"a\\u0000b\", \"model\": \"m\"}",
		"{\"pid\": \"1\", \"address\": \"a\", \"model\": \"m\"}" };
	struct client_running r;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const struct bytes text = { (const uint8_t *)bad[i],
			strlen(bad[i]) };

		CHECK(client_running_parse(&r, text, NULL) != ERR_OK);
		CHECK_EQ(r.pid, 0);
	}
}

TEST(home_follows_the_environment)
{
	char path[FD_PATH_MAX];

	CHECK_EQ(setenv("XDG_DATA_HOME", "/x", 1), 0);
	CHECK_OK(client_home_find(path, NULL, NULL));
	CHECK_STR(path, "/x/confer");
	CHECK_EQ(setenv("XDG_DATA_HOME", "relative", 1), 0);
	CHECK_EQ(setenv("HOME", "/h", 1), 0);
	CHECK_OK(client_home_find(path, NULL, NULL));
	CHECK_STR(path, "/h/.local/share/confer");
	CHECK_OK(client_home_find(path, "/given", NULL));
	CHECK_STR(path, "/given");
	CHECK_EQ(unsetenv("XDG_DATA_HOME"), 0);
	CHECK_EQ(unsetenv("HOME"), 0);
	CHECK_ERR(client_home_find(path, NULL, NULL), ERR_NOTFOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_survives_a_round_trip),
		cmocka_unit_test(state_keeps_what_others_learned_meanwhile),
		cmocka_unit_test(state_only_grows),
		cmocka_unit_test(state_holds_a_bounded_number_of_logs),
		cmocka_unit_test(state_that_is_absent_is_empty),
		cmocka_unit_test(damaged_state_is_an_error_not_an_empty_state),
		cmocka_unit_test(state_rejects_what_is_no_state),
		cmocka_unit_test(state_rejects_every_truncation),
		cmocka_unit_test(session_survives_a_round_trip),
		cmocka_unit_test(session_of_another_address_is_not_found),
		cmocka_unit_test(session_rejects_every_change),
		cmocka_unit_test(running_survives_a_round_trip),
		cmocka_unit_test(running_rejects_what_is_none),
		cmocka_unit_test(home_follows_the_environment),
	};

	return cmocka_run_group_tests(tests, make_home, remove_home);
}
