/* See home.h. */
#include "release/home.h"

#include "base/fmt.h"
#include "base/hex.h"
#include "client/home.h"
#include "crypto/crypto_native.h"
#include "protocol/trust.h"

#define NAME_HEX 8

static struct bytes text_of(const char *s)
{
	return (struct bytes){ (const uint8_t *)s, mem_strlen(s) };
}

/* The name of this home, made when there is none. */
static enum err open_name(struct release_home *p, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX], name[NAME_HEX + 1];
	uint8_t raw[NAME_HEX / 2];
	size_t n = 0;
	enum err e = client_home_path(path, p->dir, "name", NULL, ctx);

	if (e != ERR_OK)
		return e;
	e = fd_read_file(name, NAME_HEX, &n, path, NULL);
	if (e == ERR_NOTFOUND) {
		crypto_random(raw, sizeof(raw));
		hex_encode(name, raw, sizeof(raw));
		n = NAME_HEX;
		e = fd_replace_file(path,
		    (struct bytes){ (const uint8_t *)name, n }, 0600, ctx);
		if (e != ERR_OK)
			return e;
	}
	name[NAME_HEX] = '\0';
	if (e != ERR_OK || n != NAME_HEX ||
	    hex_decode(raw, sizeof(raw), text_of(name)) != ERR_OK)
		return err_set(
		    ctx, ERR_FORMAT, "%s does not hold 8 hex digits", path);
	(void)fmt_print(p->channel, sizeof(p->channel), "local-%s", name);
	(void)fmt_print(p->origin, sizeof(p->origin), "confer.local/%s", name);
	return ERR_OK;
}

enum err release_home_open(
    struct release_home *p, const char *home, struct err_ctx *ctx)
{
	char path[FD_PATH_MAX];
	enum err e = client_home_path(p->dir, home, "up", NULL, ctx);

	if (e == ERR_OK)
		e = client_home_make(home, "up", ctx);
	if (e == ERR_OK)
		e = open_name(p, ctx);
	if (e == ERR_OK)
		e = client_home_path(path, p->dir, "log", NULL, ctx);
	if (e == ERR_OK)
		e = client_log_open(&p->log, path, p->origin, ctx);
	if (e == ERR_OK)
		e = client_home_path(path, p->dir, "keys", NULL, ctx);
	if (e == ERR_OK)
		e = fd_make_dirs(path, ctx);
	if (e == ERR_OK)
		e = release_keys_open(&p->keys, path, RELEASE_HOME_KEYS, ctx);
	if (e == ERR_OK)
		e = client_home_path(p->records, p->dir, "records", NULL, ctx);
	if (e == ERR_OK)
		e = fd_make_dirs(p->records, ctx);
	return e;
}

/* How long the newest policy record on disk still holds; 0: there is none. */
static uint64_t policy_left_s(const struct release_home *p, uint64_t now_s)
{
	uint8_t entry[RECORD_LEN_MAX];
	struct tlog_record rec;
	char path[FD_PATH_MAX];
	size_t n = 0;

	if (client_home_path(path, p->records, "policy.record", NULL, NULL) !=
		ERR_OK ||
	    fd_read_file(entry, sizeof(entry), &n, path, NULL) != ERR_OK ||
	    tlog_record_verify(&rec, &p->keys.set, (struct bytes){ entry, n },
		NULL) != ERR_OK ||
	    rec.not_after <= now_s)
		return 0;
	return rec.not_after - now_s;
}

enum err release_home_announce(struct release_home *p,
    const struct release_facts *what, uint64_t now_s, struct err_ctx *ctx)
{
	p->what = *what;
	p->what.product = RELEASE_HOME_PRODUCT;
	p->what.channel = p->channel;
	p->what.issued = now_s;
	p->what.life_s = RELEASE_HOME_LIFE_S;
	return release_publish(&p->what, &p->log, &p->keys, p->records, ctx);
}

enum err release_home_renew(
    struct release_home *p, uint64_t now_s, struct err_ctx *ctx)
{
	if (policy_left_s(p, now_s) > RELEASE_HOME_RENEW_S)
		return ERR_OK;
	p->what.issued = now_s;
	return release_publish(&p->what, &p->log, &p->keys, p->records, ctx);
}

enum err release_home_trust(const struct release_home *p,
    const uint8_t sim_root[ECDSA_P384_PUB_LEN], struct err_ctx *ctx)
{
	char hex[2 * ECDSA_P384_PUB_LEN + 1], path[FD_PATH_MAX];
	uint8_t text[8192];
	struct wr w = wr_init(text, sizeof(text));
	size_t n = 0;
	enum err e = client_home_path(path, p->dir, "trust", NULL, ctx);

	wr_fmt(&w, "confer-trust/v1\nproduct %s\nchannel %s\nlocal\n",
	    RELEASE_HOME_PRODUCT, p->channel);
	for (size_t i = 0; i < p->keys.set.n; i++) {
		const struct tlog_key *key = &p->keys.set.key[i];

		wr_str(&w, "release-key ");
		tlog_vkey_format(&w, key->name, key->type, key->pub);
		wr_str(&w, "\n");
	}
	hex_encode(hex, sim_root, ECDSA_P384_PUB_LEN);
	wr_fmt(&w, "threshold %zu\nsim-root %s\n\n", p->keys.set.need, hex);
	client_log_policy(&p->log, &w);
	if (e == ERR_OK)
		e = wr_end(&w, &n);
	if (e == ERR_OK)
		e = fd_replace_file(path, (struct bytes){ text, n }, 0600, ctx);
	return e;
}

void release_home_close(struct release_home *p)
{
	client_log_close(&p->log);
	release_keys_wipe(&p->keys);
}
