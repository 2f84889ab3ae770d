/* confer-log serve: the public half of a log over HTTP. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "logd/cmd.h"
#include "logd/cmd_listen.h"
#include "logd/static.h"

enum logd_exit logd_cmd_serve(const struct logd_options *o, struct logd_show *s)
{
	struct logd_static site = { .dir = -1 };
	struct err_ctx ctx = { 0 };
	char path[FD_PATH_MAX];
	enum logd_exit x;

	if (o->listen == NULL)
		return logd_show_refuse(
		    s, LOGD_EXIT_USAGE, "`confer-log serve` needs --listen");
	if (logd_cmd_path(path, o->arg[0], "public", &ctx) != ERR_OK)
		return logd_show_fail(s, LOGD_EXIT_REFUSED, NULL, &ctx);
	site.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (site.dir < 0)
		return logd_show_refuse(s, LOGD_EXIT_REFUSED,
		    "%s is no log: cannot open %s: %s", o->arg[0], path,
		    strerrordesc_np(errno));
	x = logd_listen(s, o->listen, logd_static_answer, &site);
	fd_close(&site.dir);
	return x;
}
