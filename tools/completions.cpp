// SPDX-License-Identifier: Apache-2.0

/// What shells need to complete commands, flags, values and ids.

#include "command_tree.hpp"

#include <functional>

namespace offerkit::tools {

namespace {

using Visit = std::function<void(const CommandTree& command, const std::string& path)>;

/// Each command with the words that lead to it, the tool itself with none.
void for_each_command(const CommandTree& tree, const std::string& path, const Visit& visit) {
    visit(tree, path);
    for (const CommandTree& command : tree.commands) {
        for_each_command(command, path.empty() ? command.name : path + " " + command.name, visit);
    }
}

/// In single quotes, for any shell.
std::string quoted(std::string_view text) {
    std::string result = "'";
    for (const char c : text)
        c == '\'' ? result += "'\\''" : result += c;
    return result + "'";
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text;
}

/// What may stand next, without ids.
std::vector<std::string> next_words(const CommandTree& command) {
    std::vector<std::string> words;
    for (const CommandTree& each : command.commands)
        words.push_back(each.name);
    for (const FlagHelp& flag : command.flags)
        words.insert(words.end(), flag.names.begin(), flag.names.end());
    return words;
}

/// The list whose ids the command takes; empty: none.
std::string ids_of(const CommandTree& command) {
    for (const WordHelp& word : command.words) {
        if (word.name == "agent") return "agents";
        if (word.name == "tasks" || word.name == "what") return "tasks";
    }
    return {};
}

std::string ids_command(const std::string& list) {
    // Each line of jsonl begins with the id.
    return "$(offerkit " + list +
           " -o jsonl 2>/dev/null | sed 's/^{\"id\":\"\\([^\"]*\\)\".*/\\1/')";
}

/// Walks the words before the cursor: what bash and zsh have in common.
std::string path_cases(const CommandTree& tree) {
    std::string text;
    for_each_command(tree, "", [&](const CommandTree&, const std::string& path) {
        if (path.empty()) return;
        const std::size_t space = path.rfind(' ');
        const std::string before = space == std::string::npos ? "" : path.substr(0, space);
        const std::string last = space == std::string::npos ? path : path.substr(space + 1);
        text += "      " + quoted(before + "/" + last) + ") path=" + quoted(path) + " ;;\n";
    });
    return text;
}

std::string value_cases(const CommandTree& tree) {
    std::string text;
    std::string seen = " ";
    for_each_command(tree, "", [&](const CommandTree& command, const std::string&) {
        for (const FlagHelp& flag : command.flags) {
            if (!flag.takes_value ||
                seen.find(" " + flag.names.back() + " ") != std::string::npos) {
                continue;
            }
            seen += flag.names.back() + " ";
            std::string names;
            for (const std::string& name : flag.names)
                names += (names.empty() ? "" : "|") + name;
            text += "    " + names + ") ";
            text += flag.choices.empty() ? "COMPREPLY=($(compgen -f -- \"$cur\"))"
                                         : "COMPREPLY=($(compgen -W " +
                                               quoted(joined(flag.choices)) + " -- \"$cur\"))";
            text += "; return ;;\n";
        }
    });
    return text;
}

std::string bash(const CommandTree& tree) {
    std::string text =
        "# bash completion for offerkit; made by: offerkit completions bash\n"
        "_offerkit() {\n"
        "  local cur=${COMP_WORDS[COMP_CWORD]} path= words= i\n"
        "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
        "    [[ ${COMP_WORDS[i]} == -- ]] && return\n"
        "    case \"$path/${COMP_WORDS[i]}\" in\n" +
        path_cases(tree) +
        "    esac\n"
        "  done\n"
        "  case ${COMP_WORDS[COMP_CWORD-1]} in\n" +
        value_cases(tree) +
        "  esac\n"
        "  case \"$path\" in\n";
    for_each_command(tree, "", [&](const CommandTree& command, const std::string& path) {
        text += "    " + quoted(path) + ") words=" + quoted(joined(next_words(command)));
        if (const std::string list = ids_of(command); !list.empty()) {
            text += "; [[ $cur == -* ]] || words+=\" " + ids_command(list) + "\"";
        }
        text += " ;;\n";
    });
    return text +
           "  esac\n"
           "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
           "}\n"
           "complete -F _offerkit offerkit\n";
}

/// "word:help" for _describe, whose colons are its own.
std::string described(std::string_view word, const std::string& help) {
    std::string text;
    for (const char c : word)
        c == ':' ? text += "\\:" : text += c;
    return quoted(text + ":" + help);
}

std::string zsh(const CommandTree& tree) {
    std::string text =
        "#compdef offerkit\n"
        "# made by: offerkit completions zsh\n"
        "_offerkit() {\n"
        "  local path= word\n"
        "  local -a items\n"
        "  for word in ${words[2,CURRENT-1]}; do\n"
        "    case \"$path/$word\" in\n" +
        path_cases(tree) +
        "    esac\n"
        "  done\n"
        "  case \"$path\" in\n";
    for_each_command(tree, "", [&](const CommandTree& command, const std::string& path) {
        text += "    " + quoted(path) + ") items=(";
        for (const CommandTree& each : command.commands)
            text += "\n      " + described(each.name, each.help);
        for (const FlagHelp& flag : command.flags) {
            for (const std::string& name : flag.names)
                text += "\n      " + described(name, flag.help);
        }
        text += ")";
        if (const std::string list = ids_of(command); !list.empty()) {
            text += "; compadd -- " + ids_command(list);
        }
        text += " ;;\n";
    });
    return text +
           "  esac\n"
           "  _describe offerkit items || _files\n"
           "}\n"
           "_offerkit \"$@\"\n";
}

std::string fish(const CommandTree& tree) {
    std::string text = "# made by: offerkit completions fish\ncomplete -c offerkit -f\n";
    for_each_command(tree, "", [&](const CommandTree& command, const std::string& path) {
        std::string when = "__fish_use_subcommand";
        if (!path.empty()) {
            when = "__fish_seen_subcommand_from " + path;
            const std::size_t space = path.find(' ');
            if (space != std::string::npos) {
                when = "__fish_seen_subcommand_from " + path.substr(0, space) +
                       "; and __fish_seen_subcommand_from " + path.substr(space + 1);
            }
        }
        const std::string begin = "complete -c offerkit -n " + quoted(when);
        for (const CommandTree& each : command.commands)
            text += begin + " -a " + each.name + " -d " + quoted(each.help) + "\n";
        for (const FlagHelp& flag : command.flags) {
            text += begin;
            for (const std::string& name : flag.names) {
                text += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
            }
            if (flag.takes_value) text += flag.choices.empty() ? " -r -F" : " -x";
            if (!flag.choices.empty()) text += " -a " + quoted(joined(flag.choices));
            text += " -d " + quoted(flag.help) + "\n";
        }
        if (const std::string list = ids_of(command); !list.empty()) {
            const std::string ids = ids_command(list);
            text += begin + " -a " + quoted(ids.substr(1)) + "\n";
        }
    });
    return text;
}

}  // namespace

std::string completions(const CommandTree& tree, std::string_view shell) {
    if (shell == "bash") return bash(tree);
    return shell == "zsh" ? zsh(tree) : fish(tree);
}

}  // namespace offerkit::tools
