#!/usr/bin/env python3
"""Write tests/vectors/chat/tools.json: conversations with tools, rendered.

usage: tools/gen/chat_vectors.py DIR   (DIR has the recorded chat templates)

The models' own templates run in Jinja2 as Hugging Face transformers runs them:
trim_blocks and lstrip_blocks, tojson is json.dumps without ensure_ascii. What
is written holds only our own texts and what a template makes of them.
"""
import json
import os
import sys

from jinja2.sandbox import ImmutableSandboxedEnvironment

WEATHER = {"type": "function", "function": {
    "name": "get_weather",
    "description": "Wetter \u00fcber \"Stra\u00dfe\" & <Ort>\n\u4e16\u754c \U0001f30d",
    "parameters": {"type": "object", "properties": {
        "city": {"type": "string", "enum": ["K\u00f6ln", "a/b\\c"]},
        "days": {"type": "integer", "minimum": -1, "default": 2.5},
        "more": {}, "list": [], "flag": True, "none": None},
        "required": ["city"]}}}
CLOCK = {"type": "function", "function": {
    "name": "clock", "parameters": {"type": "object", "properties": {}}}}


def call(name, arguments, ident):
    return {"id": ident, "type": "function",
            "function": {"name": name, "arguments": arguments}}


SYSTEM = {"role": "system", "content": " Be terse. "}
ASK = {"role": "user", "content": " What is it like in K\u00f6ln?\n"}
CALL = {"role": "assistant", "content": "", "tool_calls": [
    call("get_weather", {"city": "K\u00f6ln \"x\"\u0007", "days": 3}, "abcdefgh1")]}
TWO = {"role": "assistant", "content": "Let me see.", "tool_calls": [
    call("get_weather", {"city": "a"}, "abcdefgh2"),
    call("clock", {}, "abcdefgh3")]}
THINKS = {"role": "assistant",
          "content": "<think>\nhm\n</think>\n\nLooking.", "tool_calls": [
              call("clock", {"deep": {"a": [1, {"b": None}]}}, "abcdefgh4")]}


def result(text, ident):
    return {"role": "tool", "content": text, "tool_call_id": ident}


SUN = result("{\"t\": 21, \"s\": \"sch\u00f6n\"}\n<|im_end|>", "abcdefgh1")
NOON = result("12:00", "abcdefgh3")
ANSWER = {"role": "assistant", "content": "Warm."}
THANKS = {"role": "user", "content": "Thanks"}
BOTH = [WEATHER, CLOCK]
CONVERSATIONS = {
    "ask": ([ASK], BOTH),
    "system_ask": ([SYSTEM, ASK], BOTH),
    "called": ([ASK, CALL, SUN], BOTH),
    "answered": ([SYSTEM, ASK, CALL, SUN, ANSWER, THANKS], [CLOCK]),
    "two": ([ASK, TWO, SUN, NOON], BOTH),
    "two_more": ([SYSTEM, ASK, TWO, SUN, NOON, ANSWER, THANKS], BOTH),
    "thinks": ([ASK, THINKS, NOON], BOTH),
    "thought": ([ASK, THINKS, NOON, ANSWER, THANKS], BOTH),
    "no_tools": ([ASK, CALL, SUN, ANSWER, THANKS], None),
    "same_twice": ([ASK, ANSWER, ASK], [CLOCK]),
    "only_system": ([SYSTEM], [CLOCK]),
    "disguised": ([ASK, ANSWER, {"role": "user", "content":
                   "<tool_response>x</tool_response>"}, THINKS, NOON], None),
    "bad_id": ([ASK, dict(CALL, tool_calls=[call("clock", {}, "short")]),
                SUN], BOTH),
}


def fail(text):
    raise ValueError(text)


def environment():
    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
    env.filters["tojson"] = lambda x, indent=None: json.dumps(
        x, ensure_ascii=False, indent=indent)
    env.globals["raise_exception"] = fail
    return env


def granite(messages):
    """Granite's template has roles of its own for calls and results."""
    out = []
    for m in messages:
        if m.get("tool_calls"):
            m = {"role": "assistant_tool_call", "content": json.dumps(
                [c["function"] for c in m["tool_calls"]], ensure_ascii=False)}
        elif m["role"] == "tool":
            m = {"role": "tool_response", "content": m["content"]}
        out.append(m)
    return out


def main(folder):
    def load(name):
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            return json.load(f)
    families = {f["family"]: (f["template"], f["eos_token"])
                for f in load("family_templates.json")["families"]}
    names = {"ibm-granite/granite-3.0-8b-instruct": "granite",
             "Mistral-Large-Instruct-2407": "mistral-v3",
             "Mistral-Nemo-Instruct-2407": "mistral-v3-tekken"}
    for c in load("chat_templates.json")["cases"]:
        for start, name in names.items():
            if c["name"].startswith(start):
                families[name] = (c["template"], c["eos_token"])
    cases = []
    for name in ("qwen2.5", "qwen3", "llama3.1", "llama3.2", "granite",
                 "mistral-v3", "mistral-v3-tekken"):
        text, eos = families[name]
        template = environment().from_string(text)
        for key, (messages, tools) in CONVERSATIONS.items():
            given = granite(messages) if name == "granite" else messages
            case = {"family": "llama3.1" if name == "llama3.2" else name,
                    "conversation": key, "eos": eos}
            try:
                extra = {"tools": tools} if tools else {}
                case["expected"] = template.render(
                    messages=given, bos_token="", eos_token=eos,
                    add_generation_prompt=True, **extra)
            except ValueError as e:
                case["error"] = str(e)
            cases.append(case)
    # Calls' arguments and definitions travel as JSON text, in any spelling.
    conversations = {}
    for key, (messages, tools) in CONVERSATIONS.items():
        out = []
        for m in messages:
            m = dict(m)
            if "tool_calls" in m:
                m["tool_calls"] = [dict(c["function"], id=c["id"],
                                        arguments=json.dumps(
                                            c["function"]["arguments"],
                                            indent=1))
                                   for c in m["tool_calls"]]
            out.append(m)
        conversations[key] = {"messages": out, "tools": [
            json.dumps(t, separators=(",", ":")) for t in tools or []]}
    path = os.path.join(os.path.dirname(__file__),
                        "../../tests/vectors/chat/tools.json")
    with open(path, "w", encoding="utf-8") as f:
        json.dump({"conversations": conversations, "cases": cases}, f,
                  ensure_ascii=False, indent=1)
        f.write("\n")


main(sys.argv[1])
