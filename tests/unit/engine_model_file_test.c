/* Files, images, and what comes again without being seen again. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "engine/model_file.h"

#define LEN 5000000

static char path[64];
static uint8_t *content;

struct seen {
	uint8_t *p;
	size_t len;
};

static void see(void *cookie, struct bytes next)
{
	struct seen *s = cookie;

	CHECK(s->len + next.len <= LEN);
	memcpy(s->p + s->len, next.p, next.len);
	s->len += next.len;
}

static int setup(void **state)
{
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/model_file.%d", (int)getpid());
	content = malloc(LEN);
	for (uint32_t i = 0, x = 1; i < LEN; i++) {
		x = x * 1664525u + 1013904223u;
		content[i] = (uint8_t)(x >> 24);
	}
	f = fopen(path, "wb");
	return f == NULL || fwrite(content, 1, LEN, f) != LEN || fclose(f) != 0;
}

static int teardown(void **state)
{
	(void)state;
	free(content);
	return unlink(path);
}

/* Pieces of several sizes, some of which come twice. */
static void read_all(struct model_file *s)
{
	struct seen seen = { malloc(LEN), 0 };
	uint8_t *got = malloc(LEN), *again = malloc(3000);
	size_t at = 0;

	CHECK_EQ(s->len, LEN);
	s->seen = see;
	s->cookie = &seen;
	for (size_t n = 1; at < LEN; n = n * 7 % 2000003 + 1) {
		size_t back = at % 2 == 0 ? 0 : n < 3000 ? n / 2 : 3000;

		n = n < LEN - at ? n : LEN - at;
		back = back < n ? back : n;
		CHECK_OK(model_file_read(s, got + at, n, NULL));
		memcpy(again, got + at + n - back, back);
		model_file_unread(s, (struct bytes){ again, back });
		at += n - back;
		CHECK_EQ(s->at, at);
		if (back > 0) {
			CHECK_OK(model_file_read(s, got + at, back, NULL));
			at += back;
		}
	}
	CHECK_MEM(got, content, LEN);
	CHECK(seen.len == LEN && memcmp(seen.p, content, LEN) == 0);
	CHECK_ERR(model_file_read(s, got, 1, NULL), ERR_TRUNCATED);
	free(seen.p);
	free(got);
	free(again);
	model_file_close(s);
}

TEST(model_file_reads_a_file_once_and_in_order)
{
	struct model_file s;

	CHECK_OK(model_file_open(&s, path, NULL));
	read_all(&s);
}

TEST(model_file_reads_an_image_as_a_file)
{
	struct model_file s;

	model_file_image(&s, (struct bytes){ content, LEN });
	read_all(&s);
}

TEST(model_file_gives_less_than_was_given_back)
{
	struct model_file s;
	uint8_t a[8], b[8];

	model_file_image(&s, (struct bytes){ content, LEN });
	CHECK_OK(model_file_read(&s, a, 8, NULL));
	model_file_unread(&s, (struct bytes){ a + 2, 6 });
	CHECK_OK(model_file_read(&s, b, 3, NULL));
	CHECK_MEM(b, content + 2, 3);
	CHECK_OK(model_file_read(&s, b, 8, NULL));
	CHECK_MEM(b, content + 5, 8);
	CHECK_EQ(s.at, 13);
}

static void refused(const char *name, enum err want, const char *word)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct model_file s;

	CHECK_ERR(model_file_open(&s, name, &ctx), want);
	if (strstr(ctx.msg, word) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", ctx.msg, word);
	CHECK(s.fd == -1);
	model_file_close(&s);
}

TEST(model_file_refuses_what_is_no_file)
{
	char fifo[80];

	refused("/tmp/there/is/none", ERR_NOTFOUND, "no such file");
	refused("/tmp", ERR_IO, "neither");
	refused("/dev/null", ERR_IO, "neither");
	snprintf(fifo, sizeof(fifo), "%s.fifo", path);
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	refused(fifo, ERR_IO, "neither");
	CHECK_EQ(unlink(fifo), 0);
	if (geteuid() != 0) {
		CHECK_EQ(chmod(path, 0), 0);
		refused(path, ERR_IO, "cannot open");
		CHECK_EQ(chmod(path, 0600), 0);
	}
}

TEST(model_file_refuses_an_empty_file)
{
	char empty[80];
	FILE *f;

	snprintf(empty, sizeof(empty), "%s.empty", path);
	f = fopen(empty, "wb");
	CHECK(f != NULL && fclose(f) == 0);
	refused(empty, ERR_TRUNCATED, "empty");
	CHECK_EQ(unlink(empty), 0);
}

TEST(model_file_notices_that_a_file_shrinks)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct model_file s;
	uint8_t *got = malloc(LEN);

	CHECK_OK(model_file_open(&s, path, NULL));
	CHECK_OK(model_file_read(&s, got, 100, NULL));
	CHECK_EQ(truncate(path, 2000), 0);
	CHECK_ERR(model_file_read(&s, got, LEN - 100, &ctx), ERR_TRUNCATED);
	CHECK_STR(ctx.msg, "model: ends at 2000 of 5000000 bytes");
	model_file_close(&s);
	free(got);
}

TEST(model_file_tells_that_it_cannot_read)
{
	struct err_ctx ctx = { .code = ERR_OK };
	struct model_file s;
	uint8_t got[1];
	int fd;

	CHECK_OK(model_file_open(&s, path, NULL));
	fd = s.fd;
	s.fd = 1 << 20; /* no such descriptor */
	CHECK_ERR(model_file_read(&s, got, 1, &ctx), ERR_IO);
	CHECK(strstr(ctx.msg, "cannot read at offset 0") != NULL);
	s.fd = fd;
	model_file_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(model_file_reads_a_file_once_and_in_order),
		cmocka_unit_test(model_file_reads_an_image_as_a_file),
		cmocka_unit_test(model_file_gives_less_than_was_given_back),
		cmocka_unit_test(model_file_refuses_what_is_no_file),
		cmocka_unit_test(model_file_refuses_an_empty_file),
		cmocka_unit_test(model_file_notices_that_a_file_shrinks),
		cmocka_unit_test(model_file_tells_that_it_cannot_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
