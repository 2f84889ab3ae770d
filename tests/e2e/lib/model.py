"""Which model the scripts serve: the bundled one, else a vector, else none."""
import os

from confer import BUILD, VECTORS, skip


def bundled():
    """Its path, or None."""
    for place in ("../model", "../../model"):
        found = os.path.join(BUILD, place, "confer-demo.gguf")
        if os.path.exists(found):
            return os.path.abspath(found)
    return None


def path():
    """A model's path, for programs that have no default."""
    stories = os.path.join(VECTORS, "llm/stories260K/stories260K-F32.gguf")
    found = bundled() or os.path.abspath(stories)
    if not os.path.exists(found):
        skip("there is neither the bundled model nor a vector")
    return found


def options():
    """Arguments of `confer up`."""
    return [] if bundled() else ["--model", path()]
