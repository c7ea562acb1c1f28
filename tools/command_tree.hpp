// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The commands and flags as plain data, read off the same definitions that `--help` shows.

#include <string>
#include <string_view>
#include <vector>

namespace offerkit::tools {

struct FlagHelp {
    std::vector<std::string> names;  // "-o", "--output"
    std::string help;
    bool takes_value = false;
    std::vector<std::string> choices;  // Values, if only some words are.
};

struct WordHelp {
    std::string name;
    std::string help;
};

struct CommandTree {
    std::string name;
    std::string help;
    std::string footer;  // Examples, exit codes.
    std::vector<FlagHelp> flags;
    std::vector<WordHelp> words;  // Positional.
    std::vector<CommandTree> commands;

    [[nodiscard]] const CommandTree* find(std::string_view command) const {
        for (const CommandTree& each : commands) {
            if (each.name == command) return &each;
        }
        return nullptr;
    }
    [[nodiscard]] const FlagHelp* find_flag(std::string_view flag) const {
        for (const FlagHelp& each : flags) {
            for (const std::string& name : each.names)
                if (name == flag) return &each;
        }
        return nullptr;
    }
};

/// The first word or flag that is not known, with what was probably meant; empty if all are.
[[nodiscard]] std::string find_unknown(const CommandTree& tree, int argc, const char* const* argv);

/// `shell`: bash, zsh or fish.
[[nodiscard]] std::string completions(const CommandTree& tree, std::string_view shell);

/// In the format of man(7): of the tool, or of one of its commands.
[[nodiscard]] std::string manual_page(const CommandTree& tree, const CommandTree& of,
                                      std::string_view version);

}  // namespace offerkit::tools
