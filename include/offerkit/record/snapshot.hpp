// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The whole state of a machine as bytes, and a machine that goes on from there exactly as the
/// other would have: same batches in, same effects out, and the same bytes again. Logs begin with
/// one (`log.hpp`). A snapshot is taken between two steps; options are not part of it.
///
/// The bytes follow the structs, like all of `codec.hpp`: the build that wrote them reads them.

#include <offerkit/agent/agent.hpp>
#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/record/bytes.hpp>

#include <memory>
#include <string_view>

namespace offerkit::record {

/// Each appends a machine's state to `out`. Refuses, for a master: `unsupported` if its policy
/// keeps state that it cannot save, or its allocator is no `Cycle`.
[[nodiscard]] Result<void> encode_snapshot(const master::Master& machine, Bytes& out);
[[nodiscard]] Result<void> encode_snapshot(const agent::Agent& machine, Bytes& out);
[[nodiscard]] Result<void> encode_snapshot(const framework::Framework& machine, Bytes& out);
[[nodiscard]] Result<void> encode_snapshot(const executor::Executor& machine, Bytes& out);

/// Each makes a machine from what `encode_snapshot` wrote. Refuses: `malformed`, for bytes that it
/// cannot have written. Pre: the options are those of the other; `allocator` is new, of the same
/// policy.
[[nodiscard]] Result<std::unique_ptr<master::Master>> restore_master(
    master::Options options, std::unique_ptr<Allocator> allocator, std::string_view snapshot);
[[nodiscard]] Result<std::unique_ptr<agent::Agent>> restore_agent(agent::Options options,
                                                                  std::string_view snapshot);
[[nodiscard]] Result<std::unique_ptr<framework::Framework>> restore_framework(
    framework::Options options, std::string_view snapshot);
[[nodiscard]] Result<std::unique_ptr<executor::Executor>> restore_executor(
    std::string_view snapshot);

/// The same for an allocator alone.
[[nodiscard]] Result<void> encode_snapshot(const Allocator& allocator, Bytes& out);
[[nodiscard]] Result<void> restore_allocator(std::string_view snapshot, Allocator& allocator);

}  // namespace offerkit::record
