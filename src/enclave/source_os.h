/*
 * The system calls that evidence sources make, as a table: tests play the
 * device, and let the real code meet a file tree that answers like the kernel's.
 * And the three things that all sources do with files.
 */
#ifndef CONFER_ENCLAVE_SOURCE_OS_H
#define CONFER_ENCLAVE_SOURCE_OS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

/* Results and errno as of the calls themselves. */
struct source_os {
	int (*open_at)(int dir_fd, const char *path, int flags);
	int (*close)(int fd);
	ssize_t (*read)(int fd, void *out, size_t cap);
	ssize_t (*write)(int fd, const void *p, size_t len);
	int (*make_dir_at)(int dir_fd, const char *name);
	int (*remove_dir_at)(int dir_fd, const char *name);
	int (*ioctl)(int fd, unsigned long request, void *arg);
	uint64_t (*mono_ms)(void);
	void (*wait_ms)(unsigned ms);
};

extern const struct source_os source_os_linux;

#define SOURCE_NUMBER_LEN_MAX 24 /* 20 digits and a line feed */

/*
 * The whole of a file below dir_fd, at most cap bytes. ERR_NOTFOUND; ERR_BUSY:
 * the kernel is at work for somebody else; ERR_LIMIT: longer than cap, or than
 * the kernel allows; ERR_TIMEOUT; ERR_IO.
 */
enum err source_read(const struct source_os *os, int dir_fd, const char *path,
    void *out, size_t cap, size_t *len) __attribute__((warn_unused_result));

/* Write all of it, in one call: these files take whole values only. Errors as
 * above; ERR_IO also if the kernel took less. */
enum err source_write(const struct source_os *os, int dir_fd, const char *path,
    const void *p, size_t len) __attribute__((warn_unused_result));

/* What an errno means to whoever may try again. */
enum err source_errno(int e) __attribute__((warn_unused_result));

#endif
