/* Directories of the witness of witness_world.h. */
#ifndef CONFER_TESTS_UNIT_WITNESS_DIR_H
#define CONFER_TESTS_UNIT_WITNESS_DIR_H

#include <sys/stat.h>
#include <unistd.h>

#include "witness_world.h"

#include "logd/key.h"
#include "logd/witnessd.h"
#include "sys/fd.h"

/* A path below the directory `dir`. */
static inline const char *dir_path(const char *dir, const char *name)
{
	char *path = malloc(FD_PATH_MAX);

	if (path == NULL)
		abort(); /* gcc does not know that a claim ends the test */
	keep(path);
	(void)snprintf(path, FD_PATH_MAX, "%s/%s", dir, name);
	return path;
}

static char dir_all[64]; /* holds the directories of all tests */

static inline int dir_setup(void **state)
{
	(void)snprintf(dir_all, sizeof(dir_all), "/tmp/confer-wit-XXXXXX");
	return mkdtemp(dir_all) == NULL || world_setup(state) != 0;
}

static inline int dir_teardown(void **state)
{
	char command[128];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir_all);
	return system(command);
}

/* A new, empty directory. */
static inline const char *dir_new(void)
{
	static unsigned n;
	char name[16];
	const char *dir;

	(void)snprintf(name, sizeof(name), "%u", n++);
	dir = dir_path(dir_all, name);
	CHECK_EQ(mkdir(dir, 0700), 0);
	return dir;
}

static inline void dir_write(
    const char *dir, const char *name, struct bytes content)
{
	CHECK_OK(fd_replace_file(dir_path(dir, name), content, 0600, NULL));
}

static inline struct bytes dir_read(const char *dir, const char *name)
{
	struct bytes b;

	b.p = keep(read_file(dir_path(dir, name), &b.len));
	return b;
}

/* This seed under this name as a key's file. */
static inline void dir_put_key(const char *dir, const struct tlog_key *key,
    const uint8_t seed[ED25519_SEED_LEN])
{
	struct logd_key k = { .key = *key };

	mem_copy(k.name, key->name.p, key->name.len);
	k.key.name.p = (const uint8_t *)k.name;
	mem_copy(k.seed_priv, seed, ED25519_SEED_LEN);
	CHECK_OK(logd_key_save(&k, dir_path(dir, "key"), NULL));
}

/* The directory of a witness that knows the log. */
static inline const char *dir_witness(void)
{
	const char *dir = dir_new();

	dir_put_key(dir, &w_key, w_seed);
	CHECK_OK(logd_witnessd_add_log(dir, world_vkey(&log_key), NULL));
	return dir;
}

/* Where it keeps the log's checkpoint, below its directory. */
static inline const char *world_seen(void)
{
	struct bytes origin = str_bytes(WORLD_ORIGIN);
	static char name[128];
	uint8_t h[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1];

	crypto_sha256(h, &origin, 1);
	hex_encode(hex, h, sizeof(h));
	(void)snprintf(name, sizeof(name), "seen/%s/checkpoint", hex);
	return name;
}

#endif
