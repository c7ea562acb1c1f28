// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/text.hpp>
#include <tools/jobs.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::tools;

namespace {

JobDefaults defaults() {
    return {.resources = *parse_resources("cpus:1;mem:128"), .environment = {{"LANG", "C"}}};
}

Job read(std::string_view line) {
    Result<Job> job = parse_job(line, 7, defaults());
    INFO(line);
    if (!job) FAIL(format_refusal(job.error()));
    return *std::move(job);
}

/// The line is refused, with its number, for a reason that holds `why`.
void check_refused(std::string_view line, RefusalCode code, const std::string& why) {
    const Result<Job> job = parse_job(line, 7, defaults());
    INFO(line.substr(0, 200));
    REQUIRE_FALSE(job.has_value());
    CHECK(job.error().who == "line 7");
    CHECK(job.error().code == code);
    CHECK_THAT(job.error().why, Catch::Matchers::Contains(why));
    CHECK_FALSE(job.error().todo.empty());
}

}  // namespace

TEST_CASE("a job line says what to run, and takes the defaults for the rest") {
    const Job job = read(R"({"id": "a", "command": "echo hi"})");
    CHECK(job.id == "a");
    CHECK(job.line == 7);
    CHECK(job.command.shell == "echo hi");
    CHECK(job.command.argv.empty());
    CHECK(format_resources(job.resources) == format_resources(defaults().resources));
    CHECK(job.command.environment == defaults().environment);
}

TEST_CASE("a job line with everything is read exactly") {
    const Job job = read(R"({"id":"b","argv":["sh","-c","x y"],"cpus":0.1,"mem_mib":64.125,)"
                         R"("env":{"LANG":"de","A":""}})");
    CHECK(job.command.argv == std::vector<std::string>{"sh", "-c", "x y"});
    CHECK(job.resources.get<Cpus>().units() == 100);
    CHECK(job.resources.get<Mem>().units() == 64'125);
    // The line's own value takes the place of the default.
    const std::vector<std::pair<std::string, std::string>> expected = {{"A", ""}, {"LANG", "de"}};
    auto environment = job.command.environment;
    std::sort(environment.begin(), environment.end());
    CHECK(environment == expected);
}

TEST_CASE("a job line says how often it is tried, for how long it may run, and after which") {
    const Job job =
        read(R"({"id":"a","command":"x","retries":3,"timeout":"10m","after":["b","c"]})");
    CHECK(job.retries == 3);
    CHECK(job.timeout == std::chrono::minutes{10});
    CHECK(job.after == std::vector<std::string>{"b", "c"});
    CHECK(read(R"({"id":"a","command":"x","retries":1000})").retries == limits::job_retries_max);

    JobDefaults others = defaults();
    others.retries = 2;
    others.timeout = std::chrono::seconds{5};
    const Result<Job> plain = parse_job(R"({"id":"a","command":"x"})", 1, others);
    REQUIRE(plain.has_value());
    CHECK(plain->retries == 2);
    CHECK(plain->timeout == std::chrono::seconds{5});
    CHECK(plain->after.empty());
    CHECK(parse_job(R"({"id":"a","command":"x","retries":0})", 1, others)->retries == 0);
}

TEST_CASE("job lines that are refused name the field and what is wrong with it") {
    struct Row {
        const char* line;
        RefusalCode code;
        const char* why;
    };
    const auto malformed = RefusalCode::malformed;
    const auto invalid = RefusalCode::invalid;
    const Row rows[] = {
        {"nonsense", malformed, "not JSON"},
        {R"({"id": "a", "command": "x")", malformed, "not JSON"},
        {R"({"id": "a", "command": "x"} more)", malformed, "not JSON"},
        {"\"text\"", malformed, "not a JSON object"},
        {"17", malformed, "not a JSON object"},
        {"[]", malformed, "not a JSON object"},
        {"null", malformed, "null"},
        {R"({"command": "x"})", invalid, "id is missing"},
        {R"({"id": "a"})", invalid, "neither command nor argv"},
        {R"({"id": "a", "command": "x", "argv": ["y"]})", invalid, "both command and argv"},
        {R"({"id": 1, "command": "x"})", malformed, "field id is not a number field"},
        {R"({"id": "a", "command": ["x"]})", malformed, "an array is no value here"},
        {R"({"id": "a", "command": {"x": "y"}})", malformed, "an object is no value here"},
        {R"({"id": "a", "command": null})", malformed, "null is no value here"},
        {R"({"id": "a", "command": true})", malformed, "true or false"},
        {R"({"id": "a", "argv": "x"})", malformed, "field argv is not a text"},
        {R"({"id": "a", "argv": [1]})", malformed, "not a number field"},
        {R"({"id": "a", "argv": [["x"]]})", malformed, "an array is no value here"},
        {R"({"id": "a", "argv": [{"x": "y"}]})", malformed, "an object is no value here"},
        {R"({"id": "a", "argv": []})", invalid, ""},
        {R"({"id": "a", "command": ""})", invalid, ""},
        {R"({"id": "", "command": "x"})", invalid, ""},
        {R"({"id": "a/b", "command": "x"})", invalid, ""},
        {R"({"id": "a", "command": "x", "cpus": "1"})", malformed, "field cpus is not a text"},
        {R"({"id": "a", "command": "x", "cpus": -1})", invalid, "field cpus"},
        {R"({"id": "a", "command": "x", "cpus": 0.0001})", invalid, "field cpus"},
        {R"({"id": "a", "command": "x", "cpus": 1e3})", invalid, "field cpus"},
        {R"({"id": "a", "command": "x", "mem_mib": -5})", invalid, "field mem_mib"},
        {R"({"id": "a", "command": "x", "env": "A=B"})", malformed, "field env is not a text"},
        {R"({"id": "a", "command": "x", "env": {"A": 1}})", malformed, "not a number field"},
        {R"({"id": "a", "command": "x", "env": {"A": {}}})", malformed, "an object"},
        {R"({"id": "a", "command": "x", "env": {"": "v"}})", invalid, ""},
        {R"({"id": "a", "command": "x", "env": {"A=B": "v"}})", invalid, ""},
        {R"({"id": "a", "id": "b", "command": "x"})", malformed, "id is there twice"},
        {R"({"id": "a", "command": "x", "retries": -1})", invalid, "field retries: -1 is no"},
        {R"({"id": "a", "command": "x", "retries": 1.5})", invalid, "field retries: 1.5 is no"},
        {R"({"id": "a", "command": "x", "retries": 1001})", invalid, "from 0 to 1000"},
        {R"({"id": "a", "command": "x", "retries": "2"})", malformed, "retries is not a text"},
        {R"({"id": "a", "command": "x", "timeout": 90})", malformed, "a text with a unit"},
        {R"({"id": "a", "command": "x", "timeout": "90"})", invalid,
         "field timeout: 90 has no unit"},
        {R"({"id": "a", "command": "x", "timeout": "0s"})", invalid, "field timeout is zero"},
        {R"({"id": "a", "command": "x", "timeout": "9000d"})", invalid, "longer than a year"},
        {R"({"id": "a", "command": "x", "after": "b"})", malformed, "field after is not a text"},
        {R"({"id": "a", "command": "x", "after": [1]})", malformed, "not a number field"},
        {R"({"id": "a", "command": "x", "after": {}})", malformed, "an object is no value here"},
        {R"({"id": "a", "comand": "x"})", malformed, "comand is not known (did you mean command?)"},
        {R"({"id": "a", "command": "x", "colour": "red"})", malformed, "colour is not known"},
    };
    for (const Row& row : rows)
        check_refused(row.line, row.code, row.why);
}

TEST_CASE("a job may be as large as the limits, and not one past them") {
    const auto line = [](std::size_t bytes) {
        const std::string frame = R"({"id": "a", "command": "true"})";
        return frame + std::string(bytes - frame.size(), ' ');
    };
    CHECK(parse_job(line(limits::jobs_line_max), 1, defaults()).has_value());
    check_refused(line(limits::jobs_line_max + 1), RefusalCode::too_large, "longer than");

    // 2^46 thousandths: 70368744177.664 of the display unit.
    CHECK(read(R"({"id": "a", "command": "x", "mem_mib": 70368744177.664})")
              .resources.get<Mem>()
              .units() == limits::amount_per_agent_max);
    check_refused(R"({"id": "a", "command": "x", "mem_mib": 70368744177.665})",
                  RefusalCode::invalid, "field mem_mib");

    const auto with_id = [](std::size_t bytes) {
        return R"({"id": ")" + std::string(bytes, 'i') + R"(", "command": "x"})";
    };
    CHECK(read(with_id(limits::task_id_max)).id.size() == limits::task_id_max);
    CHECK_FALSE(parse_job(with_id(limits::task_id_max + 1), 1, defaults()).has_value());
}

TEST_CASE("a jobs file is read in its order, without its blank lines and carriage returns") {
    const Jobs jobs = parse_jobs(
        "{\"id\":\"b\",\"command\":\"x\"}\r\n\n  \t\n"
        "{\"id\":\"a\",\"command\":\"y\"}",
        defaults());
    REQUIRE(jobs.bad_lines == 0);
    REQUIRE(jobs.jobs.size() == 2);
    CHECK(jobs.jobs[0].id == "b");
    CHECK(jobs.jobs[0].line == 1);
    CHECK(jobs.jobs[1].id == "a");
    CHECK(jobs.jobs[1].line == 4);
}

TEST_CASE("a jobs file with bad lines gives no job, and each bad line with its number") {
    const Jobs jobs = parse_jobs(
        "{\"id\":\"a\",\"command\":\"x\"}\n"
        "{\"id\":\"b\"}\n"
        "{\"id\":\"a\",\"command\":\"y\"}\n"
        "oops\n",
        defaults());
    CHECK(jobs.jobs.empty());
    CHECK(jobs.bad_lines == 3);
    REQUIRE(jobs.refusals.size() == 3);
    CHECK(jobs.refusals[0].who == "line 2");
    CHECK(jobs.refusals[1].who == "line 3");
    CHECK(jobs.refusals[1].code == RefusalCode::already_exists);
    CHECK(jobs.refusals[1].why == "id a is that of line 1");
    CHECK(jobs.refusals[2].who == "line 4");
}

TEST_CASE("a jobs file of bad lines only lists the first of them, and counts all") {
    std::string text;
    for (int i = 0; i < 100; ++i)
        text += "oops\n";
    const Jobs jobs = parse_jobs(text, defaults());
    CHECK(jobs.bad_lines == 100);
    CHECK(jobs.refusals.size() == Jobs::refusals_max);
}

namespace {

/// A file of jobs, each with what it waits for.
Jobs read_file(const std::vector<std::pair<std::string, std::string>>& jobs) {
    std::string text;
    for (const auto& [id, after] : jobs)
        text += R"({"id":")" + id + R"(","command":"x","after":[)" + after + "]}\n";
    return parse_jobs(text, defaults());
}

}  // namespace

TEST_CASE("what a job waits for may stand before it and after it") {
    Jobs jobs = read_file({{"c", R"("a","b")"}, {"a", ""}, {"b", R"("a","a")"}});
    REQUIRE(jobs.bad_lines == 0);
    CHECK(jobs.graph.ready() == std::vector<std::uint32_t>{1});
    CHECK(jobs.graph.done(1) == std::vector<std::uint32_t>{2});
    CHECK(jobs.graph.done(2) == std::vector<std::uint32_t>{0});
}

TEST_CASE("jobs that wait for unknown jobs are refused, each by its name") {
    const Jobs jobs = read_file({{"a", R"("x")"}, {"b", R"("a","y")"}});
    CHECK(jobs.jobs.empty());
    CHECK(jobs.bad_lines == 2);
    REQUIRE(jobs.refusals.size() == 2);
    CHECK(jobs.refusals[0].who == "line 1");
    CHECK(jobs.refusals[0].code == RefusalCode::not_found);
    CHECK(jobs.refusals[0].why == "job a waits for x, which is not in the file");
    CHECK(jobs.refusals[1].why == "job b waits for y, which is not in the file");
}

TEST_CASE("jobs that wait for each other in a circle are refused by name") {
    const auto why = [](const Jobs& jobs) {
        CHECK(jobs.jobs.empty());
        REQUIRE(jobs.refusals.size() == 1);
        CHECK(jobs.refusals[0].code == RefusalCode::conflict);
        return jobs.refusals[0].why;
    };
    CHECK(why(read_file({{"a", R"("a")"}})) == "job a waits for itself");
    CHECK(why(read_file({{"x", ""}, {"a", R"("c")"}, {"b", R"("a","x")"}, {"c", R"("b")"}})) ==
          "jobs wait for each other in a circle: b, which waits for a, which waits for c, which "
          "waits for b");
    std::vector<std::pair<std::string, std::string>> many;
    for (int i = 0; i < 100; ++i)
        many.emplace_back("j" + std::to_string(i), "\"j" + std::to_string((i + 1) % 100) + "\"");
    const std::string text = why(read_file(many));
    CHECK_THAT(text, Catch::Matchers::Contains("and so on through 91 more to j0"));
    CHECK(text.size() < 300);
}

TEST_CASE("while lines cannot be read, nobody is told that a job is not there") {
    const Jobs jobs = parse_jobs(
        "{\"id\":\"a\",\"command\":\"x\",\"after\":[\"b\"]}\n"
        "{\"id\":\"b\",\"comand\":\"x\"}\n",
        defaults());
    REQUIRE(jobs.refusals.size() == 1);
    CHECK(jobs.refusals[0].who == "line 2");
}

TEST_CASE("the fingerprint of a job is that of what it does") {
    const Job job = read(R"({"id":"a","argv":["x","y z"],"env":{"K":"v"}})");
    CHECK(fingerprint(job) == fingerprint(read(R"({"id":"b","argv":["x","y z"],"env":{"K":"v"},)"
                                               R"("cpus":2,"retries":4,"timeout":"1s"})")));
    for (const char* const other :
         {R"({"id":"a","argv":["x","y","z"],"env":{"K":"v"}})", R"({"id":"a","argv":["x","y z"]})",
          R"({"id":"a","command":"x y z","env":{"K":"v"}})",
          R"({"id":"a","argv":["x","y z"],"env":{"K":"w"}})"}) {
        INFO(other);
        CHECK(fingerprint(job) != fingerprint(read(other)));
    }
}

TEST_CASE("jobs that fit on no agent are refused with the largest there is") {
    const std::vector<AgentSize> agents = {{"a1-1", *parse_resources("cpus:2;mem:4096")},
                                           {"a1-2", *parse_resources("cpus:8;mem:1024")}};
    const auto job = [](const char* id, const char* resources) {
        Job made;
        made.id = id;
        made.line = 3;
        made.resources = *parse_resources(resources);
        return made;
    };
    SECTION("a job that fits on one of them is not refused") {
        CHECK(
            find_unfit({job("a", "cpus:2;mem:4096"), job("b", "cpus:8;mem:1024")}, agents).empty());
    }
    SECTION("more of one kind than any agent has") {
        const auto unfit = find_unfit({job("a", "cpus:9;mem:1")}, agents);
        REQUIRE(unfit.size() == 1);
        CHECK(unfit[0].code == RefusalCode::insufficient);
        CHECK(unfit[0].who == "line 3, job a");
        CHECK(unfit[0].why == "asks for cpus 9, the most is 8 on agent a1-2");
    }
    SECTION("enough of each kind, but not on the same agent") {
        const auto unfit = find_unfit({job("a", "cpus:4;mem:2048")}, agents);
        REQUIRE(unfit.size() == 1);
        CHECK_THAT(unfit[0].why, Catch::Matchers::Contains("no agent has all of it"));
        CHECK_THAT(unfit[0].why, Catch::Matchers::Contains("a1-2"));
    }
    SECTION("no agents at all") {
        const auto unfit = find_unfit({job("a", "cpus:1")}, {});
        REQUIRE(unfit.size() == 1);
        CHECK(unfit[0].why == "the cluster has no agents");
    }
}
