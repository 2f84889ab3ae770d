#include "sys/timers.h"

#include <stddef.h>

#include "base/assert.h"

static void insert(struct timers *ts, struct timers_node *t)
{
	struct timers_node **at = &ts->head;

	/* Equal due times keep the order in which they were armed. */
	while (*at != NULL && (*at)->due_ns <= t->due_ns)
		at = &(*at)->next;
	t->next = *at;
	*at = t;
	t->armed = true;
}

void timers_stop(struct timers *ts, struct timers_node *t)
{
	struct timers_node **at = &ts->head;

	if (!t->armed)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	t->next = NULL;
	t->armed = false;
}

void timers_once(struct timers *ts, struct timers_node *t, uint64_t due_ns)
{
	assert(t->fn != NULL);
	timers_stop(ts, t);
	t->due_ns = due_ns;
	t->period_ns = 0;
	insert(ts, t);
}

void timers_every(struct timers *ts, struct timers_node *t, uint64_t first_ns,
    uint64_t period_ns)
{
	assert(t->fn != NULL && period_ns > 0);
	timers_stop(ts, t);
	t->due_ns = first_ns;
	t->period_ns = period_ns;
	insert(ts, t);
}

uint64_t timers_next(const struct timers *ts)
{
	return ts->head == NULL ? UINT64_MAX : ts->head->due_ns;
}

void timers_run(struct timers *ts, uint64_t now_ns)
{
	while (ts->head != NULL && ts->head->due_ns <= now_ns) {
		struct timers_node *t = ts->head;
		uint64_t periods = 1;

		timers_stop(ts, t);
		if (t->period_ns > 0) {
			periods += (now_ns - t->due_ns) / t->period_ns;
			t->due_ns += periods * t->period_ns;
			insert(ts, t);
		}
		t->fn(t->cookie, periods);
	}
}
