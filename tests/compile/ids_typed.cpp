// SPDX-License-Identifier: Apache-2.0
// Ids of different things cannot be mixed up, and do not come from bare values by themselves.
#include <offerkit/core/id.hpp>

#include <cstdint>
#include <string>

using namespace offerkit;

[[maybe_unused]] constexpr bool same = AgentId{1, 2} == AgentId{1, 2};
[[maybe_unused]] bool same_task() { return TaskId{"a"} == TaskId{"a"}; }
void release(AgentId);
void finish(TaskId);

// case: comparing an agent with an offer
// expect: (no match for .operator==.|invalid operands)
#if CASE == 1
bool equal = AgentId{1, 2} == OfferId{1, 2};
#endif

// case: ordering a framework against an agent
// expect: (no match for .operator<.|invalid operands)
#if CASE == 2
bool less = FrameworkId{1, 2} < AgentId{1, 2};
#endif

// case: an offer where an agent is wanted
// expect: (could not convert|cannot convert|no matching function|no viable conversion)
#if CASE == 3
void call() { release(OfferId{1, 2}); }
#endif

// case: a bare number where an agent is wanted
// expect: (could not convert|cannot convert|no matching function|no viable conversion)
#if CASE == 4
void call() { release(std::uint64_t{12}); }
#endif

// case: an executor where a task is wanted
// expect: (could not convert|cannot convert|no matching function|no viable conversion)
#if CASE == 5
void call() { finish(ExecutorId{"a"}); }
#endif

// case: a bare text where a task is wanted
// expect: (could not convert|cannot convert|no matching function|no viable conversion)
#if CASE == 6
void call() { finish(std::string{"a"}); }
#endif

// case: assigning an offer to an agent
// expect: (no match for .operator=.|no viable overloaded)
#if CASE == 7
void assign(AgentId& agent, OfferId offer) { agent = offer; }
#endif

// case: an epoch that does not fit, known at compile time
// expect: (not a constant expression|constant expression|assertion_failed)
#if CASE == 8
constexpr AgentId too_late{AgentId::epoch_max + 1, 0};
#endif

// case: reading an agent's text as an offer
// expect: (conversion|convert)
#if CASE == 9
Result<OfferId> read = parse_id<AgentTag>("a1-2");
#endif
