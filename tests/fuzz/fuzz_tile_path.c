/* Paths of tiles: what is read is written back the same. */
#include <assert.h>
#include <string.h>

#include "tlog/tile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[TLOG_TILE_PATH_MAX];
	struct err_ctx ctx = { 0 };
	struct tlog_tile t;
	enum err e =
	    tlog_tile_path_parse(&t, (struct bytes){ data, size }, &ctx);

	if (e != ERR_OK) {
		assert(ctx.code == e && ctx.msg[0] != '\0');
		assert(mem_is_zero(&t, sizeof(t)));
		return 0;
	}
	assert(tlog_tile_path(path, &t) == size);
	assert(memcmp(path, data, size) == 0);
	return 0;
}
