#include "sys/secret.h"

#include <stdint.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/assert.h"
#include "base/mem.h"

#define PAGE_LEN ((size_t)4096) /* x86-64 */

static size_t round_up(size_t n)
{
	return (n + PAGE_LEN - 1) / PAGE_LEN * PAGE_LEN;
}

void *secret_new(size_t n)
{
	size_t len = round_up(n);
	uint8_t *p;

	assert(n > 0);
	if (n > SIZE_MAX / 2)
		return NULL;
	p = mmap(NULL, len + 2 * PAGE_LEN, PROT_NONE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return NULL;
	p += PAGE_LEN;
	if (mprotect(p, len, PROT_READ | PROT_WRITE) != 0 ||
	    madvise(p, len, MADV_DONTDUMP) != 0 ||
	    madvise(p, len, MADV_WIPEONFORK) != 0) {
		(void)munmap(p - PAGE_LEN, len + 2 * PAGE_LEN);
		return NULL;
	}
	/* Pages are locked as they are first touched: idle ones cost nothing. */
	(void)mlock2(p, len, MLOCK_ONFAULT);
	return p;
}

bool secret_lock_all(void)
{
	struct rlimit r;

	return getrlimit(RLIMIT_MEMLOCK, &r) == 0 &&
	       r.rlim_cur == RLIM_INFINITY &&
	       mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0;
}

void secret_free(void *p, size_t n)
{
	if (p == NULL)
		return;
	mem_wipe(p, n);
	(void)munmap((uint8_t *)p - PAGE_LEN, round_up(n) + 2 * PAGE_LEN);
}

__attribute__((noinline)) void secret_scrub_stack(void)
{
	uint8_t below[SECRET_STACK_LEN];

	mem_wipe(below, sizeof(below));
}
