// SPDX-License-Identifier: Apache-2.0

/// The command line: read, refused, or done.

#include "cli.hpp"

#include <offerkit/version.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdio>
#include <string>

namespace offerkit::tools {

namespace {

int run_checked(Options& options) {
    const bool file = !options.run.jobs_file.empty();
    if (file == !options.run.argv.empty()) {
        return fail(exit_usage, file ? "run: give --jobs FILE or a command, not both"
                                     : "run: give a command after --, or --jobs FILE");
    }
    options.run.access = options.access;
    return run(options.run);
}

int print_man(const CommandTree& tree, const std::string& page) {
    const CommandTree* const of = page.empty() ? &tree : tree.find(page);
    if (of == nullptr) return fail(exit_usage, "man: there is no command " + page.substr(0, 64));
    std::fputs(manual_page(tree, *of, version_text).c_str(), stdout);
    return exit_done;
}

/// Hands a command what all commands have in common.
template <class Command>
int with_access(Options& options, Command& command, int (*call)(const Command&)) {
    command.access = options.access;
    command.output = options.output;
    return call(command);
}

int dispatch(const CLI::App& app, const CommandTree& tree, Options& options) {
    const bool json = is_for_programs(options.output);
    const std::string name = app.get_subcommands().front()->get_name();
    if (name == "dev") return dev(options.dev);
    if (name == "run") return run_checked(options);
    if (name == "why") return with_access(options, options.why, why);
    if (name == "events") return with_access(options, options.events, events);
    if (name == "top") return with_access(options, options.top, top);
    if (name == "quota") return with_access(options, options.quota, quota);
    if (name == "logs") {
        options.logs.access = options.access;
        return logs(options.logs);
    }
    if (name == "agent") {
        options.agent.access = options.access;
        options.agent.json = json;
        return agent(options.agent);
    }
    if (name == "registry") {
        options.registry.json = json;
        return registry(options.registry);
    }
    if (name == "replay") {
        options.replay.json = json;
        return replay(options.replay);
    }
    if (name == "man") return print_man(tree, options.page);
    if (name == "completions") {
        std::fputs(completions(tree, options.shell).c_str(), stdout);
        return exit_done;
    }
    return with_access(options, options.list, list);
}

}  // namespace

int fail(int code, const std::string& text) {
    std::fprintf(stderr, "offerkit: %s\n", text.c_str());
    return code;
}

int main_with(int argc, char** argv) {
    CLI::App app{"OfferKit: an offer-based cluster manager", "offerkit"};
    app.set_version_flag("--version", std::string("offerkit ") + version_text);
    Options options;
    add_commands(app, options);
    const CommandTree tree = tree_of(app);
    if (const std::string unknown = find_unknown(tree, argc, argv); !unknown.empty()) {
        return fail(exit_usage, unknown);
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version.
        std::string text = error.what();
        std::ranges::replace(text, '\n', ' ');
        return fail(exit_usage, text + "; see offerkit --help");
    }
    return dispatch(app, tree, options);
}

}  // namespace offerkit::tools
