/* See tls.h. OpenSSL does no I/O of its own: bytes go through sys/fd.h, which
 * neither blocks nor raises SIGPIPE. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/fmt.h"
#include "http/tls.h"
#include "sys/fd.h"

struct http_tls {
	SSL_CTX *ctx;
	SSL *ssl;
	BIO_METHOD *method;
	int fd;
	enum err
	    io; /* the socket's first failure; OpenSSL may write after it */
};

static void remember(struct http_tls *t, enum err e)
{
	if (e != ERR_OK && e != ERR_AGAIN && t->io == ERR_OK)
		t->io = e;
}

static int bio_read(BIO *bio, char *out, size_t cap, size_t *n)
{
	struct http_tls *t = BIO_get_data(bio);
	const enum err e = fd_read_some(t->fd, out, cap, n);

	remember(t, e);
	BIO_clear_retry_flags(bio);
	if (e == ERR_AGAIN)
		BIO_set_retry_read(bio);
	if (e == ERR_CLOSED)
		BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
	return e == ERR_OK;
}

static int bio_write(BIO *bio, const char *p, size_t len, size_t *n)
{
	struct http_tls *t = BIO_get_data(bio);
	const enum err e = fd_write_some(t->fd, p, len, n);

	remember(t, e);
	BIO_clear_retry_flags(bio);
	if (e == ERR_AGAIN)
		BIO_set_retry_write(bio);
	return e == ERR_OK;
}

static long bio_ctrl(BIO *bio, int cmd, long num, void *p)
{
	(void)num;
	(void)p;
	if (cmd == BIO_CTRL_EOF)
		return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0;
	return cmd == BIO_CTRL_FLUSH;
}

/* The BIO over t->fd; NULL on failure. */
static BIO *bio_new(struct http_tls *t)
{
	BIO *bio;

	t->method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK,
	    "non-blocking descriptor");
	if (t->method == NULL ||
	    BIO_meth_set_read_ex(t->method, bio_read) != 1 ||
	    BIO_meth_set_write_ex(t->method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(t->method, bio_ctrl) != 1)
		return NULL;
	bio = BIO_new(t->method);
	if (bio != NULL) {
		BIO_set_data(bio, t);
		BIO_set_init(bio, 1);
	}
	return bio;
}

/* The certificate must be of this host. */
static bool expect_host(SSL *ssl, const struct http_url *url)
{
	char host[HTTP_HOST_LEN_MAX + 1];

	(void)fmt_print(host, sizeof(host), "%.*s", (int)url->host.len,
	    (const char *)url->host.p);
	if (url->ip)
		return X509_VERIFY_PARAM_set1_ip_asc(
			   SSL_get0_param(ssl), host) == 1;
	SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
				   X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return SSL_set1_host(ssl, host) == 1 &&
	       SSL_set_tlsext_host_name(ssl, host) == 1;
}

static enum err prepare(struct http_tls *t, const struct http_url *url,
    const char *ca_file, struct err_ctx *ctx)
{
	BIO *bio;

	t->ctx = SSL_CTX_new(TLS_client_method());
	if (t->ctx == NULL ||
	    SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1)
		return ERR_NOMEM;
	SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
	if (ca_file != NULL) {
		if (SSL_CTX_load_verify_file(t->ctx, ca_file) != 1)
			return err_set(ctx, ERR_FORMAT,
			    "%.*s holds no roots in PEM", 100, ca_file);
	} else if (SSL_CTX_set_default_verify_paths(t->ctx) != 1) {
		return ERR_NOMEM;
	}
	t->ssl = SSL_new(t->ctx);
	bio = bio_new(t);
	if (t->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		return ERR_NOMEM;
	}
	SSL_set_bio(t->ssl, bio, bio); /* owned by ssl from here */
	return expect_host(t->ssl, url) ? ERR_OK : ERR_NOMEM;
}

/*
 * A call of OpenSSL did not succeed: ERR_OK if it is to be repeated, now that
 * the socket is ready; else why it failed.
 */
static enum err wait_or_fail(struct http_tls *t, int rc, uint64_t deadline_ms)
{
	enum err e = ERR_PROTOCOL;

	switch (SSL_get_error(t->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		e = fd_wait(t->fd, false, deadline_ms);
		return e == ERR_AGAIN ? ERR_OK : e;
	case SSL_ERROR_WANT_WRITE:
		e = fd_wait(t->fd, true, deadline_ms);
		return e == ERR_AGAIN ? ERR_OK : e;
	case SSL_ERROR_ZERO_RETURN:
		return ERR_CLOSED;
	default:
		/* OpenSSL calls an end without notice an error of TLS. */
		return t->io == ERR_CLOSED ? ERR_TRUNCATED : e;
	}
}

/* Why the handshake failed, in a sentence. */
static enum err handshake_failed(struct http_tls *t, enum err e,
    const struct http_url *url, struct err_ctx *ctx)
{
	const long verdict = SSL_get_verify_result(t->ssl);
	const char *why = ERR_reason_error_string(ERR_peek_last_error());
	const int n = url->host.len < 60 ? (int)url->host.len : 60;
	const char *host = (const char *)url->host.p;

	if (verdict != X509_V_OK)
		return err_set(ctx, ERR_AUTH,
		    "the TLS certificate of %.*s is refused: %s", n, host,
		    X509_verify_cert_error_string(verdict));
	if (e == ERR_TIMEOUT)
		return err_set(ctx, e,
		    "%.*s did not finish the TLS handshake in time", n, host);
	if (e == ERR_TRUNCATED || e == ERR_CLOSED)
		return err_set(ctx, ERR_CLOSED,
		    "%.*s ended the connection during the TLS handshake", n,
		    host);
	return err_set(ctx, e, "no TLS with %.*s: %s", n, host,
	    why != NULL ? why : err_name(e));
}

static enum err handshake(struct http_tls *t, const struct http_url *url,
    uint64_t deadline_ms, struct err_ctx *ctx)
{
	enum err e = ERR_OK;

	while (e == ERR_OK) {
		int rc;

		ERR_clear_error();
		rc = SSL_connect(t->ssl);
		if (rc == 1)
			return ERR_OK;
		e = wait_or_fail(t, rc, deadline_ms);
	}
	return handshake_failed(t, e, url, ctx);
}

enum err http_tls_open(struct http_tls **out, int fd,
    const struct http_url *url, const char *ca_file, uint64_t deadline_ms,
    struct err_ctx *ctx)
{
	struct http_tls *t = calloc(1, sizeof(*t));
	enum err e;

	*out = NULL;
	if (t == NULL)
		return err_set(ctx, ERR_NOMEM, "no memory for TLS");
	t->fd = fd;
	e = prepare(t, url, ca_file, ctx);
	if (e == ERR_NOMEM)
		e = err_set(ctx, e, "OpenSSL cannot start");
	if (e == ERR_OK)
		e = handshake(t, url, deadline_ms, ctx);
	ERR_clear_error();
	if (e == ERR_OK)
		*out = t;
	else
		http_tls_close(t);
	return e;
}

enum err http_tls_read(
    struct http_tls *t, void *out, size_t cap, size_t *n, uint64_t deadline_ms)
{
	enum err e = ERR_OK;

	*n = 0;
	while (e == ERR_OK) {
		int rc;

		ERR_clear_error();
		rc = SSL_read_ex(t->ssl, out, cap, n);
		if (rc == 1)
			return ERR_OK;
		e = wait_or_fail(t, rc, deadline_ms);
	}
	ERR_clear_error();
	return e;
}

enum err http_tls_write(
    struct http_tls *t, const void *p, size_t n, uint64_t deadline_ms)
{
	enum err e = ERR_OK;
	size_t put;

	while (e == ERR_OK) {
		int rc;

		ERR_clear_error();
		rc = SSL_write_ex(t->ssl, p, n, &put);
		if (rc == 1) /* without partial writes: all of it */
			return ERR_OK;
		e = wait_or_fail(t, rc, deadline_ms);
	}
	ERR_clear_error();
	return e == ERR_TRUNCATED ? ERR_CLOSED : e;
}

void http_tls_close(struct http_tls *t)
{
	if (t == NULL)
		return;
	if (t->ssl != NULL && SSL_is_init_finished(t->ssl))
		(void)SSL_shutdown(t->ssl);
	ERR_clear_error();
	SSL_free(t->ssl);
	BIO_meth_free(t->method);
	SSL_CTX_free(t->ctx);
	free(t);
}
