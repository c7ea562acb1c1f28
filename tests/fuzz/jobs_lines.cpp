// SPDX-License-Identifier: Apache-2.0
// with: tools/jobs.cpp
// with: tools/jobs_reader.cpp
// with: tools/duration.cpp
// with: tools/fit.cpp
// Jobs files: nothing crashes, a bad line is counted and named, and what is read is what a master
// would take.
#include <offerkit/core/assert.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/text.hpp>
#include <tools/jobs.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace offerkit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input{reinterpret_cast<const char*>(data), size};
    const tools::JobDefaults defaults{.resources = *parse_resources("cpus:1;mem:128"),
                                      .environment = {{"LANG", "C"}}};
    const tools::Jobs jobs = tools::parse_jobs(input, defaults);
    OFFERKIT_ASSERT(jobs.refusals.size() <= jobs.bad_lines);
    OFFERKIT_ASSERT(jobs.bad_lines == 0 || (jobs.jobs.empty() && !jobs.refusals.empty()));
    for (const Refusal& refusal : jobs.refusals) {
        OFFERKIT_ASSERT(refusal.who.starts_with("line ") && !refusal.why.empty());
        OFFERKIT_ASSERT(!refusal.what.empty() && !refusal.todo.empty());
    }
    OFFERKIT_ASSERT(jobs.graph.size() == jobs.jobs.size() && jobs.graph.find_cycle().empty());
    for (const tools::Job& job : jobs.jobs) {
        TaskInfo task;
        task.id = TaskId{job.id};
        task.resources = job.resources;
        task.command = job.command;
        task.run_time_max = job.timeout;
        OFFERKIT_ASSERT(validate(task).has_value() && job.line > 0);
    }
    const auto unfit = tools::find_unfit(jobs.jobs, {{"a1-1", defaults.resources}});
    OFFERKIT_ASSERT(unfit.size() <= jobs.jobs.size());
    return 0;
}
