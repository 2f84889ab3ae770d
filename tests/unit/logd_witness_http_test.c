/* A witness's pages. L-127, L-129, L-138 of docs/log.md. */
#include "witness_dir.h"

#include "logd/witness_http.h"

#define TEXT "text/plain; charset=utf-8"

static uint64_t now_s(void)
{
	return WORLD_NOW;
}

static struct http_reply reply;
static struct logd_witness_said heard;
static size_t heard_n;

static void hear(void *cookie, const struct logd_witness_said *what)
{
	CHECK(cookie == &heard);
	heard = *what;
	heard_n++;
}

static struct logd_witness_site site_of(const char *dir)
{
	struct logd_witness_site s = { .clock = now_s };

	CHECK_OK(logd_witnessd_open(&s.w, dir, NULL));
	return s;
}

static unsigned ask(const struct logd_witness_site *s, const char *method,
    const char *target, struct bytes body)
{
	struct http_head head = {
		.method = str_bytes(method),
		.target = str_bytes(target),
	};

	memset(&reply, 0, sizeof(reply));
	logd_witness_http((void *)(uintptr_t)s, &reply, &head, body);
	CHECK(reply.type != NULL && reply.file.p == NULL);
	return reply.status;
}

static unsigned get(const struct logd_witness_site *s, const char *target)
{
	return ask(s, "GET", target, (struct bytes){ NULL, 0 });
}

static bool said(const char *text)
{
	return reply.small_len < sizeof(reply.small) &&
	       strstr((const char *)reply.small, text) != NULL;
}

TEST(a_checkpoint_is_posted_below_any_prefix)
{
	struct logd_witness_site s = site_of(dir_witness());
	struct bytes first = world_grow(0, 5);

	CHECK_EQ(ask(&s, "POST", "/add-checkpoint", first), 200);
	CHECK_STR(reply.type, TEXT);
	CHECK(said("\xe2\x80\x94 " WORLD_WITNESS " "));
	CHECK(!said(WORLD_ORIGIN));
	CHECK_EQ(ask(&s, "POST", "/a/b/add-checkpoint", first), 409);
	CHECK_STR(reply.type, TLOG_WITNESS_SIZE_TYPE);
	CHECK_EQ(reply.small_len, 2);
	CHECK(said("5\n"));
	CHECK_EQ(ask(&s, "POST", "/add-checkpoint", str_bytes("x")), 400);
	CHECK_STR(reply.type, TEXT);
	CHECK(reply.small_len > 2);
	logd_witnessd_close(s.w);
}

TEST(the_operator_hears_what_was_answered)
{
	struct logd_witness_site s = site_of(dir_witness());

	s.said = hear;
	s.cookie = &heard;
	heard_n = 0;
	CHECK_EQ(ask(&s, "POST", "/add-checkpoint", world_grow(0, 5)), 200);
	CHECK_EQ(heard_n, 1);
	CHECK_EQ(heard.status, 200);
	CHECK_EQ(heard.size, 5);
	CHECK(mem_eq_str(heard.origin, WORLD_ORIGIN));
	CHECK_EQ(ask(&s, "POST", "/add-checkpoint", world_grow(3, 5)), 409);
	CHECK_EQ(heard.status, 409);
	CHECK(strstr(heard.why, "old size is 3") != NULL);
	CHECK_EQ(get(&s, "/"), 200);
	CHECK_EQ(heard_n, 2);
	logd_witnessd_close(s.w);
}

TEST(what_was_cosigned_is_there_to_be_read)
{
	const char *dir = dir_witness();
	struct logd_witness_site s = site_of(dir);
	char path[256];

	(void)snprintf(path, sizeof(path), "/prefix/%s", world_seen() + 5);
	CHECK_EQ(get(&s, path), 404);
	CHECK_EQ(ask(&s, "POST", "/add-checkpoint", world_grow(0, 5)), 200);
	CHECK_EQ(get(&s, path), 200);
	CHECK_STR(reply.type, TEXT);
	CHECK_STR(reply.cache, "no-cache");
	CHECK(mem_eq(dir_read(dir, world_seen()),
	    (struct bytes){ reply.small, reply.small_len }));
	CHECK_EQ(get(&s, path + 7), 200); /* without the prefix */
	CHECK_EQ(ask(&s, "HEAD", path, (struct bytes){ NULL, 0 }), 200);
	path[12] ^= 1;
	CHECK_EQ(get(&s, path), 404); /* another origin */
	path[12] ^= 1;
	path[7] = 'x';
	CHECK_EQ(get(&s, path), 404); /* not a component of the path */
	CHECK_EQ(get(&s, "/checkpoint"), 404);
	CHECK_EQ(get(&s, path + 8), 404);
	logd_witnessd_close(s.w);
}

TEST(a_person_is_told_whose_witness_this_is)
{
	struct logd_witness_site s = site_of(dir_witness());

	CHECK_EQ(get(&s, "/"), 200);
	CHECK_STR(reply.type, TEXT);
	CHECK(said("This is the witness " WORLD_WITNESS ".\n"));
	CHECK(said((const char *)world_vkey(&w_key).p));
	CHECK(said(WORLD_ORIGIN "\n  nothing cosigned yet\n"));
	CHECK_EQ(ask(&s, "POST", "/add-checkpoint", world_grow(0, 5)), 200);
	CHECK_EQ(ask(&s, "HEAD", "/", (struct bytes){ NULL, 0 }), 200);
	CHECK(said("  size 5, cosigned 2027-01-15 08:00 UTC\n"));
	CHECK(said(world_seen() + 4));
	logd_witnessd_close(s.w);
}

/* The most logs, of the longest names. */
TEST(the_page_has_room_for_all_logs)
{
	const char *dir = dir_new();
	struct logd_witness_site s;
	char name[TLOG_KEY_NAME_LEN_MAX + 1];
	uint8_t *text = keep(malloc(LOGD_WITNESS_LOGS_LEN_MAX));
	struct wr w = wr_init(text, LOGD_WITNESS_LOGS_LEN_MAX);

	memset(name, 'n', sizeof(name));
	name[TLOG_KEY_NAME_LEN_MAX] = '\0';
	for (size_t i = 0; i < LOGD_WITNESS_LOGS_MAX; i++) {
		(void)snprintf(name, 3, "%02zu", i);
		name[2] = 'n';
		wr_str(&w, "log ");
		tlog_vkey_format(
		    &w, str_bytes(name), TLOG_KEY_ED25519, log_key.pub);
		wr_str(&w, "\n");
	}
	CHECK_OK(w.err);
	dir_write(dir, "logs", (struct bytes){ text, w.len });
	dir_put_key(dir, &w_key, w_seed);
	s = site_of(dir);
	CHECK_EQ(get(&s, "/"), 200);
	CHECK(said(name));
	logd_witnessd_close(s.w);
}

TEST(other_addresses_are_404_and_other_methods_405)
{
	struct logd_witness_site s = site_of(dir_witness());
	struct bytes none = { NULL, 0 };

	CHECK_EQ(get(&s, "/index.html"), 404);
	CHECK_EQ(get(&s, "/key"), 404);
	CHECK_EQ(get(&s, "/add-checkpoint"), 405);
	CHECK_STR(reply.allow, "POST");
	CHECK_EQ(ask(&s, "PUT", "/add-checkpoint", none), 405);
	CHECK_EQ(ask(&s, "POST", "/", none), 405);
	CHECK_STR(reply.allow, "GET, HEAD");
	CHECK_EQ(ask(&s, "POST", "/add-checkpoint?x", none), 405);
	CHECK_EQ(ask(&s, "POST", "/xadd-checkpoint", none), 405);
	CHECK_EQ(get(&s, "/?"), 404);
	logd_witnessd_close(s.w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkpoint_is_posted_below_any_prefix),
		cmocka_unit_test(the_operator_hears_what_was_answered),
		cmocka_unit_test(what_was_cosigned_is_there_to_be_read),
		cmocka_unit_test(a_person_is_told_whose_witness_this_is),
		cmocka_unit_test(the_page_has_room_for_all_logs),
		cmocka_unit_test(other_addresses_are_404_and_other_methods_405),
	};

	return cmocka_run_group_tests(tests, dir_setup, dir_teardown);
}
