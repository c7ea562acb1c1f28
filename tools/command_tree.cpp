// SPDX-License-Identifier: Apache-2.0

#include "command_tree.hpp"

#include <offerkit/core/nearest.hpp>

namespace offerkit::tools {

namespace {

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& words) {
    const std::string_view near = nearest(word, words);
    return near.empty() ? "" : ", did you mean " + std::string(near) + "?";
}

std::string unknown_command(const CommandTree& at, std::string_view word) {
    std::vector<std::string_view> names;
    for (const CommandTree& command : at.commands)
        names.push_back(command.name);
    return "command " + std::string(word.substr(0, 64)) + " is not known" +
           did_you_mean(word, names) + "; offerkit --help lists what there is";
}

std::string unknown_flag(const CommandTree& at, const std::string& path, std::string_view flag) {
    std::vector<std::string_view> names;
    for (const FlagHelp& each : at.flags)
        names.insert(names.end(), each.names.begin(), each.names.end());
    return path + ": flag " + std::string(flag.substr(0, 64)) + " is not known" +
           did_you_mean(flag, names) + "; " + path + " --help lists what there is";
}

}  // namespace

std::string find_unknown(const CommandTree& tree, int argc, const char* const* argv) {
    const CommandTree* at = &tree;
    std::string path = "offerkit";
    for (int i = 1; i < argc; ++i) {
        const std::string_view word = argv[i];
        if (word == "--") return {};
        if (word.size() > 1 && word.front() == '-') {
            // "--flag=value", and letters in one: "-ojson".
            const bool is_long = word.starts_with("--");
            const std::string_view flag = word.substr(0, is_long ? word.find('=') : 2);
            const FlagHelp* const known = at->find_flag(flag);
            if (known == nullptr) return unknown_flag(*at, path, flag);
            if (known->takes_value && flag.size() == word.size()) ++i;
        } else if (!at->commands.empty()) {
            const CommandTree* const command = at->find(word);
            if (command == nullptr) return unknown_command(*at, word);
            at = command;
            path += " " + at->name;
        }
    }
    return {};
}

}  // namespace offerkit::tools
