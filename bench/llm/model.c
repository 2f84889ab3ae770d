/* llm-model SHAPE MIX FILE: a model with random weights (model.h). */
#include <stdio.h>

#include "llm/model.h"

static int usage(void)
{
	const struct llm_shape *s;

	fprintf(stderr, "usage: llm-model SHAPE MIX FILE\nshapes:");
	for (size_t i = 0; (s = llm_shape_at(i)) != NULL; i++)
		fprintf(stderr, " %s", s->name);
	fprintf(stderr, "\nmixes:");
	for (unsigned m = 0; m < LLM_MIX_N; m++)
		fprintf(stderr, " %s", llm_mix_name((enum llm_mix)m));
	fprintf(stderr, "\n");
	return 1;
}

int main(int argc, char **argv)
{
	const struct llm_shape *s = argc == 4 ? llm_shape_find(argv[1]) : NULL;
	const enum llm_mix mix = argc == 4 ? llm_mix_find(argv[2]) : LLM_MIX_N;

	if (s == NULL || mix == LLM_MIX_N)
		return usage();
	if (!llm_model_write(argv[3], s, mix)) {
		fprintf(stderr, "llm-model: %s cannot be written\n", argv[3]);
		return 1;
	}
	return 0;
}
