"""Which model the scripts serve: the bundled one, else a vector, else none."""
import os

from confer import BUILD, VECTORS, skip


def options():
    """Arguments of `confer up`."""
    for place in ("../model", "../../model"):
        if os.path.exists(os.path.join(BUILD, place, "confer-demo.gguf")):
            return []
    stories = os.path.join(VECTORS, "llm/stories260K/stories260K-F32.gguf")
    if not os.path.exists(stories):
        skip("there is neither the bundled model nor a vector")
    return ["--model", os.path.abspath(stories)]
