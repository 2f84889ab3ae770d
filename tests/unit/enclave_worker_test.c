/* Jobs, round by round, without a thread; then with one. */
#include "enclave_fake.h"

static struct worker w;

static void start(size_t jobs, size_t per_step)
{
	fake_reset(per_step);
	CHECK_OK(worker_init(&w, &fake, 1, jobs - 1, NULL));
}

static struct job *submit_for(const void *owner, const char *text)
{
	struct job *j = worker_take(&w, owner);

	assert_non_null(j);
	memcpy(j->text, text, strlen(text));
	j->request.text_len = strlen(text);
	j->request.message[0].text = (struct bytes){ j->text, strlen(text) };
	j->request.message_n = 1;
	worker_submit(&w, j);
	return j;
}

static struct job *submit(const char *text)
{
	return submit_for(&w, text);
}

static struct job_view view(struct job *j)
{
	struct job_view v;

	worker_view(&w, j, &v);
	return v;
}

/* All text of j that waits, taken in pieces of `step`. */
static const char *take(struct job *j, size_t step)
{
	static char out[FAKE_TEXT_MAX + 1];
	size_t n = 0, got;

	while ((got = worker_peek(
		    &w, j, JOB_CONTENT, (uint8_t *)out + n, step)) > 0) {
		worker_consume(&w, j, JOB_CONTENT, got);
		n += got;
	}
	out[n] = 0;
	return out;
}

TEST(worker_brings_the_answer_and_its_usage)
{
	struct job *j;

	start(2, 3);
	j = submit("hello");
	CHECK(worker_round(&w));
	CHECK_EQ(view(j).ready[JOB_CONTENT], 3);
	CHECK(!view(j).done);
	CHECK(worker_round(&w));
	CHECK(view(j).done);
	CHECK(!view(j).failed);
	CHECK_STR(take(j, 2), "hello");
	CHECK_EQ(j->finish, ENGINE_STOP);
	CHECK_EQ(j->usage.prompt_tokens, 5);
	CHECK_EQ(j->usage.completion_tokens, 5);
	CHECK_EQ(fake.releases, 1);
	worker_drop(&w, j);
	worker_clear(&w);
}

TEST(worker_takes_no_more_jobs_than_it_has_and_slots_in_turn)
{
	struct job *a, *b, *c;

	start(3, 1);
	a = submit("aa");
	b = submit("bb");
	c = submit("c");
	assert_null(worker_take(&w, &w));
	worker_round(&w);
	CHECK_EQ(a->state, JOB_RUNNING);
	CHECK_EQ(b->state, JOB_RUNNING);
	CHECK_EQ(c->state, JOB_QUEUED);
	worker_round(&w);
	CHECK(view(a).done);
	worker_round(&w);
	CHECK(view(c).done);
	CHECK_EQ(fake.submits, 3);
	worker_drop(&w, b);
	assert_non_null(worker_take(&w, &w));
	worker_clear(&w);
}

TEST(worker_keeps_a_job_for_everybody_and_runs_owners_in_turn)
{
	int a, b, c;
	struct job *b1, *c1;

	fake_reset(1);
	CHECK_OK(worker_init(&w, &fake, 3, 2, NULL));
	(void)submit_for(&a, "a1 a1 a1");
	(void)submit_for(&a, "a2 a2 a2");
	(void)submit_for(&a, "a3");
	assert_null(worker_take(&w, &a)); /* the spare ones are gone */
	b1 = submit_for(&b, "b");
	assert_null(worker_take(&w, &b));
	c1 = submit_for(&c, "c");
	assert_null(worker_take(&w, &c));
	/* Two slots: one for the first, the other not for the same owner. */
	worker_round(&w);
	CHECK(view(b1).done);
	worker_round(&w);
	CHECK(view(c1).done);
	CHECK_EQ(fake.submits, 3);
	worker_drop(&w, b1);
	b1 = submit_for(&b, "b again");
	worker_round(&w);
	CHECK_EQ(b1->state, JOB_RUNNING);
	worker_clear(&w);
}

TEST(worker_stops_a_cancelled_answer_within_one_round)
{
	struct job *j, *q1, *q2;

	start(4, 1);
	j = submit("a long answer");
	(void)submit("b");
	worker_round(&w);
	q1 = submit("queued");
	worker_cancel(&w, j);
	worker_round(&w);
	CHECK(view(j).done);
	CHECK_EQ(j->finish, ENGINE_CANCELLED);
	CHECK_STR(take(j, 9), "a ");
	/* One that has not begun ends at once and never begins. */
	q2 = submit("queued too");
	worker_cancel(&w, q2);
	CHECK(view(q2).done);
	CHECK_EQ(q2->finish, ENGINE_CANCELLED);
	worker_round(&w);
	CHECK_EQ(fake.submits, 3);
	worker_drop(&w, q1);
	worker_clear(&w);
}

TEST(worker_lets_go_of_a_dropped_answer_within_one_round_and_wipes_it)
{
	struct job *j;

	start(1, 4);
	j = submit("SECRET and more");
	worker_round(&w);
	CHECK(holds(j, sizeof(*j), "SECR"));
	worker_drop(&w, j);
	worker_round(&w);
	CHECK_EQ(fake.releases, 1);
	CHECK_EQ(j->state, JOB_FREE);
	CHECK(mem_is_zero(j, sizeof(*j)));
	/* In every other state drop() itself wipes. */
	j = submit("SECRET");
	worker_drop(&w, j);
	CHECK(mem_is_zero(j, sizeof(*j)));
	j = submit("SECRET");
	worker_round(&w);
	worker_round(&w);
	CHECK(view(j).done);
	worker_drop(&w, j);
	CHECK(mem_is_zero(j, sizeof(*j)));
	worker_clear(&w);
}

TEST(worker_waits_for_a_slow_reader_and_loses_nothing)
{
	static char text[100001];
	static char got[100001];
	size_t n = 0;
	struct job *j;

	for (size_t i = 0; i < sizeof(text) - 1; i++)
		text[i] = (char)('a' + i % 23);
	start(1, 5000);
	j = submit(text);
	for (int i = 0; i < 100; i++)
		worker_round(&w);
	CHECK(!worker_round(&w)); /* nothing moves: it would sleep */
	CHECK(view(j).ready[JOB_CONTENT] > WORKER_RING_LEN - ENGINE_OUTPUT_MAX);
	while (!view(j).done || view(j).ready[JOB_CONTENT] > 0) {
		size_t step =
		    worker_peek(&w, j, JOB_CONTENT, (uint8_t *)got + n, 3333);

		worker_consume(&w, j, JOB_CONTENT, step);
		n += step;
		(void)worker_round(&w);
	}
	CHECK_EQ(n, sizeof(text) - 1);
	CHECK_MEM(got, text, n);
	worker_clear(&w);
}

TEST(worker_says_why_the_engine_refused)
{
	static const struct {
		enum err e;
		const char *code;
	} rows[] = {
		{ ERR_LIMIT, "context_length_exceeded" },
		{ ERR_FORMAT, "invalid_request" },
		{ ERR_UNSUPPORTED, "invalid_request" },
		{ ERR_NOMEM, "internal" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct job *j;

		start(1, 1);
		fake.refuse = rows[i].e;
		j = submit("x");
		worker_round(&w);
		CHECK(view(j).failed);
		CHECK_STR(j->error.code, rows[i].code);
		worker_clear(&w);
	}
}

TEST(worker_names_the_field_whose_schema_the_engine_refused)
{
	static const enum err refused[] = { ERR_UNSUPPORTED, ERR_LIMIT };

	for (size_t i = 0; i < 4; i++) {
		struct job *j;

		start(1, 1);
		fake.refuse = refused[i / 2];
		fake.why = "#/properties/a/pattern: is not supported";
		j = worker_take(&w, &w);
		j->request.message_n = 1;
		j->request.format =
		    i % 2 == 0 ? ENGINE_FORMAT_SCHEMA : ENGINE_FORMAT_TEXT;
		worker_submit(&w, j);
		worker_round(&w);
		CHECK(view(j).failed);
		CHECK_STR(j->error.code, "invalid_request");
		CHECK_STR(
		    j->error.param, i % 2 == 0 ? "response_format" : "tools");
		worker_clear(&w);
	}
}

static struct job *submit_embed(const char *text)
{
	struct job *j = worker_take(&w, &w);

	assert_non_null(j);
	j->request.embed = true;
	j->request.message[0].text =
	    (struct bytes){ (const uint8_t *)text, strlen(text) };
	j->request.message[1].text = j->request.message[0].text;
	j->request.message_n = 2;
	worker_submit(&w, j);
	return j;
}

TEST(worker_embeds_one_text_a_round_beside_answers)
{
	struct job *j, *k;
	float v[40];

	start(3, 1);
	j = submit_embed("four");
	k = submit("xy");
	CHECK(worker_round(&w));
	CHECK(!view(j).done);
	CHECK_EQ(j->embedded, 1);
	CHECK(worker_round(&w));
	CHECK(view(j).done);
	CHECK(view(k).done);
	CHECK(!view(j).failed);
	CHECK_EQ(j->usage.prompt_tokens, 8);
	worker_vector(&w, j, 1, 0, v, 40);
	CHECK(v[0] == 4.0f && v[39] == 4.0f + 39 / 4.0f);
	CHECK(mem_is_zero(w.vector, sizeof(v)));
	worker_drop(&w, j);
	CHECK(mem_is_zero(j, sizeof(*j)));
	/* Dropped and cancelled in the middle. */
	j = submit_embed("one");
	worker_round(&w);
	worker_drop(&w, j);
	worker_round(&w);
	CHECK(mem_is_zero(j, sizeof(*j)));
	j = submit_embed("two");
	worker_round(&w);
	worker_cancel(&w, j);
	worker_round(&w);
	CHECK(view(j).failed);
	worker_clear(&w);
}

TEST(worker_goes_on_with_answers_while_a_long_text_is_embedded)
{
	struct job *j, *k;

	start(3, 1);
	fake.embed_steps = 4;
	j = submit_embed("long");
	k = submit("abcd");
	for (size_t n = 1; n <= 4; n++) {
		CHECK(worker_round(&w));
		CHECK_EQ(view(k).ready[JOB_CONTENT], n);
		CHECK_EQ(j->embedded, n == 4);
	}
	CHECK(mem_is_zero(w.vector, 40 * sizeof(float)));
	/* In the middle of a text its slot is given back. */
	worker_round(&w);
	CHECK(j->embedding);
	worker_cancel(&w, j);
	worker_round(&w);
	CHECK(view(j).failed && !fake.slot[0].used && !fake.slot[1].used);
	CHECK(mem_is_zero(w.vector, 40 * sizeof(float)));
	worker_drop(&w, j);
	worker_drop(&w, k);
	j = submit_embed("long");
	worker_round(&w);
	worker_drop(&w, j);
	worker_round(&w);
	CHECK(mem_is_zero(j, sizeof(*j)) && !fake.slot[0].used);
	CHECK(mem_is_zero(w.vector, 40 * sizeof(float)));
	/* And when all ends. */
	j = submit_embed("long");
	worker_round(&w);
	worker_clear(&w);
	CHECK(!fake.slot[0].used);
}

/* Who waits for the memory that a text has is asked again after it. */
TEST(worker_starts_what_waited_for_a_text_to_be_embedded)
{
	struct job *j, *k;

	start(3, 1);
	fake.embed_steps = 3;
	j = submit_embed("long");
	worker_round(&w);
	fake.refuse = ERR_BUSY;
	k = submit("k");
	worker_round(&w);
	CHECK_EQ(k->state, JOB_QUEUED);
	fake.refuse = ERR_OK;
	for (int i = 0; i < 3; i++)
		worker_round(&w);
	CHECK(view(k).done && !view(k).failed);
	worker_drop(&w, j);
	worker_clear(&w);
}

/* There are no vectors yet, so nothing may be read as such. */
TEST(worker_refuses_embeddings_that_are_cancelled_before_they_begin)
{
	struct job *j;

	start(1, 1);
	j = submit_embed("three");
	worker_cancel(&w, j);
	CHECK(view(j).failed);
	CHECK_STR(j->error.code, "invalid_request");
	worker_drop(&w, j);
	worker_clear(&w);
}

TEST(worker_waits_for_memory_that_an_answer_gives_back)
{
	struct job *a, *b, *c;

	start(3, 1);
	a = submit("aaa");
	worker_round(&w);
	fake.refuse = ERR_BUSY;
	b = submit("b");
	c = submit_embed("c");
	worker_round(&w);
	CHECK_EQ(b->state, JOB_QUEUED);
	CHECK(!view(c).done);
	fake.refuse = ERR_OK;
	worker_round(&w); /* not asked again before a has ended */
	CHECK_EQ(fake.submits, 2);
	CHECK(view(a).done);
	worker_round(&w);
	CHECK(view(b).done);
	CHECK(view(c).done && !view(c).failed);
	/* With nobody to wait for there will be no more. */
	worker_drop(&w, b);
	fake.refuse = ERR_BUSY;
	b = submit("b");
	worker_round(&w);
	CHECK(view(b).failed);
	CHECK_STR(b->error.code, "busy");
	worker_clear(&w);
}

TEST(worker_thread_answers_many_jobs)
{
	start(4, 7);
	CHECK_OK(worker_start(&w, NULL));
	for (int i = 0; i < 200; i++) {
		struct job *j = submit("the answer to this is itself");
		char got[64];
		size_t n = 0;

		if (i % 3 == 0)
			worker_cancel(&w, j);
		if (i % 5 == 0) {
			worker_drop(&w, j);
			while ((j = worker_take(&w, &w)) == NULL)
				continue;
			worker_drop(&w, j);
			continue;
		}
		while (!view(j).done || view(j).ready[JOB_CONTENT] > 0) {
			size_t step = worker_peek(
			    &w, j, JOB_CONTENT, (uint8_t *)got + n, 5);

			worker_consume(&w, j, JOB_CONTENT, step);
			n += step;
		}
		CHECK_MEM(got, "the answer to this is itself", n);
		CHECK(n == 28 || i % 3 == 0);
		worker_drop(&w, j);
	}
	worker_clear(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worker_brings_the_answer_and_its_usage),
		cmocka_unit_test(
		    worker_takes_no_more_jobs_than_it_has_and_slots_in_turn),
		cmocka_unit_test(
		    worker_keeps_a_job_for_everybody_and_runs_owners_in_turn),
		cmocka_unit_test(
		    worker_stops_a_cancelled_answer_within_one_round),
		cmocka_unit_test(
		    worker_lets_go_of_a_dropped_answer_within_one_round_and_wipes_it),
		cmocka_unit_test(
		    worker_waits_for_a_slow_reader_and_loses_nothing),
		cmocka_unit_test(worker_says_why_the_engine_refused),
		cmocka_unit_test(
		    worker_names_the_field_whose_schema_the_engine_refused),
		cmocka_unit_test(worker_embeds_one_text_a_round_beside_answers),
		cmocka_unit_test(
		    worker_goes_on_with_answers_while_a_long_text_is_embedded),
		cmocka_unit_test(
		    worker_starts_what_waited_for_a_text_to_be_embedded),
		cmocka_unit_test(
		    worker_refuses_embeddings_that_are_cancelled_before_they_begin),
		cmocka_unit_test(
		    worker_waits_for_memory_that_an_answer_gives_back),
		cmocka_unit_test(worker_thread_answers_many_jobs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
