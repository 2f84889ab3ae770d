/* A witness's pages; see witness_http.h. */
#include "logd/witness_http.h"

#include <string.h>

#include "base/utc.h"

#define TEXT "text/plain; charset=utf-8"

/* A page may list this many logs of names of 255 bytes. */
_Static_assert(LOGD_WITNESS_LOGS_MAX * 480 < HTTP_SERVE_SMALL_MAX,
    "the page about a witness fits one answer");
_Static_assert(TLOG_WITNESS_ANSWER_MAX <= HTTP_SERVE_SMALL_MAX,
    "what logd_witnessd_add asks for");

static bool is_get(const struct http_head *head)
{
	return mem_eq_str(head->method, "GET") ||
	       mem_eq_str(head->method, "HEAD");
}

/* A sentence for people. */
static void say(struct http_reply *reply, unsigned status, const char *text)
{
	struct wr w = wr_init(reply->small, sizeof(reply->small));

	wr_fmt(&w, "%s\n", text);
	reply->status = status;
	reply->type = TEXT;
	reply->small_len = w.len;
}

static void not_allowed(struct http_reply *reply, const char *allow)
{
	say(reply, 405, "This address does not answer that method.");
	reply->allow = allow;
}

static void add_checkpoint(const struct logd_witness_site *site,
    struct http_reply *reply, struct bytes body)
{
	struct wr w = wr_init(reply->small, sizeof(reply->small));

	reply->status = logd_witnessd_add(site->w, &w, body, site->clock());
	reply->type = reply->status == 409 ? TLOG_WITNESS_SIZE_TYPE : TEXT;
	reply->small_len = w.len;
	if (site->said != NULL)
		site->said(site->cookie, logd_witnessd_said(site->w));
}

static void put_log(struct wr *w, const struct logd_witness_view *v)
{
	char date[UTC_TEXT_LEN + 1];

	wr_bytes(w, v->origin);
	if (v->cosigned) {
		utc_format(date, v->time);
		wr_fmt(w, "\n  size %llu, cosigned %s\n  /%s/checkpoint\n",
		    (unsigned long long)v->size, date, v->hex);
	} else {
		wr_str(w, "\n  nothing cosigned yet\n");
	}
}

static void show_witness(
    const struct logd_witness_site *site, struct http_reply *reply)
{
	struct wr w = wr_init(reply->small, sizeof(reply->small));
	const struct tlog_key *key = &logd_witnessd_key(site->w)->key;
	struct logd_witness_view v;

	wr_str(&w, "This is the witness ");
	wr_bytes(&w, key->name);
	wr_str(&w, ".\nIt cosigns checkpoints of logs that only ever grow "
		   "(c2sp.org/tlog-witness).\n\nIts key:\n");
	tlog_vkey_format(&w, key->name, key->type, key->pub);
	wr_str(&w, "\n\nIts logs:\n");
	for (size_t i = 0; logd_witnessd_view(site->w, i, &v); i++)
		put_log(&w, &v);
	reply->status = w.err == ERR_OK ? 200 : 500;
	reply->type = TEXT;
	reply->small_len = w.err == ERR_OK ? w.len : 0;
}

/* <hex>/checkpoint, at the end of a path. */
static bool seen_hex(struct bytes path, struct bytes *hex)
{
	const size_t tail = strlen("/checkpoint"), n = 2 * (size_t)SHA256_LEN;

	if (path.len < 1 + n + tail || path.p[path.len - tail - n - 1] != '/')
		return false;
	*hex = (struct bytes){ path.p + path.len - tail - n, n };
	return mem_eq_str((struct bytes){ hex->p + n, tail }, "/checkpoint");
}

static void show_seen(const struct logd_witness_site *site,
    struct http_reply *reply, struct bytes hex)
{
	struct wr w = wr_init(reply->small, sizeof(reply->small));

	if (logd_witnessd_seen(site->w, &w, hex) != ERR_OK) {
		say(reply, 404,
		    "This witness has cosigned nothing of that log.");
		return;
	}
	reply->status = 200;
	reply->type = TEXT;
	reply->cache = "no-cache";
	reply->small_len = w.len;
}

static bool ends_with(struct bytes path, const char *end)
{
	const size_t n = strlen(end);

	return path.len >= n &&
	       mem_eq_str((struct bytes){ path.p + path.len - n, n }, end);
}

void logd_witness_http(void *cookie, struct http_reply *reply,
    const struct http_head *head, struct bytes body)
{
	const struct logd_witness_site *site = cookie;
	struct bytes hex;

	if (ends_with(head->target, "/add-checkpoint")) {
		if (mem_eq_str(head->method, "POST"))
			add_checkpoint(site, reply, body);
		else
			not_allowed(reply, "POST");
	} else if (!is_get(head)) {
		not_allowed(reply, "GET, HEAD");
	} else if (mem_eq_str(head->target, "/")) {
		show_witness(site, reply);
	} else if (seen_hex(head->target, &hex)) {
		show_seen(site, reply, hex);
	} else {
		say(reply, 404, "There is nothing at this address.");
	}
}
