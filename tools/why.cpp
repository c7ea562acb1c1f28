// SPDX-License-Identifier: Apache-2.0

/// `offerkit why X`: why a task, a job, a framework or all of a role wait. The master knows why
/// offers are not made and why they were declined; what a jobs file has yet to launch only its run
/// knows.

#include "commands.hpp"
#include "document.hpp"
#include "job_desk.hpp"
#include <offerkit/core/nearest.hpp>
#include "print_why.hpp"

#include <offerkit/core/id.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::tools {

namespace {

constexpr std::size_t tasks_for_nearest_max = 10'000;

/// The word for a task's state: what it waits for, not what the protocol calls it.
std::string_view word_of(const std::string& state) {
    if (state == "staging") return "launching";
    if (state == "killing") return "ending";
    return state;
}

std::string text_of_task(const Json& task) {
    const std::string state = task.value("state", "");
    const std::string agent = "agent " + task.value("agent", "");
    const std::string since = field(task, "changed_at");
    if (state == "staging") {
        return "sent to " + agent + " at " + field(task, "launched_at") +
               ", which has not said yet that it starts it";
    }
    if (state == "starting") return agent + " makes it ready since " + since;
    if (state == "running") return "runs on " + agent + " since " + since;
    if (state == "killing") return "asked to end on " + agent + " since " + since;
    if (state == "unreachable") return agent + " is not heard of: it may still run there";
    std::string text = state + " at " + since + " on " + agent;
    if (!task["exit_code"].is_null()) text += ", exit code " + task["exit_code"].dump();
    if (!task["signal"].is_null()) text += ", signal " + task["signal"].dump();
    const std::string reason = task.value("reason", "none");
    if (reason != "none" && reason != "command_exited") text += ", reason " + reason;
    if (const std::string message = task.value("message", ""); !message.empty()) {
        text += ": " + message;
    }
    return text;
}

std::string todo_of_task(const std::string& state) {
    if (state == "staging" || state == "starting") return "wait; look into the log of the agent";
    if (state == "running" || state == "killing") return "nothing: see offerkit logs";
    if (state == "unreachable") return "look at that machine and its network";
    if (state == "finished") return "nothing";
    return "see what it wrote: offerkit logs";
}

/// Asks, and gathers the answers.
class Inquiry {
public:
    Inquiry(const WhyOptions& options, HttpPeer& master) : options_(options), master_(master) {}

    Result<Json> run() {
        if (Result<void> jobs = ask_jobs(); !jobs) return jobs.error();
        if (Result<void> tasks = ask_tasks(options_.subject, options_.framework, "task"); !tasks) {
            return tasks.error();
        }
        if (Result<void> frameworks = ask_frameworks(); !frameworks) return frameworks.error();
        if (answers_.empty()) return not_found();
        return std::move(answers_);
    }

private:
    Result<void> ask_jobs() {
        for (const std::string& text : ask_runs(options_.subject)) {
            const Json place = Json::parse(text, nullptr, false);
            if (!place.is_object()) continue;
            if (!options_.framework.empty() && place.value("framework", "") != options_.framework) {
                continue;
            }
            if (Result<void> answered = answer_job(place); !answered) return answered;
        }
        return {};
    }

    Result<void> answer_job(const Json& place) {
        const std::string stage = place.value("stage", "");
        const std::string framework = place.value("framework", "");
        if (stage == "launched") return ask_tasks(place.value("task", ""), framework, "job");
        Json answer = {{"kind", "job"}, {"id", place.value("job", "")}, {"framework", framework}};
        answer["wanted"] = place.value("wanted", "");
        if (stage == "waiting") {
            if (framework.empty()) {
                answer["state"] = "waiting";
                answer["text"] = "its run has not subscribed yet";
                answer["todo"] = "wait; look whether the master is there";
            } else if (Result<void> asked = ask_roles(answer, framework, place.value("wanted", ""));
                       !asked) {
                return asked;
            }
        } else {
            put_stage(answer, place, stage);
        }
        answers_.push_back(std::move(answer));
        return {};
    }

    static void put_stage(Json& answer, const Json& place, const std::string& stage) {
        answer["state"] = stage;
        const std::string failures = std::to_string(place.value("failures", 0));
        if (stage == "blocked") {
            answer["text"] = "waits for other jobs to finish: " + names_of(place);
            answer["todo"] = "wait for them, or ask why they wait";
            answer["waits_for"] = place["waits_for"];
            answer["waits_for_count"] = place["waits_for_count"];
        } else if (stage == "retrying") {
            answer["text"] = "waits to be tried again, after failures: " + failures;
            answer["todo"] = "wait: each time it is twice as long, from --backoff on";
        } else if (stage == "not_run") {
            answer["text"] = "will not be run: a job that it waited for did not finish";
            answer["todo"] = "mend that job, and run again with --resume";
        } else {
            answer["text"] = stage == "finished" ? "has finished" : "has failed for good";
            answer["todo"] = stage == "finished" ? "nothing" : "see its results and output";
        }
    }

    static std::string names_of(const Json& place) {
        std::string text;
        for (const Json& other : place["waits_for"]) {
            text += (text.empty() ? "" : ", ") + other.value("job", "") + " (" +
                    other.value("stage", "") + ")";
        }
        const std::size_t count = place.value("waits_for_count", std::size_t{0});
        const std::size_t shown = place["waits_for"].size();
        return count > shown ? text + " and " + std::to_string(count - shown) + " more" : text;
    }

    Result<void> ask_tasks(const std::string& id, const std::string& framework, const char* kind) {
        if (id.empty() || has_task(id, framework)) return {};
        Query query{{"id", id}};
        if (!framework.empty()) query.emplace_back("framework", framework);
        const Result<Json> document = get_document(master_, "/v1/tasks", "tasks", query);
        if (!document) return document.error();
        for (const Json& task : (*document)["tasks"]) {
            const std::string state = task.value("state", "");
            answers_.push_back({{"kind", kind},
                                {"id", id},
                                {"framework", task.value("framework", "")},
                                {"state", std::string(word_of(state))},
                                {"text", text_of_task(task)},
                                {"todo", todo_of_task(state)},
                                {"agent", task.value("agent", "")}});
        }
        return {};
    }

    [[nodiscard]] bool has_task(const std::string& id, const std::string& framework) const {
        return std::ranges::any_of(answers_, [&](const Json& answer) {
            return answer.value("id", "") == id &&
                   (framework.empty() || answer.value("framework", "") == framework);
        });
    }

    Result<void> ask_frameworks() {
        const Result<Json> document = get_document(master_, "/v1/frameworks", "frameworks");
        if (!document) return document.error();
        for (const Json& framework : (*document)["frameworks"]) {
            const std::string id = framework.value("id", "");
            const Json& roles = framework["roles"];
            const bool of_role = std::ranges::find(roles, Json(options_.subject)) != roles.end();
            names_.push_back(id);
            names_.push_back(framework.value("name", ""));
            if (!of_role && id != options_.subject &&
                framework.value("name", "") != options_.subject) {
                continue;
            }
            Json answer = {{"kind", "framework"}, {"id", id}, {"framework", id}};
            answer["name"] = framework.value("name", "");
            if (Result<void> asked = ask_roles(answer, id, "", of_role ? options_.subject : "");
                !asked) {
                return asked;
            }
            answers_.push_back(std::move(answer));
        }
        return {};
    }

    Result<void> ask_roles(Json& answer, const std::string& framework, const std::string& wanted,
                           const std::string& role = "") {
        Query query{{"agents", options_.output == Output::table ? "1" : "1000"}};
        if (!wanted.empty()) query.emplace_back("wanted", wanted);
        if (!role.empty()) query.emplace_back("role", role);
        Result<Json> document =
            get_document(master_, "/v1/frameworks/" + framework + "/why", "why", query);
        if (!document) return std::move(document).error();
        const Json& roles = (*document)["why"]["roles"];
        answer["state"] = roles.empty() ? "waiting" : roles[0].value("state", "");
        answer["roles"] = roles;
        return {};
    }

    Refusal not_found() {
        Refusal refusal{RefusalCode::not_found, options_.subject.substr(0, 64), "explain",
                        "no task, job, framework or role has that id or name",
                        "list them with offerkit tasks or offerkit frameworks"};
        const Result<Json> tasks = get_document(master_, "/v1/tasks", "tasks",
                                                {{"limit", std::to_string(tasks_for_nearest_max)}});
        if (tasks) {
            for (const Json& task : (*tasks)["tasks"])
                names_.push_back(task.value("id", ""));
        }
        const std::vector<std::string_view> words(names_.begin(), names_.end());
        const std::string_view near = nearest(options_.subject, words);
        if (!near.empty()) refusal.why += ", did you mean " + std::string(near) + "?";
        return refusal;
    }

    const WhyOptions& options_;
    HttpPeer& master_;
    Json answers_ = Json::array();
    std::vector<std::string> names_;  // What the subject might have been meant to be.
};

}  // namespace

int why(const WhyOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    const Result<Json> answers = Inquiry{options, *master}.run();
    if (!answers) {
        const bool unknown = answers.error().code == RefusalCode::not_found;
        return fail(unknown ? exit_failed : exit_cluster, format_refusal(answers.error()));
    }
    print_why(*answers, options.output);
    return exit_done;
}

}  // namespace offerkit::tools
