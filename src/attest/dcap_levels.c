/* What the levels of all lists have in common; see dcap_doc.h. */
#include "attest/dcap_doc.h"

void dcap_doc_status(struct dcap_doc *d, void *to, size_t words)
{
	enum dcap_status *out = to;
	struct bytes word = dcap_doc_string(d);

	for (unsigned s = 0; s < DCAP_STATUSES; s++) {
		if ((words >> s & 1) == 0 ||
		    !mem_eq_str(word, dcap_status_name((enum dcap_status)s)))
			continue;
		*out = (enum dcap_status)s;
		return;
	}
	dcap_doc_fail(d, ERR_FORMAT, "a status unknown in this list");
}

/* An id is shown to people and compared with those of a policy. */
static bool is_id(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return false;
	}
	return s.len > 0 && s.len < POLICY_ADVISORY_LEN;
}

void dcap_doc_advisories(struct dcap_doc *d, void *to, size_t arg)
{
	struct tcb_advisories *out = to;
	size_t start = d->w.off;

	(void)arg;
	dcap_doc_array(d);
	while (dcap_doc_more(d)) {
		if (out->n == TCB_ADVISORIES_MAX) {
			dcap_doc_fail(d, ERR_LIMIT, "more than 64");
			return;
		}
		if (!is_id(dcap_doc_string(d)))
			dcap_doc_fail(
			    d, ERR_FORMAT, "must be 1 to 23 plain characters");
		out->n++;
	}
	out->array = (struct bytes){ d->w.text.p + start, d->w.off - start };
}

/* The array was checked: strings without escapes, none too long. */
bool tcb_advisory_next(
    const struct tcb_advisories *a, size_t *pos, char out[POLICY_ADVISORY_LEN])
{
	const uint8_t *p = a->array.p;
	size_t i = *pos, end = a->array.len, n = 0;

	while (i < end && p[i] != '"')
		i++;
	for (i++; i < end && p[i] != '"' && n + 1 < POLICY_ADVISORY_LEN; i++)
		out[n++] = (char)p[i];
	out[n] = '\0';
	*pos = i + 1;
	return n > 0;
}

/* ---- Levels of one number -------------------------------------------------- */

static const struct dcap_member isv_members[] = {
	{ "isvsvn", dcap_doc_u16, 0, 0, false },
};

static void read_isv(struct dcap_doc *d, void *to, size_t arg)
{
	(void)arg;
	dcap_doc_object(d, to, isv_members, 1);
}

static void read_isv_level(
    struct dcap_doc *d, struct isv_level *level, size_t words)
{
	const struct dcap_member members[] = {
		{ "tcb", read_isv, offsetof(struct isv_level, isvsvn), 0,
		    false },
		{ "tcbDate", dcap_doc_date,
		    offsetof(struct isv_level, tcb_date), 0, false },
		{ "tcbStatus", dcap_doc_status,
		    offsetof(struct isv_level, status), words, false },
		{ "advisoryIDs", dcap_doc_advisories,
		    offsetof(struct isv_level, advisories), 0, true },
	};

	memset(level, 0, sizeof(*level));
	dcap_doc_object(d, level, members, sizeof(members) / sizeof(*members));
}

/* Move the last of n levels to its place. Equal numbers: false. */
static bool settle(struct isv_level *level, size_t n)
{
	size_t i = n - 1;
	struct isv_level last = level[i];

	for (; i > 0 && level[i - 1].isvsvn < last.isvsvn; i--)
		level[i] = level[i - 1];
	level[i] = last;
	return i == 0 || level[i - 1].isvsvn != last.isvsvn;
}

void dcap_doc_isv_levels(struct dcap_doc *d,
    struct isv_level level[TCB_MODULE_LEVELS_MAX], size_t *n, size_t words)
{
	dcap_doc_array(d);
	while (dcap_doc_more(d)) {
		if (*n == TCB_MODULE_LEVELS_MAX) {
			dcap_doc_fail(d, ERR_LIMIT, "more than 16");
			return;
		}
		read_isv_level(d, &level[*n], words);
		++*n;
		if (d->err == ERR_OK && !settle(level, *n))
			dcap_doc_fail(
			    d, ERR_FORMAT, "two levels of the same number");
	}
	if (*n == 0)
		dcap_doc_fail(d, ERR_FORMAT, "must not be empty");
}
