/*
 * A kernel's configfs-tsm on a plain directory: the calls of source_os.h reach
 * real files, and between them this does what the kernel would. A request's
 * attributes are there once its directory is made; the question counts when its
 * file is closed, as with binary attributes; the answer is there when it is
 * read; rmdir takes the attributes along.
 */
#ifndef CONFER_TESTS_UNIT_FAKE_TSM_H
#define CONFER_TESTS_UNIT_FAKE_TSM_H

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "attest/report_data.h"
#include "enclave/source_os.h"

#define FAKE_FDS 64
#define FAKE_OUT 20000

/* The call that fails, its errno, and how many times more. */
struct fake_fault {
	const char *file; /* attribute, or "." for mkdir */
	char call;        /* 'o'pen 'r'ead 'w'rite 'c'lose 'm'kdir */
	int error;
	unsigned times;
};

static struct fake_tsm {
	char root[64];
	const char *provider;
	const char *floor;     /* text of privlevel_floor; NULL: no levels */
	const char *no_file;   /* an attribute that is not there */
	uint8_t out[FAKE_OUT]; /* the answer, but for REPORT_DATA */
	size_t out_len;
	size_t data_at; /* where REPORT_DATA goes; 0: nowhere */
	uint8_t aux[FAKE_OUT * 2];
	size_t aux_len;
	unsigned strangers;     /* requests to which somebody else writes too */
	bool lost_write;        /* the kernel drops the question on close */
	size_t write_max;       /* bytes taken by a write; 0: all */
	const char *generation; /* text instead of the count */
	struct fake_fault fault;

	char name[FAKE_FDS][32]; /* of open attributes */
	uint64_t count;          /* generation */
	unsigned made, removed, waits;
	char level;    /* last privlevel written, 0: none */
	char dir[128]; /* of the request */
	uint64_t now_ms;
} fake;

static inline const char *fake_path(const char *attribute)
{
	static char path[256];

	(void)snprintf(path, sizeof(path), "%s/%s", fake.dir, attribute);
	return path;
}

static inline void fake_put(const char *attribute, const void *p, size_t n)
{
	FILE *f;

	if (fake.no_file != NULL && strcmp(fake.no_file, attribute) == 0)
		return;
	f = fopen(fake_path(attribute), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, n, f), n);
	fclose(f);
}

static inline void fake_put_text(const char *attribute, const char *text)
{
	fake_put(attribute, text, strlen(text));
}

static inline void fake_put_generation(void)
{
	char text[32];

	(void)snprintf(
	    text, sizeof(text), "%llu\n", (unsigned long long)fake.count);
	fake_put_text(
	    "generation", fake.generation != NULL ? fake.generation : text);
}

/* Does this call fail now? */
static inline bool fake_fails(char call, const char *file)
{
	struct fake_fault *f = &fake.fault;

	if (f->times == 0 || f->call != call || strcmp(f->file, file) != 0)
		return false;
	f->times--;
	errno = f->error;
	return true;
}

static inline int fake_make_dir(int dir_fd, const char *name)
{
	if (fake_fails('m', "."))
		return -1;
	if (mkdirat(dir_fd, name, 0700) != 0)
		return -1;
	fake.made++;
	(void)snprintf(fake.dir, sizeof(fake.dir), "%s/%s", fake.root, name);
	fake.count = 41;
	fake_put_generation();
	fake_put_text("provider", fake.provider);
	fake_put_text("inblob", "");
	fake_put_text("outblob", "");
	fake_put_text("auxblob", "");
	if (fake.floor != NULL) {
		fake_put_text("privlevel_floor", fake.floor);
		fake_put_text("privlevel", "");
	}
	return 0;
}

static inline int fake_remove_dir(int dir_fd, const char *name)
{
	static const char *const all[] = { "generation", "provider", "inblob",
		"outblob", "auxblob", "privlevel", "privlevel_floor" };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		(void)unlink(fake_path(all[i]));
	if (unlinkat(dir_fd, name, AT_REMOVEDIR) != 0)
		return -1;
	fake.removed++;
	return 0;
}

static inline int fake_open(int dir_fd, const char *path, int flags)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash == NULL ? path : slash + 1;
	int fd;

	if (fake_fails('o', file))
		return -1;
	/* No O_CREAT, whatever is asked: the kernel makes attributes. */
	fd = openat(dir_fd, path, flags & ~O_CREAT);
	if (fd >= 0) {
		assert_true(fd < FAKE_FDS);
		(void)snprintf(fake.name[fd], sizeof(fake.name[0]), "%s",
		    dir_fd == AT_FDCWD ? "" : file);
	}
	return fd;
}

static inline ssize_t fake_read(int fd, void *out, size_t cap)
{
	if (fake_fails('r', fake.name[fd]))
		return -1;
	/* In small pieces: a reader has to go on to the end. */
	return read(fd, out, cap < 1000 ? cap : 1000);
}

static inline ssize_t fake_write(int fd, const void *p, size_t n)
{
	if (fake_fails('w', fake.name[fd]))
		return -1;
	return write(fd, p,
	    fake.write_max != 0 && n > fake.write_max ? fake.write_max : n);
}

/* The whole question has come: answer it. */
static inline void fake_answer(void)
{
	size_t n;
	uint8_t *question = read_file(fake_path("inblob"), &n);

	if (n != REPORT_DATA_LEN) { /* the write has failed */
		free(question);
		return;
	}
	if (fake.data_at != 0)
		memcpy(fake.out + fake.data_at, question, n);
	free(question);
	fake_put("outblob", fake.out, fake.out_len);
	fake_put("auxblob", fake.aux, fake.aux_len);
	fake.count++;
	if (fake.strangers > 0) {
		fake.strangers--;
		fake.count++;
	}
	fake_put_generation();
}

static inline int fake_close(int fd)
{
	const char *file = fake.name[fd];
	bool fails = fake_fails('c', file);
	int rc = close(fd);

	if (fails)
		return -1;
	if (strcmp(file, "inblob") == 0 && !fake.lost_write)
		fake_answer();
	if (strcmp(file, "privlevel") == 0) {
		size_t n;
		uint8_t *text = read_file(fake_path("privlevel"), &n);

		fake.level = n == 1 ? (char)text[0] : '?';
		free(text);
		fake.count++;
		fake_put_generation();
	}
	return rc;
}

static inline int fake_no_ioctl(int fd, unsigned long request, void *arg)
{
	(void)fd;
	(void)request;
	(void)arg;
	errno = ENOTTY;
	return -1;
}

static inline uint64_t fake_now(void)
{
	return fake.now_ms;
}

static inline void fake_wait(unsigned ms)
{
	fake.waits++;
	fake.now_ms += ms;
}

static const struct source_os fake_os = {
	.open_at = fake_open,
	.close = fake_close,
	.read = fake_read,
	.write = fake_write,
	.make_dir_at = fake_make_dir,
	.remove_dir_at = fake_remove_dir,
	.ioctl = fake_no_ioctl,
	.mono_ms = fake_now,
	.wait_ms = fake_wait,
};

/* An SNP report with nothing in it but what the format demands. */
static inline size_t fake_snp_report(uint8_t *out)
{
	memset(out, 0, 1184);
	out[0x00] = 3;     /* VERSION */
	out[0x0a] = 2;     /* POLICY: bit 17 */
	out[0x34] = 1;     /* SIG_ALGO */
	out[0x188] = 0x19; /* a Genoa */
	out[0x189] = 0x11;
	return 1184;
}

/* A guest with SNP, whose tree is `root`. */
static inline void fake_reset(const char *root)
{
	memset(&fake, 0, sizeof(fake));
	(void)snprintf(fake.root, sizeof(fake.root), "%s", root);
	fake.provider = "sev_guest\n";
	fake.out_len = fake_snp_report(fake.out);
	fake.data_at = 0x50;
	fake.now_ms = 1000;
}

#endif
