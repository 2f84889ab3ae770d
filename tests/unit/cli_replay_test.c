/* An answer computed again, held against what is stated of it. */
#include <stdlib.h>
#include <unistd.h>

#include "test.h"

#include "cli/replay.h"
#include "crypto/crypto.h"
#include "tiny_model.h"

#define CONTEXT 128

static const char request[] =
    "{\"model\":\"any\",\"messages\":[{\"role\":\"user\",\"content\":\"ab\"}],"
    "\"seed\":5,\"max_tokens\":3,\"temperature\":2}";

struct world {
	char path[32];
	struct cli_options options;
	struct cli_term term;
	struct model_job job;
	struct replay replay;
	uint8_t answer[4096]; /* what is stated */
};

/* A model in a file, and a statement of its bytes. */
static void open_world(struct world *w)
{
	static const struct tiny shape = { .type = GGUF_TENSOR_Q8_0,
		.chat_template = TINY_CHATML };
	const struct bytes file = tiny_model(&shape);
	int fd;

	*w = (struct world){ .path = "/tmp/confer-replay-XXXXXX" };
	fd = mkstemp(w->path);
	CHECK(fd >= 0 && write(fd, file.p, file.len) == (ssize_t)file.len);
	(void)close(fd);
	w->options.model = w->path;
	w->options.engine.threads = "2";
	w->job.options = &w->options;
	w->job.term = &w->term;
	w->replay.request =
	    (struct bytes){ (const uint8_t *)request, sizeof(request) - 1 };
	w->replay.statement = (struct receipt_statement){ .context = CONTEXT,
		.temperature = 0x3f800000,
		.max_tokens = 8,
		.seed = 7,
		.finish = RECEIPT_LENGTH };
	crypto_sha256(w->replay.statement.model_sha256, &file, 1);
	free((void *)(uintptr_t)file.p);
}

static void close_world(struct world *w)
{
	replay_clear(&w->replay);
	(void)unlink(w->path);
}

/* Run again with another answer stated. */
static enum cli_exit again(struct world *w, struct bytes answer)
{
	struct replay *r = &w->replay;
	const struct replay next = { .statement = r->statement,
		.request = r->request,
		.answer = answer };

	replay_clear(r);
	*r = next;
	w->job.ctx = (struct err_ctx){ .code = ERR_OK };
	return replay_run(r, &w->job);
}

/* State what the model says. */
static struct bytes learn(struct world *w)
{
	size_t n;

	CHECK_EQ(again(w, (struct bytes){ NULL, 0 }), CLI_EXIT_OK);
	n = w->replay.len;
	CHECK(n > 0 && n < sizeof(w->answer));
	memcpy(w->answer, w->replay.text, n);
	return (struct bytes){ w->answer, n };
}

TEST(replay_finds_the_same_answer)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	CHECK(!w.replay.same); /* an empty one was stated */
	CHECK_EQ(w.replay.at, 0);
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(w.replay.same);
	w.options.engine.threads = "1";
	w.options.engine.kernels = "scalar";
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(w.replay.same);
	close_world(&w);
}

TEST(replay_tells_where_answers_differ)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	w.answer[answer.len / 2] ^= 1;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	CHECK_EQ(w.replay.at, answer.len / 2);
	w.answer[answer.len / 2] ^= 1;
	w.answer[answer.len] = 'x'; /* a longer one */
	CHECK_EQ(
	    again(&w, (struct bytes){ w.answer, answer.len + 1 }), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	CHECK_EQ(w.replay.at, answer.len);
	close_world(&w);
}

TEST(replay_holds_the_end_against_the_statement)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	w.replay.statement.finish = RECEIPT_STOP;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	CHECK_EQ(w.replay.at, answer.len);
	close_world(&w);
}

TEST(replay_of_an_answer_that_memory_ended_takes_its_beginning)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	answer.len /= 2;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same); /* 8 tokens were allowed */
	w.replay.statement.max_tokens = 0;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(w.replay.same);
	w.replay.statement.finish = RECEIPT_STOP;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	close_world(&w);
}

TEST(replay_takes_a_character_that_was_cut)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	answer.len /= 2;
	memcpy(w.answer + answer.len, "\xef\xbf\xbd", 3);
	answer.len += 3;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	w.replay.statement.finish = RECEIPT_CANCELLED;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(w.replay.same);
	w.answer[0] ^= 1;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	close_world(&w);
}

TEST(replay_of_a_cancelled_answer_takes_its_beginning)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	w.replay.statement.finish = RECEIPT_CANCELLED;
	answer.len /= 2;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(w.replay.same);
	close_world(&w);
}

TEST(replay_applies_what_is_stated_not_what_was_asked)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	w.replay.statement.max_tokens = 3;
	CHECK_EQ(again(&w, answer), CLI_EXIT_OK);
	CHECK(!w.replay.same);
	CHECK(w.replay.len < answer.len);
	close_world(&w);
}

TEST(replay_refuses_another_model_context_and_request)
{
	struct world w;
	struct bytes answer;

	open_world(&w);
	answer = learn(&w);
	w.replay.statement.model_sha256[0] ^= 1;
	CHECK_EQ(again(&w, answer), CLI_EXIT_REFUSED);
	CHECK_EQ(w.job.ctx.code, ERR_AUTH);
	w.replay.statement.model_sha256[0] ^= 1;
	w.replay.statement.context = 100000;
	CHECK_EQ(again(&w, answer), CLI_EXIT_REFUSED);
	CHECK_EQ(w.job.ctx.code, ERR_UNSUPPORTED);
	w.replay.statement.context = CONTEXT;
	w.replay.request.len--;
	CHECK_EQ(again(&w, answer), CLI_EXIT_REFUSED);
	CHECK_EQ(w.job.ctx.code, ERR_FORMAT);
	w.options.model = "/absent";
	CHECK_EQ(again(&w, answer), CLI_EXIT_USAGE);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(replay_finds_the_same_answer),
		cmocka_unit_test(replay_tells_where_answers_differ),
		cmocka_unit_test(replay_holds_the_end_against_the_statement),
		cmocka_unit_test(
		    replay_of_an_answer_that_memory_ended_takes_its_beginning),
		cmocka_unit_test(replay_takes_a_character_that_was_cut),
		cmocka_unit_test(
		    replay_of_a_cancelled_answer_takes_its_beginning),
		cmocka_unit_test(
		    replay_applies_what_is_stated_not_what_was_asked),
		cmocka_unit_test(
		    replay_refuses_another_model_context_and_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
