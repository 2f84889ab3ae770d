#include "sys/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/log.h"

static enum err failed(struct err_ctx *ctx, const char *what)
{
	return err_set(ctx, ERR_IO, "cannot give up rights (%s): %s", what,
	    strerrordesc_np(errno));
}

/* ---- phase 1 -------------------------------------------------------------- */

static int set_limit(unsigned resource, rlim_t n)
{
	struct rlimit r = { .rlim_cur = n, .rlim_max = n };

	return setrlimit((__rlimit_resource_t)resource, &r);
}

/* Nothing that root may do; ambient ones vanish with the permitted. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return (int)syscall(SYS_capset, &head, none);
}

enum err sandbox_harden(unsigned fds_max, struct err_ctx *ctx)
{
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return failed(ctx, "dumpable");
	if (set_limit(RLIMIT_CORE, 0) != 0)
		return failed(ctx, "core dumps");
	if (set_limit(RLIMIT_NOFILE, fds_max) != 0)
		return failed(ctx, "descriptors");
	/* While it is allowed: secrets are locked into memory later. */
	(void)set_limit(RLIMIT_MEMLOCK, RLIM_INFINITY);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return failed(ctx, "new privileges");
	if (drop_capabilities() != 0)
		return failed(ctx, "capabilities");
	return ERR_OK;
}

/* ---- phase 2 -------------------------------------------------------------- */

/*
 * The kernel's structure has grown with its versions and the headers of older
 * systems lack the newer members and bits; the layout is fixed, so it is
 * written out here.
 */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* since ABI 4 */
	uint64_t scoped;             /* since ABI 6 */
};

/* What a rule for a TCP port looks like since ABI 4. */
struct port_attr {
	uint64_t allowed_access;
	uint64_t port;
};

#define LANDLOCK_NET_PORT    2
#define LANDLOCK_CONNECT_TCP 2u

#define LANDLOCK_ABI_NEWEST 6 /* the newest that this file knows */

static const struct {
	uint64_t fs;    /* all rights that ABI knows are taken away */
	uint64_t net;   /* bits 0, 1: bind and connect TCP */
	uint64_t scope; /* bits 0, 1: abstract sockets and signals */
	size_t attr_len;
} landlock_abi[LANDLOCK_ABI_NEWEST + 1] = {
	[1] = { (1u << 13) - 1, 0, 0, 8 },
	[2] = { (1u << 14) - 1, 0, 0, 8 },  /* + REFER */
	[3] = { (1u << 15) - 1, 0, 0, 8 },  /* + TRUNCATE */
	[4] = { (1u << 15) - 1, 3, 0, 16 }, /* + TCP */
	[5] = { (1u << 16) - 1, 3, 0, 16 }, /* + IOCTL_DEV */
	[6] = { (1u << 16) - 1, 3, 3, 24 }, /* + scopes */
};

/* Let what lies at or below a path be read, or be asked for something. */
static int add_path(int ruleset, const struct sandbox_path *path)
{
	struct landlock_path_beneath_attr rule = {
		.allowed_access = LANDLOCK_ACCESS_FS_READ_FILE,
		.parent_fd = path->fd,
	};
	struct stat st;

	if (fstat(path->fd, &st) != 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		rule.allowed_access |= LANDLOCK_ACCESS_FS_READ_DIR;
	if (path->right == SANDBOX_REQUEST)
		rule.allowed_access |= LANDLOCK_ACCESS_FS_WRITE_FILE |
				       LANDLOCK_ACCESS_FS_MAKE_DIR |
				       LANDLOCK_ACCESS_FS_REMOVE_DIR;
	return (int)syscall(SYS_landlock_add_rule, ruleset,
	    LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

/* Let TCP connections to one port be made. */
static int add_port(int ruleset, uint16_t port)
{
	struct port_attr rule = { .allowed_access = LANDLOCK_CONNECT_TCP,
		.port = port };

	return (int)syscall(
	    SYS_landlock_add_rule, ruleset, LANDLOCK_NET_PORT, &rule, 0);
}

enum err sandbox_files(bool *complete, const struct sandbox_path *path,
    size_t n, uint16_t tcp_port, struct err_ctx *ctx)
{
	struct ruleset_attr attr;
	enum err e = ERR_OK;
	int set;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0,
	    LANDLOCK_CREATE_RULESET_VERSION);

	*complete = abi > 0;
	if (abi <= 0) {
		log_event(LOG_NO_LANDLOCK, (uint64_t)errno, 0, 0);
		return ERR_OK;
	}
	if (abi < LANDLOCK_ABI_NEWEST)
		log_event(LOG_OLD_LANDLOCK, (uint64_t)abi, 0, 0);
	else
		abi = LANDLOCK_ABI_NEWEST;
	attr.handled_access_fs = landlock_abi[abi].fs;
	attr.handled_access_net = landlock_abi[abi].net;
	attr.scoped = landlock_abi[abi].scope;
	set = (int)syscall(
	    SYS_landlock_create_ruleset, &attr, landlock_abi[abi].attr_len, 0);
	if (set < 0)
		return failed(ctx, "Landlock");
	for (size_t i = 0; i < n && e == ERR_OK; i++)
		if (add_path(set, &path[i]) != 0)
			e = failed(ctx, "Landlock rule");
	if (e == ERR_OK && tcp_port != 0 && landlock_abi[abi].net != 0 &&
	    add_port(set, tcp_port) != 0)
		e = failed(ctx, "Landlock port");
	if (e == ERR_OK && syscall(SYS_landlock_restrict_self, set, 0) != 0)
		e = failed(ctx, "Landlock");
	(void)close(set);
	return e;
}
