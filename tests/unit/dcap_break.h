/*
 * Breaking one thing of a synthetic Intel and seeing which check notices:
 *
 *	begin();
 *	w.leaf.bad_sig = true;
 *	made_forged(CHECK_CHAIN, "PCK certificate");
 */
#ifndef CONFER_TESTS_UNIT_DCAP_BREAK_H
#define CONFER_TESTS_UNIT_DCAP_BREAK_H

#include "dcap_judge.h"
#include "dcap_world.h"

static struct dcap_world w;
static struct dcap_judged judged;

/* The kinds of evidence that exist. */
static const struct kind {
	uint16_t version;
	enum dcap_tee tee;
	bool is_15;
	bool by_processor;
} kinds[] = {
	{ 4, DCAP_TEE_TDX, false, false },
	{ 3, DCAP_TEE_SGX, false, false },
	{ 3, DCAP_TEE_SGX, false, true },
	{ 5, DCAP_TEE_SGX, false, true },
	{ 5, DCAP_TEE_TDX, false, false },
	{ 5, DCAP_TEE_TDX, true, false },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* A world of this kind, ready to be changed. */
static inline void begin_kind(const struct kind *k)
{
	pki_reset();
	w.by_processor = k->by_processor;
	dcap_world_init(&w, k->version, k->tee, k->is_15);
}

/* TDX, version 4. */
static inline void begin(void)
{
	begin_kind(&kinds[0]);
}

static inline void judge(void)
{
	dcap_judge_init(&judged, &w.ev, w.q.tee, w.roots, PKI_NOW);
	dcap_judge_table_1(&judged);
	dcap_judge_conclude(&judged);
}

/* Everything passes. */
static inline void accepted(void)
{
	judge();
	dcap_judge_expect_passed(&judged);
}

/* Judge what stands in w.ev. */
static inline void refused(uint8_t id, enum err want, const char *text)
{
	judge();
	dcap_judge_expect(&judged, id, want, text);
}

/* Make the evidence of what stands in w, and judge it. */
static inline void made_refused(uint8_t id, enum err want, const char *text)
{
	dcap_world_make(&w);
	refused(id, want, text);
}

static inline void made_accepted(void)
{
	dcap_world_make(&w);
	accepted();
}

/* The signature of this obligation is a wrong one. */
static inline void made_forged(uint8_t id, const char *what)
{
	char text[64];

	(void)snprintf(
	    text, sizeof(text), "%s: the signature does not verify", what);
	made_refused(id, ERR_AUTH, text);
}

#endif
