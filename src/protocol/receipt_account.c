/* The account in a receipt, line by line; see receipt.h. */
#include "base/rd.h"
#include "base/utf8.h"
#include "protocol/receipt.h"
#include "tlog/text.h"

#define MAGIC    "confer-receipt-account/v1"
#define TIME_MAX 0x7fffffffffffffffu

static const char *const handshakes[RECEIPT_HANDSHAKE_N] = {
	[RECEIPT_XX] = "xx",
	[RECEIPT_IK] = "ik",
	[RECEIPT_IK_SAME] = "ik-same",
	[RECEIPT_XXFALLBACK] = "xxfallback",
};

static const enum tee_kind kinds[] = { TEE_SNP, TEE_TDX, TEE_SGX, TEE_SIM };
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

const char *receipt_handshake_name(enum receipt_handshake h)
{
	return (unsigned)h < RECEIPT_HANDSHAKE_N ? handshakes[h] : "unknown";
}

static bool is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

/* Text as an account may have it: UTF-8 without controls. */
static bool is_clean(struct bytes b)
{
	for (size_t i = 0; i < b.len; i++) {
		if (is_control(b.p[i]))
			return false;
	}
	return utf8_prefix(b) == b.len;
}

static void get_handshake(struct tlog_text *t, struct receipt_account *out)
{
	struct bytes word;

	tlog_text_key(t, "handshake");
	word = tlog_text_token(t);
	tlog_text_eol(t);
	for (unsigned i = 0; i < RECEIPT_HANDSHAKE_N; i++) {
		if (mem_eq_str(word, handshakes[i])) {
			out->handshake = (enum receipt_handshake)i;
			return;
		}
	}
	tlog_text_fail(t, ERR_FORMAT, "not a handshake");
}

static void get_tee(struct tlog_text *t, struct receipt_account *out)
{
	struct bytes word;

	tlog_text_key(t, "tee");
	word = tlog_text_token(t);
	tlog_text_eol(t);
	for (size_t i = 0; i < KINDS; i++) {
		if (mem_eq_str(word, tee_kind_name(kinds[i]))) {
			out->tee = kinds[i];
			return;
		}
	}
	tlog_text_fail(t, ERR_FORMAT, "not a kind of TEE");
}

static uint64_t get_time(struct tlog_text *t, const char *key)
{
	uint64_t v;

	tlog_text_key(t, key);
	v = tlog_text_num(t, 0, TIME_MAX);
	tlog_text_eol(t);
	return v;
}

/* "check NAME: TEXT" taken apart; false if it is no such line. */
static bool split(struct bytes line, struct receipt_check_line *out)
{
	static const char key[] = "check ";
	struct rd r = rd_bytes_init(line);
	struct bytes word = rd_take(&r, sizeof(key) - 1);
	size_t n = 0;

	while (n < rd_left(&r) && line.p[r.off + n] != ':')
		n++;
	out->name = rd_take(&r, n);
	if (rd_u8(&r) != ':' || rd_u8(&r) != ' ')
		return false;
	out->text = rd_take(&r, rd_left(&r));
	return r.err == ERR_OK && mem_eq_str(word, key) && out->name.len >= 1 &&
	       out->name.len <= RECEIPT_CHECK_NAME_MAX && out->text.len >= 1 &&
	       out->text.len <= RECEIPT_CHECK_TEXT_MAX;
}

static void get_checks(struct tlog_text *t, struct receipt_account *out)
{
	struct receipt_check_line c;
	const size_t from = t->off;

	do {
		struct bytes line;

		t->key = "check";
		line = tlog_text_line(t);
		if (t->err == ERR_OK && (!is_clean(line) || !split(line, &c)))
			tlog_text_fail(
			    t, ERR_FORMAT, "the line before is not one");
		if (out->checks_n++ == RECEIPT_CHECKS_MAX)
			tlog_text_fail(t, ERR_LIMIT, "too many");
	} while (t->err == ERR_OK && t->off < t->in.len);
	out->checks = (struct bytes){ t->in.p + from, t->in.len - from };
}

enum err receipt_account_parse(
    struct receipt_account *out, struct bytes text, struct err_ctx *ctx)
{
	struct tlog_text t = tlog_text_init(text, ctx);
	enum err e;

	memset(out, 0, sizeof(*out));
	if (text.len > RECEIPT_ACCOUNT_LEN_MAX)
		return err_set(ctx, ERR_LIMIT,
		    "account of %zu bytes, at most %d", text.len,
		    RECEIPT_ACCOUNT_LEN_MAX);
	tlog_text_key(&t, MAGIC);
	tlog_text_eol(&t);
	tlog_text_key(&t, "client");
	out->client = tlog_text_token(&t);
	tlog_text_eol(&t);
	out->verified_at = get_time(&t, "verified-at");
	out->deadline = get_time(&t, "deadline");
	if (out->verified_at >= out->deadline)
		tlog_text_fail(&t, ERR_FORMAT, "deadline and verified-at");
	get_handshake(&t, out);
	get_tee(&t, out);
	get_checks(&t, out);
	e = tlog_text_end(&t);
	if (e != ERR_OK)
		memset(out, 0, sizeof(*out));
	return e;
}

bool receipt_account_next(struct bytes *rest, struct receipt_check_line *out)
{
	struct bytes line = { rest->p, 0 };

	while (line.len < rest->len && rest->p[line.len] != '\n')
		line.len++;
	if (line.len == rest->len || !split(line, out))
		return false;
	rest->p += line.len + 1;
	rest->len -= line.len + 1;
	return true;
}

void receipt_account_write(struct wr *w, const struct receipt_account *a)
{
	if (!tlog_text_is_token(a->client) || a->verified_at >= a->deadline ||
	    a->deadline > TIME_MAX ||
	    (unsigned)a->handshake >= RECEIPT_HANDSHAKE_N)
		wr_fail(w, ERR_FORMAT);
	wr_str(w, MAGIC "\nclient ");
	wr_bytes(w, a->client);
	wr_fmt(w, "\nverified-at %llu\ndeadline %llu\nhandshake %s\ntee %s\n",
	    (unsigned long long)a->verified_at, (unsigned long long)a->deadline,
	    receipt_handshake_name(a->handshake), tee_kind_name(a->tee));
}

void receipt_account_check(struct wr *w, const char *name, const char *text)
{
	const size_t len = mem_strlen(text);
	struct bytes b = { (const uint8_t *)text,
		len < RECEIPT_CHECK_TEXT_MAX ? len : RECEIPT_CHECK_TEXT_MAX };

	b.len = utf8_prefix(b);
	if (b.len == 0)
		b = (struct bytes)BYTES_LITERAL("-");
	wr_str(w, "check ");
	wr_str(w, name);
	wr_str(w, ": ");
	for (size_t i = 0; i < b.len; i++)
		wr_u8(w, is_control(b.p[i]) ? '?' : b.p[i]);
	wr_str(w, "\n");
}
