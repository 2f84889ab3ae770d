"""A real trained model, through the whole private path, says at temperature 0
exactly what it is known to say."""
import json
import shutil
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check, vector  # noqa: E402

BEGIN = "Once upon a time"


def main():
    with open(vector("llm/stories260K/stories260K.json"),
              encoding="utf-8") as f:
        known = json.load(f)["documented_greedy_text_llama2c"]
    for kind in ("F32", "F16"):
        service = Service("--model",
                          vector(f"llm/stories260K/stories260K-{kind}.gguf"))
        status, answer, said = service.ask("--temperature", "0",
                                           "--max-tokens", "200", BEGIN)
        check(status == 0, f"{kind}: an answer came")
        text = BEGIN + answer.rstrip("\n")
        check(len(text) > 300 and known.startswith(text),
              f"{kind}: {len(text)} bytes are the documented text")
        check("SIMULATED, NOT PRIVATE" in said, "and it says SIMULATED")
        service.stop()
        shutil.rmtree(service.home)


main()
