// SPDX-License-Identifier: Apache-2.0

/// The command line. The only file of the tool that names CLI11.

#include "commands.hpp"
#include "nearest.hpp"
#include "replay.hpp"

#include <offerkit/core/limits.hpp>
#include <offerkit/version.hpp>

#include <CLI/CLI.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>
#include <string_view>

namespace offerkit::tools {

namespace {

constexpr std::array<std::string_view, 11> commands = {"dev",        "run",    "agents", "agent",
                                                       "frameworks", "tasks",  "offers", "registry",
                                                       "quota",      "replay", "why"};

struct Options {
    AccessOptions access;
    std::string output = "table";
    ListOptions list;
    RunOptions run;
    DevOptions dev;
    RegistryOptions registry;
    ReplayCommand replay;
    AgentCommandOptions agent;
    QuotaOptions quota;
    WhyOptions why;
};

void add_access(CLI::App& command, Options& options) {
    command.add_option("--master", options.access.given.master,
                       "HOST:PORT of the master [OFFERKIT_MASTER, else that of offerkit dev]");
    command.add_option("--http", options.access.given.http,
                       "URL of the master's HTTP API [OFFERKIT_HTTP, else that of offerkit dev]");
    command.add_option("--token-file", options.access.token_file,
                       "file with the cluster's token [OFFERKIT_TOKEN_FILE, OFFERKIT_TOKEN, ...]");
}

void add_list(CLI::App& app, Options& options, const std::string& what, const std::string& help) {
    CLI::App* const command = app.add_subcommand(what, help);
    add_access(*command, options);
    command->add_option("-o,--output", options.output, "table or json [table]")
        ->check(CLI::IsMember({"table", "json"}));
    if (what == "tasks") {
        command->add_option("--framework", options.list.framework, "only tasks of this framework");
        command->add_option("--state", options.list.state, "only tasks in this state");
    }
    command->footer("Example: offerkit " + what + " -o json");
    command->callback([&options, what] { options.list.what = what; });
}

void add_output(CLI::App& command, Output& output) {
    static const std::map<std::string, Output> forms = {{"table", Output::table},
                                                        {"wide", Output::wide},
                                                        {"json", Output::json},
                                                        {"jsonl", Output::jsonl}};
    command.add_option("-o,--output", output, "table, wide, json or jsonl [table]")
        ->transform(CLI::CheckedTransformer(forms));
}

void add_why(CLI::App& app, Options& options) {
    CLI::App* const why = app.add_subcommand("why", "Why is it not running?");
    add_access(*why, options);
    WhyOptions& o = options.why;
    why->add_option("what", o.subject, "id or name of a task, a job or a framework, or a role")
        ->required();
    why->add_option("--framework", o.framework, "only of this framework");
    add_output(*why, o.output);
    why->footer(
        "Example: offerkit why f1-2 -o wide\n\n"
        "The first cause is the one to look at first. Exit code: 0 explained, 1 nothing is called "
        "that.");
}

void add_run(CLI::App& app, Options& options) {
    CLI::App* const run = app.add_subcommand("run", "Run a command, or a file of jobs, as tasks");
    add_access(*run, options);
    RunOptions& o = options.run;
    run->add_option("--name", o.name, "what listings call it");
    run->add_option("--role", o.role, "role to run in [*]");
    run->add_option("--cpus", o.cpus, "of each job that does not say [1]");
    run->add_option("--mem", o.mem_mib, "MiB of each job that does not say [128]");
    run->add_option("--env", o.environment, "KEY=VALUE, may be repeated")->allow_extra_args(false);
    run->add_option("--timeout", o.timeout, "a job that runs longer is killed, such as 10m [none]");
    CLI::Option* const jobs = run->add_option("--jobs", o.jobs_file, "JSON Lines, one job each");
    const auto of_jobs = [&](CLI::Option* option) { return option->needs(jobs); };
    of_jobs(run->add_option("--output-dir", o.output_dir,
                            "save each job's output as DIR/ID.stdout, .stderr"));
    CLI::Option* const results = of_jobs(run->add_option(
        "--results", o.results_file, "write how each job ended, as it ends, as JSON Lines"));
    of_jobs(
        run->add_flag("--resume", o.resume,
                      "go on with an earlier run: what its results say is done is not run again"))
        ->needs(results);
    of_jobs(run->add_option("--max-parallel", o.parallel_max, "jobs at once [as many as fit]"))
        ->check(CLI::PositiveNumber);
    of_jobs(run->add_option("--retries", o.retries,
                            "how often a job that fails is tried again, if it does not say [0]"))
        ->check(CLI::Range(0, limits::job_retries_max));
    of_jobs(run->add_option("--backoff", o.backoff,
                            "wait so long first, then twice as long each time, up to 5m [1s]"));
    run->add_option("command", o.argv, "the command and its arguments, after --");
    run->footer(
        "Examples: offerkit run --cpus 0.5 -- sh -c 'echo hello'\n"
        "          offerkit run --jobs jobs.jsonl --output-dir out --retries 2\n"
        "          offerkit run --jobs jobs.jsonl --results results.jsonl --resume\n\n"
        "Ctrl-C, jobs: once, no more are started and those that run may end; twice, they are "
        "killed.\n"
        "Exit code of a command: its own, 128 + N when signal N ended it, 124 when it ran for too "
        "long,\n125 when it could not run. Of a file: 0 all finished, 1 some did not, 2 nothing "
        "was "
        "run because\nsomething is wrong, 3 no cluster, 130 interrupted with jobs left.");
}

void add_dev(CLI::App& app, Options& options) {
    CLI::App* const dev = app.add_subcommand("dev", "Run a cluster on this computer until Ctrl-C");
    dev->add_option("--agents", options.dev.agents, "how many agents [1]")
        ->check(CLI::Range(1, 64));
    dev->add_option("--policy", options.dev.policy, "who is offered what first [drf]");
    dev->add_option("--resources", options.dev.resources,
                    "of each agent, such as cpus:2;mem:1024 [an equal part of this machine]");
    dev->add_option("--work-dir", options.dev.work_dir,
                    "folder for logs and sandboxes, kept [a temporary one, removed]");
    dev->footer("Example: offerkit dev --agents 3");
}

void add_registry(CLI::App& app, Options& options) {
    CLI::App* const registry =
        app.add_subcommand("registry", "What a master must not forget: look at it, save, restore");
    registry->require_subcommand(1);
    RegistryOptions& o = options.registry;
    const auto add = [&](const std::string& action, const std::string& help) {
        CLI::App* const command = registry->add_subcommand(action, help);
        command->add_option("--work-dir", o.work_dir, "of the master [./offerkit-master]");
        command->add_option("-o,--output", options.output, "table or json [table]")
            ->check(CLI::IsMember({"table", "json"}));
        command->callback([&o, action] { o.action = action; });
        return command;
    };
    add("verify", "Check every file and value; the master must not run");
    add("dump", "Print what it holds");
    add("backup", "Save it to a file, also while the master runs")
        ->add_option("FILE", o.file, "the file to write")
        ->required();
    CLI::App* const restore = add("restore", "Put a backup in its place; the master must not run");
    restore->add_option("FILE", o.file, "the backup");
    restore->add_flag("--salvage", o.salvage,
                      "instead of a backup: what the damaged one still holds whole");
    registry->footer("Example: offerkit registry backup today.backup --work-dir master");
}

void add_replay(CLI::App& app, Options& options) {
    CLI::App* const replay =
        app.add_subcommand("replay", "Run a recorded machine again, and compare");
    ReplayCommand& o = options.replay;
    replay->add_option("log", o.log, "file that a daemon wrote under --record")->required();
    replay->add_option("--until", o.until,
                       "stop after this many steps, or at this time: 75.5s, 300ms, 2min");
    replay->add_option("--break-on", o.break_on,
                       "stop after the first step with such an event or effect: agent_said, "
                       "offers, ...");
    replay->add_flag("--state", o.state, "print what the machine knows at that moment");
    replay->add_option("-o,--output", options.output, "table or json [table]")
        ->check(CLI::IsMember({"table", "json"}));
    replay->footer(
        "Example: offerkit replay record/master-1-000001.log --break-on peer_closed --state\n\n"
        "Exit code: 0 the same byte for byte, 1 it differs, 2 the log cannot be used.");
}

void add_agent_command(CLI::App& agent, Options& options, const std::string& what,
                       const std::string& help) {
    CLI::App* const command = agent.add_subcommand(what, help);
    AgentCommandOptions& o = options.agent;
    add_access(*command, options);
    command->add_option("agent", o.agent, "id or host name")->required();
    if (what == "drain") {
        const std::map<std::string, std::uint64_t> units = {
            {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86'400}};
        command->add_option("--deadline", o.within_seconds, "what runs longer is killed [10m]")
            ->transform(CLI::AsNumberWithUnit(units, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"));
        command->add_flag("--dry-run", o.dry_run, "only say what would be ended");
        command->add_flag("--watch", o.watch, "wait until nothing runs there any more")
            ->excludes("--dry-run");
        command->add_option("-o,--output", options.output, "of a dry run: table or json [table]")
            ->check(CLI::IsMember({"table", "json"}));
    }
    command->footer("Example: offerkit agent " + what + " a1-2" +
                    (what == "drain" ? " --deadline 10m --watch" : ""));
    command->callback([&options, what] { options.agent.what = what; });
}

void add_agent(CLI::App& app, Options& options) {
    CLI::App* const agent = app.add_subcommand("agent", "Take an agent out of use, or put it back");
    agent->require_subcommand(1);
    add_agent_command(*agent, options, "drain",
                      "No more offers of it; its tasks may end until the deadline");
    add_agent_command(*agent, options, "deactivate", "No more offers of it; its tasks go on");
    add_agent_command(*agent, options, "activate", "Offers of it again");
    add_agent_command(*agent, options, "gone",
                      "It will never come back: its tasks are told so, and its id is refused");
    agent->footer("Example: offerkit agent drain a1-2 --deadline 10m --watch");
}

void add_quota(CLI::App& app, Options& options) {
    CLI::App* const quota = app.add_subcommand("quota", "Weights, guarantees and limits of roles");
    quota->require_subcommand(1);
    QuotaOptions& o = options.quota;
    CLI::App* const list = quota->add_subcommand("list", "What each role has");
    add_access(*list, options);
    list->add_option("-o,--output", options.output, "table or json [table]")
        ->check(CLI::IsMember({"table", "json"}));
    list->callback([&o] { o.action = "list"; });
    CLI::App* const set = quota->add_subcommand("set", "Change a role; what is not named stays");
    add_access(*set, options);
    set->add_option("role", o.role, "such as eng/build")->required();
    set->add_option("--weight", o.weight, "of its share, next to its siblings");
    set->add_option("--guarantee", o.guarantee,
                    "held free for it: cpus:4;mem:1024; '' takes it away");
    set->add_option("--limit", o.limits, "KIND:AMOUNT it never exceeds, may be repeated")
        ->allow_extra_args(false);
    set->add_option("--no-limit", o.unlimited, "KIND without a limit, may be repeated")
        ->allow_extra_args(false);
    set->callback([&o] { o.action = "set"; });
    quota->footer("Example: offerkit quota set eng/build --guarantee 'cpus:4' --limit cpus:16");
}

/// A word that is no command: says so better than "the following argument was not expected".
int refuse_unknown(int argc, char** argv) {
    if (argc < 2 || argv[1][0] == '-') return exit_done;
    const std::string_view word = argv[1];
    for (const std::string_view command : commands) {
        if (word == command) return exit_done;
    }
    std::string text = "command " + std::string(word.substr(0, 64)) + " is not known";
    const std::string_view near = nearest(word, commands);
    if (!near.empty()) text += ", did you mean " + std::string(near) + "?";
    return fail(exit_usage, text + "; offerkit --help lists what there is");
}

int dispatch(const CLI::App& app, Options& options) {
    if (app.got_subcommand("dev")) return dev(options.dev);
    if (app.got_subcommand("agent")) {
        options.agent.access = options.access;
        options.agent.json = options.output == "json";
        return agent(options.agent);
    }
    if (app.got_subcommand("quota")) {
        options.quota.access = options.access;
        options.quota.json = options.output == "json";
        return quota(options.quota);
    }
    if (app.got_subcommand("why")) {
        options.why.access = options.access;
        return why(options.why);
    }
    if (app.got_subcommand("run")) {
        const bool file = !options.run.jobs_file.empty();
        if (file == !options.run.argv.empty()) {
            return fail(exit_usage, file ? "run: give --jobs FILE or a command, not both"
                                         : "run: give a command after --, or --jobs FILE");
        }
        options.run.access = options.access;
        return run(options.run);
    }
    if (app.got_subcommand("registry")) {
        options.registry.json = options.output == "json";
        return registry(options.registry);
    }
    if (app.got_subcommand("replay")) {
        options.replay.json = options.output == "json";
        return replay(options.replay);
    }
    options.list.access = options.access;
    options.list.json = options.output == "json";
    return list(options.list);
}

}  // namespace

int fail(int code, const std::string& text) {
    std::fprintf(stderr, "offerkit: %s\n", text.c_str());
    return code;
}

int main_with(int argc, char** argv) {
    if (const int code = refuse_unknown(argc, argv); code != exit_done) return code;
    CLI::App app{"OfferKit: an offer-based cluster manager"};
    app.set_version_flag("--version", std::string("offerkit ") + version_text);
    app.require_subcommand(1);
    app.footer("Example: offerkit dev --agents 3   (then, elsewhere: offerkit run -- hostname)");
    Options options;
    add_dev(app, options);
    add_run(app, options);
    add_agent(app, options);
    add_list(app, options, "agents", "List the agents");
    add_list(app, options, "frameworks", "List the frameworks");
    add_list(app, options, "tasks", "List the tasks");
    add_list(app, options, "offers", "List the outstanding offers");
    add_quota(app, options);
    add_registry(app, options);
    add_replay(app, options);
    add_why(app, options);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version.
        return fail(exit_usage, std::string(error.what()) + "; see offerkit --help");
    }
    return dispatch(app, options);
}

}  // namespace offerkit::tools
