/* Building a release again; see rebuild.h. */
#include "logd/rebuild.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/hex.h"
#include "crypto/crypto.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/proc.h"
#include "tlog/note.h"

#define GRACE_MS 2000 /* between SIGTERM and SIGKILL */

/* Values arrive as arguments, so that none of them is read as shell text. */
#define PROLOGUE                                                               \
	"export CONFER_SOURCE_URL=\"$1\" CONFER_SOURCE_COMMIT=\"$2\""          \
	" CONFER_SOURCE_TREE=\"$3\" CONFER_RECIPE=\"$4\" CONFER_KIND=\"$5\""   \
	" CONFER_VERSION=\"$6\" CONFER_RECORD=\"$7\"; exec /bin/sh -c \"$8\""

/* ---- comparing ----------------------------------------------------------- */

/* Take one line with its LF; the last one may lack it. */
static struct bytes take_line(struct bytes *rest)
{
	struct bytes line = { rest->p, 0 };

	while (line.len < rest->len && line.p[line.len] != '\n')
		line.len++;
	line.len += line.len < rest->len;
	rest->p += line.len;
	rest->len -= line.len;
	return line;
}

/* For people: without LF, cut, and nothing that steers a terminal. */
static void show(char out[LOGD_REBUILD_LINE_MAX + 1], struct bytes line)
{
	size_t n = 0;

	for (; n < line.len && n < LOGD_REBUILD_LINE_MAX; n++) {
		if (line.p[n] == '\n')
			break;
		out[n] = line.p[n] >= 0x20 && line.p[n] < 0x7f ? (char)line.p[n]
							       : '?';
	}
	out[n] = '\0';
}

enum err logd_rebuild_compare(struct logd_rebuild *out, struct bytes printed,
    struct bytes record_text, struct err_ctx *ctx)
{
	struct bytes want, got = printed;
	enum err e;

	memset(out, 0, sizeof(*out));
	e = tlog_rebuild_lines(&want, record_text, ctx);
	if (e != ERR_OK)
		return e;
	crypto_sha256(out->result.b, &printed, 1);
	for (size_t n = 1; want.len > 0 || got.len > 0; n++) {
		struct bytes w = take_line(&want), g = take_line(&got);

		if (mem_eq(w, g))
			continue;
		out->line = n;
		show(out->want, w);
		show(out->got, g);
		return ERR_OK;
	}
	out->same = true;
	return ERR_OK;
}

void logd_rebuild_finding(
    struct logd_finding *f, uint64_t index, const struct logd_rebuild *r)
{
	*f = (struct logd_finding){
		.kind = r->same ? LOGD_NOTE : LOGD_ALARM,
		.has_index = true,
		.index = index,
		.name = r->same ? "rebuilt" : "rebuild-differs",
	};
	if (r->same)
		(void)fmt_print(f->text, sizeof(f->text),
		    "built again from its source, with the same result");
	else
		(void)fmt_print(f->text, sizeof(f->text),
		    "built again, line %zu is \"%s\", in the record \"%s\"",
		    r->line, r->got, r->want);
}

/* ---- what the command is told -------------------------------------------- */

struct job {
	char dir[32]; /* holds the record's file; empty: not made yet */
	char path[48];
	char url[RECORD_URL_LEN_MAX + 1];
	char commit[2 * RECORD_GIT_HASH_MAX + 1];
	char tree[2 * RECORD_GIT_HASH_MAX + 1];
	char recipe[2 * SHA256_LEN + 8];
	char version[RECORD_TOKEN_LEN_MAX + 1];
	const char *kind;
	uint8_t output[LOGD_REBUILD_OUTPUT_MAX];
	size_t output_len;
};

static void fill_job(struct job *j, const struct tlog_record *rec)
{
	const struct record_source *s = &rec->client.source;
	const struct tlog_hash *recipe =
	    rec->client.has_recipe ? &rec->client.recipe : NULL;
	struct bytes version = rec->client.version;

	if (rec->kind == RECORD_IMAGE) {
		s = &rec->image.source;
		recipe = rec->image.has_recipe ? &rec->image.recipe : NULL;
		version = rec->image.version;
	} else if (rec->kind == RECORD_WEB) {
		s = &rec->web.source;
		recipe = rec->web.has_recipe ? &rec->web.recipe : NULL;
		version = rec->web.version;
	}
	j->kind = tlog_record_kind_name(rec->kind);
	(void)fmt_print(j->url, sizeof(j->url), "%.*s", (int)s->url.len,
	    (const char *)s->url.p);
	(void)fmt_print(j->version, sizeof(j->version), "%.*s",
	    (int)version.len, (const char *)version.p);
	hex_encode(j->commit, s->commit.b, s->commit.len);
	hex_encode(j->tree, s->tree.b, s->tree.len);
	if (recipe != NULL) {
		(void)fmt_print(j->recipe, sizeof(j->recipe), "sha256:");
		hex_encode(j->recipe + 7, recipe->b, SHA256_LEN);
	}
}

static enum err write_record(
    struct job *j, struct bytes text, struct err_ctx *ctx)
{
	(void)fmt_print(j->dir, sizeof(j->dir), "/tmp/confer-rebuild-XXXXXX");
	if (mkdtemp(j->dir) == NULL) {
		j->dir[0] = '\0';
		return err_set(ctx, ERR_IO, "rebuild: no directory in /tmp: %s",
		    strerrordesc_np(errno));
	}
	(void)fmt_print(j->path, sizeof(j->path), "%s/record", j->dir);
	return fd_replace_file(j->path, text, 0600, ctx);
}

static void remove_record(const struct job *j)
{
	if (j->dir[0] == '\0')
		return;
	(void)unlink(j->path);
	(void)rmdir(j->dir);
}

/* ---- running it ---------------------------------------------------------- */

/* End the command and all that it started: it has a process group. */
static void stop_all(struct proc *p)
{
	(void)kill(-p->pid, SIGTERM);
	(void)!fd_wait(p->pid_fd, false, clock_mono_ms() + GRACE_MS);
	(void)kill(-p->pid, SIGKILL);
	(void)proc_stop(p, 0);
}

/* Everything that it prints, until nobody has the pipe any more. */
static enum err read_output(struct job *j, int fd, uint64_t deadline_ms)
{
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		uint8_t extra;
		size_t n, room = sizeof(j->output) - j->output_len;

		e = fd_wait(fd, false, deadline_ms);
		if (e == ERR_AGAIN) {
			e = ERR_OK;
			continue;
		}
		if (e != ERR_OK)
			break;
		e = fd_read_some(fd,
		    room > 0 ? j->output + j->output_len : &extra,
		    room > 0 ? room : 1, &n);
		if (e == ERR_OK && room == 0)
			return ERR_LIMIT;
		j->output_len += n;
	}
	return e == ERR_CLOSED ? ERR_OK : e;
}

/* How the command ended. What it has left behind ends with it: as long as its
 * end is not waited for, its number is nobody else's. */
static enum err reap(struct proc *p, int *status, uint64_t deadline_ms)
{
	enum err e;

	do {
		e = fd_wait(p->pid_fd, false, deadline_ms);
	} while (e == ERR_AGAIN);
	if (e != ERR_OK)
		return e;
	(void)kill(-p->pid, SIGKILL);
	return proc_wait(p, status, 0);
}

static enum err finish(struct job *j, struct proc *p, int fd,
    const struct logd_rebuild_spec *spec, struct err_ctx *ctx)
{
	uint64_t deadline = clock_mono_ms() + spec->time_ms;
	enum err e = read_output(j, fd, deadline);
	int status = -1;

	if (e == ERR_OK)
		e = reap(p, &status, deadline);
	if (e == ERR_OK && status == 0)
		return ERR_OK;
	if (e == ERR_OK)
		return err_set(ctx, ERR_PROTOCOL,
		    "rebuild: the command ended with status %d", status);
	stop_all(p);
	if (e == ERR_TIMEOUT)
		return err_set(ctx, e, "rebuild: no end within %u s",
		    spec->time_ms / 1000);
	if (e == ERR_LIMIT)
		return err_set(ctx, e, "rebuild: it prints more than %d bytes",
		    LOGD_REBUILD_OUTPUT_MAX);
	return err_set(ctx, e, "rebuild: cannot read what it prints");
}

/*
 * Who ends this program ends the build with it: it has a process group of its
 * own, which the terminal's Ctrl-C does not reach.
 */
static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
#define ENDINGS (sizeof(ending) / sizeof(ending[0]))

static const struct job *building; /* while its group runs */
static volatile sig_atomic_t group;

struct guard {
	struct sigaction before[ENDINGS];
	sigset_t mask;
};

static void on_ending(int sig)
{
	if (group > 0)
		(void)kill(-(pid_t)group, SIGKILL);
	remove_record(building);
	(void)signal(sig, SIG_DFL);
	(void)raise(sig); /* once this handler has returned */
}

/* From here on signals wait. */
static void guard_init(struct guard *g)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ENDINGS; i++)
		(void)sigaddset(&set, ending[i]);
	(void)sigprocmask(SIG_BLOCK, &set, &g->mask);
}

/* What the caller ignores or handles stays as it is. */
static void guard_on(struct guard *g, const struct job *j, const struct proc *p)
{
	const struct sigaction ours = { .sa_handler = on_ending };

	building = j;
	group = (sig_atomic_t)p->pid;
	for (size_t i = 0; i < ENDINGS; i++) {
		(void)sigaction(ending[i], NULL, &g->before[i]);
		if (g->before[i].sa_handler == SIG_DFL)
			(void)sigaction(ending[i], &ours, NULL);
	}
	(void)sigprocmask(SIG_SETMASK, &g->mask, NULL);
}

static void guard_off(const struct guard *g)
{
	group = 0; /* whose number may be somebody else's now */
	for (size_t i = 0; i < ENDINGS; i++)
		(void)sigaction(ending[i], &g->before[i], NULL);
}

static enum err run(
    struct job *j, const struct logd_rebuild_spec *spec, struct err_ctx *ctx)
{
	const char *const argv[] = { "sh", "-c", PROLOGUE, "sh", j->url,
		j->commit, j->tree, j->recipe, j->kind, j->version, j->path,
		spec->command, NULL };
	struct proc_spec child = {
		.path = "/bin/sh", .argv = argv, .in = -1, .err = spec->log_fd
	};
	struct proc p = PROC_INIT;
	struct guard guard;
	int fd[2];
	enum err e = proc_pipe(fd);

	if (e != ERR_OK)
		return err_set(ctx, e, "rebuild: no pipe");
	child.out = fd[1];
	guard_init(&guard);
	e = proc_spawn(&p, &child, ctx);
	fd_close(&fd[1]);
	if (e == ERR_OK) {
		guard_on(&guard, j, &p);
		e = finish(j, &p, fd[0], spec, ctx);
		guard_off(&guard);
	} else {
		(void)sigprocmask(SIG_SETMASK, &guard.mask, NULL);
	}
	fd_close(&fd[0]);
	return e;
}

/* Parse the entry; a record that names no source cannot be built. */
static enum err read_entry(struct tlog_record *rec, struct tlog_note *note,
    struct bytes entry, struct err_ctx *ctx)
{
	struct bytes lines;
	enum err e = tlog_note_parse(note, entry, ctx);

	if (e == ERR_OK)
		e = tlog_record_parse(rec, note->text, ctx);
	if (e == ERR_OK)
		e = tlog_rebuild_lines(&lines, note->text, ctx);
	return e;
}

enum err logd_rebuild_run(struct logd_rebuild *out,
    const struct logd_rebuild_spec *spec, struct err_ctx *ctx)
{
	struct job *j = calloc(1, sizeof(*j));
	struct tlog_record rec;
	struct tlog_note note;
	enum err e;

	memset(out, 0, sizeof(*out));
	if (j == NULL)
		return err_set(ctx, ERR_NOMEM, "rebuild: no memory");
	e = read_entry(&rec, &note, spec->entry, ctx);
	if (e == ERR_OK)
		fill_job(j, &rec);
	if (e == ERR_OK && j->url[0] == '\0')
		e = err_set(ctx, ERR_UNSUPPORTED,
		    "rebuild: the record names no source");
	if (e == ERR_OK)
		e = write_record(j, note.text, ctx);
	if (e == ERR_OK)
		e = run(j, spec, ctx);
	if (e == ERR_OK)
		e = logd_rebuild_compare(out,
		    (struct bytes){ j->output, j->output_len }, note.text, ctx);
	remove_record(j);
	free(j);
	return e;
}
