/* See show.h. */
#include "logd/show.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/utf8.h"
#include "logd/wrap.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define PROGRAM     "confer-log"
#define JSON_GROWTH 6 /* bytes of JSON for one of text, at most */

static const char plain[] = "\x1b[0m";
static const char red[] = "\x1b[31m";
static const char green[] = "\x1b[32m";
static const char yellow[] = "\x1b[33m";
static const char dim[] = "\x1b[2m";

static struct bytes of_str(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, strlen(s) };
}

/* ---- cleaning ------------------------------------------------------------ */

static uint32_t code_point(const uint8_t *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

/* Controls, separators, marks of direction, invisible ones. */
static bool hidden(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0xad ||
	       c == 0x61c || c == 0x180e || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) ||
	       c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xe0000 && c <= 0xe0fff);
}

void logd_show_clean(struct wr *w, struct bytes text)
{
	while (text.len > 0) {
		size_t n = utf8_len(text);
		uint32_t c = n > 0 ? code_point(text.p, n) : 0;

		if (n == 0)
			wr_str(w, REPLACEMENT);
		else if (!hidden(c))
			wr_copy(w, text.p, n);
		else if (c <= 0xff)
			wr_fmt(w, "\\x%02x", (unsigned)c);
		else
			wr_fmt(w, "\\u%04x", (unsigned)c);
		n = n > 0 ? n : 1;
		text.p += n;
		text.len -= n;
	}
}

/* A formatted text, cleaned and NUL-terminated; cut where it is too long. */
__attribute__((format(printf, 2, 0))) static const char *clean_text(
    char out[LOGD_SHOW_LINE_MAX], const char *fmt, va_list ap)
{
	static char raw[LOGD_SHOW_LINE_MAX]; /* one thread prints */
	struct wr w = wr_init(out, LOGD_SHOW_LINE_MAX - 1);

	(void)vsnprintf(raw, sizeof(raw), fmt, ap);
	logd_show_clean(&w, of_str(raw));
	out[w.len] = '\0';
	return out;
}

/* ---- lines --------------------------------------------------------------- */

#define MARKED 28 /* where the text of a step begins */

/* A sentence, cleaned, and LF; broken where this is a terminal. */
static void put(
    FILE *f, unsigned columns, unsigned at, unsigned indent, const char *text)
{
	static char out[2 * LOGD_SHOW_LINE_MAX]; /* one thread prints */
	struct wr w = wr_init(out, sizeof(out) - 1);

	logd_wrap(&w, of_str(text), columns, at, indent);
	out[w.err == ERR_OK ? w.len : 0] = '\0';
	(void)fprintf(f, "%s\n", w.err == ERR_OK ? out : text);
}

static const char *colour(bool on, const char *code)
{
	return on ? code : "";
}

void logd_show_status_clear(struct logd_show *s)
{
	if (!s->status)
		return;
	(void)fputs("\r\x1b[K", stderr);
	(void)fflush(stderr);
	s->status = false;
}

void logd_show_status(struct logd_show *s, const char *fmt, ...)
{
	char line[LOGD_SHOW_LINE_MAX];
	va_list ap;

	if (!s->moves || s->quiet)
		return;
	va_start(ap, fmt);
	(void)fprintf(stderr, "\r\x1b[K%s%.70s…%s", colour(s->colour_err, dim),
	    clean_text(line, fmt, ap), colour(s->colour_err, plain));
	va_end(ap);
	(void)fflush(stderr);
	s->status = true;
}

void logd_show_answer(struct logd_show *s, const char *fmt, ...)
{
	char line[LOGD_SHOW_LINE_MAX];
	va_list ap;

	if (s->json)
		return;
	logd_show_status_clear(s);
	va_start(ap, fmt);
	(void)puts(clean_text(line, fmt, ap));
	va_end(ap);
}

void logd_show_say(struct logd_show *s, const char *fmt, ...)
{
	char line[LOGD_SHOW_LINE_MAX];
	va_list ap;

	if (s->quiet || s->json)
		return;
	logd_show_status_clear(s);
	va_start(ap, fmt);
	put(stdout, s->columns_out, 0, 0, clean_text(line, fmt, ap));
	va_end(ap);
}

/* "  ✓ name                    text", both clean. */
static void put_step(struct logd_show *s, enum logd_mark mark, const char *name,
    const char *text)
{
	static const struct {
		const char *sign, *code;
	} marks[] = {
		[LOGD_GOOD] = { "✓", green },
		[LOGD_WARN] = { "!", yellow },
		[LOGD_BAD] = { "✗", red },
		[LOGD_PLAIN] = { "·", dim },
	};

	logd_show_status_clear(s);
	(void)printf("  %s%s%s %-23s ", colour(s->colour_out, marks[mark].code),
	    marks[mark].sign, colour(s->colour_out, plain), name);
	put(stdout, s->columns_out, MARKED, MARKED, text);
}

void logd_show_step(struct logd_show *s, enum logd_mark mark, const char *name,
    const char *fmt, ...)
{
	char line[LOGD_SHOW_LINE_MAX];
	va_list ap;

	if (s->quiet || s->json)
		return;
	va_start(ap, fmt);
	put_step(s, mark, name, clean_text(line, fmt, ap));
	va_end(ap);
}

void logd_show_finding(struct logd_show *s, enum logd_mark mark, bool loud,
    const char *name, const char *text)
{
	char line[LOGD_SHOW_LINE_MAX];
	struct wr w = wr_init(line, sizeof(line) - 1);

	if (s->json || (s->quiet && !loud))
		return;
	logd_show_clean(&w, of_str(text));
	line[w.len] = '\0';
	put_step(s, mark, name, line);
}

void logd_show_warn(struct logd_show *s, const char *fmt, ...)
{
	char line[LOGD_SHOW_LINE_MAX];
	va_list ap;

	if (s->quiet)
		return;
	logd_show_status_clear(s);
	va_start(ap, fmt);
	(void)fprintf(stderr, "%s" PROGRAM ": warning:%s ",
	    colour(s->colour_err, yellow), colour(s->colour_err, plain));
	put(stderr, s->columns_err, sizeof(PROGRAM ": warning: ") - 1, 0,
	    clean_text(line, fmt, ap));
	va_end(ap);
}

/* ---- failing ------------------------------------------------------------- */

static enum logd_exit fail(
    struct logd_show *s, enum logd_exit code, const char *line)
{
	static const char *const names[] = { "ok", "usage", "refused",
		"unreachable", "internal", "misbehaviour", "damage" };

	logd_show_status_clear(s);
	(void)fprintf(stderr, "%s" PROGRAM ":%s ", colour(s->colour_err, red),
	    colour(s->colour_err, plain));
	put(stderr, s->columns_err, sizeof(PROGRAM ": ") - 1, 0, line);
	logd_show_open(s, "error", '{');
	logd_show_cstr(s, "code", names[code]);
	logd_show_cstr(s, "message", line);
	logd_show_close(s, '}');
	return code;
}

enum logd_exit logd_show_refuse(
    struct logd_show *s, enum logd_exit code, const char *fmt, ...)
{
	char line[LOGD_SHOW_LINE_MAX];
	va_list ap;

	va_start(ap, fmt);
	(void)clean_text(line, fmt, ap);
	va_end(ap);
	return fail(s, code, line);
}

enum logd_exit logd_show_fail(struct logd_show *s, enum logd_exit code,
    const char *what, const struct err_ctx *ctx)
{
	const char *why = ctx->msg[0] != '\0' ? ctx->msg : err_name(ctx->code);

	return logd_show_refuse(s, code, "%s%s%s", what != NULL ? what : "",
	    what != NULL ? ": " : "", why);
}

enum logd_exit logd_show_code_input(enum err e)
{
	if (e == ERR_OK)
		return LOGD_EXIT_OK;
	if (e == ERR_NOMEM || e == ERR_INTERNAL)
		return LOGD_EXIT_INTERNAL;
	return LOGD_EXIT_REFUSED;
}

enum logd_exit logd_show_code_local(enum err e)
{
	switch ((unsigned)e) {
	case ERR_OK:
		return LOGD_EXIT_OK;
	case ERR_BUSY:
	case ERR_NOTFOUND:
	case ERR_LIMIT:
	case ERR_POLICY:
	case ERR_EXPIRED:
		return LOGD_EXIT_REFUSED;
	case ERR_NOMEM:
	case ERR_INTERNAL:
		return LOGD_EXIT_INTERNAL;
	default:
		return LOGD_EXIT_DAMAGE;
	}
}

enum logd_exit logd_show_code_view(enum err e)
{
	switch ((unsigned)e) {
	case ERR_OK:
		return LOGD_EXIT_OK;
	case ERR_NOTFOUND:
	case ERR_TIMEOUT:
	case ERR_CLOSED:
	case ERR_BUSY:
	case ERR_PROTOCOL:
	case ERR_IO:
		return LOGD_EXIT_UNREACHABLE;
	case ERR_NOMEM:
	case ERR_INTERNAL:
		return LOGD_EXIT_INTERNAL;
	default:
		return LOGD_EXIT_REFUSED;
	}
}

/* ---- JSON ---------------------------------------------------------------- */

static void json_text(struct bytes text)
{
	size_t cap = JSON_GROWTH * text.len + 2;
	uint8_t *buf = malloc(cap);
	struct wr w = wr_init(buf, buf != NULL ? cap : 0);

	json_write_string(&w, text);
	if (w.err == ERR_OK)
		(void)fwrite(buf, 1, w.len, stdout);
	else
		(void)fputs("null", stdout);
	free(buf);
}

/* What comes before a value: a comma, its name. */
static void json_name(struct logd_show *s, const char *name)
{
	if (s->members)
		(void)putchar(',');
	s->members = true;
	if (name != NULL)
		(void)printf("\"%s\":", name);
}

void logd_show_str(struct logd_show *s, const char *name, struct bytes text)
{
	if (!s->json)
		return;
	json_name(s, name);
	/* What is no UTF-8 cannot stand in JSON. */
	json_text((struct bytes){ text.p, utf8_prefix(text) });
}

void logd_show_cstr(struct logd_show *s, const char *name, const char *text)
{
	logd_show_str(s, name, of_str(text));
}

void logd_show_num(struct logd_show *s, const char *name, uint64_t n)
{
	if (!s->json)
		return;
	json_name(s, name);
	(void)printf("%llu", (unsigned long long)n);
}

void logd_show_bool(struct logd_show *s, const char *name, bool yes)
{
	if (!s->json)
		return;
	json_name(s, name);
	(void)fputs(yes ? "true" : "false", stdout);
}

void logd_show_hash(
    struct logd_show *s, const char *name, const struct tlog_hash *h)
{
	char hex[2 * TLOG_HASH_LEN + 1];

	hex_encode(hex, h->b, TLOG_HASH_LEN);
	logd_show_cstr(s, name, hex);
}

void logd_show_open(struct logd_show *s, const char *name, char bracket)
{
	if (!s->json)
		return;
	json_name(s, name);
	(void)putchar(bracket);
	s->members = false;
}

void logd_show_close(struct logd_show *s, char bracket)
{
	if (!s->json)
		return;
	(void)putchar(bracket);
	s->members = true;
}

/* ---- begin, end ---------------------------------------------------------- */

/* Of a terminal; 0: it is none. */
static unsigned columns(int fd)
{
	struct winsize size = { 0 };

	if (isatty(fd) == 0)
		return 0;
	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

void logd_show_start(struct logd_show *s, const struct logd_options *o)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");
	const bool dumb = term == NULL || strcmp(term, "dumb") == 0;
	const bool flat = dumb || (no_color != NULL && no_color[0] != '\0');
	const bool err_tty = isatty(STDERR_FILENO) != 0;
	const char *name = logd_options_name(o->command);

	*s = (struct logd_show){ .json = o->json,
		.quiet = o->quiet,
		.columns_out = columns(STDOUT_FILENO),
		.columns_err = columns(STDERR_FILENO),
		.moves = err_tty && !dumb,
		.colour_err = err_tty && !flat,
		.colour_out = isatty(STDOUT_FILENO) != 0 && !flat };
	logd_show_open(s, NULL, '{');
	if (name != NULL)
		logd_show_cstr(s, "command", name);
	if (o->has_now)
		logd_show_num(s, "now", o->now_s);
}

enum logd_exit logd_show_end(struct logd_show *s, enum logd_exit code)
{
	logd_show_status_clear(s);
	if (s->json) {
		logd_show_num(s, "exit", (uint64_t)code);
		(void)fputs("}\n", stdout);
	}
	if (fflush(stdout) != 0 && code == LOGD_EXIT_OK)
		return LOGD_EXIT_INTERNAL; /* nobody got the answer */
	return code;
}
