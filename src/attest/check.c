/* Running a table of checks and concluding it; see check.h. */
#include "attest/check.h"

#include "base/assert.h"
#include "base/fmt.h"
#include "base/hex.h"

void check_list_init(struct check_list *list)
{
	memset(list, 0, sizeof(*list));
	list->deadline_s = UINT64_MAX;
}

void check_say(struct check_list *list, const char *fmt, ...)
{
	va_list ap;

	assert(list->n > 0);
	va_start(ap, fmt);
	(void)fmt_vprint(
	    list->line[list->n - 1].text, ERR_MSG_LEN_MAX, fmt, ap);
	va_end(ap);
}

void check_deadline(struct check_list *list, uint64_t t)
{
	if (t < list->deadline_s)
		list->deadline_s = t;
}

/* Nothing is accepted, so nothing has time left. */
static enum err fail(struct check_list *list, enum err e)
{
	(void)err_set(
	    &list->reason, e, "%s", err_name(e)); /* if none said why */
	list->reason.code = e;
	list->deadline_s = 0;
	return e;
}

/* One line failed, for the reason that stands in list->reason. */
static void fail_line(struct check_list *list, size_t index)
{
	struct check_line *line = &list->line[index];

	line->result = CHECK_FAILED;
	list->failed = index;
	memcpy(line->text, list->reason.msg, sizeof(line->text));
}

static void run_one(
    struct check_list *list, const struct check_def *def, void *run)
{
	size_t index = list->n++;
	struct check_line *line = &list->line[index];
	size_t before = list->obligations.n;
	enum err e = def->fn(run, list);

	if (e == ERR_OK) {
		line->result = list->obligations.n == before ? CHECK_PASSED
							     : CHECK_WAITING;
		for (size_t i = before; i < list->obligations.n; i++)
			list->obligation_line[i] = (uint8_t)index;
		return;
	}
	list->obligations.n = before;
	(void)fail(list, e);
	fail_line(list, index);
}

enum err check_run(
    struct check_list *list, const struct check_def *def, size_t n, void *run)
{
	for (size_t i = 0; i < n; i++) {
		assert(list->n < CHECKS_MAX);
		list->line[list->n] = (struct check_line){ .id = def[i].id };
		if (list->reason.code == ERR_OK)
			run_one(list, &def[i], run);
		else
			list->n++;
	}
	return list->reason.code;
}

/*
 * The first "no" fails its check. Where another check had failed after it, this
 * one is the reason: what that check read was never authentic.
 */
static void take_no(struct check_list *list, size_t i)
{
	size_t index = list->obligation_line[i];

	if (list->reason.code != ERR_OK && list->failed <= index)
		return;
	list->reason = (struct err_ctx){ 0 };
	(void)err_set(&list->reason, ERR_AUTH,
	    "%s: the signature does not verify",
	    list->obligations.item[i].what);
	fail_line(list, index);
}

static void take_answers(struct check_list *list, const bool *answer, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!answer[i])
			take_no(list, i);
	for (size_t i = 0; i < n; i++) {
		struct check_line *line = &list->line[list->obligation_line[i]];

		if (answer[i] && line->result == CHECK_WAITING)
			line->result = CHECK_PASSED;
	}
}

/* The list has to be complete, whatever happened before. */
static enum err demand_all(
    struct check_list *list, const uint8_t *required, size_t n)
{
	if (list->n != n || n == 0)
		return err_set(&list->reason, ERR_INTERNAL,
		    "%zu checks ran, %zu are required", list->n, n);
	for (size_t i = 0; i < n; i++) {
		if (list->line[i].id == required[i] &&
		    list->line[i].result == CHECK_PASSED)
			continue;
		list->failed = i;
		return err_set(&list->reason, ERR_INTERNAL,
		    "check %zu of %zu was not concluded", i + 1, n);
	}
	return ERR_OK;
}

enum err check_conclude(struct check_list *list, const bool *answer, size_t n,
    const uint8_t *required, size_t n_required)
{
	size_t wanted = list->obligations.n;

	if (n == wanted)
		take_answers(list, answer, n);
	if (list->reason.code == ERR_OK && (n != wanted || n == 0))
		(void)err_set(&list->reason, ERR_INTERNAL,
		    "%zu signatures to check, %zu answers", wanted, n);
	if (list->reason.code == ERR_OK)
		(void)demand_all(list, required, n_required);
	if (list->reason.code == ERR_OK)
		return ERR_OK;
	list->obligations.n = 0; /* asking again changes nothing */
	return fail(list, list->reason.code);
}

const char *check_short_hex(char out[SHORT_HEX_LEN], const uint8_t *p)
{
	hex_encode(out, p, SHORT_HEX_BYTES);
	return out;
}

static const char *const names[CHECK_HARDWARE_END] = {
	[CHECK_REPORT] = "report format",
	[CHECK_CERTIFICATES] = "certificates",
	[CHECK_ROOT] = "pinned root",
	[CHECK_CHAIN] = "endorsement signatures",
	[CHECK_CERT_TIME] = "certificate dates",
	[CHECK_REVOCATION] = "revocation",
	[CHECK_KEY_KIND] = "kind of key",
	[CHECK_CHIP] = "chip",
	[CHECK_TCB] = "firmware versions",
	[CHECK_REPORT_SIG] = "report signature",
	[CHECK_QE_REPORT] = "quoting enclave",
	[CHECK_QE_KEY] = "attestation key",
	[CHECK_PCK] = "platform certificate",
	[CHECK_TCB_INFO] = "TCB info",
	[CHECK_QE_IDENTITY] = "QE identity",
	[CHECK_QE_MATCH] = "QE is genuine",
	[CHECK_TDX_MODULE] = "TDX module",
	[CHECK_TCB_LEVEL] = "TCB level",
	[CHECK_GUEST] = "guest policy",
	[CHECK_PRODUCT] = "processor",
	[CHECK_MEMORY] = "memory protection",
	[CHECK_TCB_STATUS] = "firmware current",
	[CHECK_HARDWARE] = "hardware list",
};

const char *check_name(uint8_t id)
{
	return id < CHECK_HARDWARE_END ? names[id] : "";
}
