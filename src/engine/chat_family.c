/*
 * The families. `says` holds canonical text (chat_detect.c) of the turns that a
 * row renders, so a template that renders them otherwise is another family.
 */
#include "engine/chat_family.h"

#define CHATML_TURN                                                            \
	"'<|im_start|>'+message.role+'\n'+message.content+'<|im_end|>\n'"
#define CHATML_TURNS                                                           \
	.system = { "<|im_start|>system\n", "<|im_end|>\n" },                  \
	.user = { "<|im_start|>user\n", "<|im_end|>\n" },                      \
	.assistant = { "<|im_start|>assistant\n", "<|im_end|>\n" },            \
	.open = "<|im_start|>assistant\n"
#define CHATML_OWN                                                             \
	{                                                                      \
		"'<|im_start|>system\n", "<|im_end|>\n'"                       \
	}
#define HERMES_MARKERS                                                         \
	"<|im_start|> <|im_end|> <tools> </tools> <tool_call> </tool_call> "   \
	"<tool_response> </tool_response> <think> </think>"
#define LLAMA3_TURN                                                            \
	"'<|start_header_id|>'+message.role+'<|end_header_id|>\n\n'+"          \
	"message.content|trim+'<|eot_id|>'"
#define LLAMA3_TURNS                                                           \
	.system = { "<|start_header_id|>system<|end_header_id|>\n\n",          \
		"<|eot_id|>" },                                                \
	.user = { "<|start_header_id|>user<|end_header_id|>\n\n",              \
		"<|eot_id|>" },                                                \
	.assistant = { "<|start_header_id|>assistant<|end_header_id|>\n\n",    \
		"<|eot_id|>" },                                                \
	.open = "<|start_header_id|>assistant<|end_header_id|>\n\n",           \
	.trim = CHAT_TRIM_ALL
#define GEMMA_TURNS                                                            \
	.user = { "<start_of_turn>user\n", "<end_of_turn>\n" },                \
	.assistant = { "<start_of_turn>model\n", "<end_of_turn>\n" },          \
	.open = "<start_of_turn>model\n", .alternate = true
#define PHI3_TURNS                                                             \
	.system = { "<|system|>\n", "<|end|>\n" },                             \
	.user = { "<|user|>\n", "<|end|>\n" },                                 \
	.assistant = { "<|assistant|>\n", "<|end|>\n" },                       \
	.open = "<|assistant|>\n"
#define GRANITE_TURNS                                                          \
	.system = { "<|start_of_role|>system<|end_of_role|>",                  \
		"<|end_of_text|>\n" },                                         \
	.user = { "<|start_of_role|>user<|end_of_role|>",                      \
		"<|end_of_text|>\n" },                                         \
	.assistant = { "<|start_of_role|>assistant<|end_of_role|>",            \
		"<|end_of_text|>\n" },                                         \
	.open = "<|start_of_role|>assistant<|end_of_role|>"
#define MISTRAL_TOOL_MARKERS                                                   \
	"[INST] [/INST] [AVAILABLE_TOOLS] [/AVAILABLE_TOOLS] [TOOL_CALLS] "    \
	"[TOOL_RESULTS] [/TOOL_RESULTS]"

const struct chat_family chat_family_tab[] = {
	{ .name = "qwen3",
	    .says = { "content.split('</think>')[-1].lstrip('\n')",
		"ns.last_query_index", "+'\n<think>\n'+reasoning_content.",
		"'\n<tool_response>\n'", "{{'<think>\n\n</think>\n\n'}}" },
	    .markers = HERMES_MARKERS,
	    CHATML_TURNS,
	    .tools = CHAT_TOOLS_HERMES,
	    .style = CHAT_QWEN3 },
	{ .name = "qwen2.5",
	    .says = { CHATML_TURN, "'\n<tool_response>\n'",
		"'\n<tool_call>\n{\"name\": \"'",
		"'\n\n# Tools\n\nYou may call one or more functions to assist",
		"'<|im_start|>assistant\n'" },
	    .markers = HERMES_MARKERS,
	    CHATML_TURNS,
	    .own = CHATML_OWN,
	    .tools = CHAT_TOOLS_HERMES },
	{ .name = "smollm3",
	    .says = { "'Knowledge Cutoff Date: June 2025\n'",
		"'Reasoning Mode: '+reasoning_mode+'\n\n'",
		"system_message.replace('/no_think','')",
		"'<|im_start|>assistant\n<think>\n\n</think>\n'+content.lstrip",
		"{{'<|im_start|>user\n'+content+'<|im_end|>\n'}}" },
	    .markers = "<|im_start|> <|im_end|> <think> </think>",
	    CHATML_TURNS,
	    .style = CHAT_SMOLLM3 },
	{ .name = "phi4",
	    .says = { "'<|im_start|>system<|im_sep|>'+message.content+"
		      "'<|im_end|>'",
		"'<|im_start|>user<|im_sep|>'+message.content+"
		"'<|im_end|><|im_start|>assistant<|im_sep|>'",
		"{{message.content+'<|im_end|>'}}" },
	    .markers = "<|im_start|> <|im_end|> <|im_sep|>",
	    .system = { "<|im_start|>system<|im_sep|>", "<|im_end|>" },
	    .user = { "<|im_start|>user<|im_sep|>",
		"<|im_end|><|im_start|>assistant<|im_sep|>" },
	    .assistant = { "", "<|im_end|>" } },
	{ .name = "chatml",
	    .says = { CHATML_TURN, "'<|im_start|>assistant\n'" },
	    .markers = "<|im_start|> <|im_end|>",
	    CHATML_TURNS,
	    .own = CHATML_OWN },
	{ .name = "llama3.1",
	    .says = { LLAMA3_TURN, "'Cutting Knowledge Date: December 2023\n'",
		"'Given the following functions, please respond with a JSON "
		"for a function call ",
		"setdate_string='26 Jul 2024'", "t|tojson(indent=4)" },
	    .markers = "<|start_header_id|> <|end_header_id|> <|eot_id|> "
		       "<|eom_id|> <|python_tag|>",
	    LLAMA3_TURNS,
	    .tools = CHAT_TOOLS_LLAMA3 },
	{ .name = "llama3",
	    .says = { LLAMA3_TURN },
	    .markers = "<|start_header_id|> <|end_header_id|> <|eot_id|> "
		       "<|begin_of_text|>",
	    LLAMA3_TURNS },
	{ .name = "gemma3",
	    .says = { "first_user_prefix=messages[0].content+'\n\n'",
		"'<start_of_turn>'+role+'\n'+"
		"(first_user_prefixifloop.firstelse'')",
		"{{message.content|trim}}", "{{'<end_of_turn>\n'}}" },
	    .markers = "<start_of_turn> <end_of_turn> <start_of_image>",
	    GEMMA_TURNS,
	    .system_at = CHAT_SYSTEM_FIRST,
	    .join = "\n\n",
	    .trim = CHAT_TRIM_USER | CHAT_TRIM_ASSISTANT },
	{ .name = "gemma",
	    .says = { "'<start_of_turn>'+role+'\n'+message.content|trim+"
		      "'<end_of_turn>\n'",
		"'System role not supported'" },
	    .markers = "<start_of_turn> <end_of_turn>",
	    GEMMA_TURNS,
	    .system_at = CHAT_SYSTEM_NONE,
	    .trim = CHAT_TRIM_ALL },
	{ .name = "phi3.5",
	    .says = { "message.role=='system'andmessage.content%}"
		      "{{'<|system|>\n'+message.content+'<|end|>\n'",
		"{{'<|user|>\n'+message.content+'<|end|>\n'}}",
		"{{'<|assistant|>\n'+message.content+'<|end|>\n'}}" },
	    .markers = "<|system|> <|user|> <|assistant|> <|end|>",
	    PHI3_TURNS,
	    .close = "{eos}" },
	{ .name = "phi3",
	    .says = { "'<|user|>\n'+message.content+"
		      "'<|end|>\n<|assistant|>\n'",
		"{{message.content+'<|end|>\n'}}" },
	    .markers = "<|user|> <|assistant|> <|end|>",
	    .user = { "<|user|>\n", "<|end|>\n<|assistant|>\n" },
	    .assistant = { "", "<|end|>\n" },
	    .system_at = CHAT_SYSTEM_FIRST,
	    .join = "\n" },
	{ .name = "phi3-role",
	    .says = { "'<|'+message.role+'|>\n'+message.content+'<|end|>\n'",
		"'<|assistant|>\n'" },
	    .markers = "<|assistant|> <|end|>",
	    PHI3_TURNS },
	{ .name = "phi4-mini",
	    .says = { "'<|'+message.role+'|>'+message.content+'<|end|>'",
		"{{'<|assistant|>'}}" },
	    .markers = "<|assistant|> <|end|> <|tool|> <|/tool|>",
	    .system = { "<|system|>", "<|end|>" },
	    .user = { "<|user|>", "<|end|>" },
	    .assistant = { "<|assistant|>", "<|end|>" },
	    .open = "<|assistant|>",
	    .close = "{eos}" },
	{ .name = "zephyr",
	    .says = { "{{'<|user|>\n'+message.content+eos_token}}\n",
		"{{'<|system|>\n'+message.content+eos_token}}\n",
		"{{'<|assistant|>\n'+message.content+eos_token}}\n",
		"{{'<|assistant|>'}}\n" },
	    .markers = "<|user|> <|system|> <|assistant|>",
	    .system = { "<|system|>\n", "{eos}\n" },
	    .user = { "<|user|>\n", "{eos}\n" },
	    .assistant = { "<|assistant|>\n", "{eos}\n" },
	    .open = "<|assistant|>\n" },
	{ .name = "llama2",
	    .says = { "'<<SYS>>\n'+system_message+'\n<</SYS>>\n\n'+"
		      "message.content",
		"bos_token+'[INST] '+content.strip()+' [/INST]'",
		"' '+content.strip()+' '+eos_token" },
	    .markers = "[INST] [/INST]",
	    .system = { "<<SYS>>\n", "\n<</SYS>>\n\n" },
	    .user = { "{bos}[INST] ", " [/INST]" },
	    .assistant = { " ", " {eos}" },
	    .system_at = CHAT_SYSTEM_FIRST,
	    .trim = CHAT_TRIM_USER | CHAT_TRIM_ASSISTANT,
	    .alternate = true },
	{ .name = "llama2-once",
	    .says = { "'<<SYS>>\n'+system_message+'\n<</SYS>>\n\n'+"
		      "message.content",
		"{{'[INST] '+content.strip()+' [/INST]'}}",
		"' '+content.strip()+' '+eos_token" },
	    .markers = "[INST] [/INST]",
	    .system = { "<<SYS>>\n", "\n<</SYS>>\n\n" },
	    .user = { "[INST] ", " [/INST]" },
	    .assistant = { " ", " {eos}" },
	    .own = { "setsystem_message='", "'%}" },
	    .system_at = CHAT_SYSTEM_FIRST,
	    .trim = CHAT_TRIM_USER | CHAT_TRIM_ASSISTANT,
	    .alternate = true },
	{ .name = "mistral-v7",
	    .says = { "'[INST] '+message.content+'[/INST]'",
		"'[SYSTEM_PROMPT] '+message.content+'[/SYSTEM_PROMPT]'",
		"' '+message.content+eos_token" },
	    .markers = "[INST] [/INST] [SYSTEM_PROMPT] [/SYSTEM_PROMPT]",
	    .system = { "[SYSTEM_PROMPT] ", "[/SYSTEM_PROMPT]" },
	    .user = { "[INST] ", "[/INST]" },
	    .assistant = { " ", "{eos}" } },
	{ .name = "mistral-v3",
	    .says = { "'[INST] '+system_message+'\n\n'+message.content+"
		      "'[/INST]'",
		"' '+message.content|trim+eos_token", "'[TOOL_CALLS] ['",
		"'[AVAILABLE_TOOLS] ['",
		"'[TOOL_RESULTS] {\"content\": '+content|string" },
	    .markers = MISTRAL_TOOL_MARKERS,
	    .user = { "[INST] ", "[/INST]" },
	    .assistant = { " ", "{eos}" },
	    .join = "\n\n",
	    .system_at = CHAT_SYSTEM_LAST,
	    .tools = CHAT_TOOLS_MISTRAL,
	    .blank = " ",
	    .trim = CHAT_TRIM_ASSISTANT,
	    .alternate = true },
	{ .name = "mistral-v3-tekken",
	    .says = { "'[INST]'+system_message+'\n\n'+message.content+"
		      "'[/INST]'",
		"{{message.content+eos_token}}", "'[TOOL_CALLS]['",
		"'[AVAILABLE_TOOLS]['",
		"'[TOOL_RESULTS]{\"content\": '+content|string" },
	    .markers = MISTRAL_TOOL_MARKERS,
	    .user = { "[INST]", "[/INST]" },
	    .assistant = { "", "{eos}" },
	    .join = "\n\n",
	    .system_at = CHAT_SYSTEM_LAST,
	    .tools = CHAT_TOOLS_MISTRAL,
	    .blank = "",
	    .alternate = true },
	{ .name = "mistral-v1",
	    .says = { "' [INST] '+system_message+'\n\n'+message.content+"
		      "' [/INST]'",
		"' [INST] '+message.content+' [/INST]'",
		"' '+message.content+eos_token" },
	    .markers = "[INST] [/INST]",
	    .user = { " [INST] ", " [/INST]" },
	    .assistant = { " ", "{eos}" },
	    .join = "\n\n",
	    .system_at = CHAT_SYSTEM_FIRST,
	    .alternate = true },
	{ .name = "mistral",
	    .says = { "{{'[INST] '+message.content+' [/INST]'}}",
		"{{message.content+eos_token}}",
		"'Only user and assistant roles are supported!'" },
	    .markers = "[INST] [/INST]",
	    .user = { "[INST] ", " [/INST]" },
	    .assistant = { "", "{eos}" },
	    .join = "\n",
	    .system_at = CHAT_SYSTEM_FIRST,
	    .alternate = true },
	{ .name = "vicuna",
	    .says = { "{{''+message.content+'\n\n'}}",
		"{{'USER: '+message.content+'\n'}}",
		"{{'ASSISTANT: '+message.content+'</s>\n'}}",
		"{{'ASSISTANT:'}}" },
	    .markers = "</s>",
	    .system = { "", "\n\n" },
	    .user = { "USER: ", "\n" },
	    .assistant = { "ASSISTANT: ", "</s>\n" },
	    .open = "ASSISTANT:" },
	{ .name = "vicuna-orca",
	    .says = { "{{'SYSTEM: '+message.content+'\n'}}",
		"{{'USER: '+message.content+'\n'}}",
		"{{'ASSISTANT: '+message.content+'</s>\n'}}",
		"{{'ASSISTANT:'}}" },
	    .markers = "</s>",
	    .system = { "SYSTEM: ", "\n" },
	    .user = { "USER: ", "\n" },
	    .assistant = { "ASSISTANT: ", "</s>\n" },
	    .open = "ASSISTANT:" },
	{ .name = "deepseek",
	    .says = { "{{'### Instruction:\n'+message.content+'\n'}}",
		"{{'### Response:\n'+message.content+'\n<|EOT|>\n'}}",
		"{{'### Response:'}}" },
	    .markers = "<|EOT|>",
	    .system = { "", "" },
	    .user = { "### Instruction:\n", "\n" },
	    .assistant = { "### Response:\n", "\n<|EOT|>\n" },
	    .open = "### Response:\n",
	    .own = { "{%ifnotns.found%}\n{{'", "'}}" } },
	{ .name = "deepseek2",
	    .says = { "{{'User: '+message.content+'\n\n'}}",
		"{{'Assistant: '+message.content+eos_token}}",
		"{{message.content+'\n\n'}}", "{{'Assistant:'}}" },
	    .system = { "", "\n\n" },
	    .user = { "User: ", "\n\n" },
	    .assistant = { "Assistant: ", "{eos}" },
	    .open = "Assistant:" },
	{ .name = "openchat",
	    .says = { "'GPT4 Correct '+message.role.title()+': '+"
		      "message.content+'<|end_of_turn|>'",
		"'GPT4 Correct Assistant:'" },
	    .markers = "<|end_of_turn|>",
	    .system = { "GPT4 Correct System: ", "<|end_of_turn|>" },
	    .user = { "GPT4 Correct User: ", "<|end_of_turn|>" },
	    .assistant = { "GPT4 Correct Assistant: ", "<|end_of_turn|>" },
	    .open = "GPT4 Correct Assistant:" },
	{ .name = "granite",
	    .says = { "{{'<|start_of_role|>system<|end_of_role|>'+"
		      "message.content+'<|end_of_text|>\n'}}",
		"{{'<|start_of_role|>user<|end_of_role|>'+message.content+"
		"'<|end_of_text|>\n'}}",
		"{{'<|start_of_role|>available_tools<|end_of_role|>\n'}}",
		"{{'<|start_of_role|>assistant<|end_of_role|><|tool_call|>'+"
		"message.content+",
		"{{'<|start_of_role|>tool_response<|end_of_role|>'+" },
	    .markers = "<|start_of_role|> <|end_of_role|> <|end_of_text|> "
		       "<|tool_call|>",
	    GRANITE_TURNS,
	    .tools = CHAT_TOOLS_GRANITE },
	{ .name = "granite-role",
	    .says = { "{{'<|start_of_role|>'+message.role+'<|end_of_role|>'+"
		      "message.content+'<|end_of_text|>\n'}}",
		"{{'<|start_of_role|>assistant<|end_of_role|>'}}" },
	    .markers = "<|start_of_role|> <|end_of_role|> <|end_of_text|> "
		       "<|tool_call|>",
	    GRANITE_TURNS },
	{ .name = "command-r",
	    .says = { "'<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>'+"
		      "system_message+'<|END_OF_TURN_TOKEN|>'",
		"'<|START_OF_TURN_TOKEN|><|USER_TOKEN|>'+content.strip()+"
		"'<|END_OF_TURN_TOKEN|>'",
		"'<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>'+content.strip()+"
		"'<|END_OF_TURN_TOKEN|>'",
		"{%eliffalse==true%}" },
	    .markers = "<|START_OF_TURN_TOKEN|> <|END_OF_TURN_TOKEN|> "
		       "<|SYSTEM_TOKEN|> <|USER_TOKEN|> <|CHATBOT_TOKEN|>",
	    .system = { "<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>",
		"<|END_OF_TURN_TOKEN|>" },
	    .user = { "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>",
		"<|END_OF_TURN_TOKEN|>" },
	    .assistant = { "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
		"<|END_OF_TURN_TOKEN|>" },
	    .open = "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>",
	    .trim = CHAT_TRIM_USER | CHAT_TRIM_ASSISTANT,
	    .alternate = true },
	{ .name = "megrez",
	    .says = { "'<|role_start|>'+message.role+'<|role_end|>'+"
		      "message.content+'<|turn_end|>'",
		"'<|role_start|>assistant<|role_end|>'" },
	    .markers = "<|role_start|> <|role_end|> <|turn_end|>",
	    .system = { "<|role_start|>system<|role_end|>", "<|turn_end|>" },
	    .user = { "<|role_start|>user<|role_end|>", "<|turn_end|>" },
	    .assistant = { "<|role_start|>assistant<|role_end|>",
		"<|turn_end|>" },
	    .open = "<|role_start|>assistant<|role_end|>",
	    .own = { "'<|role_start|>system<|role_end|>", "<|turn_end|>'" } },
	{ .name = "monarch",
	    .says = { "{{bos_token+message.role+'\n'+message.content+eos_token+"
		      "'\n'}}",
		"{{bos_token+'assistant\n'}}" },
	    .system = { "{bos}system\n", "{eos}\n" },
	    .user = { "{bos}user\n", "{eos}\n" },
	    .assistant = { "{bos}assistant\n", "{eos}\n" },
	    .open = "{bos}assistant\n" },
};

const uint32_t chat_family_n =
    sizeof(chat_family_tab) / sizeof(chat_family_tab[0]);
