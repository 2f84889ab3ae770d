#include "enclave/records.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "sys/fd.h"

static const struct {
	const char *name;
	enum evidence_section section;
} files[RECORDS_FILES] = {
	{ "image.record", EVIDENCE_IMAGE_RECORD },
	{ "image.proof", EVIDENCE_IMAGE_PROOF },
	{ "model.record", EVIDENCE_MODEL_RECORD },
	{ "model.proof", EVIDENCE_MODEL_PROOF },
	{ "policy.record", EVIDENCE_POLICY_RECORD },
	{ "policy.proof", EVIDENCE_POLICY_PROOF },
	{ "rebuild.record", EVIDENCE_REBUILD_RECORD },
	{ "rebuild.proof", EVIDENCE_REBUILD_PROOF },
};

enum err records_open(int *dir_fd, const char *path, struct err_ctx *ctx)
{
	*dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir_fd >= 0)
		return ERR_OK;
	return err_set(ctx, errno == ENOENT ? ERR_NOTFOUND : ERR_IO,
	    "cannot open the directory of records %.*s: %s", 80, path,
	    strerrordesc_np(errno));
}

enum err records_read(
    struct records *r, struct evidence *ev, int dir_fd, struct err_ctx *ctx)
{
	struct evidence got = *ev;

	r->len = 0;
	for (size_t i = 0; i < RECORDS_FILES; i++) {
		uint8_t *at = r->data + r->len;
		size_t n;
		enum err e = fd_read_file_at(
		    at, sizeof(r->data) - r->len, &n, dir_fd, files[i].name);

		if (e != ERR_OK && e != ERR_NOTFOUND)
			return err_set(ctx, e, "cannot read %s: %s",
			    files[i].name,
			    e == ERR_LIMIT ? "the records are too long"
					   : "no regular file");
		got.section[files[i].section] =
		    (struct bytes){ n > 0 ? at : NULL, n };
		r->len += n;
	}
	*ev = got;
	return ERR_OK;
}
