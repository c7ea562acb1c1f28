// SPDX-License-Identifier: Apache-2.0

/// The commands and their flags.

#include "cli.hpp"

#include <offerkit/core/limits.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace offerkit::tools {

namespace {

void add_access(CLI::App& command, Options& options) {
    command.add_option("--master", options.access.given.master,
                       "HOST:PORT of the master [OFFERKIT_MASTER, else that of offerkit dev]");
    command.add_option("--http", options.access.given.http,
                       "URL of the master's HTTP API [OFFERKIT_HTTP, else that of offerkit dev]");
    command.add_option("--token-file", options.access.token_file,
                       "file with the cluster's token [OFFERKIT_TOKEN_FILE, OFFERKIT_TOKEN, ...]");
}

void add_output(CLI::App& command, Output& output) {
    static const std::map<std::string, Output> forms = {{"table", Output::table},
                                                        {"wide", Output::wide},
                                                        {"json", Output::json},
                                                        {"jsonl", Output::jsonl}};
    command.add_option("-o,--output", output, "table, wide, json or jsonl [table]")
        ->transform(CLI::CheckedTransformer(forms));
}

struct Filter {
    const char* name;
    const char* help;
};

struct List {
    const char* name;
    const char* help;
    std::span<const Filter> filters;
};

constexpr Filter agent_filters[] = {{"state", "only those in this state"},
                                    {"hostname", "only those of this host"},
                                    {"zone", "only those in this zone"}};
constexpr Filter framework_filters[] = {{"name", "only those of this name"},
                                        {"role", "only those with this role"},
                                        {"state", "only those in this state"}};
constexpr Filter task_filters[] = {{"framework", "only those of this framework"},
                                   {"state", "only those in this state"},
                                   {"agent", "only those on this agent"},
                                   {"role", "only those in this role"}};
constexpr Filter offer_filters[] = {{"framework", "only those made to this framework"},
                                    {"agent", "only those of this agent"},
                                    {"role", "only those in this role"}};
constexpr List lists[] = {{"agents", "List the agents", agent_filters},
                          {"frameworks", "List the frameworks", framework_filters},
                          {"tasks", "List the tasks", task_filters},
                          {"offers", "List the outstanding offers", offer_filters}};

void add_list(CLI::App& app, Options& options, const List& list) {
    CLI::App* const command = app.add_subcommand(list.name, list.help);
    add_access(*command, options);
    add_output(*command, options.output);
    for (const Filter& filter : list.filters) {
        command->add_option_function<std::string>(
            std::string("--") + filter.name,
            [&options, name = std::string(filter.name)](const std::string& value) {
                options.list.filters[name] = value;
            },
            filter.help);
    }
    command->add_flag("--watch", options.list.watch,
                      "go on: all of it each second on a terminal, else what has changed");
    command->footer(std::string("Example: offerkit ") + list.name + " -o json");
    command->callback([&options, what = std::string(list.name)] { options.list.what = what; });
}

void add_logs(CLI::App& app, Options& options) {
    CLI::App* const logs = app.add_subcommand("logs", "What tasks have written");
    add_access(*logs, options);
    LogsOptions& o = options.logs;
    logs->add_option("tasks", o.tasks, "ids of tasks; of several, lines begin with the id")
        ->required();
    logs->add_flag("-f,--follow", o.follow,
                   "wait for tasks that have not started, go on until all have ended");
    logs->add_option("--stream", o.stream, "both, stdout or stderr [both]")
        ->check(CLI::IsMember({"both", "stdout", "stderr"}));
    logs->add_option("-n,--tail", o.tail, "only the last lines of what there is");
    logs->add_option("--framework", o.framework, "tasks of this framework");
    logs->footer(
        "Example: offerkit logs -f build test\n\n"
        "Exit code: 0 all of it was printed and, with -f, each task has finished; 1 not so.");
}

void add_events(CLI::App& app, Options& options) {
    CLI::App* const events = app.add_subcommand("events", "What happened lately, and why");
    add_access(*events, options);
    add_output(*events, options.output);
    EventsOptions& o = options.events;
    events->add_flag("-f,--follow", o.follow, "go on with what happens");
    events->add_option("--since", o.since, "only what came after this event");
    events->add_option("--cause", o.cause, "only what this event set off");
    events->add_option("--agent", o.agent, "only about this agent");
    events->add_option("--framework", o.framework, "only about this framework");
    events->add_option("--task", o.task, "only about the task of this id");
    events->footer("Example: offerkit events --cause 17");
}

void add_top(CLI::App& app, Options& options) {
    CLI::App* const top = app.add_subcommand("top", "The cluster at a glance");
    add_access(*top, options);
    add_output(*top, options.output);
    top->footer(
        "Example: offerkit top\n\nRedrawn each second on a terminal, printed once elsewhere.");
}

void add_generated(CLI::App& app, Options& options) {
    CLI::App* const completions =
        app.add_subcommand("completions", "Print what a shell needs to complete commands");
    completions->add_option("shell", options.shell, "bash, zsh or fish")
        ->required()
        ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    completions->footer(
        "Example: offerkit completions bash > "
        "~/.local/share/bash-completion/completions/offerkit");
    CLI::App* const man = app.add_subcommand("man", "Print a manual page");
    man->add_option("command", options.page, "of this command [all of the tool]");
    man->footer("Example: offerkit man run | man -l -");
}

void add_why(CLI::App& app, Options& options) {
    CLI::App* const why = app.add_subcommand("why", "Why is it not running?");
    add_access(*why, options);
    WhyOptions& o = options.why;
    why->add_option("what", o.subject, "id or name of a task, a job or a framework, or a role")
        ->required();
    why->add_option("--framework", o.framework, "only of this framework");
    add_output(*why, options.output);
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
        add_output(*command, options.output);
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
    add_output(*replay, options.output);
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
        add_output(*command, options.output);
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
    add_output(*list, options.output);
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

}  // namespace

void add_commands(CLI::App& app, Options& options) {
    app.require_subcommand(1);
    app.footer("Example: offerkit dev --agents 3   (then, elsewhere: offerkit run -- hostname)");
    add_dev(app, options);
    add_run(app, options);
    for (const List& list : lists)
        add_list(app, options, list);
    add_why(app, options);
    add_logs(app, options);
    add_events(app, options);
    add_top(app, options);
    add_agent(app, options);
    add_quota(app, options);
    add_registry(app, options);
    add_replay(app, options);
    add_generated(app, options);
}

}  // namespace offerkit::tools
