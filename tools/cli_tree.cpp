// SPDX-License-Identifier: Apache-2.0

#include "cli.hpp"

#include <CLI/CLI.hpp>

#include <utility>

namespace offerkit::tools {

namespace {

/// Flags of which only some words are values, whichever command they are of.
std::vector<std::string> choices_of(const CLI::Option& option) {
    for (const std::string& name : option.get_lnames()) {
        if (name == "output") return {"table", "wide", "json", "jsonl"};
        if (name == "stream") return {"both", "stdout", "stderr"};
    }
    return {};
}

FlagHelp flag_of(const CLI::Option& option) {
    FlagHelp flag;
    for (const std::string& name : option.get_snames())
        flag.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames())
        flag.names.push_back("--" + name);
    flag.help = option.get_description();
    flag.takes_value = option.get_items_expected_max() != 0;
    flag.choices = choices_of(option);
    return flag;
}

}  // namespace

CommandTree tree_of(const CLI::App& app) {
    CommandTree tree;
    tree.name = app.get_name();
    tree.help = app.get_description();
    tree.footer = app.get_footer();
    for (const CLI::Option* const option : app.get_options()) {
        if (option->get_positional()) {
            tree.words.push_back({option->get_name(true, false), option->get_description()});
        } else {
            tree.flags.push_back(flag_of(*option));
        }
    }
    for (const CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; }))
        tree.commands.push_back(tree_of(*command));
    return tree;
}

}  // namespace offerkit::tools
