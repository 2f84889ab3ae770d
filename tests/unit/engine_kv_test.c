/* Pages of keys and values: exhaustion, order, one owner each, nothing left. */
#include "test.h"

#include "engine/kv.h"

#define PAGES 12
#define SEQS  4

static const struct kv_shape shape = { .blocks = 3, .heads = 2, .head = 24 };

struct owner {
	uint8_t *page[PAGES];
	struct kv_seq seq;
};

static void own(struct owner *o, uint32_t cap)
{
	*o = (struct owner){ .seq = { .cap = cap } };
	o->seq.page = o->page;
}

TEST(kv_page_holds_all_blocks_and_heads)
{
	size_t piece =
	    (size_t)24 * KERNEL_PAGE * 2 + (size_t)KERNEL_PAGE * 32 * 2;

	CHECK_EQ(kv_page_len(&shape), 6 * piece);
	CHECK_EQ(kv_page_len(&shape) % 64, 0);
	for (uint32_t b = 0; b < 3; b++) {
		for (uint32_t h = 0; h < 2; h++)
			CHECK_EQ(kv_offset(&shape, b, h), (2 * b + h) * piece);
	}
}

TEST(kv_pages_for_rounds_up)
{
	CHECK_EQ(kv_pages_for(0), 0);
	CHECK_EQ(kv_pages_for(1), 1);
	CHECK_EQ(kv_pages_for(64), 1);
	CHECK_EQ(kv_pages_for(65), 2);
	CHECK_EQ(kv_pages_for(UINT32_MAX), 1u << 26);
}

TEST(kv_init_refuses_sizes_that_overflow_or_are_none)
{
	static const struct {
		struct kv_shape shape;
		uint32_t pages;
	} bad[] = {
		{ { 0, 2, 24 }, PAGES },
		{ { 3, 0, 24 }, PAGES },
		{ { 3, 2, 0 }, PAGES },
		{ { 3, 2, 24 }, 0 },
		{ { 3, 2, KERNEL_HEAD_MAX + 1 }, PAGES },
		{ { UINT32_MAX, UINT32_MAX, KERNEL_HEAD_MAX }, 1 },
		{ { 1u << 16, 1u << 16, 256 }, UINT32_MAX },
	};
	struct kv_pool pool;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CHECK_ERR(
		    kv_init(&pool, &bad[i].shape, bad[i].pages), ERR_LIMIT);
		CHECK(pool.memory.p == NULL && pool.free == NULL);
		kv_clear(&pool);
	}
}

TEST(kv_init_reports_memory_that_there_is_not)
{
	static const struct kv_shape huge = { 1u << 14, 1u << 14, 512 };
	struct kv_pool pool;

	CHECK_ERR(kv_init(&pool, &huge, 1u << 16), ERR_NOMEM);
	CHECK(pool.memory.p == NULL && pool.free == NULL);
}

TEST(kv_take_gives_all_or_nothing)
{
	struct owner a, b;
	struct kv_pool pool;

	CHECK_OK(kv_init(&pool, &shape, PAGES));
	own(&a, PAGES);
	own(&b, PAGES);
	CHECK(kv_take(&pool, &a.seq, 0));
	CHECK_EQ(a.seq.n, 0);
	CHECK(kv_take(&pool, &a.seq, 8 * KERNEL_PAGE));
	CHECK_EQ(a.seq.n, 8);
	CHECK(kv_take(&pool, &a.seq, 1)); /* has enough */
	CHECK_EQ(a.seq.n, 8);
	CHECK(kv_take(&pool, &b.seq, 1));
	CHECK(!kv_take(&pool, &b.seq, 4 * KERNEL_PAGE + 1)); /* 3 are free */
	CHECK_EQ(b.seq.n, 1);
	CHECK_EQ(pool.free_n, 3);
	CHECK(b.page[1] == NULL);
	CHECK(kv_take(&pool, &b.seq, 4 * KERNEL_PAGE));
	CHECK_EQ(pool.free_n, 0);
	CHECK(!kv_take(&pool, &a.seq, 9 * KERNEL_PAGE));
	kv_give(&pool, &b.seq);
	CHECK(kv_take(&pool, &a.seq, 9 * KERNEL_PAGE));
	kv_clear(&pool);
}

TEST(kv_take_stays_within_the_owners_table)
{
	struct kv_pool pool;
	struct owner a;

	CHECK_OK(kv_init(&pool, &shape, PAGES));
	own(&a, 2);
	CHECK(!kv_take(&pool, &a.seq, 2 * KERNEL_PAGE + 1));
	CHECK(!kv_take(&pool, &a.seq, UINT32_MAX));
	CHECK_EQ(a.seq.n, 0);
	CHECK_EQ(pool.free_n, PAGES);
	CHECK(kv_take(&pool, &a.seq, 2 * KERNEL_PAGE));
	kv_clear(&pool);
}

TEST(kv_pages_come_in_the_order_of_memory)
{
	struct kv_pool pool;
	struct owner a;

	CHECK_OK(kv_init(&pool, &shape, PAGES));
	own(&a, PAGES);
	CHECK(kv_take(&pool, &a.seq, PAGES * KERNEL_PAGE));
	for (uint32_t i = 0; i < PAGES; i++)
		CHECK(a.page[i] == pool.memory.p + i * pool.page_len);
	kv_clear(&pool);
}

TEST(kv_give_leaves_nothing_in_memory)
{
	struct kv_pool pool;
	struct owner a;

	CHECK_OK(kv_init(&pool, &shape, PAGES));
	CHECK(mem_is_zero(pool.memory.p, pool.memory.len));
	own(&a, PAGES);
	CHECK(kv_take(&pool, &a.seq, 5 * KERNEL_PAGE));
	for (uint32_t i = 0; i < 5; i++)
		memset(a.page[i], 0xa5, pool.page_len);
	kv_give(&pool, &a.seq);
	CHECK_EQ(a.seq.n, 0);
	CHECK_EQ(pool.free_n, PAGES);
	CHECK(mem_is_zero(pool.memory.p, pool.memory.len));
	CHECK(mem_is_zero(a.page, sizeof(a.page)));
	kv_give(&pool, &a.seq); /* nothing more to give */
	CHECK_EQ(pool.free_n, PAGES);
	kv_clear(&pool);
	CHECK(mem_is_zero(&pool, sizeof(pool)));
}

/* Each owner marks its pages; a page with two owners shows another's mark. */
TEST(kv_page_has_one_owner)
{
	struct owner o[SEQS];
	struct kv_pool pool;
	uint32_t x = 1, held = 0;

	CHECK_OK(kv_init(&pool, &shape, PAGES));
	for (uint32_t s = 0; s < SEQS; s++)
		own(&o[s], PAGES);
	for (uint32_t turn = 0; turn < 2000; turn++) {
		struct owner *a;
		uint32_t had;

		x = x * 1664525 + 1013904223;
		a = &o[x >> 30];
		had = a->seq.n;
		if ((x >> 20 & 3) == 0) {
			kv_give(&pool, &a->seq);
		} else if (kv_take(
			       &pool, &a->seq, (x >> 24 & 7) * KERNEL_PAGE)) {
			for (uint32_t i = had; i < a->seq.n; i++) {
				CHECK(mem_is_zero(a->page[i], pool.page_len));
				memset(a->page[i], (int)(x >> 30) + 1,
				    pool.page_len);
			}
		}
		held = 0;
		for (uint32_t s = 0; s < SEQS; s++) {
			held += o[s].seq.n;
			for (uint32_t i = 0; i < o[s].seq.n; i++) {
				CHECK_EQ(o[s].page[i][0], s + 1);
				CHECK_EQ(
				    o[s].page[i][pool.page_len - 1], s + 1);
			}
		}
		CHECK_EQ(held + pool.free_n, PAGES);
	}
	kv_clear(&pool);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(kv_page_holds_all_blocks_and_heads),
		cmocka_unit_test(kv_pages_for_rounds_up),
		cmocka_unit_test(
		    kv_init_refuses_sizes_that_overflow_or_are_none),
		cmocka_unit_test(kv_init_reports_memory_that_there_is_not),
		cmocka_unit_test(kv_take_gives_all_or_nothing),
		cmocka_unit_test(kv_take_stays_within_the_owners_table),
		cmocka_unit_test(kv_pages_come_in_the_order_of_memory),
		cmocka_unit_test(kv_give_leaves_nothing_in_memory),
		cmocka_unit_test(kv_page_has_one_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
