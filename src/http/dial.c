/* See dial.h. */
#include "http/dial.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fmt.h"
#include "sys/addr.h"
#include "sys/clock.h"
#include "sys/fd.h"

#define ADDRESSES_MAX 8 /* that are tried; hosts have a handful */

/* One question to the resolver. It belongs to two: who asks and the thread that
 * waits for the answer; the last to let go frees it. */
struct lookup {
	atomic_int owners;
	atomic_bool done; /* rc and list are there */
	int done_fd;      /* readable then */
	int rc;           /* of getaddrinfo() */
	struct addrinfo *list;
	struct addrinfo hints;
	char host[HTTP_HOST_LEN_MAX + 1];
	char port[6];
};

static void let_go(struct lookup *l)
{
	if (atomic_fetch_sub(&l->owners, 1) != 1)
		return;
	if (l->list != NULL)
		freeaddrinfo(l->list);
	fd_close(&l->done_fd);
	free(l);
}

static void *look_up(void *cookie)
{
	const uint64_t one = 1;
	struct lookup *l = cookie;

	l->rc = getaddrinfo(l->host, l->port, &l->hints, &l->list);
	if (l->rc != 0)
		l->list = NULL;
	atomic_store(&l->done, true);
	(void)!write(l->done_fd, &one, sizeof(one));
	let_go(l);
	return NULL;
}

static struct lookup *lookup_new(const struct http_url *url)
{
	struct lookup *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	atomic_init(&l->owners, 1);
	atomic_init(&l->done, false);
	l->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	l->hints.ai_socktype = SOCK_STREAM;
	l->hints.ai_flags =
	    AI_NUMERICSERV | (url->ip ? AI_NUMERICHOST : AI_ADDRCONFIG);
	(void)fmt_print(l->host, sizeof(l->host), "%.*s", (int)url->host.len,
	    (const char *)url->host.p);
	(void)fmt_print(l->port, sizeof(l->port), "%u", (unsigned)url->port);
	if (l->done_fd < 0) {
		free(l);
		return NULL;
	}
	return l;
}

static enum err lookup_failed(const struct lookup *l, struct err_ctx *ctx)
{
	switch (l->rc) {
	case EAI_NONAME:
	case EAI_NODATA:
	case EAI_ADDRFAMILY:
		return err_set(
		    ctx, ERR_NOTFOUND, "there is no host %.*s", 80, l->host);
	case EAI_AGAIN:
		return err_set(ctx, ERR_TIMEOUT,
		    "the name %.*s cannot be looked up now", 80, l->host);
	default:
		return err_set(ctx, ERR_IO,
		    "the name %.*s cannot be looked up: %s", 60, l->host,
		    gai_strerror(l->rc));
	}
}

/* Fill l->list before the deadline. */
static enum err resolve(
    struct lookup *l, bool ip, uint64_t deadline_ms, struct err_ctx *ctx)
{
	pthread_t thread;
	enum err e;

	if (ip) {
		l->rc = getaddrinfo(l->host, l->port, &l->hints, &l->list);
		return l->rc == 0 ? ERR_OK : lookup_failed(l, ctx);
	}
	atomic_fetch_add(&l->owners, 1);
	if (pthread_create(&thread, NULL, look_up, l) != 0) {
		atomic_fetch_sub(&l->owners, 1);
		return err_set(ctx, ERR_NOMEM, "no thread for the resolver");
	}
	(void)pthread_detach(thread);
	do {
		e = fd_wait(l->done_fd, false, deadline_ms);
	} while (e == ERR_AGAIN);
	if (e == ERR_TIMEOUT)
		return err_set(
		    ctx, e, "the name %.*s was not found in time", 80, l->host);
	if (e != ERR_OK || !atomic_load(&l->done))
		return err_set(ctx, ERR_IO, "waiting for the resolver failed");
	return l->rc == 0 ? ERR_OK : lookup_failed(l, ctx);
}

/* One address of the list, in the spelling of addr.h. */
static enum err to_addr(struct addr *out, const struct addrinfo *ai)
{
	char host[NI_MAXHOST], port[NI_MAXSERV], text[ADDR_TEXT_MAX];

	if (getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), port,
		sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return ERR_FORMAT;
	if (fmt_print(text, sizeof(text),
		ai->ai_family == AF_INET6 ? "tcp:[%s]:%s" : "tcp:%s:%s", host,
		port) >= sizeof(text))
		return ERR_LIMIT;
	return addr_parse(out, text, NULL);
}

static enum err connect_any(
    int *fd, const struct lookup *l, uint64_t deadline_ms, struct err_ctx *ctx)
{
	const struct addrinfo *ai = l->list;
	struct err_ctx why = { 0 };
	unsigned left = 0;
	enum err e = ERR_NOTFOUND;

	for (; ai != NULL && left < ADDRESSES_MAX; ai = ai->ai_next)
		left++;
	for (ai = l->list; left > 0; ai = ai->ai_next, left--) {
		const uint64_t now = clock_mono_ms();
		struct addr a;

		if (now >= deadline_ms) {
			e = err_set(&why, ERR_TIMEOUT, "no time is left");
			break;
		}
		if (to_addr(&a, ai) != ERR_OK)
			continue;
		e = addr_connect(
		    fd, &a, (unsigned)((deadline_ms - now) / left), &why);
		if (e == ERR_OK)
			return ERR_OK;
	}
	return err_set(ctx, e, "%.*s: %s", 60, l->host,
	    why.msg[0] != '\0' ? why.msg : "it has no usable address");
}

enum err http_dial(int *fd, const struct http_url *url, uint64_t deadline_ms,
    struct err_ctx *ctx)
{
	struct lookup *l = lookup_new(url);
	enum err e;

	*fd = -1;
	if (l == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory to look up a name");
	e = resolve(l, url->ip, deadline_ms, ctx);
	if (e == ERR_OK)
		e = connect_any(fd, l, deadline_ms, ctx);
	let_go(l);
	return e;
}
