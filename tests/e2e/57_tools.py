"""Requests as a developer writes them: tools, forms, likelihoods, reasoning.

The model is the bundled one under the template of a family that has tools. It
knows nothing of them: what must be a call is one because nothing else can come.
"""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, "tests/e2e/lib")
from confer import Service, check, skip, vector  # noqa: E402
from gguf import with_keys  # noqa: E402
import model  # noqa: E402

TMP = os.environ["TMPDIR"]
QUESTION = {"role": "user", "content": "How warm is it in Rome?"}
WEATHER = {"name": "weather", "description": "The weather of a place",
           "parameters": {
               "type": "object", "required": ["place", "unit"],
               "additionalProperties": False,
               "properties": {
                   "place": {"type": "string", "maxLength": 10},
                   "unit": {"enum": ["C", "F"]},
                   "days": {"type": "integer", "minimum": 1,
                            "maximum": 7}}}}
CLOCK = {"name": "clock", "parameters": {"type": "object", "properties": {
    "zone": {"type": "string", "maxLength": 8}}, "required": ["zone"]}}
TOOLS = [{"type": "function", "function": f} for f in (WEATHER, CLOCK)]
WITH = {"temperature": 1, "seed": 3, "max_tokens": 250, "tools": TOOLS}


def serve(family):
    """The bundled model with this family's template."""
    with open(vector("llm/chat/family_templates.json"), encoding="utf-8") as f:
        template = next(x["template"] for x in json.load(f)["families"]
                        if x["family"] == family)
    with open(model.path(), "rb") as f:
        data = with_keys(f.read(), {"tokenizer.chat_template": template,
                                    "llama.context_length": 4096})
    path = os.path.join(TMP, f"{family}.gguf")
    with open(path, "wb") as f:
        f.write(data)
    return Service("--model", path, home=os.path.join(TMP, family))


def send(service, *requests):
    """What came of each: {"text", "reasoning", "result"}"""
    bodies = [{"messages": [QUESTION], **r} for r in requests]
    p = subprocess.run(
        ["node", "tests/interop/client.mjs", "--connect", service.address,
         "--trust", os.path.join(service.home, "up", "trust"),
         "--accept-simulated", "--requests", json.dumps(bodies)],
        capture_output=True, timeout=300, check=False)
    check(p.returncode == 0, f"{len(bodies)} requests {p.stderr.decode()}")
    return json.loads(p.stdout)


def choice(got):
    if "error" in got["result"]:
        check(False, f"no error: {got['result']}")
    return got["result"]["choices"][0]


def check_call(got, names):
    """The one call of an answer: it fits its tool's schema."""
    one = choice(got)
    calls = one["message"].get("tool_calls", [])
    check(one["finish_reason"] == "tool_calls" and len(calls) == 1 and
          one["message"]["content"] is None, "one call and no text")
    call = calls[0]
    args = json.loads(call["function"]["arguments"])
    name = call["function"]["name"]
    check(call["id"].startswith("call_") and call["type"] == "function" and
          name in names, f"a call: {name}({args})")
    if name == "weather":
        check(isinstance(args["place"], str) and len(args["place"]) <= 10 and
              args["unit"] in ("C", "F") and
              1 <= args.get("days", 1) <= 7 and
              not set(args) - {"place", "unit", "days"}, "which fits")
    else:
        check(isinstance(args["zone"], str), "which fits")
    return call


def tools(service):
    named = {"type": "function", "function": {"name": "clock"}}
    some, clock, streamed, never = send(
        service, {**WITH, "tool_choice": "required"},
        {**WITH, "tool_choice": named},
        {**WITH, "tool_choice": "required", "stream": True},
        {**WITH, "tool_choice": "none", "max_tokens": 8})
    call = check_call(some, ("weather", "clock"))
    check_call(clock, ("clock",))
    again = check_call(streamed, ("weather", "clock"))
    check(again["function"] == call["function"] and not streamed["text"],
          "streamed it is the same, and no text came")
    check("tool_calls" not in choice(never)["message"], "none is none")
    turn, = send(service, {"max_tokens": 5, "tools": TOOLS, "messages": [
        QUESTION, {"role": "assistant", "content": None,
                   "tool_calls": [call]},
        {"role": "tool", "tool_call_id": call["id"], "content": "21"}]})
    check(turn["result"]["usage"]["prompt_tokens"] >
          some["result"]["usage"]["prompt_tokens"],
          "its result goes back as a turn")


def forms(service):
    shape = {"type": "object", "required": ["n"], "properties": {
        "n": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}}}
    schema = {"type": "json_schema",
              "json_schema": {"name": "x", "schema": shape}}
    odd = {"type": "json_schema", "json_schema": {
        "name": "x", "schema": {"type": "object", "patternProperties": {}}}}
    fits, free, told, two, refused = send(
        service, {"temperature": 1, "max_tokens": 200,
                  "response_format": schema},
        {"temperature": 1, "max_tokens": 60,
         "response_format": {"type": "json_object"}},
        {"temperature": 0, "max_tokens": 4, "logprobs": True,
         "top_logprobs": 3, "colour": "blue", "mood": 1},
        {"n": 2}, {"response_format": odd})
    got = json.loads(choice(fits)["message"]["content"])
    check(set(got) == {"n"} and len(got["n"]) <= 3 and
          all(isinstance(x, int) for x in got["n"]), f"a schema: {got}")
    check(choice(free)["message"]["content"].lstrip().startswith("{"),
          "some object")
    likely = choice(told)["logprobs"]["content"]
    check(len(likely) == 4 and all(
        t["top_logprobs"][0]["logprob"] == t["logprob"] <= 0 and
        len(t["top_logprobs"]) == 3 for t in likely),
        "the greedy token is the likeliest")
    check(told["result"]["confer_ignored"] == ["colour", "mood"],
          "unknown fields are named")
    check(two["result"]["error"]["param"] == "n", "one answer at a time: " +
          two["result"]["error"]["message"])
    check(refused["result"]["error"]["param"] == "response_format",
          "what cannot be enforced: " + refused["result"]["error"]["message"])


def reasoning(service):
    """What is thought, if anything, is in one place only."""
    ask = {"temperature": 0, "max_tokens": 12, "logit_bias": {}}
    shown, hidden, whole, off = send(
        service, {**ask, "stream": True,
                  "stream_options": {"include_reasoning": True}},
        {**ask, "stream": True}, ask,
        {**ask, "reasoning_effort": "none"})
    said = [choice(x)["message"] for x in (shown, hidden, whole, off)]
    check(said[2].get("reasoning_content", "") == shown["reasoning"],
          f"REASONING is the result's reasoning_content: {said[2]}")
    check(not hidden["reasoning"] and hidden["text"] == shown["text"],
          "which comes only where it is asked for")
    check("reasoning_content" not in said[3], "and not at all without")


def main():
    if not shutil.which("node"):
        skip("node is not on this machine")
    if not model.bundled():
        skip("the bundled model is not on this machine")
    service = serve("qwen2.5")
    tools(service)
    forms(service)
    service.stop()
    service = serve("qwen3")
    check_call(send(service, {**WITH, "tool_choice": "required"})[0],
               ("weather", "clock"))
    reasoning(service)
    service.stop()


main()
