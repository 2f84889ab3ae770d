/* The `logs` file of a witness. L-133 of docs/log.md. */
#include "witness_world.h"

#include "logd/witness_logs.h"

static struct logd_witness_logs logs;
static struct err_ctx why;

static enum err parse(struct bytes text)
{
	enum err e;

	why = (struct err_ctx){ 0 };
	e = logd_witness_logs_parse(&logs, text, &why);
	if (e != ERR_OK) {
		CHECK_EQ(logs.n, 0);
		CHECK(strncmp(why.msg, "logs", 4) == 0);
	}
	return e;
}

static uint8_t buf[LOGD_WITNESS_LOGS_LEN_MAX + 1024];
static struct wr w;

static void put_line(struct bytes vkey)
{
	wr_str(&w, "log ");
	wr_bytes(&w, vkey);
	wr_str(&w, "\n");
}

/* A key of this name; another for each number. */
static struct bytes vkey_of(const char *name, unsigned number)
{
	struct tlog_key key = log_key;

	key.pub[0] = (uint8_t)number;
	key.pub[1] = (uint8_t)(number >> 8);
	key = tlog_key_make(str_bytes(name), TLOG_KEY_ED25519, key.pub);
	return world_vkey(&key);
}

static struct bytes written(void)
{
	CHECK_OK(w.err);
	return (struct bytes){ buf, w.len };
}

static int fresh(void **state)
{
	(void)state;
	w = wr_init(buf, sizeof(buf));
	return 0;
}

TEST(keys_of_one_name_are_one_log)
{
	wr_str(&w, "# comment\n\n");
	put_line(world_vkey(&log_key));
	put_line(vkey_of("log.example/other", 1));
	wr_str(&w, "#log nothing\n");
	put_line(world_vkey(&new_key));
	CHECK_OK(parse(written()));
	CHECK_EQ(logs.n, 2);
	CHECK_EQ(logs.log[0].n, 2);
	CHECK(logs.log[0].key[0].id == log_key.id);
	CHECK(logs.log[0].key[1].id == new_key.id);
	CHECK_MEM(logs.log[0].key[1].pub, new_key.pub, ED25519_PUB_LEN);
	CHECK_EQ(logs.log[1].n, 1);
	CHECK(mem_eq_str(logs.log[1].key[0].name, "log.example/other"));
	CHECK_OK(parse((struct bytes){ NULL, 0 }));
	CHECK_EQ(logs.n, 0);
}

TEST(a_line_is_log_and_a_vkey)
{
	static const char *const bad[] = { "log\n", "log \n", "log  x\n", " \n",
		"Log x\n", "logx\n", "witness x\n", "log x+y+z\n", "\tlog x\n",
		"\r\n", "\n\nlog x y\n" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK_ERR(parse(str_bytes(bad[i])), ERR_FORMAT);
	CHECK(strstr(why.msg, "logs, line 3: ") != NULL);
	wr_str(&w, "log ");
	wr_bytes(&w, world_vkey(&log_key));
	wr_str(&w, " \n");
	CHECK_ERR(parse(written()), ERR_FORMAT);
}

TEST(every_truncation_but_at_the_end_of_a_line_is_refused)
{
	size_t first;

	put_line(world_vkey(&log_key));
	first = w.len;
	put_line(world_vkey(&new_key));
	for (size_t n = 1; n < w.len; n++) {
		enum err e = parse((struct bytes){ buf, n });

		CHECK_ERR(e, n == first ? ERR_OK : ERR_TRUNCATED);
	}
}

TEST(each_changed_bit_of_a_line_is_refused)
{
	put_line(world_vkey(&log_key));
	for (size_t i = 0; i + 1 < w.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			buf[i] ^= (uint8_t)(1u << bit);
			if (buf[0] != '#' && parse(written()) == ERR_OK)
				fail_msg("bit %u of byte %zu", bit, i);
			buf[i] ^= (uint8_t)(1u << bit);
		}
	}
	CHECK_OK(parse(written()));
}

TEST(only_keys_that_sign_checkpoints_are_taken)
{
	put_line(world_vkey(&w_key));
	CHECK_ERR(parse(written()), ERR_UNSUPPORTED);
}

TEST(a_key_stands_there_once)
{
	put_line(world_vkey(&log_key));
	put_line(world_vkey(&log_key));
	CHECK_ERR(parse(written()), ERR_BUSY);
	CHECK_STR(why.msg, "logs, line 2: this key is known already");
}

TEST(a_log_has_at_most_8_keys)
{
	for (unsigned i = 0; i < TLOG_POLICY_LOGS_MAX; i++)
		put_line(vkey_of("log.example", i));
	CHECK_OK(parse(written()));
	CHECK_EQ(logs.log[0].n, TLOG_POLICY_LOGS_MAX);
	put_line(vkey_of("log.example", TLOG_POLICY_LOGS_MAX));
	CHECK_ERR(parse(written()), ERR_LIMIT);
}

TEST(there_are_at_most_64_logs)
{
	char name[32];

	for (unsigned i = 0; i <= LOGD_WITNESS_LOGS_MAX; i++) {
		if (i == LOGD_WITNESS_LOGS_MAX)
			CHECK_OK(parse(written()));
		(void)snprintf(name, sizeof(name), "log%u.example", i);
		put_line(vkey_of(name, i));
	}
	CHECK_ERR(parse(written()), ERR_LIMIT);
	CHECK(strstr(why.msg, "line 65") != NULL);
}

TEST(the_text_has_at_most_64_kib)
{
	memset(buf, '\n', sizeof(buf));
	CHECK_OK(parse((struct bytes){ buf, LOGD_WITNESS_LOGS_LEN_MAX }));
	CHECK_ERR(parse((struct bytes){ buf, LOGD_WITNESS_LOGS_LEN_MAX + 1 }),
	    ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(keys_of_one_name_are_one_log, fresh),
		cmocka_unit_test_setup(a_line_is_log_and_a_vkey, fresh),
		cmocka_unit_test_setup(
		    every_truncation_but_at_the_end_of_a_line_is_refused,
		    fresh),
		cmocka_unit_test_setup(
		    each_changed_bit_of_a_line_is_refused, fresh),
		cmocka_unit_test_setup(
		    only_keys_that_sign_checkpoints_are_taken, fresh),
		cmocka_unit_test_setup(a_key_stands_there_once, fresh),
		cmocka_unit_test_setup(a_log_has_at_most_8_keys, fresh),
		cmocka_unit_test_setup(there_are_at_most_64_logs, fresh),
		cmocka_unit_test_setup(the_text_has_at_most_64_kib, fresh),
	};

	return cmocka_run_group_tests(tests, world_setup, NULL);
}
