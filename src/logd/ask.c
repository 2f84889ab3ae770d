/*
 * Asking witnesses; see ask.h. Each thread writes to its own job and its own
 * witness, and reads what all of them share; so nothing is locked.
 */
#include "logd/ask.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/hex.h"
#include "http/http_fetch.h"
#include "http/url.h"
#include "sys/clock.h"
#include "tlog/checkpoint.h"
#include "tlog/witness.h"

#define PATH      "/add-checkpoint"
#define LINE_MAX  512 /* a name of 255 bytes and 104 of base64, and marks */
#define SAID_MAX  80  /* of an answer's text, in a message */
#define UNIX_SOCK "unix:"

/* What all threads read. */
struct asking {
	const struct logd_ask *ask;
	struct tlog_checkpoint cp;
	struct bytes text; /* that is cosigned */
	unsigned each_ms;
	uint64_t end_ms; /* of clock_mono_ms() */
};

/* One witness being asked. */
struct job {
	struct logd_witness *w;
	const struct asking *all;
	pthread_t thread;
	bool started;
	struct err_ctx why;
	uint64_t old; /* the size in the question */
	char url[HTTP_URL_LEN_MAX + 1];
	struct http_answer http;
	uint8_t request[TLOG_WITNESS_BODY_MAX];
	uint8_t answer[TLOG_WITNESS_ANSWER_MAX];
	uint8_t line[LINE_MAX];
	size_t line_len;
};

/* ---- one question ----------------------------------------------------------- */

static bool is_unix(const char *url)
{
	return strncmp(url, UNIX_SOCK, strlen(UNIX_SOCK)) == 0;
}

/* The prefix, which may end in a slash, and a path below it. */
static enum err make_url(struct job *j, const char *path)
{
	const char *prefix =
	    is_unix(j->w->url) ? "http://localhost" : j->w->url;
	size_t n = strlen(prefix), more = strlen(path) + 1;

	if (n > 0 && prefix[n - 1] == '/')
		n--;
	if (n + more > sizeof(j->url))
		return err_set(&j->why, ERR_LIMIT, "its URL is too long");
	mem_copy(j->url, prefix, n);
	mem_copy(j->url + n, path, more);
	return ERR_OK;
}

/* Get a whole answer, whatever it says; `post` is empty for a GET. */
static enum err fetch(
    struct job *j, struct bytes *body, struct bytes post, struct err_ctx *ctx)
{
	uint64_t end = clock_mono_ms() + j->all->each_ms;
	struct http_fetch f = { .url = j->url,
		.via = is_unix(j->w->url) ? j->w->url : NULL,
		.ca_file = j->w->ca_file,
		.post = post,
		.deadline_ms = end < j->all->end_ms ? end : j->all->end_ms };
	enum err e =
	    http_fetch(&j->http, j->answer, sizeof(j->answer), &f, ctx);

	if (e == ERR_OK)
		*body = (struct bytes){ j->answer, j->http.body_len };
	return e;
}

/* The proof from the tree of req->old entries, which is that of our tiles: if
 * the witness has seen another, it will say so. */
static enum err make_proof(struct job *j, struct tlog_add_checkpoint *req)
{
	const struct logd_ask *ask = j->all->ask;
	struct tlog_range range;
	struct tlog_hash root;
	enum err e;

	if (req->old == 0 || req->old == j->all->cp.size)
		return ERR_OK;
	e = tlog_tree_range(&range, ask->tiles, req->old, &j->why);
	if (e == ERR_OK) {
		tlog_range_root(&root, &range);
		e = tlog_tree_consistency(req->proof, &req->n, ask->tiles,
		    req->old, &root, &ask->root);
	}
	if (e != ERR_OK)
		return err_set(&j->why, e,
		    "the tiles give no proof from size %llu",
		    (unsigned long long)req->old);
	return ERR_OK;
}

static enum err post(struct job *j, struct bytes *body)
{
	struct tlog_add_checkpoint req = { .old = j->old,
		.checkpoint = j->all->ask->note };
	struct wr w = wr_init(j->request, sizeof(j->request));
	enum err e = make_proof(j, &req);

	if (e != ERR_OK)
		return e;
	tlog_add_checkpoint_format(&w, &req);
	if (w.err != ERR_OK)
		return err_set(&j->why, ERR_LIMIT,
		    "the checkpoint is too long to be sent");
	return fetch(j, body, (struct bytes){ w.p, w.len }, &j->why);
}

/* ---- what came back --------------------------------------------------------- */

/* L-131, L-132 */
static enum err take_line(struct job *j, struct bytes body)
{
	uint64_t now = j->all->ask->now_s;
	struct wr w = wr_init(j->line, sizeof(j->line));
	struct tlog_cosignature c;
	enum err e;

	e = tlog_cosignature_parse(
	    &c, &j->w->key, j->all->text, body, now + TLOG_SKEW_S, &j->why);
	if (e != ERR_OK)
		return e;
	tlog_note_format_line(&w, &c.line);
	assert(w.err == ERR_OK); /* LINE_MAX */
	j->line_len = w.len;
	j->w->cosigned = true;
	j->w->time = c.time;
	j->w->size = j->all->cp.size;
	return ERR_OK;
}

/* ERR_AGAIN: ask once more, from the size that it has. */
static enum err take_size(struct job *j, struct bytes body)
{
	const uint64_t ours = j->all->cp.size;
	uint64_t size;

	if (tlog_witness_size_parse(&size, body) != ERR_OK)
		return err_set(&j->why, ERR_FORMAT,
		    "it answered 409 without the size that it has");
	if (size == j->old)
		return err_set(&j->why, ERR_PROTOCOL,
		    "it answered 409 with the size it was asked from, %llu",
		    (unsigned long long)size);
	j->w->size = size;
	if (size <= ours) {
		j->old = size;
		return ERR_AGAIN;
	}
	j->w->rolled_back = true;
	return err_set(&j->why, ERR_PROTOCOL,
	    "it has cosigned this log at size %llu, which is %llu here",
	    (unsigned long long)size, (unsigned long long)ours);
}

/*
 * 422 to a proof that leads from the tree of our tiles at the size which the
 * witness has: then it has cosigned another tree of that size.
 */
static enum err other_tree(struct job *j)
{
	j->w->rolled_back = true;
	j->w->size = j->old;
	return err_set(&j->why, ERR_PROTOCOL,
	    "it has cosigned another tree of size %llu",
	    (unsigned long long)j->old);
}

/* Any other status; of its text what is safe on a terminal. */
static enum err refusal(struct job *j, struct bytes body)
{
	char said[SAID_MAX + 1];
	size_t n = 0;

	while (n < SAID_MAX && n < body.len && body.p[n] >= 0x20 &&
	       body.p[n] <= 0x7e) {
		said[n] = (char)body.p[n];
		n++;
	}
	said[n] = '\0';
	return err_set(&j->why, ERR_PROTOCOL, "it answered %u%s%s",
	    j->http.head.status, n > 0 ? ": " : "", said);
}

static enum err take_answer(struct job *j, struct bytes body)
{
	switch (j->http.head.status) {
	case 200:
		return take_line(j, body);
	case 409:
		return take_size(j, body);
	case 422:
		return j->old > 0 ? other_tree(j) : refusal(j, body);
	default:
		return refusal(j, body);
	}
}

/* ---- was it true? ----------------------------------------------------------- */

/* Is this checkpoint, which the log signed, one of another tree than ours? */
static bool contradicts(const struct job *j, const struct tlog_checkpoint *cp)
{
	struct tlog_range range;
	struct tlog_hash root;

	if (!mem_eq(cp->origin, j->all->cp.origin))
		return false;
	if (cp->size > j->all->cp.size)
		return true;
	if (tlog_tree_range(&range, j->all->ask->tiles, cp->size, NULL) !=
	    ERR_OK)
		return false;
	tlog_range_root(&root, &range);
	return !tlog_hash_eq(&root, &cp->root);
}

/* A witness that says what ends a log shows what it has seen. L-139 */
static bool prove(struct job *j)
{
	char path[1 + 2 * SHA256_LEN + sizeof("/checkpoint")];
	uint8_t hash[SHA256_LEN];
	struct tlog_checkpoint cp;
	struct tlog_note note;
	struct tlog_seen seen;
	struct bytes body;

	if (j->all->ask->log == NULL)
		return false;
	crypto_sha256(hash, &j->all->cp.origin, 1);
	path[0] = '/';
	hex_encode(path + 1, hash, sizeof(hash));
	memcpy(
	    path + 1 + 2 * sizeof(hash), "/checkpoint", sizeof("/checkpoint"));
	return make_url(j, path) == ERR_OK &&
	       fetch(j, &body, (struct bytes){ NULL, 0 }, NULL) == ERR_OK &&
	       j->http.head.status == 200 &&
	       tlog_note_parse(&note, body, NULL) == ERR_OK &&
	       tlog_note_verify(&seen, &note, j->all->ask->log, 1, 0, NULL) ==
		   ERR_OK &&
	       tlog_checkpoint_parse(&cp, note.text, NULL) == ERR_OK &&
	       contradicts(j, &cp);
}

/* ---- all of it -------------------------------------------------------------- */

/* L-130 */
static enum err ask_one(struct job *j)
{
	const uint64_t known = j->w->size;
	struct bytes body;
	enum err e = make_url(j, PATH);

	j->old = known <= j->all->cp.size ? known : 0;
	j->w->size = 0;
	for (unsigned tries = 0; e == ERR_OK && tries < 2; tries++) {
		e = post(j, &body);
		if (e == ERR_OK)
			e = take_answer(j, body);
		if (e == ERR_OK)
			return ERR_OK;
		if (e == ERR_AGAIN && tries == 0)
			e = ERR_OK;
	}
	if (e == ERR_AGAIN)
		return err_set(&j->why, e,
		    "its size changed to %llu while it was asked",
		    (unsigned long long)j->old);
	return e;
}

static void *run(void *cookie)
{
	struct job *j = cookie;

	if (ask_one(j) != ERR_OK)
		mem_copy(j->w->why, j->why.msg, sizeof(j->w->why));
	if (j->w->rolled_back)
		j->w->proven = prove(j);
	return NULL;
}

/* ---- all of them ------------------------------------------------------------ */

/* Signals are for the thread that waits. */
static void start_all(struct job *j, size_t n)
{
	sigset_t all, before;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 0; i < n; i++) {
		j[i].started =
		    pthread_create(&j[i].thread, NULL, run, &j[i]) == 0;
		if (!j[i].started)
			(void)fmt_print(j[i].w->why, sizeof(j[i].w->why),
			    "there is no thread left to ask it");
	}
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static enum err ask_all(struct wr *lines, struct job *j, size_t n)
{
	start_all(j, n);
	for (size_t i = 0; i < n; i++) {
		if (j[i].started)
			(void)pthread_join(j[i].thread, NULL);
		wr_copy(lines, j[i].line, j[i].line_len);
	}
	return lines->err;
}

static enum err read_question(struct asking *all, struct err_ctx *ctx)
{
	const struct logd_ask *ask = all->ask;
	struct tlog_note note;
	enum err e = tlog_note_parse(&note, ask->note, ctx);

	if (e == ERR_OK)
		e = tlog_checkpoint_parse(&all->cp, note.text, ctx);
	if (e != ERR_OK)
		return e;
	assert(all->cp.size == ask->tiles->size);
	assert(tlog_hash_eq(&all->cp.root, &ask->root));
	all->text = note.text;
	all->each_ms = ask->each_ms > 0 ? ask->each_ms : LOGD_ASK_EACH_MS;
	all->end_ms = clock_mono_ms() +
		      (ask->total_ms > 0 ? ask->total_ms : LOGD_ASK_TOTAL_MS);
	return ERR_OK;
}

enum err logd_ask_witnesses(struct wr *lines, struct logd_witness *w, size_t n,
    const struct logd_ask *ask, struct err_ctx *ctx)
{
	struct asking all = { .ask = ask };
	struct job *j;
	enum err e = read_question(&all, ctx);

	assert(n <= TLOG_POLICY_WITNESSES_MAX);
	if (e != ERR_OK || n == 0)
		return e;
	j = calloc(n, sizeof(*j));
	if (j == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory to ask witnesses");
	for (size_t i = 0; i < n; i++) {
		w[i].cosigned = w[i].rolled_back = w[i].proven = false;
		w[i].time = 0;
		w[i].why[0] = '\0';
		j[i].w = &w[i];
		j[i].all = &all;
	}
	e = ask_all(lines, j, n);
	free(j);
	return e == ERR_OK ? e : err_set(ctx, e, "no room for cosignatures");
}
